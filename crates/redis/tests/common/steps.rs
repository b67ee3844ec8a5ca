//! The steps that tests of this crate take most, in one line each.

use std::time::Duration;

use bytes::Bytes;
use freshen_core::store::{Begin, Begun, Committed, Lease, Role, Snapshot, Store, Target};
use freshen_core::{Entry, Facts, Key, PortError, Strength, Tag, Tags, Value, Windows};
use freshen_redis::RedisStore;

pub const TTL: Duration = Duration::from_secs(600);
pub const LEASE: Duration = Duration::from_secs(60);

pub fn key(name: &str) -> Key {
    Key::new("tests", "job", &name).unwrap()
}

pub fn tag(name: &str) -> Tag {
    Tag::new(name).unwrap()
}

/// A key in one of so many partitions.
pub fn key_in(partitions: u32, partition: u32) -> Key {
    let mut keys = (0..).map(|salt: u32| Key::new("tests", "job", &salt).unwrap());
    keys.find(|key| key.partition(partitions) == partition).unwrap()
}

pub fn entry(lease: &Lease, value: &[u8], tags: &[&str]) -> Entry {
    let windows = Windows { ttl: TTL, stale_while_revalidate: TTL, stale_if_error: TTL };
    let facts = Facts {
        loaded_at: lease.begun_at,
        generation: lease.generation,
        windows,
        load_took: Duration::ZERO,
        absent: false,
        weight: 1,
    };
    let tags = Tags::new(tags.iter().map(|name| tag(name)).collect()).unwrap();
    Entry { value: Value::Encoded(Bytes::copy_from_slice(value)), facts, tags, validators: None }
}

pub fn request(role: Role) -> Begin {
    Begin { role, lease: LEASE, at_least: None, heeds_backoff: false }
}

pub async fn grant(store: &RedisStore, key: &Key) -> Lease {
    match store.begin(key, request(Role::TakeOver)).await.unwrap() {
        Begun::Granted(lease) => lease,
        other => panic!("not granted: {other:?}"),
    }
}

pub async fn fill(store: &RedisStore, key: &Key, value: &[u8], tags: &[&str]) -> Lease {
    let lease = grant(store, key).await;
    assert_eq!(store.commit(key, &lease, entry(&lease, value, tags)).await.unwrap(), Committed::Stored);
    lease
}

pub async fn read(store: &RedisStore, key: &Key) -> Snapshot {
    try_read(store, key).await.unwrap()
}

pub async fn try_read(store: &RedisStore, key: &Key) -> Result<Snapshot, PortError> {
    store.read(std::slice::from_ref(key)).await.remove(0)
}

pub async fn read_all(store: &RedisStore, keys: &[Key]) -> Vec<Snapshot> {
    store.read(keys).await.into_iter().map(Result::unwrap).collect()
}

pub fn bytes(snapshot: &Snapshot) -> Option<Bytes> {
    snapshot.entry.as_ref().map(|entry| match &entry.value {
        Value::Encoded(bytes) => bytes.clone(),
        Value::Shared(_) => panic!("a value from a server is encoded"),
    })
}

pub async fn invalidate(store: &RedisStore, target: Target, strength: Strength) {
    store.invalidate(&[target], strength).await.unwrap();
}

pub fn by_tag(name: &str) -> Target {
    Target::Tag(tag(name))
}
