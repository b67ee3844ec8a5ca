//! **Committing**, when an invalidation came between begin and commit.

use freshen_core::Strength;
use freshen_core::store::{Committed, Role, Target};

use crate::store_suite::StoreFixture;
use crate::store_suite::walk::{again, by_key, by_namespace, by_tag, current, is_busy, key, stale};

/// A load has read the source before a write; the write is announced while the load is under way. Its value must not be
/// taken for current, or it would hide the write until its ttl ends.
async fn is_invalidated(fixture: &StoreFixture, target: Target) {
    let key = key("k");
    for strength in [Strength::Soft, Strength::Hard] {
        let lease = fixture.grant_to(&key, Role::TakeOver).await;
        let mark = fixture.invalidate(target.clone(), strength).await;
        let entry = fixture.tagged(&lease, "old", &["a"]);
        let lease = again(fixture.commit_entry(&key, &lease, entry).await);
        assert!(!lease.generation.outdated_by(mark), "the new generation is later than the invalidation");
        assert_ne!(fixture.shown(&key).await, current("old"));
        let entry = fixture.tagged(&lease, "new", &["a"]);
        assert_eq!(fixture.commit_entry(&key, &lease, entry).await, Committed::Stored);
        assert_eq!(fixture.shown(&key).await, current("new"));
    }
}

pub async fn a_commit_that_was_invalidated_by_key_is_invalidated(fixture: &StoreFixture) {
    is_invalidated(fixture, by_key(&key("k"))).await;
}

pub async fn a_commit_that_was_invalidated_by_tag_is_invalidated(fixture: &StoreFixture) {
    if fixture.has_marks() {
        is_invalidated(fixture, by_tag("a")).await;
    }
}

pub async fn a_commit_that_was_invalidated_by_namespace_is_invalidated(fixture: &StoreFixture) {
    if fixture.has_marks() {
        is_invalidated(fixture, by_namespace("suite")).await;
    }
}

pub async fn after_invalidated_the_lease_stays_with_its_holder(fixture: &StoreFixture) {
    let key = key("k");
    let first = fixture.grant(&key).await;
    fixture.invalidate(by_key(&key), Strength::Soft).await;
    let second = again(fixture.commit(&key, &first, "old").await);
    assert_eq!(second.token, first.token);
    assert!(second.generation.number > first.generation.number);
    assert!(is_busy(&fixture.begin(&key, Role::Foreground).await));
    assert_eq!(fixture.read(&key).await.lease_until, Some(second.until));
}

pub async fn a_commit_may_be_invalidated_again(fixture: &StoreFixture) {
    let key = key("k");
    let mut lease = fixture.grant(&key).await;
    for _ in 0..3 {
        fixture.invalidate(by_key(&key), Strength::Soft).await;
        lease = again(fixture.commit(&key, &lease, "old").await);
    }
    assert_eq!(fixture.commit(&key, &lease, "new").await, Committed::Stored);
}

pub async fn what_a_soft_invalidation_overtook_is_installed_as_outdated(fixture: &StoreFixture) {
    for target in fixture.targets(&key("k"), "a") {
        let key = key("k");
        fixture.store.remove(&key).await.expect("remove");
        let lease = fixture.grant(&key).await;
        fixture.invalidate(target, Strength::Soft).await;
        let entry = fixture.tagged(&lease, "overtaken", &["a"]);
        again(fixture.commit_entry(&key, &lease, entry).await);
        assert_eq!(fixture.shown(&key).await, stale("overtaken"));
    }
}

pub async fn what_a_hard_invalidation_overtook_is_not_installed(fixture: &StoreFixture) {
    for target in fixture.targets(&key("k"), "a") {
        let key = key("k");
        fixture.store.remove(&key).await.expect("remove");
        let lease = fixture.grant(&key).await;
        fixture.invalidate(target, Strength::Hard).await;
        let entry = fixture.tagged(&lease, "overtaken", &["a"]);
        again(fixture.commit_entry(&key, &lease, entry).await);
        assert_eq!(fixture.shown(&key).await, None);
    }
}

pub async fn a_soft_invalidation_after_a_hard_one_does_not_install(fixture: &StoreFixture) {
    for target in fixture.targets(&key("k"), "a") {
        let key = key("k");
        fixture.store.remove(&key).await.expect("remove");
        let lease = fixture.grant(&key).await;
        fixture.invalidate(target.clone(), Strength::Hard).await;
        fixture.invalidate(target, Strength::Soft).await;
        let entry = fixture.tagged(&lease, "overtaken", &["a"]);
        again(fixture.commit_entry(&key, &lease, entry).await);
        assert_eq!(fixture.shown(&key).await, None);
    }
}

/// The answer `Invalidated` was lost on its way, and the holder sends the same value again. It was read before the
/// invalidation still.
pub async fn a_commit_under_a_generation_that_its_lease_left_behind_is_invalidated_again(fixture: &StoreFixture) {
    let key = key("k");
    let lease = fixture.grant(&key).await;
    fixture.invalidate(by_key(&key), Strength::Soft).await;
    let first = again(fixture.commit(&key, &lease, "old").await);
    let repeated = again(fixture.commit(&key, &lease, "old, changed on its way").await);
    assert_eq!((repeated.token, repeated.generation), (first.token, first.generation));
    assert_eq!(fixture.shown(&key).await, stale("old"));
    assert_eq!(fixture.commit(&key, &repeated, "new").await, Committed::Stored);
}

pub async fn an_invalidation_before_the_begin_does_not_overtake_it(fixture: &StoreFixture) {
    let key = key("k");
    for target in fixture.targets(&key, "a") {
        fixture.invalidate(target, Strength::Hard).await;
        fixture.fill_tagged(&key, "read after it", &["a"]).await;
        assert_eq!(fixture.shown(&key).await, current("read after it"));
    }
}
