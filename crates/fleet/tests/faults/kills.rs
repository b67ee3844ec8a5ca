//! Processes that are killed, with kill -9.

use std::time::{Duration, Instant};

use freshen_fleet::{Defect, Force, Order, Setting, What, until};

use crate::stage::{LIMIT, Stage, change, fresh};

/// The lease and a second; what is more is the machine's.
const AGAIN: Duration = Duration::from_secs(3 + 12);

/// A worker has taken a task and is loading. Nobody reads any more.
#[tokio::test]
async fn a_worker_that_is_killed_in_mid_load_leaves_a_key_that_becomes_fresh_without_a_reader() {
    let stage = Stage::new().await;
    let (reader, doomed) = (stage.member(0).await, stage.member(2).await);
    let source = stage.fleet.source();
    fresh(&stage.fleet, &reader, 0..1).await;
    source.hold(true);
    change(&stage.fleet, &reader, 0..1, Force::Soft).await;
    reader.get(0).await;
    until("the worker to load", LIMIT, async || source.is_read(0)).await;
    let _heir = stage.member(2).await;
    doomed.kill().await;
    let killed = Instant::now();
    source.hold(false);
    until("the key to be stored again", AGAIN, async || source.newest_seen(0) == Some(1)).await;
    println!("killed in mid-load: stored again after {:?}", killed.elapsed());
    assert!(reader.has_fresh(0, 1).await);
}

/// The worker has read the source and not yet committed: for the store that is the same, for the source it is not.
#[tokio::test]
async fn a_worker_that_is_killed_before_its_commit_leaves_a_key_that_becomes_fresh_without_a_reader() {
    let stage = Stage::new().await;
    let reader = stage.member(0).await;
    let source = stage.fleet.source();
    fresh(&stage.fleet, &reader, 0..1).await;
    let holding = Setting { defect: Some(Defect::HoldsCommits), ..stage.setting.workers(2) };
    let doomed = stage.fleet.member(&holding).await;
    change(&stage.fleet, &reader, 0..1, Force::Soft).await;
    reader.get(0).await;
    until("the worker to have loaded", LIMIT, async || source.is_committing(0)).await;
    let _heir = stage.member(2).await;
    doomed.kill().await;
    let killed = Instant::now();
    until("the key to be stored again", AGAIN, async || source.newest_seen(0) == Some(1)).await;
    println!("killed before its commit: stored again after {:?}", killed.elapsed());
    assert!(reader.has_fresh(0, 1).await);
}

/// One process leads the load of a key that nobody has, and callers in two others wait for it.
#[tokio::test]
async fn five_hundred_who_wait_for_a_process_that_is_killed_are_served_by_a_load_of_their_own() {
    let stage = Stage::new().await;
    let (leader, one, other) = (stage.member(0).await, stage.member(0).await, stage.member(0).await);
    let source = stage.fleet.source();
    source.hold(true);
    let (led, waited, waited_too, ()) = tokio::join!(
        leader.order(Order::Get { keys: vec![7], callers: 1, strict: false }),
        async {
            until("the leader to load", LIMIT, async || source.is_read(7)).await;
            one.crowd(&[7], 250).await
        },
        async {
            until("the leader to load", LIMIT, async || source.is_read(7)).await;
            other.crowd(&[7], 250).await
        },
        async {
            until("the leader to load", LIMIT, async || source.is_read(7)).await;
            // The others have been told to get it, and nothing shows from outside that they wait.
            tokio::time::sleep(Duration::from_millis(300)).await;
            leader.kill().await;
            source.hold(false);
        }
    );
    assert!(led.is_err());
    let all: Vec<_> = waited.iter().chain(&waited_too).collect();
    assert_eq!(all.len(), 500);
    assert!(all.iter().all(|served| matches!(served.how, Ok((_, 0)))), "{:?}", all[0]);
    let longest = all.iter().map(|served| served.waited).max().unwrap();
    println!("the leader was killed: 500 waited {longest:?} at most, for {} reads in all", source.reads(7));
    assert!(longest < AGAIN, "{longest:?}");
    assert!(source.reads(7) <= 4, "{}", source.reads(7));
}

/// Tasks are under way all the time, and their workers are killed one after the other.
#[tokio::test]
async fn workers_that_are_killed_under_load_lose_no_key() {
    let stage = Stage::new().await;
    let reader = stage.member(0).await;
    stage.fleet.source().delay(Duration::from_millis(50));
    fresh(&stage.fleet, &reader, 0..60).await;
    for _ in 0..3 {
        let doomed = stage.member(4).await;
        stage.fleet.source().write_all(0..60);
        reader.invalidate_at_last(What::Namespace, Force::Soft).await;
        reader.get_all(0..60).await;
        let before = stage.fleet.source().all_reads();
        until("the worker to load", LIMIT, async || stage.fleet.source().all_reads() > before).await;
        doomed.kill().await;
    }
    let _heir = stage.member(4).await;
    let took = fresh(&stage.fleet, &reader, 0..60).await;
    println!("three workers killed under load: all fresh after {took:?}");
}

/// One key's job ends whatever process carries it out. It ends five workers, and takes no task of another key into quarantine.
#[tokio::test]
async fn a_task_that_ends_its_workers_is_set_aside_and_the_others_are_done() {
    const DEADLY: u32 = 7;
    let mut stage = Stage::new().await;
    (stage.setting.lease, stage.setting.visibility) = (Duration::from_secs(1), Duration::from_secs(2));
    stage.setting.load_timeout = Duration::from_millis(900);
    let reader = stage.member(0).await;
    fresh(&stage.fleet, &reader, 0..30).await;
    stage.fleet.source().write_all(0..30);
    stage.fleet.source().kill_loaders_of(DEADLY);
    reader.invalidate_at_last(What::Namespace, Force::Soft).await;
    reader.get_all(0..30).await;
    let (mut deaths, mut worker) = (0, stage.member(4).await);
    until("nothing to be left but what is set aside", 3 * LIMIT, async || {
        if !worker.is_up() {
            deaths += 1;
            worker = stage.member(4).await;
        }
        reader.depth().await.is_ok_and(|[ready, delayed, held, _]| ready + delayed + held == 0)
    })
    .await;
    let aside = reader.depth().await.unwrap()[3];
    println!("a deadly task: {deaths} workers ended, {aside} set aside");
    assert_eq!((deaths, aside), (5, 1));
    let others = (0..30).filter(|key| *key != DEADLY);
    let all = reader.get_all(others).await;
    assert!(all.iter().all(|served| crate::stage::is_fresh(served, 1)), "{all:?}");
    assert_eq!(worker.done(Order::ShutDown).await, Ok(()));
}
