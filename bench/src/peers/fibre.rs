//! fibre_cache with stale-while-revalidate, by the read that would refresh and by the one that only looks.

use std::time::Duration;

use fibre_cache::{Cache, CacheBuilder};

use super::{Peer, add_up, capacity};
use crate::value::Value;

type Filled = Cache<u64, Value>;

pub struct FetchWith(Filled);

impl Peer for FetchWith {
    const NAME: &'static str = "fibre_cache";
    const READ: &'static str = "fetch_with and a grace period, clones an Arc";

    fn fill(keys: u64) -> Self {
        Self(filled(keys))
    }

    fn read_all(&self, keys: &[u64]) -> u64 {
        add_up(keys, |key| Some(self.0.fetch_with(&key).mark))
    }
}

pub struct GetClosure(Filled);

impl Peer for GetClosure {
    const NAME: &'static str = "fibre_cache_get";
    const READ: &'static str = "get with a closure: no Arc, and nothing stale is served or refreshed";

    fn fill(keys: u64) -> Self {
        Self(filled(keys))
    }

    fn read_all(&self, keys: &[u64]) -> u64 {
        add_up(keys, |key| self.0.get(&key, |value| value.mark))
    }
}

fn filled(keys: u64) -> Filled {
    let hour = Duration::from_secs(3_600);
    let cache = CacheBuilder::default()
        .capacity(capacity(keys))
        .time_to_live(hour)
        .stale_while_revalidate(hour)
        .loader(|_| (Value::missed(), 1))
        .build()
        .expect("a capacity, a time to live and a loader are all it asks for");
    (0..keys).for_each(|key| cache.insert(key, Value::of(key), 1));
    cache
}
