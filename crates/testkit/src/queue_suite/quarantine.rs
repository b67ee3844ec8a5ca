//! What was set aside: kept with its reason, bounded, released or discarded by hand.

use std::time::Duration;

use freshen_core::queue::{Pushed, Quarantined, Settlement};

use super::fixture::{Fixture, name};

async fn aside(fixture: &Fixture) -> Vec<Quarantined> {
    fixture.queue.quarantined(100).await.expect("quarantined answers")
}

/// The id of the one task that is set aside.
async fn only(fixture: &Fixture) -> u64 {
    let aside = aside(fixture).await;
    assert_eq!(aside.len(), 1);
    aside[0].id
}

fn described(aside: &[Quarantined]) -> Vec<(String, &str)> {
    aside.iter().map(|quarantined| (name(&quarantined.task), &*quarantined.reason)).collect()
}

pub(super) async fn quarantine_sets_a_task_aside_with_its_reason(fixture: &Fixture) {
    fixture.set_aside("a", "no such job").await;
    fixture.wait_out_visibility().await;
    assert!(fixture.pull(1).await.is_empty());
    assert_eq!(described(&aside(fixture).await), [("a".to_owned(), "no such job")]);
}

pub(super) async fn quarantine_counts_one_more_attempt(fixture: &Fixture) {
    fixture.push_named(&["a"]).await;
    fixture.settle(&fixture.pull_one().await, Settlement::RetryAfter(Duration::ZERO)).await;
    fixture.settle(&fixture.pull_one().await, Settlement::Quarantine("no more".into())).await;
    assert_eq!(aside(fixture).await[0].task.attempts, 2);
}

pub(super) async fn quarantined_gives_the_newest_first(fixture: &Fixture) {
    for (name, reason) in [("a", "first"), ("b", "second"), ("c", "third")] {
        fixture.set_aside(name, reason).await;
    }
    let newest = fixture.queue.quarantined(2).await.expect("quarantined answers");
    assert_eq!(described(&newest), [("c".to_owned(), "third"), ("b".to_owned(), "second")]);
}

pub(super) async fn the_oldest_in_quarantine_makes_room(fixture: &Fixture) {
    let Some(bound) = fixture.quarantine_bound else { return };
    for number in 0..=bound {
        fixture.set_aside(&number.to_string(), "broken").await;
    }
    let kept: Vec<String> = aside(fixture).await.iter().map(|quarantined| name(&quarantined.task)).collect();
    let newest: Vec<String> = (1..=bound).rev().map(|number| number.to_string()).collect();
    assert_eq!(kept, newest);
}

pub(super) async fn release_pushes_a_quarantined_task_as_new(fixture: &Fixture) {
    fixture.push_named(&["a"]).await;
    let first = fixture.pull_one().await;
    fixture.settle(&first, Settlement::RetryAfter(Duration::ZERO)).await;
    drop(fixture.pull_one().await);
    fixture.wait_out_visibility().await;
    let retried = fixture.pull_one().await;
    fixture.settle(&retried, Settlement::Quarantine("broken".into())).await;
    fixture.wait(fixture.span).await;
    let id = only(fixture).await;
    assert!(fixture.queue.release(id).await.expect("release answers"));
    let released = fixture.pull_one().await.task;
    assert_eq!((name(&released).as_str(), released.attempts, released.unsettled), ("a", 0, 0));
    assert!(released.pushed_at > first.task.pushed_at, "it was pushed just now");
    assert!(aside(fixture).await.is_empty());
}

pub(super) async fn what_is_released_is_taken_beyond_the_bound(fixture: &Fixture) {
    let Some(bound) = fixture.bound else { return };
    fixture.set_aside("a", "broken").await;
    fixture.fill(bound).await;
    let id = only(fixture).await;
    assert!(fixture.queue.release(id).await.expect("release answers"));
    assert_eq!(fixture.push_named(&["b"]).await, Pushed::Full);
    assert_eq!(fixture.pull_names().await.len(), bound + 1);
}

pub(super) async fn discard_ends_a_quarantined_task(fixture: &Fixture) {
    fixture.set_aside("a", "broken").await;
    let id = only(fixture).await;
    assert!(fixture.queue.discard(id).await.expect("discard answers"));
    fixture.wait_out_visibility().await;
    assert!(aside(fixture).await.is_empty());
    assert!(fixture.pull(1).await.is_empty());
}

pub(super) async fn release_and_discard_answer_whether_it_was_there(fixture: &Fixture) {
    fixture.set_aside("a", "broken").await;
    let id = only(fixture).await;
    assert!(!fixture.queue.release(id + 1).await.expect("release answers"));
    assert!(!fixture.queue.discard(id + 1).await.expect("discard answers"));
    assert!(fixture.queue.discard(id).await.expect("discard answers"));
    assert!(!fixture.queue.release(id).await.expect("release answers"));
    assert!(!fixture.queue.discard(id).await.expect("discard answers"));
}
