//! `cached`: a sharded LRU with a time to live. It counts entries; a bound in bytes it does not have.

use std::sync::Arc;
use std::time::Duration;

use cached::ShardedLruTtlCache;

use super::{Holder, Room, bytes};

pub struct ShardedLruTtl(ShardedLruTtlCache<u64, Arc<[u8]>>);

impl Holder for ShardedLruTtl {
    const NAME: &'static str = "cached";
    const BY_BYTES: bool = false;

    fn with(room: Room) -> Self {
        ShardedLruTtl(ShardedLruTtlCache::new(room.entries(), Duration::from_secs(3_600)))
    }

    fn put(&self, key: u64, size: usize) {
        self.0.set(key, bytes(key, size).into());
    }
}
