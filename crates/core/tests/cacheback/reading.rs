//! What a `get` answers, and what it sets going.

use std::time::Duration;

use freshen_core::queue::Depth;
use freshen_core::store::{Begin, Begun, MemoryStore, Role, Store};
use freshen_core::{Cache, Clock, GetError, Key, Rule, Status};

use crate::common::{TTL, pass, stage, stage_with, truth};
use crate::{MINUTE, SECOND, idle_stage, jobs, named};

#[tokio::test(start_paused = true)]
async fn a_cache_answers_only_for_the_jobs_it_was_given() {
    let (stage, other) = (stage().await, stage().await);
    stage.value("a").await;
    assert!(other.cache.peek(&truth("a")).await.unwrap().is_none());
    let cache = Cache::builder().clock(Clock::runtime()).build().await.unwrap();
    assert!(matches!(cache.get(&truth("a")).await, Err(GetError::NotRegistered { job: "truth" })));
}

#[tokio::test(start_paused = true)]
async fn a_hit_asks_for_nothing() {
    let stage = idle_stage().await;
    stage.value("a").await;
    pass(TTL - SECOND).await;
    assert_eq!(stage.get("a").await.unwrap().status(), Status::Hit);
    stage.settle().await;
    assert_eq!((stage.source.reads(), stage.events.count("RefreshAsked")), (1, 0));
    assert_eq!(stage.cache.queue_depth().await.unwrap(), Depth::default());
}

#[tokio::test(start_paused = true)]
async fn a_stale_value_is_served_as_it_is_and_one_task_is_asked_for() {
    let stage = idle_stage().await;
    stage.value("a").await;
    pass(TTL).await;
    let before = stage.cache.peek(&truth("a")).await.unwrap().unwrap().facts();
    for _ in 0..3 {
        let answer = stage.get("a").await.unwrap();
        assert_eq!((*answer, answer.status()), (1, Status::Stale));
        stage.settle().await;
        pass(2 * SECOND).await;
    }
    assert_eq!(stage.cache.queue_depth().await.unwrap().ready, 1);
    assert_eq!(stage.cache.peek(&truth("a")).await.unwrap().unwrap().facts(), before, "a read makes nothing younger");
}

/// Nothing is near, so each read sees the record and the marker of the task that the first has asked for.
#[tokio::test(start_paused = true)]
async fn while_a_refresh_is_seen_to_be_on_its_way_a_stale_read_does_not_ask_the_record() {
    let stage = stage_with(|builder| builder.workers(0).near_bound(Duration::from_nanos(1))).await;
    stage.value("a").await;
    pass(TTL).await;
    let asked_after = async |reads: usize| {
        for _ in 0..reads {
            assert_eq!(stage.get("a").await.unwrap().status(), Status::Stale);
            stage.settle().await;
            pass(2 * SECOND).await;
        }
        stage.events.count("RefreshAsked")
    };
    assert_eq!(asked_after(5).await, 1);
    pass(2 * MINUTE).await;
    assert_eq!(asked_after(5).await, 2, "the marker has ended");
}

/// Fresh for ten minutes and stale for five: at 14 minutes it is served, at 16 the caller waits for the new value.
#[tokio::test(start_paused = true)]
async fn past_the_stale_window_a_caller_waits_for_a_load() {
    for (minutes, expected) in [(14, (Some(1), Status::Stale)), (16, (Some(2), Status::Loaded))] {
        let stage = idle_stage().await;
        stage.cache.get(&named("brief")).await.unwrap();
        stage.source.write(2);
        pass(minutes * MINUTE).await;
        let answer = stage.cache.get(&named("brief")).await.unwrap();
        assert_eq!((*answer, answer.status()), expected);
    }
}

#[tokio::test(start_paused = true)]
async fn with_the_defaults_a_value_is_stale_for_thirty_days_and_then_gone() {
    let stage = idle_stage().await;
    let day = 24 * 60 * MINUTE;
    stage.cache.get(&named("bob")).await.unwrap();
    pass(29 * day).await;
    assert_eq!(stage.cache.get(&named("bob")).await.unwrap().status(), Status::Stale);
    pass(day).await;
    assert!(stage.cache.peek(&named("bob")).await.unwrap().is_none());
    assert_eq!(stage.cache.get(&named("bob")).await.unwrap().status(), Status::Loaded);
}

#[tokio::test(start_paused = true)]
async fn an_answer_says_how_it_came_about() {
    let stage = idle_stage().await;
    let mut told = Vec::new();
    for span in [Duration::ZERO, 10 * SECOND, TTL] {
        pass(span).await;
        let answer = stage.get("a").await.unwrap();
        told.push((answer.status(), answer.rule(), answer.age().as_secs()));
    }
    let expected =
        [(Status::Loaded, Rule::Missing, 0), (Status::Hit, Rule::Fresh, 10), (Status::Stale, Rule::WithinStale, 70)];
    assert_eq!(told, expected);
}

#[tokio::test(start_paused = true)]
async fn observers_are_told_every_decision_and_how_long_a_load_took() {
    let stage = idle_stage().await;
    stage.source.hold();
    let waiting = stage.getting("a");
    stage.source.read_by(1).await;
    pass(2 * SECOND).await;
    stage.source.open();
    waiting.await.unwrap().unwrap();
    stage.value("a").await;
    pass(TTL).await;
    stage.value("a").await;
    for status in ["Loaded", "Hit", "Stale"] {
        assert_eq!(stage.events.count(&format!("status: {status}")), 1, "{status}");
    }
    assert_eq!(stage.events.count("end: Stored, took: 2"), 1, "{:#?}", stage.events.all());
}

#[tokio::test(start_paused = true)]
async fn waiting_and_windows_may_depend_on_the_arguments() {
    let stage = idle_stage().await;
    let statuses = async |names: [&str; 3]| {
        let mut statuses = Vec::new();
        for name in names {
            statuses.push(stage.cache.get(&named(name)).await.unwrap().status());
        }
        statuses
    };
    assert_eq!(statuses(["ann", "bob", "guest"]).await, [Status::Loaded, Status::Loaded, Status::Empty]);
    pass(15 * MINUTE).await;
    assert_eq!(statuses(["ann", "bob", "guest"]).await, [Status::Hit, Status::Stale, Status::Empty]);
}

#[tokio::test(start_paused = true)]
async fn an_empty_answer_is_told_apart_and_asked_for_once() {
    let stage = idle_stage().await;
    for _ in 0..3 {
        let answer = stage.cache.get(&named("guest")).await.unwrap();
        assert_eq!((*answer, answer.status()), (None, Status::Empty));
        stage.settle().await;
    }
    assert_eq!((stage.cache.queue_depth().await.unwrap().ready, stage.source.reads()), (1, 0));
    assert!(stage.cache.peek(&named("guest")).await.unwrap().is_none(), "nothing stands in for the value");
}

#[tokio::test(start_paused = true)]
async fn none_is_a_value_like_any_other() {
    let stage = idle_stage().await;
    stage.source.write(0);
    for expected in [Status::Loaded, Status::Hit] {
        let answer = stage.cache.get(&named("bob")).await.unwrap();
        assert_eq!((*answer, answer.status()), (None, expected));
    }
    assert_eq!(stage.source.reads(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_ttl_may_be_shorter_than_a_second() {
    let stage = idle_stage().await;
    let mut statuses = Vec::new();
    for span in [0, 400, 200] {
        pass(Duration::from_millis(span)).await;
        statuses.push(stage.cache.get(&named("quick")).await.unwrap().status());
    }
    assert_eq!(statuses, [Status::Loaded, Status::Hit, Status::Stale]);
}

#[tokio::test]
async fn threads_share_a_cache() {
    let stage = idle_stage().await;
    stage.value("a").await;
    let read = |cache: Cache| move || (0..100).map(|_| *cache.get_ready(&truth("a")).unwrap()).sum::<u64>();
    let threads: Vec<_> = (0..4).map(|_| std::thread::spawn(read(stage.cache.clone()))).collect();
    let sum: u64 = threads.into_iter().map(|thread| thread.join().unwrap()).sum();
    assert_eq!(sum, 400);
}

/// Nobody works off the tasks, and somebody reads every 30 seconds for six hours.
#[tokio::test(start_paused = true)]
async fn staleness_is_bounded_though_every_task_is_lost() {
    let stage = idle_stage().await;
    let mut oldest = Duration::ZERO;
    for _ in 0..720 {
        oldest = oldest.max(stage.cache.get(&named("brief")).await.unwrap().age());
        pass(30 * SECOND).await;
    }
    assert!(oldest < 15 * MINUTE, "{oldest:?}");
    assert_eq!(stage.source.reads(), 24, "once each fifteen minutes");
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
