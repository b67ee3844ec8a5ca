//! A hit that is counted allocates nothing, once its job has been seen.
#![allow(clippy::unwrap_used)] // A test that cannot go on fails.

mod common;

use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use common::{cache, even, value};
use freshen_core::{Event, Observer, Rule, Status};
use freshen_metrics::Metrics;

fn allocations(step: impl FnOnce()) -> u64 {
    allocation_counter::measure(step).count_total
}

/// What a future gives that is ready at its first poll.
fn ready<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("a hit waits for nothing"),
    }
}

#[tokio::test]
async fn a_hit_that_is_counted_allocates_nothing() {
    let metrics = Metrics::new();
    let (cache, _clock) = cache(&metrics).await;
    let job = even(2);
    cache.load(&job).await.unwrap();
    // Counted by its key so far. The first hit brings the address of its name.
    cache.get(&job).await.unwrap();
    assert_eq!(allocations(|| drop(ready(cache.get(&job)).unwrap())), 0);
    assert_eq!(allocations(|| assert_eq!(ready(cache.get_with(&job, |value| *value)).unwrap(), 2)), 0);
    let hits = r#"freshen_answers_total{job_name="even",status="hit",rule="fresh"}"#;
    assert_eq!(value(&metrics.render(&cache).await, hits), Some(3.0));
}

#[test]
fn the_first_sight_of_a_job_is_noticed_to_allocate() {
    let metrics = Metrics::new();
    let (status, rule, age, waited) = (Status::Hit, Rule::Fresh, Duration::from_secs(1), Duration::ZERO);
    let answered = || metrics.observe(&Event::Answered { job: "job", status, rule, age, waited });
    assert!(allocations(answered) > 0);
    assert_eq!(allocations(answered), 0);
}
