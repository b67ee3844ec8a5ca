//! **Failing.**

use freshen_core::Strength;
use freshen_core::store::{Begun, Committed, Failure, Lease, REASON_BYTES_MAX, Role, Token, Trouble};

use crate::store_suite::StoreFixture;
use crate::store_suite::walk::{LEASE, TTL, again, by_key, current, is_busy, key};

pub async fn fail_drops_the_lease_and_keeps_the_entry_and_its_freshness(fixture: &StoreFixture) {
    let key = key("k");
    fixture.fill(&key, "one").await;
    let before = fixture.read(&key).await.entry.expect("stored").facts;
    fixture.wait(TTL + 1).await;
    let lease = fixture.grant(&key).await;
    fixture.fail(&key, &lease, 1).await;
    let after = fixture.read(&key).await;
    assert_eq!(after.entry.expect("it is kept").facts, before);
    assert_eq!(after.lease_until, None);
    assert_eq!(fixture.commit(&key, &lease, "late").await, Committed::Lost);
    assert_eq!(fixture.shown(&key).await, current("one"));
    assert!(matches!(fixture.begin(&key, Role::Foreground).await, Begun::Granted(_)));
}

pub async fn fail_counts_the_failure_and_sets_the_back_off(fixture: &StoreFixture) {
    let key = key("k");
    for failures in 1..=3 {
        let lease = fixture.grant(&key).await;
        assert_eq!(lease.failures, failures - 1);
        let now = fixture.read(&key).await.now;
        fixture.fail(&key, &lease, 5).await;
        let trouble = fixture.read(&key).await.trouble.expect("it is told");
        assert_eq!((trouble.failures, &*trouble.reason), (failures, "source down"));
        assert!(trouble.retry_at >= now + fixture.span(5) && trouble.retry_at < now + fixture.span(6));
    }
}

pub async fn an_abandoned_load_only_drops_the_lease(fixture: &StoreFixture) {
    let key = key("k");
    let lease = fixture.grant(&key).await;
    fixture.store.fail(&key, &lease, Failure::abandoned()).await.expect("fail");
    let found = fixture.read(&key).await;
    assert_eq!((found.trouble, found.lease_until), (None, None));
}

pub async fn a_long_reason_is_cut(fixture: &StoreFixture) {
    let key = key("k");
    let lease = fixture.grant(&key).await;
    let reason = Some("ü".repeat(REASON_BYTES_MAX).into());
    let failure = Failure { retry_after: fixture.span(1), reason };
    fixture.store.fail(&key, &lease, failure).await.expect("fail");
    let Trouble { reason, .. } = fixture.read(&key).await.trouble.expect("it is told");
    assert!(reason.len() <= REASON_BYTES_MAX && !reason.is_empty());
}

pub async fn fail_without_the_lease_in_force_changes_nothing(fixture: &StoreFixture) {
    let key = key("k");
    let real = fixture.grant(&key).await;
    let forged = Lease { token: Token(real.token.0 ^ 1), ..real.clone() };
    fixture.fail(&key, &forged, 5).await;
    let found = fixture.read(&key).await;
    assert_eq!((found.trouble, found.lease_until), (None, Some(real.until)));
    assert_eq!(fixture.commit(&key, &real, "one").await, Committed::Stored);
}

pub async fn renew_moves_the_leases_end(fixture: &StoreFixture) {
    let key = key("k");
    let lease = fixture.grant(&key).await;
    fixture.wait(LEASE - 1).await;
    assert!(fixture.store.renew(&key, &lease, fixture.span(LEASE)).await.expect("renew"));
    assert!(fixture.read(&key).await.lease_until > Some(lease.until));
    fixture.wait(2).await;
    assert!(is_busy(&fixture.begin(&key, Role::Foreground).await));
    fixture.wait(LEASE).await;
    fixture.grant(&key).await;
}

pub async fn renew_without_the_lease_in_force_changes_nothing(fixture: &StoreFixture) {
    let key = key("k");
    let real = fixture.grant(&key).await;
    let forged = Lease { token: Token(real.token.0 ^ 1), ..real.clone() };
    assert!(!fixture.store.renew(&key, &forged, fixture.span(90)).await.expect("renew"));
    assert_eq!(fixture.read(&key).await.lease_until, Some(real.until));
    fixture.commit(&key, &real, "one").await;
    assert!(!fixture.store.renew(&key, &real, fixture.span(90)).await.expect("renew"));
    assert_eq!(fixture.read(&key).await.lease_until, None);
}

pub async fn an_abandoned_load_keeps_the_trouble_of_those_before(fixture: &StoreFixture) {
    let key = key("k");
    let lease = fixture.grant(&key).await;
    fixture.fail(&key, &lease, 5).await;
    let before = fixture.read(&key).await.trouble;
    let lease = fixture.grant(&key).await;
    fixture.store.fail(&key, &lease, Failure::abandoned()).await.expect("fail");
    assert_eq!(fixture.read(&key).await.trouble, before);
}

pub async fn of_several_failures_the_last_ones_reason_is_told(fixture: &StoreFixture) {
    let key = key("k");
    for reason in ["no route", "no such table"] {
        let lease = fixture.grant(&key).await;
        let failure = Failure::failed(fixture.span(5), reason);
        fixture.store.fail(&key, &lease, failure).await.expect("fail");
        assert_eq!(&*fixture.read(&key).await.trouble.expect("it is told").reason, reason);
    }
}

/// A holder that knows it will soon be done lets others in sooner.
pub async fn renew_may_bring_the_leases_end_nearer(fixture: &StoreFixture) {
    let key = key("k");
    let lease = fixture.grant(&key).await;
    assert!(fixture.store.renew(&key, &lease, fixture.span(1)).await.expect("renew"));
    assert!(fixture.read(&key).await.lease_until < Some(lease.until));
    fixture.wait(1).await;
    fixture.grant(&key).await;
}

/// The source is down: neither a write nor a load that was overtaken says that it is up again.
pub async fn only_a_stored_commit_drops_the_back_off(fixture: &StoreFixture) {
    let key = key("k");
    let lease = fixture.grant(&key).await;
    fixture.fail(&key, &lease, 5).await;
    let before = fixture.read(&key).await.trouble;
    assert!(before.is_some());
    fixture.invalidate(by_key(&key), Strength::Soft).await;
    assert_eq!(fixture.read(&key).await.trouble, before, "after an invalidation");
    let lease = fixture.grant_to(&key, Role::TakeOver).await;
    assert_eq!(fixture.read(&key).await.trouble, before, "after a take-over");
    fixture.invalidate(by_key(&key), Strength::Soft).await;
    again(fixture.commit(&key, &lease, "overtaken").await);
    assert_eq!(fixture.read(&key).await.trouble, before, "after a commit that was overtaken");
}
