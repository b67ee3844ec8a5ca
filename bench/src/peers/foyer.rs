//! foyer's memory tier. Its entries are counted handles already, so the value needs no Arc.

use foyer_memory::{Cache, CacheBuilder, CacheProperties, S3FifoConfig};

use super::{Peer, add_up, capacity};
use crate::value::Value;

pub struct Memory(Cache<u64, Value>);

impl Peer for Memory {
    const NAME: &'static str = "foyer";
    const READ: &'static str = "memory get with S3-FIFO, counts a handle";

    fn fill(keys: u64) -> Self {
        let room = usize::try_from(capacity(keys)).expect("the keys fit into memory");
        let cache = CacheBuilder::new(room).with_eviction_config(S3FifoConfig::default()).build::<CacheProperties>();
        (0..keys).for_each(|key| drop(cache.insert(key, Value::of(key))));
        Self(cache)
    }

    fn read_all(&self, keys: &[u64]) -> u64 {
        add_up(keys, |key| Some(self.0.get(&key)?.value().mark))
    }
}
