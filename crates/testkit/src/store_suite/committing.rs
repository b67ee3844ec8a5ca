//! **Committing**, when nothing overtakes it.

use freshen_core::store::{Begun, Committed, Lease, Role, Token};

use crate::store_suite::StoreFixture;
use crate::store_suite::walk::{LEASE, TTL, current, key};

pub async fn a_commit_without_the_lease_in_force_is_lost(fixture: &StoreFixture) {
    let key = key("k");
    let real = fixture.grant(&key).await;
    let forged = Lease { token: Token(real.token.0 ^ 1), ..real.clone() };
    assert_eq!(fixture.commit(&key, &forged, "forged").await, Committed::Lost);
    assert_eq!(fixture.shown(&key).await, None);
    assert_eq!(fixture.read(&key).await.lease_until, Some(real.until), "it changes nothing");
    assert_eq!(fixture.commit(&key, &real, "one").await, Committed::Stored);
    assert_eq!(fixture.commit(&key, &forged, "forged").await, Committed::Lost);
    assert_eq!(fixture.shown(&key).await, current("one"));
}

pub async fn a_commit_of_a_key_without_a_record_is_lost(fixture: &StoreFixture) {
    let (held, absent) = (key("held"), key("absent"));
    let lease = fixture.grant(&held).await;
    assert_eq!(fixture.commit(&absent, &lease, "stray").await, Committed::Lost);
    assert_eq!(fixture.shown(&absent).await, None);
}

pub async fn a_commit_whose_record_was_lost_is_lost(fixture: &StoreFixture) {
    let key = key("k");
    let lease = fixture.grant(&key).await;
    if fixture.evict(&key).await {
        assert_eq!(fixture.commit(&key, &lease, "one").await, Committed::Lost);
        fixture.fill(&key, "two").await;
    }
}

pub async fn a_commit_that_nothing_outdated_is_stored_and_drops_the_lease(fixture: &StoreFixture) {
    let key = key("k");
    let lease = fixture.grant(&key).await;
    assert_eq!(fixture.commit(&key, &lease, "one").await, Committed::Stored);
    assert_eq!(fixture.shown(&key).await, current("one"));
    assert_eq!(fixture.read(&key).await.lease_until, None);
    assert_eq!(fixture.commit(&key, &lease, "twice").await, Committed::Lost);
    assert_eq!(fixture.shown(&key).await, current("one"));
}

pub async fn a_stored_commit_drops_the_back_off(fixture: &StoreFixture) {
    let key = key("k");
    let lease = fixture.grant(&key).await;
    fixture.fail(&key, &lease, 5).await;
    assert!(fixture.read(&key).await.trouble.is_some());
    fixture.fill(&key, "one").await;
    assert_eq!(fixture.read(&key).await.trouble, None);
}

pub async fn an_expired_lease_that_nobody_took_over_still_commits(fixture: &StoreFixture) {
    let key = key("k");
    let lease = fixture.grant(&key).await;
    fixture.wait(LEASE + 1).await;
    assert_eq!(fixture.commit(&key, &lease, "late").await, Committed::Stored);
    assert_eq!(fixture.shown(&key).await, current("late"));
}

pub async fn an_entry_carries_the_generation_of_its_begin(fixture: &StoreFixture) {
    let (key, beside) = (key("k"), key("beside"));
    let lease = fixture.grant(&key).await;
    fixture.fill(&beside, "ticks").await;
    fixture.commit(&key, &lease, "one").await;
    assert_eq!(fixture.read(&key).await.entry.expect("stored").facts.generation, lease.generation);
}

/// Freshness counts from the begin of the load: a slow load has used a part of it up.
pub async fn freshness_counts_from_the_begin_of_the_load(fixture: &StoreFixture) {
    let key = key("k");
    let lease = fixture.grant(&key).await;
    fixture.wait(LEASE - 1).await;
    fixture.commit(&key, &lease, "one").await;
    assert_eq!(fixture.begin(&key, Role::Foreground).await, Begun::Fresh);
    fixture.wait(TTL - LEASE + 2).await;
    assert!(matches!(fixture.begin(&key, Role::Foreground).await, Begun::Granted(_)));
}

pub async fn installed_values_never_go_backwards(fixture: &StoreFixture) {
    let key = key("k");
    let mut voided = Vec::new();
    for round in 0..4 {
        voided.push(fixture.grant_to(&key, Role::TakeOver).await);
        let writer = fixture.grant_to(&key, Role::TakeOver).await;
        assert_eq!(fixture.commit(&key, &writer, &format!("round {round}")).await, Committed::Stored);
        for lease in &voided {
            assert_eq!(fixture.commit(&key, lease, "older").await, Committed::Lost);
        }
        assert_eq!(fixture.shown(&key).await, current(&format!("round {round}")));
    }
}

pub async fn an_entry_carries_the_generation_of_its_lease_whatever_its_facts_say(fixture: &StoreFixture) {
    let (key, beside) = (key("k"), key("beside"));
    let (lease, other) = (fixture.grant(&key).await, fixture.grant(&beside).await);
    assert_eq!(fixture.commit_entry(&key, &lease, fixture.entry(&other, "one")).await, Committed::Stored);
    assert_eq!(fixture.read(&key).await.entry.expect("stored").facts.generation, lease.generation);
}
