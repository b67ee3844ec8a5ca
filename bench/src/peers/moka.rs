//! moka, blocking and async, without expiry.

use std::sync::Arc;

use moka::{future, sync};

use super::{Peer, add_up, add_up_awaiting, block_on, capacity};
use crate::value::Value;

pub struct Blocking(sync::Cache<u64, Arc<Value>>);

impl Peer for Blocking {
    const NAME: &'static str = "moka";
    const READ: &'static str = "sync get, clones an Arc";

    fn fill(keys: u64) -> Self {
        let cache = sync::Cache::new(capacity(keys));
        (0..keys).for_each(|key| cache.insert(key, Arc::new(Value::of(key))));
        cache.run_pending_tasks();
        Self(cache)
    }

    fn read_all(&self, keys: &[u64]) -> u64 {
        add_up(keys, |key| Some(self.0.get(&key)?.mark))
    }
}

pub struct Async(future::Cache<u64, Arc<Value>>);

impl Peer for Async {
    const NAME: &'static str = "moka_async";
    const READ: &'static str = "future get, clones an Arc";

    fn fill(keys: u64) -> Self {
        let cache = future::Cache::new(capacity(keys));
        block_on(async {
            for key in 0..keys {
                cache.insert(key, Arc::new(Value::of(key))).await;
            }
            cache.run_pending_tasks().await;
        });
        Self(cache)
    }

    fn read_all(&self, keys: &[u64]) -> u64 {
        add_up_awaiting(keys, |key| async move { Some(self.0.get(&key).await?.mark) })
    }
}
