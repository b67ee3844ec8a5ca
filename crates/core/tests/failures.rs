//! What happens when a part fails: the store, the queue, the load, the value.

#![allow(clippy::unwrap_used)] // A test that cannot go on fails.

mod common;

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use common::faults::{FaultyQueue, FaultyStore, Switches};
use common::tuned::{Kind, Tuned, tuned, tuned_stage};
use common::{Act, Down, ERROR, STALE, Stage, TTL, pass, stage, stage_with, truth};
use freshen_core::queue::{MemoryQueue, Queue};
use freshen_core::store::{MemoryStore, Store};
use freshen_core::{
    Cache, Clock, GetError, Job, Jobs, Key, Load, Loaded, PolicyBuilder, Rule, Status, Strength, Timestamp,
};
use serde::{Deserialize, Serialize};

const SECOND: Duration = Duration::from_secs(1);

async fn stage_on_faulty_store() -> (Stage, Switches) {
    let clock = Clock::runtime();
    let store = FaultyStore::new(clock.clone());
    let switches = store.switches.clone();
    (stage_with(|builder| builder.clock(clock).store(store)).await, switches)
}

async fn stage_on_faulty_queue() -> (Stage, FaultyQueue) {
    let clock = Clock::runtime();
    let queue = FaultyQueue::new(clock.clone());
    let given = queue.clone();
    let jobs = Jobs::new().add::<common::Truth>().add::<Tuned>();
    let told = common::tuned::Told::default();
    (stage_with(|builder| builder.clock(clock).queue(given).state(told).jobs(jobs)).await, queue)
}

/// What an answer is told apart by.
async fn answer(stage: &Stage, key: &str) -> (u64, Status, Rule) {
    let answer = stage.get(key).await.unwrap();
    (*answer, answer.status(), answer.rule())
}

async fn tuned_answer(stage: &Stage, kind: Kind) -> (u64, Status, Rule) {
    let answer = stage.cache.get(&tuned(kind)).await.unwrap();
    (*answer, answer.status(), answer.rule())
}

/// The whole store is gone. Every get is a miss that is told, and what was loaded is served and kept nowhere.
#[tokio::test(start_paused = true)]
async fn a_store_that_is_down_is_a_miss_whose_load_is_served_but_not_kept() {
    let (stage, store) = stage_on_faulty_store().await;
    store.all_down();
    assert_eq!(answer(&stage, "a").await, (1, Status::Loaded, Rule::StoreDown));
    assert!(stage.events.count("PortFailed") >= 1);
    assert_eq!(stage.events.count("end: NotKept"), 1);
    assert_eq!(stage.cache.near_size().0, 0);
    assert_eq!(answer(&stage, "a").await, (1, Status::Loaded, Rule::StoreDown));
    assert_eq!(stage.source.reads(), 2);
    store.up();
    assert_eq!(answer(&stage, "a").await, (1, Status::Loaded, Rule::Missing));
    assert_eq!(answer(&stage, "a").await, (1, Status::Hit, Rule::Fresh));
    assert_eq!(stage.source.reads(), 3);
}

/// Only reading fails. The miss is told, and since the rest of the store works the load is kept.
#[tokio::test(start_paused = true)]
async fn a_read_that_fails_is_a_miss_and_an_event() {
    let (stage, store) = stage_on_faulty_store().await;
    store.down(["read"]);
    assert_eq!(answer(&stage, "a").await, (1, Status::Loaded, Rule::StoreDown));
    assert_eq!(stage.events.count("PortFailed"), 1);
    assert_eq!(answer(&stage, "a").await, (1, Status::Hit, Rule::Fresh));
}

/// No lease is to be had, and a crowd comes for one key. They share one load.
#[tokio::test(start_paused = true)]
async fn without_a_lease_a_crowd_is_served_by_one_load() {
    let (stage, store) = stage_on_faulty_store().await;
    store.down(["begin"]);
    stage.source.hold();
    let crowd: Vec<_> = (0..50).map(|_| stage.getting("a")).collect();
    stage.source.read_by(1).await;
    stage.source.open();
    for caller in crowd {
        let answer = caller.await.unwrap().unwrap();
        assert_eq!((*answer, answer.status()), (1, Status::Loaded));
    }
    assert_eq!(stage.source.reads(), 1);
    assert_eq!(stage.cache.near_size().0, 0, "kept nowhere");
}

/// Without a lease nobody knows what was outdated meanwhile. Who comes during the load shares the next one.
#[tokio::test(start_paused = true)]
async fn without_a_lease_those_who_come_during_a_load_share_the_next() {
    let (stage, store) = stage_on_faulty_store().await;
    store.down(["begin"]);
    stage.source.hold();
    let early = stage.getting("a");
    stage.source.read_by(1).await;
    stage.source.write(2);
    let late: Vec<_> = (0..50).map(|_| stage.getting("a")).collect();
    stage.settle().await;
    stage.source.open();
    assert_eq!(*early.await.unwrap().unwrap(), 1);
    for caller in late {
        assert_eq!(*caller.await.unwrap().unwrap(), 2);
    }
    assert_eq!(stage.source.reads(), 2);
}

/// The value is loaded and cannot be stored. It is served, and the key is let go of, so that the next caller loads at once.
#[tokio::test(start_paused = true)]
async fn what_cannot_be_committed_is_served_and_not_kept() {
    let (stage, store) = stage_on_faulty_store().await;
    store.down(["commit"]);
    assert_eq!(answer(&stage, "a").await, (1, Status::Loaded, Rule::Missing));
    assert!(stage.cache.peek(&truth("a")).await.unwrap().is_none());
    assert_eq!(answer(&stage, "a").await, (1, Status::Loaded, Rule::Missing));
    assert_eq!((stage.source.reads(), stage.cache.near_size().0), (2, 0));
    store.up();
    assert_eq!(answer(&stage, "a").await, (1, Status::Loaded, Rule::Missing));
    assert_eq!(answer(&stage, "a").await, (1, Status::Hit, Rule::Fresh));
}

/// The load fails and so does telling the store. The caller gets the load's error all the same.
#[tokio::test(start_paused = true)]
async fn a_failure_that_cannot_be_noted_is_still_the_callers_error() {
    let (stage, store) = stage_on_faulty_store().await;
    store.down(["fail"]);
    stage.source.script([Act::Fail]);
    assert!(matches!(stage.get("a").await, Err(GetError::Load { .. })));
    assert_eq!(stage.events.count("PortFailed"), 1);
}

/// An invalidation the store did not take promises nothing, and says so.
#[tokio::test(start_paused = true)]
async fn an_invalidation_that_fails_is_an_error() {
    let (stage, store) = stage_on_faulty_store().await;
    stage.value("a").await;
    store.down(["invalidate", "remove", "begin"]);
    assert!(stage.cache.invalidate(&truth("a"), Strength::Hard).await.is_err());
    assert!(stage.cache.invalidate_tag("all", Strength::Soft).await.is_err());
    assert!(stage.cache.invalidate_namespace("tests", Strength::Soft).await.is_err());
    assert!(stage.cache.remove(&truth("a")).await.is_err());
    assert!(stage.cache.put(&truth("a"), 2).await.is_err());
    assert_eq!(stage.events.count("Invalidated {"), 0);
    assert_eq!(answer(&stage, "a").await, (1, Status::Hit, Rule::Fresh));
}

/// The queue has room for one task. The second stale key is served all the same, and once there is room it is asked for again.
#[tokio::test(start_paused = true)]
async fn a_full_queue_drops_the_refresh_and_serves_stale() {
    let clock = Clock::runtime();
    let queue = MemoryQueue::builder(clock.clone()).bound(1).build().unwrap();
    let given = queue.clone();
    let stage = stage_with(|builder| builder.clock(clock).queue(given).workers(0)).await;
    stage.value("a").await;
    stage.value("b").await;
    pass(TTL).await;
    for key in ["a", "b"] {
        assert_eq!(answer(&stage, key).await, (1, Status::Stale, Rule::WithinStale));
        stage.settle().await;
    }
    assert_eq!(stage.events.count("dropped: QueueFull"), 1);
    assert!(stage.cache.peek(&truth("a")).await.unwrap().unwrap().is_asked_for());
    assert!(!stage.cache.peek(&truth("b")).await.unwrap().unwrap().is_asked_for(), "the marker is cleared");
    assert_eq!(queue.pull(10, Duration::ZERO).await.unwrap().len(), 1);
    pass(SECOND).await;
    assert_eq!(stage.get("b").await.unwrap().status(), Status::Stale);
    stage.settle().await;
    assert_eq!(queue.pull(10, Duration::ZERO).await.unwrap().len(), 1, "asked for again");
}

/// The queue cannot be reached. What is stale is served, and the next ask after its return brings the refresh.
#[tokio::test(start_paused = true)]
async fn a_queue_that_is_down_drops_the_refresh_and_serves_stale() {
    let (stage, queue) = stage_on_faulty_queue().await;
    stage.value("a").await;
    stage.source.write(2);
    pass(TTL).await;
    queue.switches.all_down();
    assert_eq!(answer(&stage, "a").await, (1, Status::Stale, Rule::WithinStale));
    stage.settle().await;
    assert_eq!(stage.events.count("dropped: Unreachable"), 1);
    assert!(!stage.cache.peek(&truth("a")).await.unwrap().unwrap().is_asked_for());
    queue.switches.up();
    pass(2 * SECOND).await;
    assert_eq!(answer(&stage, "a").await, (1, Status::Stale, Rule::WithinStale));
    pass(SECOND).await;
    assert_eq!(answer(&stage, "a").await, (2, Status::Hit, Rule::Fresh));
}

/// The queue cannot be reached and nothing is in hand. A load needs no queue.
#[tokio::test(start_paused = true)]
async fn with_nothing_in_hand_a_queue_that_is_down_is_not_noticed() {
    let (stage, queue) = stage_on_faulty_queue().await;
    queue.switches.all_down();
    assert_eq!(answer(&stage, "a").await, (1, Status::Loaded, Rule::Missing));
}

/// A key that never waits has nothing, and the queue is down or full. Nobody else will load it, so this process does.
#[tokio::test(start_paused = true)]
async fn what_is_answered_empty_is_loaded_here_when_the_queue_takes_no_task() {
    let (stage, queue) = stage_on_faulty_queue().await;
    queue.switches.all_down();
    assert_eq!(tuned_answer(&stage, Kind::EmptyZero).await, (0, Status::Empty, Rule::Missing));
    stage.settle().await;
    assert_eq!(tuned_answer(&stage, Kind::EmptyZero).await, (1, Status::Hit, Rule::Fresh));
}

/// The store is down as well, so nothing could be kept. A load for each page would only trouble the source.
#[tokio::test(start_paused = true)]
async fn what_is_answered_empty_is_not_loaded_while_the_store_is_down() {
    let clock = Clock::runtime();
    let store = FaultyStore::new(clock.clone());
    let (given, told) = (store.clone(), common::tuned::Told::default());
    let jobs = Jobs::new().add::<common::Truth>().add::<Tuned>();
    let stage = stage_with(|builder| builder.clock(clock).store(given).state(told).jobs(jobs)).await;
    store.switches.all_down();
    assert_eq!(tuned_answer(&stage, Kind::EmptyZero).await, (0, Status::Empty, Rule::Missing));
    stage.settle().await;
    assert_eq!((stage.source.reads(), stage.events.count("dropped: Unreachable")), (0, 1));
    store.switches.up();
    assert_eq!(tuned_answer(&stage, Kind::EmptyZero).await, (0, Status::Empty, Rule::Missing));
    stage.settle().await;
    assert_eq!(tuned_answer(&stage, Kind::EmptyZero).await, (1, Status::Hit, Rule::Fresh));
}

/// Two thousand keys turn stale while the store takes a minute for an ask. All are served; what asks behind them is bounded, and
/// whoever reads afterwards asks for the others.
#[tokio::test(start_paused = true)]
async fn asks_that_the_store_answers_late_do_not_grow_with_the_traffic() {
    const ASKS_MOST: usize = 1024;
    let (stage, store) = stage_on_faulty_store().await;
    let keys: Vec<String> = (0..2000).map(|number| number.to_string()).collect();
    for key in &keys {
        stage.value(key).await;
    }
    stage.source.write(2);
    pass(TTL).await;
    store.late("ask", 60 * SECOND);
    for key in &keys {
        assert_eq!(stage.get(key).await.unwrap().status(), Status::Stale);
    }
    stage.settle().await;
    assert_eq!((store.calls("ask"), stage.events.count("dropped: Governor")), (ASKS_MOST, keys.len() - ASKS_MOST));
    store.up();
    pass(61 * SECOND).await;
    for key in &keys {
        stage.value(key).await;
        stage.settle().await;
    }
    for key in &keys {
        assert_eq!(stage.get(key).await.unwrap().status(), Status::Hit);
    }
}

/// The opposite: the queue takes the task, so a process without workers loads nothing.
#[tokio::test(start_paused = true)]
async fn what_is_answered_empty_is_left_to_the_queue_when_it_takes_the_task() {
    let stage = stage_with(|builder| {
        builder.workers(0).state(common::tuned::Told::default()).jobs(Jobs::new().add::<common::Truth>().add::<Tuned>())
    })
    .await;
    assert_eq!(tuned_answer(&stage, Kind::EmptyZero).await, (0, Status::Empty, Rule::Missing));
    stage.settle().await;
    assert_eq!(tuned_answer(&stage, Kind::EmptyZero).await, (0, Status::Empty, Rule::Missing));
    assert_eq!(stage.cache.queue_depth().await.unwrap().ready, 1);
}

/// The stale window is over and the source is down. What is kept for errors is served up to its end, and no longer.
#[tokio::test(start_paused = true)]
async fn a_failed_load_is_answered_with_the_fallback_within_stale_if_error() {
    let stage = stage().await;
    stage.value("a").await;
    pass(TTL + STALE).await;
    stage.source.script([Act::Fail, Act::Fail]);
    assert_eq!(answer(&stage, "a").await, (1, Status::Fallback, Rule::LoadFailed));
    assert_eq!(answer(&stage, "a").await, (1, Status::Fallback, Rule::LoadFailed), "it cools down");
    assert_eq!(stage.source.reads(), 2);
    pass(ERROR).await;
    assert!(matches!(stage.get("a").await, Err(GetError::Load { .. })));
}

/// A crowd waits for a load that fails. Each of them gets the one error, the job's own, and nobody tries again.
#[tokio::test(start_paused = true)]
async fn every_follower_of_a_failed_load_gets_the_same_error() {
    let stage = stage().await;
    stage.source.hold();
    stage.source.script([Act::Fail]);
    let crowd: Vec<_> = (0..10).map(|_| stage.getting("a")).collect();
    stage.source.read_by(1).await;
    let late = stage.getting("a");
    stage.settle().await;
    stage.source.open();
    let mut sources = Vec::new();
    for caller in crowd.into_iter().chain([late]) {
        match caller.await.unwrap() {
            Err(GetError::Load { source, .. }) => sources.push(source),
            other => panic!("{other:?}"),
        }
    }
    assert!(sources.iter().all(|source| Arc::ptr_eq(source, &sources[0]) && **source == Down));
    assert_eq!(stage.source.reads(), 1);
}

/// How long a key cools down now, from the error that says so.
async fn cooling(stage: &Stage) -> Duration {
    match stage.get("a").await {
        Err(GetError::CoolingDown { retry_after, reason, .. }) => {
            assert_eq!(reason, "the source is down");
            retry_after
        }
        other => panic!("{other:?}"),
    }
}

/// The source fails again and again. The attempts are spaced further and further, and one success forgets it all.
#[tokio::test(start_paused = true)]
async fn the_pauses_after_failures_grow_and_a_success_ends_them() {
    let stage = stage().await;
    for (failures, longest) in [(1, 1), (2, 2), (3, 4), (4, 8), (5, 16), (6, 32), (7, 60), (8, 60)] {
        stage.source.script([Act::Fail]);
        assert!(matches!(stage.get("a").await, Err(GetError::Load { .. })));
        let pause = cooling(&stage).await;
        let longest = Duration::from_secs(longest);
        assert!(pause <= longest && pause >= longest.mul_f64(0.9), "after {failures}: {pause:?}");
        assert_eq!(stage.source.reads(), failures, "one attempt a pause");
        pass(pause).await;
    }
    assert_eq!(answer(&stage, "a").await, (1, Status::Loaded, Rule::Missing));
    stage.cache.invalidate(&truth("a"), Strength::Hard).await.unwrap();
    stage.source.script([Act::Fail]);
    assert!(matches!(stage.get("a").await, Err(GetError::Load { .. })));
    assert!(cooling(&stage).await <= SECOND);
}

/// A stale value's refreshes fail. It ends exactly when it would have ended without them.
#[tokio::test(start_paused = true)]
async fn a_failure_never_lengthens_freshness() {
    let stage = stage().await;
    stage.value("a").await;
    let before = stage.cache.peek(&truth("a")).await.unwrap().unwrap().facts();
    pass(TTL).await;
    stage.source.script([Act::Fail; 50]);
    assert_eq!(stage.get("a").await.unwrap().status(), Status::Stale);
    pass(STALE - SECOND).await;
    assert_eq!(stage.get("a").await.unwrap().status(), Status::Stale);
    assert!(stage.source.reads() > 3);
    assert_eq!(stage.cache.peek(&truth("a")).await.unwrap().unwrap().facts(), before);
    pass(SECOND).await;
    assert_eq!(stage.get("a").await.unwrap().status(), Status::Fallback);
}

/// The source gives nonsense. It is not installed; the last good value stays and is served.
#[tokio::test(start_paused = true)]
async fn a_refused_value_leaves_the_last_good_one() {
    let (stage, _told) = tuned_stage().await;
    tuned_answer(&stage, Kind::Plain).await;
    stage.source.write(13);
    pass(TTL).await;
    assert_eq!(tuned_answer(&stage, Kind::Plain).await, (1, Status::Stale, Rule::WithinStale));
    stage.settle().await;
    assert!(stage.events.count("end: Refused") >= 1);
    assert_eq!(*stage.cache.peek(&tuned(Kind::Plain)).await.unwrap().unwrap(), 1);
    pass(STALE).await;
    assert_eq!(tuned_answer(&stage, Kind::Plain).await, (1, Status::Fallback, Rule::LoadFailed));
}

/// The opposite: with nothing in hand the refusal is the caller's error, by put as by load.
#[tokio::test(start_paused = true)]
async fn a_refused_value_with_nothing_in_hand_is_an_error_with_its_reason() {
    let (stage, _told) = tuned_stage().await;
    stage.source.write(13);
    match stage.cache.get(&tuned(Kind::Plain)).await {
        Err(GetError::Refused { reason, .. }) => assert_eq!(reason, "thirteen"),
        other => panic!("{other:?}"),
    }
    let refused = stage.cache.put(&tuned(Kind::Plain), 13).await.unwrap_err();
    assert_eq!(refused.to_string(), "the value was refused: refused: thirteen");
    assert!(stage.cache.peek(&tuned(Kind::Plain)).await.unwrap().is_none());
}

/// The job's code panics. It is an error of that load; other keys, and the same key later, are loaded.
#[tokio::test(start_paused = true)]
async fn a_panic_in_a_load_is_an_error_of_that_load_only() {
    let stage = stage().await;
    stage.source.script([Act::Panic]);
    match stage.get("a").await {
        Err(GetError::Panicked { message, .. }) => assert_eq!(message, "scripted"),
        other => panic!("{other:?}"),
    }
    assert_eq!(answer(&stage, "b").await, (1, Status::Loaded, Rule::Missing));
    pass(SECOND).await;
    assert_eq!(answer(&stage, "a").await, (1, Status::Loaded, Rule::Missing));
    assert_eq!(stage.cache.loads_under_way(), 0);
}

/// The same in a worker, whose task goes on to bring its refresh.
#[tokio::test(start_paused = true)]
async fn a_panic_in_a_refresh_leaves_the_workers_working() {
    let stage = stage().await;
    stage.value("a").await;
    stage.source.write(2);
    pass(TTL).await;
    stage.source.script([Act::Panic; 3]);
    assert_eq!(stage.get("a").await.unwrap().status(), Status::Stale);
    pass(20 * SECOND).await;
    assert_eq!(answer(&stage, "a").await, (2, Status::Hit, Rule::Fresh));
    assert_eq!(stage.events.count("end: Panicked"), 3);
}

/// The source hangs. The load ends at its timeout, as an error or with the fallback.
#[tokio::test(start_paused = true)]
async fn a_load_that_hangs_is_timed_out() {
    let stage = stage().await;
    stage.source.script([Act::Hang]);
    match stage.get("a").await {
        Err(GetError::TimedOut { after, .. }) => assert_eq!(after, Duration::from_secs(50)),
        other => panic!("{other:?}"),
    }
    pass(SECOND).await;
    stage.value("a").await;
    pass(TTL + STALE).await;
    stage.source.script([Act::Hang]);
    assert_eq!(answer(&stage, "a").await, (1, Status::Fallback, Rule::LoadFailed));
}

/// A fallback is in hand and the source is slow. The caller leaves with the fallback after the soft timeout; the load lands behind it.
#[tokio::test(start_paused = true)]
async fn after_the_soft_timeout_the_fallback_is_served_and_the_load_goes_on() {
    let (stage, _told) = tuned_stage().await;
    tuned_answer(&stage, Kind::Soft).await;
    pass(TTL + STALE).await;
    stage.source.write(2);
    stage.source.hold();
    let began = tokio::time::Instant::now();
    assert_eq!(tuned_answer(&stage, Kind::Soft).await, (1, Status::Fallback, Rule::SoftTimeout));
    assert_eq!(began.elapsed().as_secs(), 1);
    assert_eq!(stage.cache.loads_under_way(), 1);
    stage.source.open();
    stage.settle().await;
    assert_eq!(tuned_answer(&stage, Kind::Soft).await, (2, Status::Hit, Rule::Fresh));
    assert_eq!(stage.source.reads(), 2);
}

/// The opposite: with nothing in hand the load is waited for, however long it takes.
#[tokio::test(start_paused = true)]
async fn without_a_fallback_the_soft_timeout_does_not_count() {
    let (stage, _told) = tuned_stage().await;
    stage.source.hold();
    let cache = stage.cache.clone();
    let waiting = tokio::spawn(async move { cache.get(&tuned(Kind::Soft)).await });
    pass(5 * SECOND).await;
    stage.source.open();
    assert_eq!(waiting.await.unwrap().unwrap().status(), Status::Loaded);
}

/// The fallback is invalidated hard before the soft timeout. Then nothing is in hand, and the caller waits for the load.
#[tokio::test(start_paused = true)]
async fn a_fallback_that_is_gone_at_the_soft_timeout_leaves_the_load_to_wait_for() {
    let (stage, _told) = tuned_stage().await;
    tuned_answer(&stage, Kind::Soft).await;
    pass(TTL + STALE).await;
    stage.source.write(2);
    stage.source.hold();
    let cache = stage.cache.clone();
    let waiting = tokio::spawn(async move { cache.get(&tuned(Kind::Soft)).await });
    stage.source.read_by(2).await;
    stage.cache.invalidate(&tuned(Kind::Soft), Strength::Hard).await.unwrap();
    pass(2 * SECOND).await;
    stage.source.open();
    let answer = waiting.await.unwrap().unwrap();
    assert_eq!((*answer, answer.status()), (2, Status::Loaded));
}

/// A page may be drawn without the value. Its first get is answered at once, and later ones have the value.
#[tokio::test(start_paused = true)]
async fn a_miss_that_does_not_wait_is_answered_empty_and_loaded_behind() {
    let (stage, _told) = tuned_stage().await;
    assert_eq!(tuned_answer(&stage, Kind::EmptyZero).await, (0, Status::Empty, Rule::Missing));
    let error = stage.cache.get(&tuned(Kind::Empty)).await.unwrap_err();
    assert!(matches!(error, GetError::Empty { .. }), "{error}");
    assert_eq!(stage.source.reads(), 0);
    stage.settle().await;
    assert_eq!(tuned_answer(&stage, Kind::EmptyZero).await, (1, Status::Hit, Rule::Fresh));
    assert_eq!(tuned_answer(&stage, Kind::Empty).await, (1, Status::Hit, Rule::Fresh));
}

/// The source says that there is none. It is a real answer, kept for a time of its own.
#[tokio::test(start_paused = true)]
async fn what_is_absent_is_fresh_for_the_negative_ttl() {
    let (stage, _told) = tuned_stage().await;
    stage.source.write(0);
    let absent = stage.cache.get(&tuned(Kind::Negative)).await.unwrap();
    assert!(absent.is_absent());
    pass(4 * SECOND).await;
    assert_eq!(tuned_answer(&stage, Kind::Negative).await, (0, Status::Hit, Rule::Fresh));
    stage.source.write(1);
    pass(SECOND).await;
    assert_eq!(tuned_answer(&stage, Kind::Negative).await, (0, Status::Stale, Rule::WithinStale));
    stage.settle().await;
    let present = stage.cache.get(&tuned(Kind::Negative)).await.unwrap();
    assert_eq!((*present, present.is_absent()), (1, false));
    pass(TTL - SECOND).await;
    assert_eq!(tuned_answer(&stage, Kind::Negative).await, (1, Status::Hit, Rule::Fresh));
}

/// Many keys are loaded together. Their ends are spread, and none is later than the policy says.
#[tokio::test(start_paused = true)]
async fn jitter_only_shortens_a_ttl() {
    let (stage, _told) = tuned_stage().await;
    let mut ttls = Vec::new();
    for n in 0..50 {
        let job = Tuned { kind: Kind::Jitter, key: n.to_string() };
        stage.cache.get(&job).await.unwrap();
        let windows = stage.cache.peek(&job).await.unwrap().unwrap().facts().windows;
        let lost = TTL + STALE - (windows.ttl + windows.stale_while_revalidate);
        assert!(lost <= Duration::from_micros(2), "the end of the stale window stands, cut to microseconds");
        ttls.push(windows.ttl);
    }
    assert!(ttls.iter().all(|ttl| *ttl <= TTL && *ttl >= TTL / 2));
    let (least, most) = (ttls.iter().min().unwrap(), ttls.iter().max().unwrap());
    assert!(*most - *least > TTL / 5, "{least:?} to {most:?}");
}

/// A value that took five seconds to load nears its end. One reader in some has it refreshed behind its hit, and nobody ever sees it stale.
#[tokio::test(start_paused = true)]
async fn an_early_refresh_is_a_hit_with_a_load_behind_it() {
    let (stage, _told) = tuned_stage().await;
    stage.source.hold();
    let cache = stage.cache.clone();
    let first = tokio::spawn(async move { cache.get(&tuned(Kind::Early)).await });
    pass(5 * SECOND).await;
    stage.source.open();
    first.await.unwrap().unwrap();
    stage.source.write(2);
    pass(TTL - 6 * SECOND).await;
    let mut rules = Vec::new();
    while rules.last() != Some(&Rule::EarlyRefresh) && rules.len() < 100 {
        let (value, status, rule) = tuned_answer(&stage, Kind::Early).await;
        assert_eq!((value, status), (1, Status::Hit));
        rules.push(rule);
    }
    assert_eq!(rules.last(), Some(&Rule::EarlyRefresh));
    pass(SECOND / 2).await;
    assert_eq!(tuned_answer(&stage, Kind::Early).await.0, 2);
    assert_eq!(stage.source.reads(), 2);
}

/// A process without workers refreshes nothing, early or late, and says so. Its value goes stale in its time and is asked for then.
#[tokio::test(start_paused = true)]
async fn a_process_without_workers_leaves_an_early_refresh() {
    let jobs = Jobs::new().add::<common::Truth>().add::<Tuned>();
    let told = common::tuned::Told::default();
    let stage = stage_with(|builder| builder.workers(0).state(told).jobs(jobs)).await;
    stage.source.hold();
    let cache = stage.cache.clone();
    let first = tokio::spawn(async move { cache.get(&tuned(Kind::Early)).await });
    pass(5 * SECOND).await;
    stage.source.open();
    first.await.unwrap().unwrap();
    pass(TTL - 6 * SECOND).await;
    for _ in 0..100 {
        assert_eq!(tuned_answer(&stage, Kind::Early).await.1, Status::Hit);
    }
    stage.settle().await;
    assert_eq!((stage.source.reads(), stage.events.count("dropped: Governor")), (1, 1));
    pass(SECOND).await;
    assert_eq!(tuned_answer(&stage, Kind::Early).await, (1, Status::Stale, Rule::WithinStale));
    stage.settle().await;
    assert_eq!(stage.cache.queue_depth().await.unwrap().ready, 1);
}

/// The opposite: without the policy a hit is a hit until the last moment.
#[tokio::test(start_paused = true)]
async fn without_the_policy_nothing_is_refreshed_early() {
    let stage = stage().await;
    stage.value("a").await;
    pass(TTL - Duration::from_millis(1)).await;
    for _ in 0..100 {
        assert_eq!(answer(&stage, "a").await, (1, Status::Hit, Rule::Fresh));
    }
    stage.settle().await;
    assert_eq!(stage.source.reads(), 1);
}

/// Of two values the source wants one to be kept for a minute and one for two seconds.
#[tokio::test(start_paused = true)]
async fn windows_may_depend_on_the_value() {
    let (stage, _told) = tuned_stage().await;
    stage.source.write(2);
    tuned_answer(&stage, Kind::Windows).await;
    pass(2 * SECOND - Duration::from_millis(1)).await;
    assert_eq!(tuned_answer(&stage, Kind::Windows).await, (2, Status::Hit, Rule::Fresh));
    stage.source.write(90);
    pass(Duration::from_millis(1)).await;
    assert_eq!(tuned_answer(&stage, Kind::Windows).await, (2, Status::Stale, Rule::WithinStale));
    stage.settle().await;
    pass(89 * SECOND).await;
    assert_eq!(tuned_answer(&stage, Kind::Windows).await, (90, Status::Hit, Rule::Fresh));
}

#[tokio::test(start_paused = true)]
async fn a_policy_may_depend_on_the_arguments() {
    let (stage, _told) = tuned_stage().await;
    tuned_answer(&stage, Kind::Short).await;
    tuned_answer(&stage, Kind::Plain).await;
    pass(5 * SECOND).await;
    assert_eq!(tuned_answer(&stage, Kind::Short).await, (1, Status::Stale, Rule::WithinStale));
    assert_eq!(tuned_answer(&stage, Kind::Plain).await, (1, Status::Hit, Rule::Fresh));
}

/// A refresh is told what it replaces, and asks the source whether it has changed. What has not is fresh again, without a new value.
#[tokio::test(start_paused = true)]
async fn an_unchanged_value_is_kept_and_fresh_again() {
    let (stage, told) = tuned_stage().await;
    tuned_answer(&stage, Kind::Revalidating).await;
    pass(TTL).await;
    assert_eq!(tuned_answer(&stage, Kind::Revalidating).await.1, Status::Stale);
    stage.settle().await;
    assert_eq!(tuned_answer(&stage, Kind::Revalidating).await, (1, Status::Hit, Rule::Fresh));
    pass(TTL).await;
    stage.source.write(2);
    assert_eq!(tuned_answer(&stage, Kind::Revalidating).await, (1, Status::Stale, Rule::WithinStale));
    stage.settle().await;
    assert_eq!(tuned_answer(&stage, Kind::Revalidating).await, (2, Status::Hit, Rule::Fresh));
    let previous = Some((1, Some(1u64.to_be_bytes().to_vec()), TTL));
    assert_eq!(told.all(), [None, previous.clone(), previous], "an unchanged value keeps its validators");
}

/// The source says "unchanged" to somebody who has nothing.
#[tokio::test(start_paused = true)]
async fn unchanged_without_a_previous_value_is_refused() {
    let (stage, told) = tuned_stage().await;
    match stage.cache.get(&tuned(Kind::Unchanged)).await {
        Err(GetError::Refused { reason, .. }) => assert_eq!(reason, "unchanged, but nothing was in hand"),
        other => panic!("{other:?}"),
    }
    assert_eq!(told.all(), [None]);
}

/// A value was invalidated hard. No load is told of it, whoever asks for the load: "unchanged" would bring it back.
#[tokio::test(start_paused = true)]
async fn what_was_invalidated_hard_is_nobodys_previous_value() {
    for demanded in [false, true] {
        let (stage, told) = tuned_stage().await;
        tuned_answer(&stage, Kind::Revalidating).await;
        stage.cache.invalidate(&tuned(Kind::Revalidating), Strength::Hard).await.unwrap();
        if demanded {
            stage.cache.load(&tuned(Kind::Revalidating)).await.unwrap();
        } else {
            stage.cache.refresh(&tuned(Kind::Revalidating)).await.unwrap();
            stage.settle().await;
        }
        assert_eq!(told.all(), [None, None], "demanded: {demanded}");
    }
}

/// It is invalidated hard while its refresh runs, which is then made again: the second load is not told of it either.
#[tokio::test(start_paused = true)]
async fn what_is_invalidated_hard_during_its_refresh_is_not_told_to_the_second_load() {
    let (stage, told) = tuned_stage().await;
    tuned_answer(&stage, Kind::Revalidating).await;
    pass(TTL).await;
    stage.source.hold();
    assert_eq!(tuned_answer(&stage, Kind::Revalidating).await.1, Status::Stale);
    stage.source.read_by(2).await;
    stage.cache.invalidate(&tuned(Kind::Revalidating), Strength::Hard).await.unwrap();
    stage.source.open();
    stage.settle().await;
    assert_eq!(told.all()[2..], [None]);
    assert_eq!(tuned_answer(&stage, Kind::Revalidating).await, (1, Status::Hit, Rule::Fresh));
}

/// What `Truth` was made of in another version: the same name and arguments, another output.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct Truth {
    key: String,
}

impl Job for Truth {
    type Output = String;
    type Error = Down;
    type State = (Reads,);
    const NAME: &'static str = "truth";
    const NAMESPACE: &'static str = "tests";

    fn policy() -> PolicyBuilder {
        common::policy()
    }

    async fn load(&self, load: Load<'_, Self>) -> Result<Loaded<String>, Down> {
        load.state().0.0.fetch_add(1, Relaxed);
        pass(Duration::from_millis(1)).await;
        Ok("one".to_owned().into())
    }
}

#[derive(Clone, Default)]
struct Reads(Arc<AtomicUsize>);

/// The two versions on one store, and how often the other one has loaded.
async fn two_versions() -> (Stage, Cache, Reads) {
    let clock = Clock::runtime();
    let store = MemoryStore::builder(clock.clone()).encoded().build().unwrap();
    let stage = stage_with(|builder| builder.clock(clock.clone()).store(store.clone())).await;
    let reads = Reads::default();
    let other = Cache::builder().clock(clock).store(store).state(reads.clone()).jobs(Jobs::new().add::<Truth>());
    (stage, other.build().await.unwrap(), reads)
}

/// A deploy changed a value's type while the old version still runs. Each serves its own, and neither's bytes are lost to the other.
#[tokio::test(start_paused = true)]
async fn a_value_that_does_not_decode_is_a_stale_miss_and_its_bytes_stay() {
    let (stage, other, reads) = two_versions().await;
    stage.value("a").await;
    let job = Truth { key: "a".into() };
    let answer = other.get(&job).await.unwrap();
    assert_eq!((&**answer, answer.status(), answer.rule()), ("one", Status::Loaded, Rule::Undecodable));
    let again = other.get(&job).await.unwrap();
    assert_eq!((&**again, again.status(), reads.0.load(Relaxed)), ("one", Status::Hit, 1));
    assert!(other.peek(&job).await.is_err());
    assert_eq!(*stage.cache.peek(&truth("a")).await.unwrap().unwrap(), 1, "the bytes stay");
    pass(11 * SECOND).await;
    assert_eq!(stage.get("a").await.unwrap().status(), Status::Hit);
    assert_eq!(stage.source.reads(), 1);
}

/// The value that does not decode goes stale, or is invalidated. If its bytes stayed, the new version would store nothing until their
/// last window ends, a month after the deploy.
#[tokio::test(start_paused = true)]
async fn the_bytes_of_another_version_are_replaced_once_they_are_not_fresh() {
    for outdated in [None, Some(Strength::Soft), Some(Strength::Hard)] {
        let (stage, other, reads) = two_versions().await;
        stage.value("a").await;
        let job = Truth { key: "a".into() };
        match outdated {
            Some(strength) => drop(other.invalidate(&job, strength).await.unwrap()),
            None => pass(TTL).await,
        }
        let answer = other.get(&job).await.unwrap();
        assert_eq!((&**answer, answer.status()), ("one", Status::Loaded), "{outdated:?}");
        assert_eq!(&**other.peek(&job).await.unwrap().unwrap(), "one");
        pass(11 * SECOND).await;
        assert_eq!((other.get(&job).await.unwrap().status(), reads.0.load(Relaxed)), (Status::Hit, 1));
        let older = stage.get("a").await.unwrap();
        assert_eq!((*older, older.rule()), (1, Rule::Undecodable), "and the old version loads its own");
    }
}

/// An adapter is a few seconds wrong about its server's clock: what the reader finds over is fresh for the store. Begun again and
/// again above the newest mark alone, it would be loaded by every reader, and kept by none, until the store's clock has caught up.
#[tokio::test(start_paused = true)]
async fn what_only_the_reader_refuses_is_loaded_once() {
    let at = |secs: u64| Timestamp::from_micros(secs * 1_000_000);
    let (stores, readers) = (Clock::manual(at(100)), Clock::manual(at(105)));
    let store = FaultyStore::new(stores.clone());
    store.switches.reads_ahead(5 * SECOND);
    let stage = stage_with(|builder| builder.clock(readers.clone()).store(store)).await;
    stage.value("a").await;
    stores.advance(TTL - 3 * SECOND);
    readers.advance(TTL - 3 * SECOND);
    stage.source.write(2);
    for _ in 0..5 {
        let answer = stage.cache.request(&truth("a")).max_stale(Duration::ZERO).get().await.unwrap();
        assert_eq!(*answer, 2);
    }
    assert_eq!(stage.source.reads(), 2);
}

/// Whoever does not wait for a store elsewhere is told of no bytes. The store calls them fresh, and they are another version's.
#[tokio::test(start_paused = true)]
async fn who_does_not_wait_gets_a_value_beside_another_versions_bytes() {
    let clock = Clock::runtime();
    let store = FaultyStore::around(MemoryStore::builder(clock.clone()).encoded().build().unwrap());
    let (given, reads) = (store.clone(), Reads::default());
    let stage = stage_with(|builder| builder.clock(clock.clone()).store(given)).await;
    let other = Cache::builder().clock(clock).store(store.clone()).state(reads.clone());
    let other = other.jobs(Jobs::new().add::<Truth>()).build().await.unwrap();
    stage.value("a").await;
    store.switches.late("read", Duration::from_millis(1));
    let job = Truth { key: "a".into() };
    assert!(other.get_ready(&job).is_none());
    pass(SECOND).await;
    assert_eq!((&**other.get_ready(&job).unwrap(), reads.0.load(Relaxed)), ("one", 1));
    assert_eq!(*stage.cache.peek(&truth("a")).await.unwrap().unwrap(), 1, "the bytes stay");
}

/// Somebody demands a load of what is fresh for the other version only.
#[tokio::test(start_paused = true)]
async fn a_demanded_load_leaves_another_versions_fresh_bytes() {
    let (stage, other, _reads) = two_versions().await;
    stage.value("a").await;
    assert_eq!(&**other.load(&Truth { key: "a".into() }).await.unwrap(), "one");
    let kept = stage.cache.peek(&truth("a")).await.unwrap().unwrap();
    assert_eq!((*kept, kept.is_fresh()), (1, true));
}

/// The new version loads beside fresh bytes of the old one, and the key is invalidated meanwhile. No commit tells it so.
#[tokio::test(start_paused = true)]
async fn what_is_overtaken_beside_another_versions_bytes_is_not_kept() {
    for by_tag in [false, true] {
        let (stage, other, reads) = two_versions().await;
        stage.value("a").await;
        let (cache, job) = (other.clone(), Truth { key: "a".into() });
        let getting = tokio::spawn(async move { cache.get(&job).await.map(|answer| answer.status()) });
        stage.settle().await;
        assert_eq!(reads.0.load(Relaxed), 1);
        if by_tag {
            stage.cache.invalidate_tag("all", Strength::Soft).await.unwrap();
        } else {
            stage.cache.invalidate(&truth("a"), Strength::Soft).await.unwrap();
        }
        assert_eq!(getting.await.unwrap().unwrap(), Status::Loaded);
        let late = other.get(&Truth { key: "a".into() }).await.unwrap();
        assert_eq!((late.status(), reads.0.load(Relaxed)), (Status::Loaded, 2), "by tag: {by_tag}");
    }
}

/// The new version's worker has a task for a key that the old version has loaded meanwhile. Its load commits nothing, and must
/// not keep the old version from asking.
#[tokio::test(start_paused = true)]
async fn a_task_that_leaves_another_versions_bytes_leaves_no_marker() {
    let (stage, other, reads) = two_versions().await;
    stage.value("a").await;
    other.pause_workers();
    assert!(other.refresh(&Truth { key: "a".into() }).await.unwrap());
    stage.cache.load(&truth("a")).await.unwrap();
    assert!(stage.cache.peek(&truth("a")).await.unwrap().unwrap().is_asked_for());
    other.resume_workers();
    pass(Duration::from_millis(10)).await;
    assert_eq!(reads.0.load(Relaxed), 1);
    let kept = stage.cache.peek(&truth("a")).await.unwrap().unwrap();
    assert_eq!((*kept, kept.is_fresh(), kept.is_asked_for()), (1, true, false));
}

/// A value's own code panics when it is written for the store. The value is served and not kept, and its key is let go of.
#[tokio::test(start_paused = true)]
async fn a_value_that_panics_when_it_is_written_is_served_and_not_kept() {
    let clock = Clock::runtime();
    let store = MemoryStore::builder(clock.clone()).encoded().build().unwrap();
    let jobs = Jobs::new().add::<Brittle>();
    let events = common::Memory::default();
    let builder = Cache::builder().clock(clock).store(store).jobs(jobs).observer(events.clone());
    let cache = builder.build().await.unwrap();
    for writes in 1..=2 {
        assert_eq!(cache.get(&Brittle).await.unwrap().status(), Status::Loaded);
        assert_eq!((events.count("panicked: brittle"), cache.loads_under_way()), (writes, 0));
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct Brittle;

/// Cannot be written.
#[derive(Debug, Deserialize)]
struct Glass;

impl Serialize for Glass {
    fn serialize<S: serde::Serializer>(&self, _serializer: S) -> Result<S::Ok, S::Error> {
        panic!("brittle")
    }
}

impl Job for Brittle {
    type Output = Glass;
    type Error = Down;
    type State = ();
    const NAME: &'static str = "brittle";

    async fn load(&self, _load: Load<'_, Self>) -> Result<Loaded<Glass>, Down> {
        Ok(Glass.into())
    }

    fn weigh(&self, _value: &Glass) -> usize {
        1
    }
}

/// A value's own code panics when it is read. It is a miss like any value that does not decode, not a panic of the caller.
#[tokio::test(start_paused = true)]
async fn a_value_that_panics_when_it_is_read_is_a_stale_miss() {
    let clock = Clock::runtime();
    let store = MemoryStore::builder(clock.clone()).encoded().build().unwrap();
    let stage = stage_with(|builder| builder.clock(clock.clone()).store(store.clone())).await;
    stage.value("a").await;
    let jobs = Jobs::new().add::<Cracked>();
    let cache = Cache::builder().clock(clock).store(store).jobs(jobs).build().await.unwrap();
    let answer = cache.get(&Cracked { key: "a".into() }).await.unwrap();
    assert_eq!((answer.status(), answer.rule()), (Status::Loaded, Rule::Undecodable));
    assert_eq!(*stage.cache.peek(&truth("a")).await.unwrap().unwrap(), 1);
}

/// `Truth` in a version whose values cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct Cracked {
    key: String,
}

/// Cannot be read.
#[derive(Debug, Serialize)]
struct Crack;

impl<'de> Deserialize<'de> for Crack {
    fn deserialize<D: serde::Deserializer<'de>>(_deserializer: D) -> Result<Self, D::Error> {
        panic!("cracked")
    }
}

impl Job for Cracked {
    type Output = Crack;
    type Error = Down;
    type State = ();
    const NAME: &'static str = "truth";
    const NAMESPACE: &'static str = "tests";

    async fn load(&self, _load: Load<'_, Self>) -> Result<Loaded<Crack>, Down> {
        Ok(Crack.into())
    }
}

/// The store takes no commits for ten minutes. What a task loads meanwhile is not kept, and that is not the source's fault.
#[tokio::test(start_paused = true)]
async fn while_nothing_can_be_committed_a_task_waits_and_is_not_set_aside() {
    let clock = Clock::runtime();
    let store = FaultyStore::new(clock.clone());
    let switches = store.switches.clone();
    let stage = stage_with(|builder| builder.clock(clock).store(store).near_bound(SECOND)).await;
    stage.value("a").await;
    switches.down(["commit"]);
    stage.cache.refresh(&truth("a")).await.unwrap();
    stage.source.write(2);
    pass(600 * SECOND).await;
    assert_eq!(stage.cache.queue_depth().await.unwrap().quarantined, 0);
    // Each try reads the source, so the pauses grow.
    assert!((60..=200).contains(&stage.source.reads()), "{}", stage.source.reads());
    switches.up();
    pass(6 * SECOND).await;
    assert_eq!(stage.value("a").await, 2);
}

/// A value that the store will never take is the job's fault: its task is tried as one that fails, and set aside with what the
/// store said. Without pauses each stale reader would have the source read ten times within a second.
#[tokio::test(start_paused = true)]
async fn a_task_whose_value_can_never_be_kept_is_tried_with_growing_pauses_and_set_aside() {
    let clock = Clock::runtime();
    let store = MemoryStore::builder(clock.clone()).encoded().build().unwrap();
    let events = common::Memory::default();
    let builder = Cache::builder().clock(clock).store(store).jobs(Jobs::new().add::<Brittle>());
    let cache = builder.observer(events.clone()).build().await.unwrap();
    assert!(cache.refresh(&Brittle).await.unwrap());
    for (secs, loads) in [(0, 1), (1, 2), (2, 3), (4, 4), (8, 5), (16, 6)] {
        pass(Duration::from_secs(secs) + Duration::from_millis(5)).await;
        assert_eq!(events.count("LoadBegan"), loads, "after {secs} s more");
    }
    pass(3600 * SECOND).await;
    let aside = cache.quarantined(9).await.unwrap();
    assert_eq!((aside.len(), events.count("LoadBegan")), (1, 10));
    let reason = &*aside[0].reason;
    assert!(reason.starts_with("gave up after 10 attempts: store: commit failed: "), "{reason}");
    assert!(reason.ends_with("panicked: brittle"), "{reason}");
}

/// The same where the store refuses it, for its size.
#[tokio::test(start_paused = true)]
async fn a_task_whose_value_is_too_large_is_set_aside_with_what_the_store_said() {
    let clock = Clock::runtime();
    let store = MemoryStore::builder(clock.clone()).encoded().value_limit(1).build().unwrap();
    let stage = stage_with(|builder| builder.clock(clock).store(store)).await;
    assert!(stage.cache.refresh(&truth("a")).await.unwrap());
    pass(SECOND / 2).await;
    assert_eq!(stage.source.reads(), 1, "there is a pause");
    pass(3600 * SECOND).await;
    let reason = stage.cache.quarantined(9).await.unwrap().remove(0).reason;
    assert!(reason.starts_with("gave up after 10 attempts: memory store: commit failed: "), "{reason}");
    assert_eq!(stage.source.reads(), 10);
}

/// How somebody comes to a value.
#[derive(Clone, Copy)]
enum Way {
    Get,
    /// Without waiting for the store.
    GetReady,
    /// The read fails, and nothing else.
    GetUnread,
}

/// A record's value is damaged, or larger than this process takes: the store calls it fresh, and gives its mark only. The load
/// that is asked for takes its place.
#[tokio::test(start_paused = true)]
async fn what_is_fresh_and_cannot_be_had_is_replaced_by_the_next_load() {
    for way in [Way::Get, Way::GetReady, Way::GetUnread] {
        let clock = Clock::runtime();
        let store = FaultyStore::around(MemoryStore::builder(clock.clone()).encoded().build().unwrap());
        let (given, other) = (store.clone(), store.clone());
        let first = stage_with(|builder| builder.clock(clock.clone()).store(given)).await;
        first.value("a").await;
        let key = Key::new("tests", "truth", &truth("a")).unwrap();
        let found = store.inner.read(&[key]).await.remove(0).unwrap().entry.unwrap().facts.generation;
        store.switches.damaged(found);
        let stage = stage_with(|builder| builder.clock(clock).store(other)).await;
        stage.source.write(2);
        match way {
            Way::Get => assert_eq!(answer(&stage, "a").await, (2, Status::Loaded, Rule::Missing)),
            Way::GetReady => {
                store.switches.late("read", Duration::from_millis(1));
                assert!(stage.cache.get_ready(&truth("a")).is_none());
                pass(SECOND).await;
                assert_eq!(*stage.cache.get_ready(&truth("a")).unwrap(), 2);
            }
            Way::GetUnread => {
                store.switches.down(["read"]);
                let (begun, getting) = (store.switches.answer_late("begin"), stage.getting("a"));
                stage.settle().await;
                store.switches.up();
                begun.arrive();
                assert_eq!(*getting.await.unwrap().unwrap(), 2);
            }
        }
        assert_eq!(answer(&stage, "a").await, (2, Status::Hit, Rule::Fresh));
        assert_eq!((stage.source.reads(), stage.events.count("end: Stored")), (1, 1), "kept, and near");
        assert!(store.switches.calls("begin") <= 1 + 4, "{}", store.switches.calls("begin"));
    }
}

/// The store is down for a minute while a task is to be done. Nothing is loaded that could not be kept, and no attempt is counted:
/// the task is done when the store is back, though nobody reads.
#[tokio::test(start_paused = true)]
async fn while_the_store_is_down_a_task_waits_and_is_not_set_aside() {
    let clock = Clock::runtime();
    let store = FaultyStore::new(clock.clone());
    let switches = store.switches.clone();
    let stage = stage_with(|builder| builder.clock(clock).store(store).near_bound(SECOND)).await;
    stage.value("a").await;
    switches.down(["begin"]);
    stage.cache.refresh(&truth("a")).await.unwrap();
    stage.source.write(2);
    pass(60 * SECOND).await;
    assert_eq!(stage.source.reads(), 1);
    assert_eq!(stage.cache.queue_depth().await.unwrap().quarantined, 0);
    switches.up();
    pass(5 * SECOND).await;
    assert_eq!(stage.source.reads(), 2);
    assert_eq!(stage.value("a").await, 2);
}

/// Its load fails each time, and not because its source is in trouble.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct InVain;

impl Job for InVain {
    type Output = u64;
    type Error = Down;
    type State = (Reads,);
    const NAME: &'static str = "in-vain";

    async fn load(&self, load: Load<'_, Self>) -> Result<Loaded<u64>, Down> {
        load.state().0.0.fetch_add(1, Relaxed);
        Err(Down)
    }

    fn cools(&self, _error: &Down) -> bool {
        false
    }
}

/// A load in vain is not the source's trouble: the next one begins at once, and nobody is told that the key cools down.
#[tokio::test(start_paused = true)]
async fn a_load_in_vain_that_is_not_the_sources_trouble_sets_no_back_off() {
    let reads = Reads::default();
    let builder = Cache::builder().clock(Clock::runtime()).state(reads.clone()).jobs(Jobs::new().add::<InVain>());
    let cache = builder.build().await.unwrap();
    for loads in 1..=5 {
        let error = cache.get(&InVain).await.unwrap_err();
        assert!(matches!(error, GetError::Load { .. }), "{error}");
        assert_eq!(reads.0.load(Relaxed), loads);
    }
}
