//! Orders of events that a slow store, a slow load or a caller who leaves brings about. Each order is played for certain.

#![allow(clippy::unwrap_used)] // A test that cannot go on fails.

mod common;

use std::time::Duration;

use common::faults::FaultyStore;
use common::tuned::{Kind, tuned, tuned_stage};
use common::{Act, STALE, Stage, TTL, pass, stage, stage_with, truth};
use freshen_core::{Clock, Status, Strength};
use futures_util::FutureExt;

/// A stage on a store whose answers may be late, whose near tier relies on what it hears alone.
async fn on(store: &FaultyStore, clock: &Clock) -> Stage {
    let (store, clock) = (store.clone(), clock.clone());
    stage_with(|builder| builder.clock(clock).store(store).near_bound(Duration::from_secs(86_400))).await
}

async fn slow_stage() -> (Stage, FaultyStore) {
    let clock = Clock::runtime();
    let store = FaultyStore::new(clock.clone());
    (on(&store, &clock).await, store)
}

/// A reader reads the record; before it hears the answer the key is loaded again, and the near tier has the newer value.
#[tokio::test(start_paused = true)]
async fn a_late_reader_does_not_put_an_older_value_in_the_place_of_a_newer_one() {
    let clock = Clock::runtime();
    let store = FaultyStore::new(clock.clone());
    let (first, stage) = (on(&store, &clock).await, on(&store, &clock).await);
    first.value("a").await;
    let late = store.switches.answer_late("read");
    let reader = stage.getting("a");
    stage.settle().await;
    stage.source.write(2);
    assert_eq!(*stage.cache.load(&truth("a")).await.unwrap(), 2);
    late.arrive();
    reader.await.unwrap().unwrap();
    assert_eq!(stage.value("a").await, 2);
}

/// Another process has refreshed the key, and this one has not heard of it: its near tier holds a stale value of a fresh record.
#[tokio::test(start_paused = true)]
async fn who_asks_for_a_refresh_that_is_needless_lets_go_of_the_stale_value() {
    let clock = Clock::runtime();
    let store = FaultyStore::new(clock.clone());
    let (first, second) = (on(&store, &clock).await, on(&store, &clock).await);
    first.value("a").await;
    second.value("a").await;
    pass(TTL).await;
    first.source.write(2);
    assert_eq!(first.get("a").await.unwrap().status(), Status::Stale);
    first.settle().await;
    assert_eq!(second.get("a").await.unwrap().status(), Status::Stale);
    second.settle().await;
    let answer = second.get("a").await.unwrap();
    assert_eq!((*answer, answer.status()), (2, Status::Hit));
}

/// Two callers come while a load runs that answers neither. The first begins another load, and the second is slow to see it.
#[tokio::test(start_paused = true)]
async fn a_load_that_began_after_a_caller_came_answers_it_however_late_it_sits_down() {
    let (stage, store) = slow_stage().await;
    store.switches.down(["begin"]);
    stage.source.hold();
    let early = stage.getting("a");
    stage.source.read_by(1).await;
    let quick = stage.getting("a");
    let job = truth("a");
    let mut slow = Box::pin(stage.cache.get(&job));
    assert!((&mut slow).now_or_never().is_none());
    stage.settle().await;
    stage.source.release(1);
    early.await.unwrap().unwrap();
    stage.source.read_by(2).await;
    assert!((&mut slow).now_or_never().is_none());
    stage.source.open();
    quick.await.unwrap().unwrap();
    slow.await.unwrap();
    assert_eq!(stage.source.reads(), 2);
}

/// A writer has committed to its source and puts the value; it leaves before the store's answer comes.
#[tokio::test(start_paused = true)]
async fn a_put_that_is_dropped_during_its_commit_leaves_no_old_value_fresh() {
    let (stage, store) = slow_stage().await;
    stage.value("a").await;
    stage.source.write(2);
    let put = stage.cache.begin_put(&truth("a")).await.unwrap();
    let late = store.switches.answer_late("commit");
    let mut commit = Box::pin(put.commit(2));
    assert!((&mut commit).now_or_never().is_none());
    drop(commit);
    late.arrive();
    stage.settle().await;
    assert_ne!(stage.get("a").await.unwrap().status(), Status::Hit);
    stage.settle().await;
    assert_eq!(stage.value("a").await, 2);
    assert!(stage.cache.peek(&truth("a")).await.unwrap().unwrap().lease().is_none());
}

/// A writer leaves before it has heard that its put has begun: nobody could load the key until the lease's end.
#[tokio::test(start_paused = true)]
async fn a_put_whose_writer_leaves_while_it_begins_lets_go_of_the_key() {
    let (stage, store) = slow_stage().await;
    stage.value("a").await;
    let (late, job) = (store.switches.answer_late("begin"), truth("a"));
    let mut begin = Box::pin(stage.cache.begin_put(&job));
    assert!((&mut begin).now_or_never().is_none());
    stage.settle().await;
    drop(begin);
    late.arrive();
    stage.settle().await;
    assert!(stage.cache.peek(&job).await.unwrap().unwrap().lease().is_none());
}

/// A load takes longer than its value is fresh.
#[tokio::test(start_paused = true)]
async fn a_refresh_that_takes_longer_than_the_ttl_does_not_keep_others_from_asking() {
    let (stage, _told) = tuned_stage().await;
    let job = tuned(Kind::Short);
    stage.cache.get(&job).await.unwrap();
    pass(Duration::from_secs(5)).await;
    stage.source.hold();
    assert_eq!(stage.cache.get(&job).await.unwrap().status(), Status::Stale);
    stage.source.read_by(2).await;
    pass(Duration::from_secs(6)).await;
    stage.source.open();
    stage.settle().await;
    assert_eq!(stage.cache.get(&job).await.unwrap().status(), Status::Stale);
    stage.settle().await;
    assert_eq!(stage.cache.get(&job).await.unwrap().status(), Status::Hit);
}

/// A load is under way when somebody writes and asks for a load of its own.
#[tokio::test(start_paused = true)]
async fn a_demanded_load_begins_after_it_was_demanded() {
    let stage = stage().await;
    stage.source.hold();
    let early = stage.getting("a");
    stage.source.read_by(1).await;
    stage.source.write(2);
    let (cache, job) = (stage.cache.clone(), truth("a"));
    let demanded = tokio::spawn(async move { cache.load(&job).await });
    stage.settle().await;
    stage.source.open();
    early.await.unwrap().unwrap();
    assert_eq!(*demanded.await.unwrap().unwrap(), 2);
}

/// So much is invalidated during a load that nobody can tell its value's tags apart; its tag is invalidated while it is committed.
#[tokio::test(start_paused = true)]
async fn a_value_that_missed_invalidations_answers_nobody_who_came_late() {
    let (stage, store) = slow_stage().await;
    stage.source.hold();
    let early = stage.getting("a");
    stage.source.read_by(1).await;
    for _ in 0..2_000 {
        stage.cache.invalidate_tag("other", Strength::Hard).await.unwrap();
    }
    let late = store.switches.answer_late("commit");
    stage.source.open();
    stage.settle().await;
    stage.source.write(2);
    stage.cache.invalidate_tag("all", Strength::Hard).await.unwrap();
    let after = stage.getting("a");
    stage.settle().await;
    late.arrive();
    early.await.unwrap().unwrap();
    assert_eq!(*after.await.unwrap().unwrap(), 2);
}

/// The same for a fallback that was read while much was invalidated.
#[tokio::test(start_paused = true)]
async fn a_fallback_that_missed_invalidations_is_not_served() {
    let clock = Clock::runtime();
    let store = FaultyStore::new(clock.clone());
    let (first, stage) = (on(&store, &clock).await, on(&store, &clock).await);
    first.value("a").await;
    pass(TTL + STALE).await;
    let late = store.switches.answer_late("read");
    stage.source.hold();
    stage.source.script([Act::Fail]);
    let waiting = stage.getting("a");
    stage.settle().await;
    for _ in 0..2_000 {
        stage.cache.invalidate_tag("other", Strength::Hard).await.unwrap();
    }
    late.arrive();
    stage.source.read_by(1).await;
    stage.cache.invalidate_tag("all", Strength::Hard).await.unwrap();
    stage.source.open();
    assert!(waiting.await.unwrap().is_err());
}

/// Nothing is in hand of a popular key, and a thousand callers who do not wait come before the first has asked for it.
#[tokio::test(start_paused = true)]
async fn a_thousand_callers_who_do_not_wait_ask_once() {
    let (stage, store) = slow_stage().await;
    for _ in 0..1_000 {
        assert!(stage.cache.get_ready(&truth("a")).is_none());
    }
    stage.settle().await;
    assert_eq!(store.switches.calls("ask"), 1);
    assert_eq!(stage.value("a").await, 1);
}

/// Somebody asks for a refresh, and leaves while the record is asked: nobody else could ask until the marker's deadline.
#[tokio::test(start_paused = true)]
async fn a_refresh_whose_caller_leaves_is_asked_for_all_the_same() {
    let (stage, store) = slow_stage().await;
    stage.value("a").await;
    stage.source.write(2);
    let (late, job) = (store.switches.answer_late("ask"), truth("a"));
    let mut refresh = Box::pin(stage.cache.refresh(&job));
    assert!((&mut refresh).now_or_never().is_none());
    stage.settle().await;
    drop(refresh);
    late.arrive();
    stage.settle().await;
    assert_eq!(stage.value("a").await, 2);
}

/// The same for a warm-up, and for a schedule that ends.
#[tokio::test(start_paused = true)]
async fn a_warm_up_that_is_dropped_leaves_no_marker_without_its_task() {
    for scheduled in [false, true] {
        let (stage, store) = slow_stage().await;
        let (late, jobs) = (store.switches.answer_late("ask"), [truth("a")]);
        if scheduled {
            let schedule = stage.cache.schedule(TTL, || vec![truth("a")]).unwrap();
            stage.settle().await;
            drop(schedule);
        } else {
            let mut warm_up = Box::pin(stage.cache.warm_up(&jobs));
            assert!((&mut warm_up).now_or_never().is_none());
            stage.settle().await;
        }
        late.arrive();
        stage.settle().await;
        assert_eq!((stage.source.reads(), stage.value("a").await), (1, 1), "scheduled: {scheduled}");
    }
}
