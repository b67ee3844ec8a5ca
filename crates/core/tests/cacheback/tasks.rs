//! Tasks in the queue: asked for once, asked for again when lost, and what a worker makes of them.

use std::time::Duration;

use freshen_core::queue::{Depth, MemoryQueue, NewTask, Priority};
use freshen_core::store::{Begin, Begun, MemoryStore, Role, Store};
use freshen_core::{Clock, Key, Status};
use serde::Serialize;

use crate::common::{Act, Stage, TTL, pass, stage, stage_with, truth};
use crate::{SECOND, idle_stage, jobs, named};

async fn push(stage: &Stage, job: &str, arguments: &impl Serialize) {
    let key = Key::new("tests", job, arguments).unwrap();
    let task = NewTask { key, delay: Duration::ZERO, priority: Priority::Normal };
    stage.cache.queue().push(&[task]).await.unwrap();
    pass(SECOND).await;
}

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

#[tokio::test(start_paused = true)]
async fn a_lost_task_is_asked_for_again_after_its_deadline() {
    let stage = idle_stage().await;
    stage.value("a").await;
    pass(TTL).await;
    let mut tasks = Vec::new();
    for secs in [0, 119, 2] {
        pass(secs * SECOND).await;
        stage.get("a").await.unwrap();
        stage.settle().await;
        tasks.push(stage.cache.queue_depth().await.unwrap().ready);
    }
    assert_eq!(tasks, [1, 1, 2]);
}

#[tokio::test(start_paused = true)]
async fn a_task_for_what_is_fresh_loads_nothing_and_ends() {
    let stage = stage().await;
    stage.value("a").await;
    push(&stage, "truth", &truth("a")).await;
    assert_eq!((stage.source.reads(), stage.events.count("end: Done")), (1, 1));
    assert_eq!(stage.cache.queue_depth().await.unwrap(), Depth::default());
}

#[tokio::test(start_paused = true)]
async fn a_task_for_what_is_missing_loads_it() {
    let stage = stage().await;
    push(&stage, "truth", &truth("a")).await;
    assert_eq!(stage.get("a").await.unwrap().status(), Status::Hit);
}

#[tokio::test(start_paused = true)]
async fn a_task_for_a_job_that_nobody_knows_is_set_aside_with_its_reason() {
    let stage = stage().await;
    push(&stage, "unknown", &()).await;
    let quarantined = stage.cache.quarantined(10).await.unwrap();
    assert_eq!(quarantined.len(), 1);
    assert_eq!(&*quarantined[0].reason, "nobody registered job tests:unknown here");
    push(&stage, "truth", &truth("a")).await;
    assert_eq!(stage.source.reads(), 1, "the workers go on");
}

#[tokio::test(start_paused = true)]
async fn a_refresh_that_fails_keeps_the_old_value_and_is_tried_again_without_a_reader() {
    let stage = stage().await;
    stage.value("a").await;
    pass(TTL).await;
    stage.source.write(2);
    stage.source.script([Act::Fail, Act::Fail]);
    stage.value("a").await;
    pass(SECOND / 2).await;
    let answer = stage.get("a").await.unwrap();
    assert_eq!((*answer, answer.status()), (1, Status::Stale));
    pass(10 * SECOND).await;
    assert_eq!(stage.events.count("end: Retried"), 2);
    let answer = stage.get("a").await.unwrap();
    assert_eq!((*answer, answer.status()), (2, Status::Hit));
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
