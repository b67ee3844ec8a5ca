//! The marker of a task, from asking to its end.

use freshen_core::store::{Asked, Begin, Begun, Committed, Role};
use freshen_core::{Entry, Facts, Strength};

use crate::store_suite::StoreFixture;
use crate::store_suite::walk::{LEASE, TTL, again, by_key, granted, is_busy, key};

pub async fn a_tasks_begin_clears_the_marker_when_it_answers_fresh(fixture: &StoreFixture) {
    let key = key("k");
    fixture.ask(&key).await;
    fixture.fill(&key, "one").await;
    assert!(fixture.read(&key).await.asked_until.is_some(), "a foreground's load leaves it");
    assert_eq!(fixture.begin(&key, fixture.task()).await, Begun::Fresh);
    assert_eq!(fixture.read(&key).await.asked_until, None);
}

pub async fn a_foregrounds_begin_that_answers_fresh_leaves_the_marker(fixture: &StoreFixture) {
    let key = key("k");
    fixture.ask(&key).await;
    fixture.fill(&key, "one").await;
    assert_eq!(fixture.begin(&key, Role::Foreground).await, Begun::Fresh);
    assert!(fixture.read(&key).await.asked_until.is_some());
}

pub async fn a_tasks_begin_renews_the_marker_when_it_answers_granted(fixture: &StoreFixture) {
    let key = key("k");
    fixture.ask(&key).await;
    let before = fixture.read(&key).await.asked_until;
    fixture.wait(TTL / 2).await;
    fixture.grant_to(&key, fixture.task()).await;
    assert!(fixture.read(&key).await.asked_until > before);
}

pub async fn a_tasks_begin_renews_the_marker_when_it_answers_busy(fixture: &StoreFixture) {
    let key = key("k");
    fixture.ask(&key).await;
    let before = fixture.read(&key).await.asked_until;
    fixture.wait(TTL / 2).await;
    fixture.grant(&key).await;
    assert!(is_busy(&fixture.begin(&key, fixture.task()).await));
    assert!(fixture.read(&key).await.asked_until > before);
}

pub async fn a_tasks_begin_renews_the_marker_when_it_answers_cooling(fixture: &StoreFixture) {
    let key = key("k");
    let lease = fixture.grant(&key).await;
    fixture.fail(&key, &lease, TTL).await;
    fixture.ask(&key).await;
    let before = fixture.read(&key).await.asked_until;
    fixture.wait(TTL / 2).await;
    let heeding = Begin { heeds_backoff: true, ..fixture.request(fixture.task()) };
    assert!(matches!(fixture.begin_with(&key, heeding).await, Begun::Cooling { .. }));
    assert!(fixture.read(&key).await.asked_until > before);
}

pub async fn a_tasks_commit_that_is_stored_fresh_clears_the_marker(fixture: &StoreFixture) {
    let key = key("k");
    fixture.ask(&key).await;
    let lease = fixture.grant_to(&key, fixture.task()).await;
    assert_eq!(fixture.commit(&key, &lease, "one").await, Committed::Stored);
    assert_eq!(fixture.read(&key).await.asked_until, None);
}

pub async fn only_a_tasks_commit_clears_the_marker(fixture: &StoreFixture) {
    let (loaded, put) = (key("loaded"), key("put"));
    for (key, role) in [(&loaded, Role::Foreground), (&put, Role::TakeOver)] {
        fixture.ask(key).await;
        let lease = fixture.grant_to(key, role).await;
        assert_eq!(fixture.commit(key, &lease, "one").await, Committed::Stored);
        assert!(fixture.read(key).await.asked_until.is_some(), "{role:?}");
    }
}

pub async fn a_put_over_a_tasks_lease_leaves_the_marker(fixture: &StoreFixture) {
    let key = key("k");
    fixture.ask(&key).await;
    fixture.grant_to(&key, fixture.task()).await;
    let lease = fixture.grant_to(&key, Role::TakeOver).await;
    assert_eq!(fixture.commit(&key, &lease, "put").await, Committed::Stored);
    assert!(fixture.read(&key).await.asked_until.is_some());
}

/// A task's value was overtaken by an invalidation. If the marker went now, a second task would be asked for while this one
/// still reads again.
pub async fn a_tasks_commit_that_was_invalidated_leaves_the_marker(fixture: &StoreFixture) {
    for strength in [Strength::Soft, Strength::Hard] {
        let key = key(&format!("{strength:?}"));
        fixture.ask(&key).await;
        let lease = fixture.grant_to(&key, fixture.task()).await;
        fixture.invalidate(by_key(&key), strength).await;
        let lease = again(fixture.commit(&key, &lease, "old").await);
        assert!(fixture.read(&key).await.asked_until.is_some());
        assert_eq!(fixture.commit(&key, &lease, "new").await, Committed::Stored);
        assert_eq!(fixture.read(&key).await.asked_until, None);
    }
}

pub async fn a_tasks_commit_that_is_no_longer_fresh_leaves_the_marker(fixture: &StoreFixture) {
    let key = key("k");
    fixture.ask(&key).await;
    let lease = fixture.grant_to(&key, fixture.task()).await;
    fixture.wait(2).await;
    let entry = fixture.entry(&lease, "one");
    let mut windows = fixture.windows();
    windows.ttl = fixture.span(1);
    let entry = Entry { facts: Facts { windows, ..entry.facts }, ..entry };
    assert_eq!(fixture.commit_entry(&key, &lease, entry).await, Committed::Stored);
    assert!(fixture.read(&key).await.asked_until.is_some());
}

pub async fn a_tasks_failed_load_leaves_the_marker(fixture: &StoreFixture) {
    let key = key("k");
    fixture.ask(&key).await;
    let lease = fixture.grant_to(&key, fixture.task()).await;
    fixture.fail(&key, &lease, 1).await;
    assert!(fixture.read(&key).await.asked_until.is_some());
    assert_eq!(fixture.ask(&key).await, Asked::Busy);
}

/// The worker that held the lease is dead. Its task comes back, and nobody else need read the key for it to be refreshed.
pub async fn a_task_takes_over_from_a_dead_holder(fixture: &StoreFixture) {
    let key = key("k");
    fixture.ask(&key).await;
    fixture.grant_to(&key, fixture.task()).await;
    fixture.wait(LEASE + 1).await;
    let lease = granted(fixture.begin(&key, fixture.task()).await);
    assert_eq!(fixture.commit(&key, &lease, "one").await, Committed::Stored);
    assert_eq!(fixture.read(&key).await.asked_until, None);
}

pub async fn a_task_of_a_missing_record_is_granted(fixture: &StoreFixture) {
    let key = key("k");
    fixture.ask(&key).await;
    fixture.store.remove(&key).await.expect("remove");
    fixture.grant_to(&key, fixture.task()).await;
}
