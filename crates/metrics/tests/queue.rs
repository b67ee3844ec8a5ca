//! The queue on the page; one that fails or hangs takes its own lines from it, and nothing else.
#![allow(clippy::unwrap_used)] // A test that cannot go on fails.

mod common;

use std::time::Duration;

use common::{cache, cache_with, even, openmetrics, value};
use freshen_core::queue::{
    Delivery, Depth, NewTask, Pushed, Quarantined, Queue, QueueTraits, Receipt, Settlement, Task,
};
use freshen_core::{BoxFuture, PortError};
use freshen_metrics::Metrics;

/// A queue that does nothing but to be counted, or not.
#[derive(Clone, Copy)]
enum Toy {
    Holds(Depth),
    Fails,
    Hangs,
}

type Answer<'a, T> = BoxFuture<'a, Result<T, PortError>>;

impl Queue for Toy {
    fn traits(&self) -> QueueTraits {
        QueueTraits { durable: false, delays: true, ordered: true, visibility: Duration::from_secs(60) }
    }

    fn push<'a>(&'a self, _tasks: &'a [NewTask]) -> Answer<'a, Pushed> {
        Box::pin(async { Ok(Pushed::Full) })
    }

    fn pull(&self, _most: usize, _wait: Duration) -> Answer<'_, Vec<Delivery>> {
        Box::pin(std::future::pending())
    }

    fn settle<'a>(&'a self, _receipt: &'a Receipt, _settlement: Settlement) -> Answer<'a, bool> {
        Box::pin(async { Ok(false) })
    }

    fn depth(&self) -> Answer<'_, Depth> {
        match *self {
            Toy::Holds(depth) => Box::pin(async move { Ok(depth) }),
            Toy::Fails => Box::pin(async { Err(PortError::passing("toy queue", "count", "down")) }),
            Toy::Hangs => Box::pin(std::future::pending()),
        }
    }

    fn waiting(&self, _most: usize) -> Answer<'_, Vec<Task>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    fn quarantined(&self, _most: usize) -> Answer<'_, Vec<Quarantined>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    fn release(&self, _id: u64) -> Answer<'_, bool> {
        Box::pin(async { Ok(false) })
    }

    fn discard(&self, _id: u64) -> Answer<'_, bool> {
        Box::pin(async { Ok(false) })
    }
}

/// The page of a cache with such a queue.
async fn page(queue: Toy) -> String {
    let metrics = Metrics::new();
    let (cache, _clock) = cache_with(&metrics, |builder| builder.queue(queue)).await;
    metrics.render(&cache).await
}

#[tokio::test(start_paused = true)]
async fn the_queue_and_what_waits_in_it_are_shown() {
    let metrics = Metrics::new();
    let (cache, clock) = cache(&metrics).await;
    let before = metrics.render(&cache).await;
    assert_eq!(value(&before, r#"freshen_queue_tasks{queue="default",state="ready"}"#), Some(0.0));
    assert_eq!(value(&before, r#"freshen_queue_oldest_task_age_seconds{queue="default"}"#), Some(0.0));
    cache.get(&even(2)).await.unwrap();
    assert!(cache.refresh(&even(2)).await.unwrap());
    clock.advance(Duration::from_millis(1500));
    let page = metrics.render(&cache).await;
    assert_eq!(value(&page, r#"freshen_queue_tasks{queue="default",state="ready"}"#), Some(1.0));
    assert_eq!(value(&page, r#"freshen_queue_tasks{queue="default",state="held"}"#), Some(0.0));
    assert_eq!(value(&page, r#"freshen_queue_oldest_task_age_seconds{queue="default"}"#), Some(1.5));
}

#[tokio::test(start_paused = true)]
async fn tasks_are_shown_by_their_state() {
    let depth = Depth { ready: 1, delayed: 2, held: 3, quarantined: 4, oldest: Some(Duration::from_secs(5)) };
    let page = page(Toy::Holds(depth)).await;
    for (state, tasks) in [("ready", 1.0), ("delayed", 2.0), ("held", 3.0), ("quarantined", 4.0)] {
        assert_eq!(
            value(&page, &format!(r#"freshen_queue_tasks{{queue="default",state="{state}"}}"#)),
            Some(tasks),
            "{state}"
        );
    }
    assert_eq!(value(&page, r#"freshen_queue_oldest_task_age_seconds{queue="default"}"#), Some(5.0));
}

/// Two queues hang and a third answers: all are asked at once, and what the third has is shown.
#[tokio::test(start_paused = true)]
async fn each_queue_is_shown_by_its_name_and_none_waits_for_another() {
    let metrics = Metrics::new();
    let holds = Toy::Holds(Depth { ready: 7, ..Depth::default() });
    let (cache, _clock) = cache_with(&metrics, |builder| {
        builder.queue(Toy::Hangs).queue_named("mail", Toy::Hangs).queue_named("slow", holds)
    })
    .await;
    let began = tokio::time::Instant::now();
    let page = metrics.render(&cache).await;
    assert_eq!(began.elapsed().as_secs(), 2);
    assert_eq!(value(&page, r#"freshen_queue_tasks{queue="slow",state="ready"}"#), Some(7.0));
    assert_eq!(value(&page, r#"freshen_queue_tasks{queue="mail",state="ready"}"#), None);
    assert_eq!(value(&page, r#"freshen_port_failures_total{port="queue",operation="depth"}"#), Some(2.0));
    for queue in ["default", "mail", "slow"] {
        assert_eq!(
            value(&page, &format!(r#"freshen_tasks_total{{queue="{queue}",end="done"}}"#)),
            Some(0.0),
            "{queue}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_queue_that_fails_is_counted_and_its_lines_are_left_out() {
    let page = page(Toy::Fails).await;
    assert_eq!(value(&page, r#"freshen_port_failures_total{port="toy queue",operation="count"}"#), Some(1.0));
    for family in openmetrics::read(&page).unwrap() {
        let of_queue = family.name.starts_with("freshen_queue");
        assert!(!of_queue || family.samples.is_empty(), "{}", family.name);
    }
    assert_eq!(value(&page, "freshen_near_entries"), Some(0.0));
}

#[tokio::test(start_paused = true)]
async fn a_queue_that_hangs_is_not_waited_for() {
    let began = tokio::time::Instant::now();
    let page = page(Toy::Hangs).await;
    assert_eq!(began.elapsed().as_secs(), 2);
    assert_eq!(value(&page, r#"freshen_port_failures_total{port="queue",operation="depth"}"#), Some(1.0));
    assert_eq!(value(&page, "freshen_near_entries"), Some(0.0));
}

#[test]
fn without_a_runtime_a_page_is_rendered_all_the_same() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let metrics = Metrics::new();
    let (cache, _clock) = runtime.block_on(cache_with(&metrics, |builder| builder));
    let page = ready(metrics.render(&cache));
    assert_eq!(value(&page, r#"freshen_queue_tasks{queue="default",state="ready"}"#), Some(0.0));
}

/// Polls once: what has nothing to wait for is ready then.
fn ready<T>(future: impl Future<Output = T>) -> T {
    use std::task::{Context, Poll, Waker};
    match std::pin::pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("a queue in memory is counted at once"),
    }
}
