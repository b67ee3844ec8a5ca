//! quick_cache, bare: what a hit costs before anything is decided about it.

use std::sync::Arc;

use quick_cache::sync::Cache;

use super::{Peer, add_up, capacity};
use crate::value::Value;

pub struct Raw(Cache<u64, Arc<Value>>);

impl Peer for Raw {
    const NAME: &'static str = "quick_cache";
    const READ: &'static str = "sync get, clones an Arc";

    fn fill(keys: u64) -> Self {
        let cache = Cache::new(usize::try_from(capacity(keys)).expect("the keys fit into memory"));
        (0..keys).for_each(|key| cache.insert(key, Arc::new(Value::of(key))));
        Self(cache)
    }

    fn read_all(&self, keys: &[u64]) -> u64 {
        add_up(keys, |key| Some(self.0.get(&key)?.mark))
    }
}
