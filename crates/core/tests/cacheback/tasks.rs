//! One task for many readers, and a load that outlives its lease.

use freshen_core::queue::MemoryQueue;
use freshen_core::store::{Begin, Begun, MemoryStore, Role, Store};
use freshen_core::{Clock, Key, Status};

use crate::common::{TTL, pass, stage_with};
use crate::{SECOND, jobs, named};

/// Two processes' worth of callers read one stale value.
#[tokio::test(start_paused = true)]
async fn of_many_who_read_a_stale_value_one_asks() {
    let clock = Clock::runtime();
    let store = MemoryStore::builder(clock.clone()).build().unwrap();
    let queue = MemoryQueue::builder(clock.clone()).build().unwrap();
    let process =
        || stage_with(|builder| builder.clock(clock.clone()).store(store.clone()).queue(queue.clone()).workers(0));
    let (one, two) = (process().await, process().await);
    one.value("a").await;
    pass(TTL).await;
    let callers: Vec<_> = (0..32).flat_map(|_| [one.getting("a"), two.getting("a")]).collect();
    for caller in callers {
        assert_eq!(caller.await.unwrap().unwrap().status(), Status::Stale);
    }
    one.settle().await;
    assert_eq!(one.cache.queue_depth().await.unwrap().ready, 1);
    assert_eq!((one.source.reads(), two.source.reads()), (1, 0));
}

/// The lease holds for five seconds and the load takes twenty.
#[tokio::test(start_paused = true)]
async fn a_load_longer_than_its_lease_keeps_it_by_renewing() {
    let clock = Clock::runtime();
    let store = MemoryStore::builder(clock.clone()).build().unwrap();
    let stage = stage_with(|builder| builder.jobs(jobs()).clock(clock).store(store.clone())).await;
    stage.source.hold();
    let (cache, job) = (stage.cache.clone(), named("slow"));
    let waiting = tokio::spawn(async move { cache.get(&job).await });
    stage.source.read_by(1).await;
    pass(20 * SECOND).await;
    let key = Key::new("tests", "named", &named("slow")).unwrap();
    let begin = Begin { role: Role::Foreground, lease: SECOND, at_least: None, heeds_backoff: false };
    assert!(matches!(store.begin(&key, begin).await.unwrap(), Begun::Busy { .. }));
    stage.source.open();
    assert_eq!(waiting.await.unwrap().unwrap().status(), Status::Loaded);
    assert_eq!((stage.cache.get(&named("slow")).await.unwrap().status(), stage.source.reads()), (Status::Hit, 1));
}
