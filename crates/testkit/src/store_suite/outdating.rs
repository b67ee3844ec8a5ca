//! **Outdating.**

use freshen_core::Strength;
use freshen_core::store::{Begin, Begun, Committed, Currency, Role};

use crate::store_suite::StoreFixture;
use crate::store_suite::walk::{by_key, by_tag, current, granted, key, stale};

pub async fn after_invalidate_no_entry_whose_load_began_before_is_current(fixture: &StoreFixture) {
    let key = key("k");
    for target in fixture.targets(&key, "a") {
        fixture.fill_tagged(&key, "old", &["a"]).await;
        fixture.invalidate(target, Strength::Soft).await;
        assert_eq!(fixture.shown(&key).await, stale("old"));
    }
}

pub async fn several_targets_are_outdated_at_once(fixture: &StoreFixture) {
    let (first, second) = (key("first"), key("second"));
    fixture.fill(&first, "one").await;
    fixture.fill(&second, "two").await;
    let targets = [by_key(&first), by_key(&second)];
    let reached = fixture.store.invalidate(&targets, Strength::Soft).await.expect("invalidate");
    let generation = reached.of(0).expect("the partition of both");
    assert_eq!(fixture.shown(&first).await, stale("one"));
    assert_eq!(fixture.shown(&second).await, stale("two"));
    assert!(!fixture.fill(&first, "new").await.generation.outdated_by(generation));
}

pub async fn whoever_reads_above_the_generation_sees_the_write(fixture: &StoreFixture) {
    let key = key("k");
    for target in fixture.targets(&key, "a") {
        fixture.store.remove(&key).await.expect("remove");
        let old = fixture.fill_tagged(&key, "old", &["a"]).await;
        let written = fixture.invalidate(target, Strength::Soft).await;
        assert!(old.generation.outdated_by(written));
        let above = Begin { at_least: Some(written), ..fixture.request(Role::Foreground) };
        let lease = granted(fixture.begin_with(&key, above).await);
        let entry = fixture.tagged(&lease, "new", &["a"]);
        assert_eq!(fixture.commit_entry(&key, &lease, entry).await, Committed::Stored);
        assert_eq!(fixture.begin_with(&key, above).await, Begun::Fresh);
    }
}

pub async fn soft_never_hides_hard(fixture: &StoreFixture) {
    let key = key("k");
    for target in fixture.targets(&key, "a") {
        fixture.fill_tagged(&key, "old", &["a"]).await;
        fixture.invalidate(target.clone(), Strength::Hard).await;
        fixture.invalidate(target, Strength::Soft).await;
        assert_eq!(fixture.read(&key).await.currency, Currency::OutdatedHard);
    }
}

pub async fn a_hard_invalidation_overrides_a_soft_one(fixture: &StoreFixture) {
    let key = key("k");
    for target in fixture.targets(&key, "a") {
        fixture.fill_tagged(&key, "old", &["a"]).await;
        fixture.invalidate(target.clone(), Strength::Soft).await;
        fixture.invalidate(target, Strength::Hard).await;
        assert_eq!(fixture.read(&key).await.currency, Currency::OutdatedHard);
    }
}

pub async fn an_invalidation_does_not_free_the_lease(fixture: &StoreFixture) {
    let key = key("k");
    let lease = fixture.grant(&key).await;
    for target in fixture.targets(&key, "a") {
        fixture.invalidate(target, Strength::Hard).await;
    }
    assert_eq!(fixture.read(&key).await.lease_until, Some(lease.until));
}

pub async fn invalidating_an_absent_key_does_nothing(fixture: &StoreFixture) {
    let key = key("k");
    fixture.invalidate(by_key(&key), Strength::Hard).await;
    let found = fixture.read(&key).await;
    assert!(found.entry.is_none() && found.lease_until.is_none() && found.asked_until.is_none());
    fixture.fill(&key, "one").await;
    assert_eq!(fixture.shown(&key).await, current("one"));
}

pub async fn invalidations_give_later_and_later_generations(fixture: &StoreFixture) {
    let key = key("k");
    let mut last = fixture.fill(&key, "one").await.generation;
    for target in fixture.targets(&key, "a") {
        let next = fixture.invalidate(target, Strength::Soft).await;
        assert!(last.outdated_by(next) && next.number > last.number);
        last = next;
    }
    let removed = fixture.store.remove(&key).await.expect("remove");
    assert!(removed.number > last.number);
}

pub async fn remove_deletes_the_record(fixture: &StoreFixture) {
    let key = key("k");
    fixture.fill(&key, "one").await;
    fixture.invalidate(by_key(&key), Strength::Soft).await;
    fixture.ask(&key).await;
    fixture.store.remove(&key).await.expect("remove");
    let found = fixture.read(&key).await;
    assert!(found.entry.is_none() && found.asked_until.is_none() && found.trouble.is_none());
}

pub async fn a_commit_under_way_when_its_key_is_removed_is_lost(fixture: &StoreFixture) {
    let key = key("k");
    fixture.fill(&key, "one").await;
    let lease = fixture.grant_to(&key, Role::TakeOver).await;
    fixture.store.remove(&key).await.expect("remove");
    assert_eq!(fixture.commit(&key, &lease, "read before").await, Committed::Lost);
    assert_eq!(fixture.shown(&key).await, None);
}

pub async fn a_tag_that_an_entry_loses_no_longer_outdates_it(fixture: &StoreFixture) {
    if !fixture.has_marks() {
        return;
    }
    let key = key("k");
    fixture.fill_tagged(&key, "old", &["a"]).await;
    fixture.invalidate(by_tag("a"), Strength::Soft).await;
    fixture.fill_tagged(&key, "new", &["b"]).await;
    fixture.invalidate(by_tag("a"), Strength::Hard).await;
    assert_eq!(fixture.shown(&key).await, current("new"));
    fixture.invalidate(by_tag("b"), Strength::Soft).await;
    assert_eq!(fixture.shown(&key).await, stale("new"));
}
