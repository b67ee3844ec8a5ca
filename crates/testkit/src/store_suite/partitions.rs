//! Several partitions, each with a clock of its own. A store of one passes the same cases.

use freshen_core::bus::Notice;
use freshen_core::store::{Currency, Generations, Target};
use freshen_core::{Key, Strength};

use crate::partition::in_partition;
use crate::store_suite::StoreFixture;
use crate::store_suite::publishing::{heard_of_any, listen};
use crate::store_suite::walk::{by_key, by_namespace, by_tag};

/// A key of each partition, in their order.
fn keys(fixture: &StoreFixture) -> Vec<Key> {
    let partitions = fixture.store.traits().partitions;
    let key = |partition| in_partition(partitions, partition, |salt| Key::new("suite", "spread", &salt));
    (0..partitions).map(key).collect()
}

async fn reach(fixture: &StoreFixture, targets: &[Target], strength: Strength) -> Generations {
    fixture.store.invalidate(targets, strength).await.expect("invalidate")
}

async fn a_scopes_invalidation_reaches_every_partition(fixture: &StoreFixture, scope: Target) {
    if !fixture.has_marks() {
        return;
    }
    let keys = keys(fixture);
    let mut begun = Vec::new();
    for key in &keys {
        begun.push(fixture.fill_tagged(key, "old", &["a"]).await.generation);
    }
    let reached = reach(fixture, &[scope], Strength::Hard).await;
    assert_eq!(reached.as_slice().len(), keys.len(), "one generation for each partition");
    for ((partition, key), generation) in (0..).zip(&keys).zip(begun) {
        assert_eq!(fixture.read(key).await.currency, Currency::OutdatedHard, "partition {partition}");
        assert!(reached.of(partition).is_some_and(|mark| generation.outdated_by(mark)), "partition {partition}");
        let new = fixture.grant(key).await.generation;
        assert!(reached.of(partition).is_some_and(|mark| !new.outdated_by(mark)), "partition {partition}");
    }
}

pub async fn a_tags_invalidation_reaches_the_keys_of_every_partition(fixture: &StoreFixture) {
    a_scopes_invalidation_reaches_every_partition(fixture, by_tag("a")).await;
}

pub async fn a_namespaces_invalidation_reaches_the_keys_of_every_partition(fixture: &StoreFixture) {
    a_scopes_invalidation_reaches_every_partition(fixture, by_namespace("suite")).await;
}

pub async fn a_keys_invalidation_reaches_its_own_partition_alone(fixture: &StoreFixture) {
    let keys = keys(fixture);
    let targets: Vec<Target> = keys.iter().map(by_key).collect();
    for (partition, target) in (0..).zip(targets) {
        let reached = reach(fixture, &[target], Strength::Soft).await;
        assert_eq!(reached.as_slice().iter().map(|(at, _)| *at).collect::<Vec<u32>>(), [partition]);
    }
}

pub async fn what_a_step_publishes_has_the_position_of_its_keys_partition(fixture: &StoreFixture) {
    let keys = keys(fixture);
    let mut listener = listen(fixture).await;
    for (partition, key) in (0..).zip(keys) {
        fixture.fill(&key, "one").await;
        fixture.store.remove(&key).await.expect("remove");
        for notice in [Notice::Stored { key: key.clone() }, Notice::Removed { key }] {
            let message = heard_of_any(&mut *listener).await;
            assert_eq!((message.position.partition, message.notice), (partition, notice));
        }
    }
}

pub async fn an_invalidation_without_targets_reaches_nothing(fixture: &StoreFixture) {
    assert_eq!(reach(fixture, &[], Strength::Hard).await.as_slice(), []);
}
