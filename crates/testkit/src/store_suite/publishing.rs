//! What the store's steps publish on its bus.

use std::time::Duration;

use freshen_core::Strength;
use freshen_core::bus::{Heard, Message, Notice, Subscription};
use freshen_core::store::{Currency, Role, Scope};

use crate::store_suite::StoreFixture;
use crate::store_suite::walk::{again, by_key, by_namespace, by_tag, key, tag};

/// How long a test waits for a message that ought to come. In earnest only where a suite is about to fail.
const PATIENCE: Duration = Duration::from_secs(5);

pub(crate) async fn listen(fixture: &StoreFixture) -> Box<dyn Subscription> {
    fixture.bus.subscribe().await.expect("subscribe")
}

/// The next message of the tests' partition.
async fn heard(listener: &mut dyn Subscription) -> Message {
    loop {
        let message = heard_of_any(listener).await;
        if message.position.partition == 0 {
            return message;
        }
    }
}

/// The next message of any partition.
pub(crate) async fn heard_of_any(listener: &mut dyn Subscription) -> Message {
    match tokio::time::timeout(PATIENCE, listener.next()).await.expect("a message comes") {
        Heard::Message(message) => message,
        other => panic!("no message: {other:?}"),
    }
}

/// Everything up to the next heartbeat.
async fn all_heard(fixture: &StoreFixture, listener: &mut dyn Subscription) -> Vec<Notice> {
    fixture.bus.beat(&[0]).await.expect("beat");
    let mut notices = Vec::new();
    loop {
        match heard(listener).await.notice {
            Notice::Heartbeat => return notices,
            notice => notices.push(notice),
        }
    }
}

pub async fn every_invalidation_is_published_after_it_was_written(fixture: &StoreFixture) {
    let key = key("k");
    fixture.fill_tagged(&key, "one", &["a"]).await;
    let mut listener = listen(fixture).await;
    fixture.invalidate(by_key(&key), Strength::Soft).await;
    let notice = Notice::KeyInvalidated { key: key.clone(), strength: Strength::Soft };
    assert_eq!(heard(&mut *listener).await.notice, notice);
    assert_eq!(fixture.read(&key).await.currency, Currency::OutdatedSoft);
    if fixture.has_marks() {
        let tick = fixture.invalidate(by_tag("a"), Strength::Hard).await.number;
        let scope = Scope::Tag(tag("a"));
        assert_eq!(heard(&mut *listener).await.notice, Notice::Marked { scope, strength: Strength::Hard, tick });
        let tick = fixture.invalidate(by_namespace("suite"), Strength::Soft).await.number;
        let scope = Scope::Namespace("suite".into());
        assert_eq!(heard(&mut *listener).await.notice, Notice::Marked { scope, strength: Strength::Soft, tick });
    }
}

/// The record was evicted, but some process has the value in its near tier.
pub async fn an_absent_keys_invalidation_and_removal_are_published(fixture: &StoreFixture) {
    let key = key("k");
    let mut listener = listen(fixture).await;
    fixture.invalidate(by_key(&key), Strength::Hard).await;
    fixture.store.remove(&key).await.expect("remove");
    let invalidated = Notice::KeyInvalidated { key: key.clone(), strength: Strength::Hard };
    assert_eq!(all_heard(fixture, &mut *listener).await, [invalidated, Notice::Removed { key }]);
}

pub async fn every_removal_is_published(fixture: &StoreFixture) {
    let key = key("k");
    fixture.fill(&key, "one").await;
    let mut listener = listen(fixture).await;
    fixture.store.remove(&key).await.expect("remove");
    assert_eq!(all_heard(fixture, &mut *listener).await, [Notice::Removed { key }]);
}

pub async fn every_stored_commit_is_published(fixture: &StoreFixture) {
    let key = key("k");
    let mut listener = listen(fixture).await;
    fixture.fill(&key, "one").await;
    let put = fixture.grant_to(&key, Role::TakeOver).await;
    fixture.commit(&key, &put, "two").await;
    let stored = Notice::Stored { key };
    assert_eq!(all_heard(fixture, &mut *listener).await, [stored.clone(), stored]);
}

pub async fn a_commit_that_is_not_stored_is_not_published(fixture: &StoreFixture) {
    let key = key("k");
    let lease = fixture.grant(&key).await;
    fixture.invalidate(by_key(&key), Strength::Soft).await;
    let mut listener = listen(fixture).await;
    let next = again(fixture.commit(&key, &lease, "old").await);
    fixture.fail(&key, &next, 1).await;
    fixture.commit(&key, &next, "late").await;
    assert_eq!(all_heard(fixture, &mut *listener).await, []);
}

/// A near tier has to know whether it may go on serving what it has.
pub async fn a_lost_clock_is_published_as_it_is_treated(fixture: &StoreFixture) {
    let key = key("k");
    fixture.fill(&key, "one").await;
    let mut listener = listen(fixture).await;
    if !fixture.lose_clock().await {
        return;
    }
    let mark = fixture.read(&key).await.newest_mark.expect("the clock was made anew");
    let raised = Notice::FloorRaised { strength: fixture.lost, tick: mark.number };
    assert_eq!(all_heard(fixture, &mut *listener).await, [raised]);
}

pub async fn a_tags_invalidation_costs_the_same_however_many_entries_it_covers(fixture: &StoreFixture) {
    if !fixture.has_marks() {
        return;
    }
    for n in 0..20 {
        fixture.fill_tagged(&key(&n.to_string()), "one", &["a"]).await;
    }
    let mut listener = listen(fixture).await;
    fixture.invalidate(by_tag("a"), Strength::Soft).await;
    assert_eq!(all_heard(fixture, &mut *listener).await.len(), 1, "one message, one mark");
}

pub async fn steps_are_numbered_without_gaps_in_the_order_of_the_steps(fixture: &StoreFixture) {
    let key = key("k");
    let mut listener = listen(fixture).await;
    for _ in 0..3 {
        fixture.fill(&key, "one").await;
        fixture.invalidate(by_key(&key), Strength::Soft).await;
    }
    let mut last = heard(&mut *listener).await.position;
    for _ in 0..5 {
        let next = heard(&mut *listener).await.position;
        assert!(next.follows(last), "{next:?} after {last:?}");
        last = next;
    }
}
