//! What is the memory store's own; what every store promises is in the testkit's suite.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::*;
use crate::entry::{Bare, Described, Facts, Tags};
use crate::policy::Windows;
use crate::store::Role;
use crate::time::Timestamp;

const SECOND: Duration = Duration::from_secs(1);

fn clock() -> Clock {
    Clock::manual(Timestamp::from_micros(1_000_000_000))
}

fn store() -> MemoryStore {
    MemoryStore::builder(clock()).seed(1).shards(2).build().unwrap()
}

fn key(name: &str) -> Key {
    Key::new("test", "job", &name).unwrap()
}

fn request() -> Begin {
    Begin { role: Role::TakeOver, lease: SECOND, at_least: None, heeds_backoff: false }
}

fn entry(lease: &Lease, value: Value, weight: u32) -> Entry {
    let windows = Windows { ttl: SECOND, stale_while_revalidate: SECOND, stale_if_error: Duration::ZERO };
    let (loaded_at, generation) = (lease.begun_at, lease.generation);
    let facts = Facts { loaded_at, generation, windows, load_took: Duration::ZERO, absent: false, weight };
    Entry { value, facts, tags: Tags::NONE, validators: None }
}

async fn grant(store: &MemoryStore, key: &Key) -> Lease {
    match store.begin(key, request()).await.unwrap() {
        Begun::Granted(lease) => lease,
        other => panic!("not granted: {other:?}"),
    }
}

async fn fill(store: &MemoryStore, key: &Key, weight: u32) {
    let lease = grant(store, key).await;
    let entry = entry(&lease, Value::Shared(Arc::new(Bare(()))), weight);
    assert_eq!(store.commit(key, &lease, entry).await.unwrap(), Committed::Stored);
}

#[test]
fn a_bound_of_zero_is_refused_by_name() {
    let builder = || MemoryStore::builder(clock());
    for (builder, name) in [
        (builder().capacity(0), "capacity"),
        (builder().marks(0), "marks"),
        (builder().value_limit(0), "value_limit"),
        (builder().shards(0), "shards"),
    ] {
        let error = builder.build().map(|_| ()).unwrap_err().to_string();
        assert!(error.contains(name), "{error}");
    }
}

#[tokio::test]
async fn a_clone_is_the_same_store() {
    let store = store();
    fill(&store, &key("k"), 1).await;
    assert_eq!(store.clone().len(), 1);
}

#[tokio::test]
async fn a_shared_value_comes_back_as_itself() {
    let (store, key) = (store(), key("k"));
    let value: Arc<dyn Described> = Arc::new(Bare("one"));
    let lease = grant(&store, &key).await;
    store.commit(&key, &lease, entry(&lease, Value::Shared(value.clone()), 3)).await.unwrap();
    let found = store.read(&[key]).await.remove(0).unwrap().entry.unwrap();
    assert!(matches!(found.value, Value::Shared(found) if Arc::ptr_eq(&found, &value)));
}

#[tokio::test]
async fn a_store_of_encoded_values_refuses_shared_ones() {
    let store = MemoryStore::builder(clock()).encoded().build().unwrap();
    let key = key("k");
    let lease = grant(&store, &key).await;
    let refused = store.commit(&key, &lease, entry(&lease, Value::Shared(Arc::new(Bare(()))), 0)).await;
    assert!(!refused.unwrap_err().retryable);
    let encoded = entry(&lease, Value::Encoded(Bytes::from_static(b"one")), 0);
    assert_eq!(store.commit(&key, &lease, encoded).await.unwrap(), Committed::Stored);
}

#[tokio::test]
async fn a_record_with_nothing_left_in_it_goes_at_once() {
    let (store, key) = (store(), key("k"));
    store.ask(&key, SECOND, None).await.unwrap();
    assert_eq!(store.len(), 1);
    store.unask(&key).await.unwrap();
    let lease = grant(&store, &key).await;
    assert_eq!(store.len(), 1);
    store.fail(&key, &lease, Failure::abandoned()).await.unwrap();
    store.invalidate(&[Target::Key(key.clone())], Strength::Hard).await.unwrap();
    assert_eq!((store.len(), store.weight()), (0, 0));
}

#[tokio::test]
async fn an_entry_past_its_hard_deadline_goes_when_it_is_met() {
    let clock = clock();
    let store = MemoryStore::builder(clock.clone()).build().unwrap();
    let key = key("k");
    fill(&store, &key, 1).await;
    clock.advance(2 * SECOND);
    store.unask(&key).await.unwrap();
    assert_eq!((store.len(), store.weight()), (0, 0));
}

#[tokio::test]
async fn the_weight_is_that_of_what_is_there() {
    let store = store();
    fill(&store, &key("a"), 1000).await;
    let one = store.weight();
    fill(&store, &key("b"), 1000).await;
    assert_eq!(store.weight(), 2 * one);
    fill(&store, &key("b"), 10).await;
    assert_eq!(store.weight(), 2 * one - 990);
    store.remove(&key("a")).await.unwrap();
    assert!(store.evict(&key("b")) && !store.evict(&key("b")));
    assert_eq!((store.len(), store.weight()), (0, 0));
}

#[tokio::test]
async fn an_encoded_value_weighs_at_least_its_bytes() {
    let store = MemoryStore::builder(clock()).value_limit(2).build().unwrap();
    let lease = grant(&store, &key("k")).await;
    let heavy = entry(&lease, Value::Encoded(Bytes::from_static(b"one")), 0);
    assert!(store.commit(&key("k"), &lease, heavy).await.is_err());
}

#[tokio::test]
async fn a_value_without_room_even_alone_is_refused() {
    let store = MemoryStore::builder(clock()).capacity(1000).build().unwrap();
    let lease = grant(&store, &key("k")).await;
    let heavy = entry(&lease, Value::Shared(Arc::new(Bare(()))), 990);
    assert!(store.commit(&key("k"), &lease, heavy).await.is_err());
    assert_eq!(store.len(), 1, "the lease stays");
}

#[tokio::test]
async fn no_more_marks_are_kept_than_the_bound() {
    let store = MemoryStore::builder(clock()).marks(3).build().unwrap();
    for n in 0..10 {
        let tag = crate::Tag::new(n.to_string()).unwrap();
        store.invalidate(&[Target::Tag(tag)], Strength::Soft).await.unwrap();
    }
    assert_eq!(store.marks_len(), 3);
}

/// Threads store, read and remove the same few keys in a store with room for half of them. The account of bytes and the
/// records must agree whenever they stop.
#[test]
fn the_account_of_bytes_holds_under_threads() {
    let store = MemoryStore::builder(clock()).shards(4).capacity(40_000).build().unwrap();
    std::thread::scope(|scope| {
        for seed in 0..4 {
            let store = &store;
            scope.spawn(move || churn(store, seed));
        }
    });
    assert!(store.weight() <= 40_000, "{}", store.weight());
    for n in 0..64 {
        store.evict(&key(&n.to_string()));
    }
    assert_eq!((store.len(), store.weight()), (0, 0));
}

fn churn(store: &MemoryStore, seed: u64) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let mut chance = fastrand::Rng::with_seed(seed);
    runtime.block_on(async {
        for _ in 0..2000 {
            let key = key(&chance.u8(0..64).to_string());
            let lease = grant(store, &key).await;
            let entry = entry(&lease, Value::Shared(Arc::new(Bare(()))), chance.u32(0..2000));
            store.commit(&key, &lease, entry).await.unwrap();
            if chance.bool() {
                store.remove(&key).await.unwrap();
            }
        }
    });
}

#[test]
fn a_record_stays_small() {
    // With what the allocator adds it takes 80 bytes, a short key included.
    assert_eq!(size_of::<record::Record>(), 72);
}
