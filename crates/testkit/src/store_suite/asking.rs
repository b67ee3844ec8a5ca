//! **Asking.**

use freshen_core::Strength;
use freshen_core::store::Asked;

use crate::store_suite::StoreFixture;
use crate::store_suite::walk::{LEASE, TTL, by_key, by_tag, key};

pub async fn ask_answers_fresh_above_at_least(fixture: &StoreFixture) {
    let key = key("k");
    let older = fixture.grant(&key).await;
    fixture.commit(&key, &older, "one").await;
    assert_eq!(fixture.ask(&key).await, Asked::Fresh);
    let ask = |at_least| fixture.store.ask(&key, fixture.span(TTL), Some(at_least));
    assert_eq!(ask(older.generation).await.expect("ask"), Asked::Asked, "not above its own generation");
}

pub async fn ask_answers_asked_for_what_is_outdated_or_too_old(fixture: &StoreFixture) {
    let (flagged, aged, tagged) = (key("flagged"), key("aged"), key("tagged"));
    fixture.fill(&aged, "one").await;
    fixture.wait(TTL + 1).await;
    assert_eq!(fixture.ask(&aged).await, Asked::Asked);
    fixture.fill(&flagged, "one").await;
    fixture.invalidate(by_key(&flagged), Strength::Soft).await;
    assert_eq!(fixture.ask(&flagged).await, Asked::Asked);
    if fixture.has_marks() {
        fixture.fill_tagged(&tagged, "one", &["a"]).await;
        fixture.invalidate(by_tag("a"), Strength::Soft).await;
        assert_eq!(fixture.ask(&tagged).await, Asked::Asked);
    }
}

pub async fn ask_is_busy_while_a_marker_is_alive(fixture: &StoreFixture) {
    let key = key("k");
    assert_eq!(fixture.ask(&key).await, Asked::Asked);
    assert_eq!(fixture.ask(&key).await, Asked::Busy);
    assert!(fixture.read(&key).await.asked_until.is_some());
}

pub async fn ask_is_busy_while_a_lease_is_alive(fixture: &StoreFixture) {
    let key = key("k");
    fixture.grant(&key).await;
    assert_eq!(fixture.ask(&key).await, Asked::Busy);
    fixture.wait(LEASE + 1).await;
    assert_eq!(fixture.ask(&key).await, Asked::Asked);
}

/// A task is lost in the queue. Without an end of its marker nobody could ever ask again.
pub async fn a_marker_ends_by_itself_at_its_deadline(fixture: &StoreFixture) {
    let key = key("k");
    fixture.ask(&key).await;
    fixture.wait(TTL + 1).await;
    assert_eq!(fixture.read(&key).await.asked_until, None);
    assert_eq!(fixture.ask(&key).await, Asked::Asked);
}

pub async fn unask_clears_the_marker(fixture: &StoreFixture) {
    let key = key("k");
    fixture.ask(&key).await;
    fixture.store.unask(&key).await.expect("unask");
    assert_eq!(fixture.read(&key).await.asked_until, None);
    assert_eq!(fixture.ask(&key).await, Asked::Asked);
}

pub async fn unask_without_a_marker_changes_nothing(fixture: &StoreFixture) {
    let key = key("k");
    let lease = fixture.grant(&key).await;
    fixture.store.unask(&key).await.expect("unask");
    assert_eq!(fixture.read(&key).await.lease_until, Some(lease.until));
}

pub async fn asking_takes_no_lease(fixture: &StoreFixture) {
    let key = key("k");
    fixture.ask(&key).await;
    assert_eq!(fixture.read(&key).await.lease_until, None);
    fixture.grant(&key).await;
}

pub async fn what_ends_at_a_point_in_time_is_over_at_that_point(fixture: &StoreFixture) {
    let (fresh, held, asked) = (key("fresh"), key("held"), key("asked"));
    fixture.fill(&fresh, "one").await;
    fixture.grant(&held).await;
    fixture.ask(&asked).await;
    fixture.wait(LEASE).await;
    assert_eq!(fixture.read(&held).await.lease_until, None);
    fixture.grant(&held).await;
    fixture.wait(TTL - LEASE).await;
    assert_eq!(fixture.read(&asked).await.asked_until, None);
    assert_eq!(fixture.ask(&asked).await, Asked::Asked);
    assert_eq!(fixture.ask(&fresh).await, Asked::Asked);
    fixture.wait(2 * TTL).await;
    assert_eq!(fixture.shown(&fresh).await, None);
}
