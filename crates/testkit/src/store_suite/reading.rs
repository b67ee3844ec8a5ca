//! **Reading.**

use bytes::Bytes;
use freshen_core::store::{Currency, Mark, Marked, Scope};
use freshen_core::{Entry, Facts, Generation, Strength};

use crate::store_suite::StoreFixture;
use crate::store_suite::walk::{TTL, by_key, by_namespace, by_tag, current, key, key_in, stale, tag, text};

pub async fn reading_has_no_effect_on_the_record(fixture: &StoreFixture) {
    let key = key("k");
    fixture.fill(&key, "one").await;
    fixture.ask(&key).await;
    let first = fixture.read(&key).await;
    let second = fixture.read(&key).await;
    assert_eq!((first.currency, first.newest_mark, &first.marks), (second.currency, second.newest_mark, &second.marks));
    assert_eq!((first.lease_until, first.asked_until), (second.lease_until, second.asked_until));
    assert_eq!(fixture.shown(&key).await, current("one"));
}

pub async fn answers_come_in_the_order_of_the_keys(fixture: &StoreFixture) {
    let keys = [key("a"), key("none"), key("b"), key("a")];
    fixture.fill(&keys[0], "of a").await;
    fixture.fill(&keys[2], "of b").await;
    let found = fixture.read_all(&keys).await;
    let texts: Vec<_> = found.iter().map(|found| found.entry.as_ref().map(|entry| text(&entry.value))).collect();
    assert_eq!(texts, [Some("of a".to_owned()), None, Some("of b".to_owned()), Some("of a".to_owned())]);
    assert!(fixture.read_all(&[]).await.is_empty());
}

pub async fn an_entry_comes_back_as_it_was_committed(fixture: &StoreFixture) {
    let key = key("k");
    let lease = fixture.grant(&key).await;
    let plain = fixture.tagged(&lease, "one", &["b", "a"]);
    let facts = Facts { absent: true, ..plain.facts };
    let entry = Entry { facts, validators: Some(Bytes::from_static(b"\"v1\"")), ..plain };
    fixture.commit_entry(&key, &lease, entry.clone()).await;
    let found = fixture.read(&key).await.entry.expect("it was stored");
    assert_eq!(found.facts, entry.facts);
    assert_eq!((found.tags, found.validators), (entry.tags, entry.validators));
    assert_eq!(text(&found.value), "one");
}

pub async fn an_entry_is_judged_by_the_records_own_flag(fixture: &StoreFixture) {
    for (strength, currency) in [(Strength::Soft, Currency::OutdatedSoft), (Strength::Hard, Currency::OutdatedHard)] {
        let key = key(&format!("{strength:?}"));
        fixture.fill(&key, "one").await;
        fixture.invalidate(by_key(&key), strength).await;
        assert_eq!(fixture.read(&key).await.currency, currency);
    }
}

pub async fn an_entry_is_judged_by_the_marks_of_its_tags_and_its_namespace(fixture: &StoreFixture) {
    if !fixture.has_marks() {
        return;
    }
    let (tagged, other, elsewhere) = (key("tagged"), key("other"), key_in("elsewhere", "k"));
    fixture.fill_tagged(&tagged, "one", &["a", "b"]).await;
    fixture.fill_tagged(&other, "two", &["c"]).await;
    fixture.fill_tagged(&elsewhere, "three", &["c"]).await;
    fixture.invalidate(by_tag("b"), Strength::Soft).await;
    assert_eq!(fixture.shown(&tagged).await, stale("one"));
    assert_eq!(fixture.shown(&other).await, current("two"));
    fixture.invalidate(by_namespace("suite"), Strength::Hard).await;
    assert_eq!(fixture.read(&other).await.currency, Currency::OutdatedHard);
    assert_eq!(fixture.shown(&elsewhere).await, current("three"));
}

pub async fn the_marks_of_an_entrys_scopes_are_given(fixture: &StoreFixture) {
    if !fixture.has_marks() {
        return;
    }
    let key = key("k");
    fixture.fill_tagged(&key, "one", &["a"]).await;
    let soft = fixture.invalidate(by_tag("a"), Strength::Soft).await;
    let hard = fixture.invalidate(by_namespace("suite"), Strength::Hard).await;
    let found = fixture.read(&key).await;
    let mark = |scope: Scope| found.marks.iter().find(|(of, _)| *of == scope).expect("its scope's mark is given").1;
    assert_eq!(mark(Scope::Tag(tag("a"))).soft, soft.number);
    assert_eq!(mark(Scope::Namespace("suite".into())).hard, hard.number);
    assert_eq!(found.newest_mark, Some(hard));
}

async fn marked(fixture: &StoreFixture, scopes: &[Scope]) -> Vec<Marked> {
    fixture.store.marks(scopes).await.expect("marks")
}

pub async fn marks_gives_each_scopes_own_mark_in_every_partition(fixture: &StoreFixture) {
    if !fixture.has_marks() {
        return;
    }
    // Whatever lost its clock has a floor, which is nobody's own mark.
    fixture.lose_clock().await;
    let soft = fixture.store.invalidate(&[by_tag("a")], Strength::Soft).await.expect("invalidate");
    let hard = fixture.store.invalidate(&[by_namespace("suite")], Strength::Hard).await.expect("invalidate");
    let scopes = [Scope::Namespace("suite".into()), Scope::Tag(tag("never")), Scope::Tag(tag("a"))];
    let found = marked(fixture, &scopes).await;
    assert_eq!(found.len(), fixture.store.traits().partitions as usize);
    for ((partition, found), (_, hard)) in (0..).zip(found).zip(hard.as_slice()) {
        let soft = soft.of(partition).expect("a tag's invalidation reaches every partition");
        let own = |strength, generation: Generation| Mark::of(strength, generation.number);
        let expected = [own(Strength::Hard, *hard), Mark::default(), own(Strength::Soft, soft)];
        assert_eq!(found.marks, expected, "partition {partition}");
        assert_eq!(found.last.epoch, hard.epoch, "partition {partition}");
        assert!(found.last.number >= hard.number, "partition {partition}");
    }
}

pub async fn marks_changes_nothing(fixture: &StoreFixture) {
    if !fixture.has_marks() {
        return;
    }
    fixture.fill_tagged(&key("k"), "one", &["a"]).await;
    fixture.invalidate(by_tag("b"), Strength::Soft).await;
    let scopes = [Scope::Tag(tag("a")), Scope::Tag(tag("b"))];
    let known = |found: Vec<Marked>| found.into_iter().map(|found| (found.floor, found.marks)).collect::<Vec<_>>();
    let first = known(marked(fixture, &scopes).await);
    assert_eq!(known(marked(fixture, &scopes).await), first);
    assert_eq!(fixture.shown(&key("k")).await, current("one"));
}

pub async fn an_entry_past_its_hard_deadline_is_not_given(fixture: &StoreFixture) {
    let key = key("k");
    fixture.fill(&key, "one").await;
    fixture.wait(2 * TTL + TTL / 2).await;
    assert_eq!(fixture.shown(&key).await, current("one"), "within its last window");
    fixture.wait(TTL).await;
    assert_eq!(fixture.shown(&key).await, None);
}
