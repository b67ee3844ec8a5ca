//! A cache at work, as its page shows it.
#![allow(clippy::unwrap_used)] // A test that cannot go on fails.

mod common;

use std::time::Duration;

use common::{HANGS, TTL, cache, cache_with, even, value};
use freshen_core::bus::MemoryBus;
use freshen_core::store::MemoryStore;
use freshen_core::{Clock, Strength, Timestamp};
use freshen_metrics::Metrics;

#[tokio::test]
async fn what_callers_were_served_is_counted() {
    let metrics = Metrics::new();
    let (cache, clock) = cache(&metrics).await;
    cache.get(&even(2)).await.unwrap();
    cache.get(&even(2)).await.unwrap();
    clock.advance(Duration::from_secs(30));
    cache.get_ready(&even(2)).unwrap();
    clock.advance(TTL);
    cache.get(&even(2)).await.unwrap();
    cache.get(&even(1)).await.unwrap_err();
    cache.invalidate_tag("a tag", Strength::Hard).await.unwrap();
    let page = metrics.render(&cache).await;
    let answers = |labels: &str| value(&page, &format!(r#"freshen_answers_total{{job_name="even",{labels}}}"#));
    assert_eq!(answers(r#"status="loaded",rule="missing""#), Some(1.0));
    assert_eq!(answers(r#"status="hit",rule="fresh""#), Some(2.0));
    assert_eq!(answers(r#"status="stale",rule="within-stale""#), Some(1.0));
    assert_eq!(value(&page, r#"freshen_refused_total{job_name="even"}"#), Some(1.0));
    assert_eq!(value(&page, r#"freshen_loads_total{job_name="even",end="stored"}"#), Some(1.0));
    assert_eq!(value(&page, r#"freshen_loads_total{job_name="even",end="failed"}"#), Some(1.0));
    assert_eq!(value(&page, r#"freshen_invalidations_total{kind="tag",strength="hard"}"#), Some(1.0));
    assert_eq!(value(&page, r#"freshen_answer_age_seconds_sum{job_name="even"}"#), Some(30.0 + 90.0));
}

#[tokio::test]
async fn the_near_tier_and_paused_workers_are_shown() {
    let metrics = Metrics::new();
    let (cache, _clock) = cache(&metrics).await;
    cache.get(&even(2)).await.unwrap();
    cache.pause_workers();
    let page = metrics.render(&cache).await;
    let (entries, bytes) = cache.near_size();
    assert_eq!((entries, value(&page, "freshen_near_entries")), (1, Some(1.0)));
    assert_eq!(value(&page, "freshen_near_bytes"), Some(bytes as f64));
    assert_eq!(value(&page, "freshen_near_trusted"), Some(1.0));
    assert_eq!(value(&page, "freshen_loads_in_flight"), Some(0.0));
    assert_eq!(value(&page, "freshen_workers_paused"), Some(1.0));
    cache.resume_workers();
    assert_eq!(value(&metrics.render(&cache).await, "freshen_workers_paused"), Some(0.0));
}

#[tokio::test(start_paused = true)]
async fn loads_under_way_are_shown_until_they_end() {
    let metrics = Metrics::new();
    let (cache, _clock) = cache(&metrics).await;
    let job = even(HANGS);
    let left = tokio::time::timeout(Duration::from_millis(1), cache.get(&job)).await;
    assert!(left.is_err(), "who leaves ends no load");
    let page = metrics.render(&cache).await;
    assert_eq!(value(&page, "freshen_loads_in_flight"), Some(1.0));
    assert_eq!(value(&page, r#"freshen_loads_begun_total{job_name="even"}"#), Some(1.0));
    assert_eq!(value(&page, r#"freshen_loads_total{job_name="even",end="timed-out"}"#), Some(0.0));
    tokio::time::sleep(Duration::from_secs(60)).await;
    let page = metrics.render(&cache).await;
    assert_eq!(value(&page, "freshen_loads_in_flight"), Some(0.0));
    let timed_out = r#"freshen_load_duration_seconds_bucket{job_name="even",end="timed-out",le="50.0"}"#;
    assert_eq!(value(&page, timed_out), Some(1.0));
}

#[tokio::test(start_paused = true)]
async fn a_near_tier_that_lost_its_bus_shows_as_distrusted() {
    let metrics = Metrics::new();
    let (clock, bus) = (Clock::manual(Timestamp::from_micros(1)), MemoryBus::new());
    let store = MemoryStore::builder(clock.clone()).bus(bus.clone()).build().unwrap();
    let (cache, _clock) = cache_with(&metrics, |builder| builder.clock(clock).store(store).bus(bus.clone())).await;
    tokio::time::sleep(Duration::from_millis(1)).await;
    let page = metrics.render(&cache).await;
    assert_eq!(value(&page, "freshen_near_trusted"), Some(1.0));
    bus.close();
    tokio::time::sleep(Duration::from_millis(1)).await;
    let page = metrics.render(&cache).await;
    assert_eq!(value(&page, "freshen_near_trusted"), Some(0.0));
    assert_eq!(value(&page, r#"freshen_near_trust_changes_total{to="distrusted"}"#), Some(1.0));
}
