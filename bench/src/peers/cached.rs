//! `cached`, by its recipe for stale-while-revalidate: the read also says whether the value has expired, and the caller
//! refreshes it.

use std::sync::Arc;
use std::time::Duration;

use cached::{ConcurrentCloneCached, ShardedLruTtlCache};

use super::{Peer, add_up, capacity};
use crate::value::Value;

pub struct ShardedLruTtl(ShardedLruTtlCache<u64, Arc<Value>>);

impl Peer for ShardedLruTtl {
    const NAME: &'static str = "cached";
    const READ: &'static str = "sharded LRU, get_with_expiry_status, clones an Arc";

    fn fill(keys: u64) -> Self {
        let room = usize::try_from(capacity(keys)).expect("the keys fit into memory");
        let cache = ShardedLruTtlCache::new(room, Duration::from_secs(3_600));
        (0..keys).for_each(|key| drop(cache.set(key, Arc::new(Value::of(key)))));
        Self(cache)
    }

    fn read_all(&self, keys: &[u64]) -> u64 {
        add_up(keys, |key| Some(self.0.get_with_expiry_status(&key).0?.mark))
    }
}
