//! How a delivery ends, and that it ends once.

use std::time::Duration;

use freshen_core::queue::{Delivery, NewTask, Priority, Pushed, Settlement};

use super::fixture::{Fixture, names, task};

/// One task, in somebody's hands.
async fn held(fixture: &Fixture) -> Delivery {
    fixture.push_named(&["a"]).await;
    fixture.pull_one().await
}

pub(super) async fn done_ends_the_task(fixture: &Fixture) {
    let delivery = held(fixture).await;
    assert!(fixture.settle(&delivery, Settlement::Done).await);
    fixture.wait_out_visibility().await;
    assert!(fixture.pull(1).await.is_empty());
}

pub(super) async fn retry_after_brings_it_back_when_it_is_due(fixture: &Fixture) {
    comes_back_when_due(fixture, Settlement::RetryAfter(2 * fixture.span)).await;
}

pub(super) async fn put_back_brings_it_back_when_it_is_due(fixture: &Fixture) {
    comes_back_when_due(fixture, Settlement::PutBack(2 * fixture.span)).await;
}

async fn comes_back_when_due(fixture: &Fixture, settlement: Settlement) {
    let delivery = held(fixture).await;
    assert!(fixture.settle(&delivery, settlement).await);
    if fixture.queue.traits().delays {
        fixture.wait(fixture.span).await;
        assert!(fixture.pull(1).await.is_empty(), "it is not due yet");
    }
    let batch = fixture.queue.pull(1, 2 * fixture.span).await.expect("pull answers");
    assert_eq!(names(&batch), ["a"]);
}

pub(super) async fn retry_after_counts_one_more_attempt(fixture: &Fixture) {
    let mut delivery = held(fixture).await;
    for attempts in 1..=3 {
        fixture.settle(&delivery, Settlement::RetryAfter(Duration::ZERO)).await;
        delivery = fixture.pull_one().await;
        assert_eq!(delivery.task.attempts, attempts);
    }
}

pub(super) async fn put_back_counts_no_attempt(fixture: &Fixture) {
    let first = held(fixture).await;
    fixture.settle(&first, Settlement::RetryAfter(Duration::ZERO)).await;
    let retried = fixture.pull_one().await;
    fixture.settle(&retried, Settlement::PutBack(Duration::ZERO)).await;
    let back = fixture.pull_one().await.task;
    assert_eq!((back.attempts, back.pushed_at), (1, first.task.pushed_at));
}

pub(super) async fn put_back_remembers_how_often_it_was_not_settled(fixture: &Fixture) {
    drop(held(fixture).await);
    fixture.wait_out_visibility().await;
    for _ in 0..2 {
        let delivery = fixture.pull_one().await;
        assert_eq!(delivery.task.unsettled, 1);
        fixture.settle(&delivery, Settlement::PutBack(Duration::ZERO)).await;
    }
    assert_eq!(fixture.pull_one().await.task.unsettled, 1);
    fixture.wait_out_visibility().await;
    assert_eq!(fixture.pull_one().await.task.unsettled, 2);
}

/// Whether it was counted in this life of the task or in one before.
pub(super) async fn retry_after_forgets_how_often_it_was_not_settled(fixture: &Fixture) {
    drop(held(fixture).await);
    fixture.wait_out_visibility().await;
    let back = fixture.pull_one().await;
    fixture.settle(&back, Settlement::PutBack(Duration::ZERO)).await;
    drop(fixture.pull_one().await);
    for unsettled in [2, 1] {
        fixture.wait_out_visibility().await;
        let delivery = fixture.pull_one().await;
        assert_eq!(delivery.task.unsettled, unsettled);
        fixture.settle(&delivery, Settlement::RetryAfter(Duration::ZERO)).await;
        assert_eq!(fixture.pull_one().await.task.unsettled, 0);
    }
}

pub(super) async fn what_comes_back_has_its_old_priority(fixture: &Fixture) {
    fixture.push(&[NewTask { priority: Priority::High, ..task("high") }]).await;
    let high = fixture.pull_one().await;
    fixture.push(&[NewTask { priority: Priority::Low, ..task("low") }]).await;
    let low = fixture.pull_one().await;
    fixture.settle(&low, Settlement::PutBack(Duration::ZERO)).await;
    fixture.push_named(&["normal"]).await;
    fixture.settle(&high, Settlement::RetryAfter(Duration::ZERO)).await;
    for name in ["high", "normal", "low"] {
        assert_eq!(names(&[fixture.pull_one().await]), [name]);
    }
}

pub(super) async fn settling_a_receipt_twice_changes_nothing(fixture: &Fixture) {
    let delivery = held(fixture).await;
    assert!(fixture.settle(&delivery, Settlement::PutBack(Duration::ZERO)).await);
    assert!(!fixture.settle(&delivery, Settlement::Done).await);
    let again = fixture.pull_one().await;
    assert!(fixture.settle(&again, Settlement::Done).await);
    assert!(!fixture.settle(&again, Settlement::PutBack(Duration::ZERO)).await);
    assert!(!fixture.settle(&again, Settlement::Quarantine("late".into())).await);
    assert!(fixture.pull(1).await.is_empty());
    assert!(fixture.queue.quarantined(1).await.expect("quarantined answers").is_empty());
}

pub(super) async fn settling_a_receipt_that_was_redelivered_changes_nothing(fixture: &Fixture) {
    let late = held(fixture).await;
    fixture.wait_out_visibility().await;
    let holder = fixture.pull_one().await;
    assert!(!fixture.settle(&late, Settlement::Done).await);
    assert!(fixture.settle(&holder, Settlement::PutBack(Duration::ZERO)).await);
    assert_eq!(fixture.pull_names().await, ["a"]);
}

pub(super) async fn what_is_put_back_is_taken_beyond_the_bound(fixture: &Fixture) {
    let Some(bound) = fixture.bound else { return };
    fixture.fill(bound).await;
    let (first, second) = (fixture.pull_one().await, fixture.pull_one().await);
    assert_eq!(fixture.push_named(&["x", "y"]).await, Pushed::Taken);
    assert!(fixture.settle(&first, Settlement::PutBack(Duration::ZERO)).await);
    assert!(fixture.settle(&second, Settlement::RetryAfter(Duration::ZERO)).await);
    assert_eq!(fixture.push_named(&["z"]).await, Pushed::Full);
    assert_eq!(fixture.pull_names().await.len(), bound + 2);
}
