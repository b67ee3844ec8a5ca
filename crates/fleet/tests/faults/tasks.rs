//! Tasks that are lost, repeated and out of order, and many of them.

use std::time::{Duration, Instant};

use freshen_fleet::{Force, How, Member, Order, Setting, What, until};

use crate::stage::{LIMIT, Stage, fresh, long_or};

const KEYS: u32 = 50;

/// All keys stale, each with a task that nobody takes.
async fn asked(stage: &Stage, reader: &Member) {
    fresh(&stage.fleet, reader, 0..KEYS).await;
    stage.fleet.source().write_all(0..KEYS);
    reader.invalidate_at_last(What::Namespace, Force::Soft).await;
    reader.get_all(0..KEYS).await;
    let waiting = async || reader.depth().await.is_ok_and(|[ready, ..]| ready == u64::from(KEYS));
    until("all tasks to be pushed", LIMIT, waiting).await;
}

fn line(stage: &Stage) -> String {
    format!("{{{}:q:default}}:normal", stage.setting.prefix)
}

/// Every task is put in three times more, the last first, before somebody works.
#[tokio::test]
async fn tasks_that_are_repeated_and_out_of_order_load_nothing_twice() {
    let stage = Stage::new().await;
    let (reader, worker) = (stage.member(0).await, stage.member(4).await);
    assert_eq!(worker.done(Order::Work(false)).await, Ok(()));
    asked(&stage, &reader).await;
    let again = "for _ = 1, 3 do for _, task in ipairs(redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', ARGV[1])) do \
                 redis.call('XADD', KEYS[1], '*', unpack(task[2])) end end return redis.call('XLEN', KEYS[1])";
    let count = stage.server.command(&["EVAL", again, "1", &line(&stage), &KEYS.to_string()]).await;
    assert_eq!(count, (4 * KEYS).to_string());
    assert_eq!(worker.done(Order::Work(true)).await, Ok(()));
    let drained = async || reader.depth().await == Ok([0, 0, 0, 0]);
    until("all tasks to end", LIMIT, drained).await;
    let source = stage.fleet.source();
    assert!(
        (0..KEYS).all(|key| source.newest_seen(key) == Some(1) && source.reads(key) == 2),
        "{}",
        source.all_reads()
    );
}

#[tokio::test]
async fn tasks_that_are_lost_are_asked_for_again_after_their_deadline() {
    let mut stage = Stage::new().await;
    stage.setting.task_deadline = Duration::from_secs(2);
    let reader = stage.member(0).await;
    asked(&stage, &reader).await;
    stage.server.command(&["DEL", &line(&stage)]).await;
    let _worker = stage.member(4).await;
    let took = fresh(&stage.fleet, &reader, 0..KEYS).await;
    println!("tasks lost: all fresh after {took:?}");
}

/// Nobody works for a while, and more is asked for than the queue takes.
#[tokio::test]
async fn a_backlog_is_bounded_and_drained_and_nothing_is_loaded_twice() {
    let long = std::env::var_os("FRESHEN_LONG").is_some();
    let (keys, bound): (u32, usize) = if long { (50_100, 50_000) } else { (2_100, 2_000) };
    let mut stage = Stage::new().await;
    stage.setting = Setting { queue_bound: bound, task_deadline: Duration::from_secs(600), ..stage.setting };
    let reader = stage.member(0).await;
    for first in (0..keys).step_by(100) {
        reader.get_all(first..first + 100).await;
    }
    stage.fleet.source().write_all(0..keys);
    reader.invalidate_at_last(What::Namespace, Force::Soft).await;
    for first in (0..keys).step_by(100) {
        let served = reader.get_all(first..first + 100).await;
        let other = served.iter().find(|served| !matches!(served.how, Ok((How::Stale, 0))));
        assert!(other.is_none(), "of {first} and the next 99: {other:?}");
    }
    let full = async || {
        let depth = reader.depth().await;
        if depth.is_ok_and(|[ready, delayed, held, _]| ready + delayed + held == bound as u64) {
            return true;
        }
        // Of many asks at once some are left out, for whoever reads the key next.
        for first in (0..keys).step_by(100) {
            reader.get_all(first..first + 100).await;
        }
        false
    };
    until("the backlog to reach its bound", LIMIT, full).await;
    let began = Instant::now();
    let _worker = stage.member(8).await;
    let drained = async || reader.depth().await == Ok([0, 0, 0, 0]);
    until("the backlog to be drained", LIMIT * if long { 10 } else { 1 }, drained).await;
    let reads = stage.fleet.source().all_reads();
    println!("a backlog of {bound}: drained in {:?}, {reads} reads of {keys} keys", began.elapsed());
    assert_eq!(reads, u64::from(keys) + bound as u64);
    fresh(&stage.fleet, &reader, 0..keys).await;
}

#[tokio::test]
async fn after_a_while_without_tasks_one_is_taken_at_once() {
    let stage = Stage::new().await;
    let (reader, worker) = (stage.member(0).await, stage.member(2).await);
    let source = stage.fleet.source();
    fresh(&stage.fleet, &reader, 0..1).await;
    tokio::time::sleep(long_or(Duration::from_secs(5), Duration::from_secs(60))).await;
    source.write(0);
    reader.invalidate_at_last(What::Key(0), Force::Soft).await;
    reader.get(0).await;
    let began = Instant::now();
    while source.reads(0) < 2 {
        assert!(began.elapsed() < LIMIT);
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let took = began.elapsed();
    println!("after an idle time: one task was being loaded after {took:?}");
    assert!(took < Duration::from_secs(3), "{took:?}");
    assert_eq!(worker.done(Order::ShutDown).await, Ok(()));
}
