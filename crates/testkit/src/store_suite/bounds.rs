//! **Bounds.**

use freshen_core::bus::{Heard, Notice};
use freshen_core::store::{Committed, Currency, Role};
use freshen_core::{Key, Strength};

use crate::store_suite::StoreFixture;
use crate::store_suite::walk::{by_tag, current, key};

/// Fills the store with twice its capacity; gives the keys and what each value weighs.
async fn overfill(fixture: &StoreFixture, capacity: u64) -> (Vec<Key>, u64) {
    let bytes = capacity / 16;
    let text = "x".repeat(usize::try_from(bytes).expect("a test's capacity is small"));
    let keys: Vec<_> = (0..32).map(|n| key(&n.to_string())).collect();
    for key in &keys {
        fixture.fill(key, &text).await;
    }
    (keys, bytes)
}

pub async fn the_store_holds_no_more_than_its_capacity(fixture: &StoreFixture) {
    let Some(capacity) = fixture.bounds.capacity else { return };
    let (keys, bytes) = overfill(fixture, capacity).await;
    let found = fixture.read_all(&keys).await;
    let held = found.iter().filter(|found| found.entry.is_some()).count() as u64;
    assert!(held * bytes <= capacity, "{held} values of {bytes} bytes in {capacity}");
    assert!(held > 0, "what was stored last is there");
    assert!(found.last().is_some_and(|last| last.entry.is_some()));
}

pub async fn what_is_being_loaded_is_not_dropped_if_something_else_can_be(fixture: &StoreFixture) {
    let Some(capacity) = fixture.bounds.capacity else { return };
    let key = key("loading");
    let lease = fixture.grant(&key).await;
    overfill(fixture, capacity).await;
    assert_eq!(fixture.commit(&key, &lease, "one").await, Committed::Stored);
}

pub async fn what_is_read_is_kept_longer_than_what_is_not(fixture: &StoreFixture) {
    let Some(capacity) = fixture.bounds.capacity else { return };
    let hot = key("hot");
    fixture.fill(&hot, "one").await;
    let text = "x".repeat(usize::try_from(capacity / 16).expect("a test's capacity is small"));
    for n in 0..64 {
        assert_eq!(fixture.shown(&hot).await, current("one"), "after {n} others");
        fixture.fill(&key(&n.to_string()), &text).await;
    }
}

/// The oldest of many marks makes room. What it outdated must not come back as current.
pub async fn dropping_a_mark_outdates_what_the_mark_outdated(fixture: &StoreFixture) {
    let Some(most) = fixture.bounds.marks else { return };
    for (strength, currency) in [(Strength::Hard, Currency::OutdatedHard), (Strength::Soft, Currency::OutdatedSoft)] {
        let key = key(&format!("{strength:?}"));
        fixture.fill_tagged(&key, "old", &["marked"]).await;
        fixture.invalidate(by_tag("marked"), strength).await;
        for n in 0..=most {
            fixture.invalidate(by_tag(&format!("{strength:?} {n}")), Strength::Soft).await;
        }
        assert!(fixture.read(&key).await.currency >= currency, "{strength:?}");
        let lease = fixture.grant_to(&key, Role::TakeOver).await;
        let entry = fixture.tagged(&lease, "new", &["marked"]);
        assert_eq!(fixture.commit_entry(&key, &lease, entry).await, Committed::Stored);
        assert_eq!(fixture.shown(&key).await, current("new"));
    }
}

pub async fn dropping_a_mark_raises_the_floor_that_marks_gives(fixture: &StoreFixture) {
    let Some(most) = fixture.bounds.marks else { return };
    let first = fixture.store.invalidate(&[by_tag("first")], Strength::Hard).await.expect("invalidate");
    for n in 0..=most {
        fixture.invalidate(by_tag(&n.to_string()), Strength::Soft).await;
    }
    for (partition, found) in (0..).zip(fixture.store.marks(&[]).await.expect("marks")) {
        let first = first.of(partition).expect("a tag's invalidation reaches every partition");
        assert!(found.floor.newest() >= first.number, "partition {partition}");
    }
}

pub async fn dropping_a_mark_is_published(fixture: &StoreFixture) {
    let Some(most) = fixture.bounds.marks else { return };
    let first = fixture.invalidate(by_tag("first"), Strength::Hard).await;
    let mut listener = fixture.bus.subscribe().await.expect("subscribe");
    for n in 0..most {
        fixture.invalidate(by_tag(&n.to_string()), Strength::Soft).await;
    }
    fixture.bus.beat(&[0]).await.expect("beat");
    let mut raised = None;
    while let Heard::Message(message) = listener.next().await {
        match message.notice {
            _ if message.position.partition > 0 => {}
            Notice::Heartbeat => break,
            Notice::FloorRaised { strength, tick } => raised = Some((strength, tick)),
            _ => {}
        }
    }
    assert_eq!(raised, Some((Strength::Hard, first.number)));
}

pub async fn a_value_over_the_bound_is_refused_and_the_record_is_as_it_was(fixture: &StoreFixture) {
    let Some(most) = fixture.bounds.value else { return };
    let key = key("k");
    fixture.fill(&key, "one").await;
    let lease = fixture.grant_to(&key, Role::TakeOver).await;
    let heavy = fixture.entry(&lease, &"x".repeat(most + 1));
    let error = fixture.store.commit(&key, &lease, heavy).await.expect_err("it is over the bound");
    assert!(!error.retryable, "{error}");
    assert_eq!(fixture.shown(&key).await, current("one"));
    assert_eq!(fixture.read(&key).await.lease_until, Some(lease.until));
    let allowed = "x".repeat(most);
    assert_eq!(fixture.commit(&key, &lease, &allowed).await, Committed::Stored);
}
