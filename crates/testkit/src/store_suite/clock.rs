//! The store's clock: what orders begins and invalidations, also when it was lost or set back.

use freshen_core::Strength;
use freshen_core::store::{Begin, Begun, Committed, Currency, Role};

use crate::store_suite::StoreFixture;
use crate::store_suite::walk::{again, by_tag, current, granted, key};

/// The slot with the clock and the marks is gone, and with it whatever was invalidated lately. Nothing from before may be
/// taken for current.
pub async fn an_entry_of_another_epoch_is_outdated(fixture: &StoreFixture) {
    let key = key("k");
    fixture.fill(&key, "first").await;
    let old = fixture.fill_tagged(&key2(), "old", &["a"]).await;
    if !fixture.lose_clock().await {
        return;
    }
    assert_eq!(fixture.read(&key2()).await.currency, Currency::from(fixture.lost));
    assert_eq!(fixture.read(&key).await.currency, Currency::from(fixture.lost));
    let new = fixture.grant(&key2()).await;
    assert_ne!(new.generation.epoch, old.generation.epoch, "an epoch is never used again");
}

pub async fn at_least_of_another_epoch_is_not_fresh(fixture: &StoreFixture) {
    let key = key("k");
    let seen = fixture.fill(&key, "old").await.generation;
    if !fixture.lose_clock().await {
        return;
    }
    fixture.fill(&key, "new").await;
    let above = Begin { at_least: Some(seen), ..fixture.request(Role::Foreground) };
    granted(fixture.begin_with(&key, above).await);
}

/// A load began, the clock was lost, the load ends. Whatever was invalidated in between is not known any more.
pub async fn a_commit_that_began_under_a_lost_clock_is_invalidated(fixture: &StoreFixture) {
    let key = key("k");
    let lease = fixture.grant(&key).await;
    if !fixture.lose_clock().await {
        return;
    }
    let lease = again(fixture.commit(&key, &lease, "old").await);
    assert_ne!(fixture.shown(&key).await, current("old"));
    assert_eq!(fixture.commit(&key, &lease, "new").await, Committed::Stored);
    assert_eq!(fixture.shown(&key).await, current("new"));
    assert_eq!(fixture.begin(&key, Role::Foreground).await, Begun::Fresh);
}

/// The time is set back while the clock is lost, so that numbers are given twice. Tokens are not.
pub async fn no_token_is_given_twice_though_the_clock_is_lost(fixture: &StoreFixture) {
    let key = key("k");
    let mut tokens = Vec::new();
    for _ in 0..3 {
        for _ in 0..6 {
            tokens.push(fixture.grant_to(&key, Role::TakeOver).await.token);
        }
        if !fixture.lose_clock().await {
            return;
        }
    }
    let given = tokens.len();
    tokens.sort_unstable_by_key(|token| token.0);
    tokens.dedup();
    assert_eq!(tokens.len(), given);
}

pub async fn whoever_finds_the_clock_lost_makes_it_anew_a_reader_included(fixture: &StoreFixture) {
    let key = key("k");
    fixture.fill(&key, "old").await;
    if !fixture.lose_clock().await {
        return;
    }
    let first = fixture.read(&key).await.newest_mark;
    assert!(first.is_some(), "a reader is told what a load must be above");
    assert_eq!(fixture.read(&key).await.newest_mark, first);
    let lease = fixture.grant(&key).await;
    assert!(first.is_some_and(|mark| !lease.generation.outdated_by(mark)));
}

pub async fn ticks_rise_though_the_time_is_set_back(fixture: &StoreFixture) {
    let key = key("k");
    let before = fixture.fill_tagged(&key, "old", &["a"]).await;
    if !fixture.set_back(2) {
        return;
    }
    let lease = fixture.grant_to(&key, Role::TakeOver).await;
    assert!(lease.generation.number > before.generation.number);
    if fixture.has_marks() {
        let mark = fixture.invalidate(by_tag("a"), Strength::Soft).await;
        assert!(lease.generation.outdated_by(mark));
        assert_eq!(fixture.read(&key).await.currency, Currency::OutdatedSoft);
    }
}

/// Ticks follow the time, so that a clock which comes back with an old state has caught up soon.
pub async fn ticks_are_not_behind_the_time(fixture: &StoreFixture) {
    let lease = fixture.grant(&key("k")).await;
    assert!(lease.generation.number >= lease.begun_at.as_micros());
}

fn key2() -> freshen_core::Key {
    key("other")
}

/// Where a clock was lost all single marks are lost too, and the floor alone tells a near tier that something was outdated.
pub async fn the_marks_that_are_given_are_joined_with_the_floor(fixture: &StoreFixture) {
    let key = key("k");
    fixture.fill_tagged(&key, "old", &["a"]).await;
    if !fixture.has_marks() || !fixture.lose_clock().await {
        return;
    }
    let found = fixture.read(&key).await;
    assert!(!found.marks.is_empty());
    for (scope, mark) in &found.marks {
        assert!(mark.newest() > 0, "{scope}: {mark:?}");
    }
}
