//! hitbox on moka: a function with `StalePolicy::OffloadRevalidate` and the concurrency manager that its documentation
//! recommends for production, which lets one caller load. It has no call to put a value in.

use std::time::Duration;

use hitbox::concurrency::BroadcastConcurrencyManager;
use hitbox::offload::OffloadManager;
use hitbox::policy::{ConcurrencyLimit, PolicyConfig, StalePolicy};
use hitbox_backend::format::BincodeFormat;
use hitbox_backend::{Backend as _, PassthroughCompressor};
use hitbox_fn::{Cache, CacheableResponse, cached};
use hitbox_moka::MokaBackend;
use serde::{Deserialize, Serialize};

use super::{HOUR, KEY, ROOM, Through};
use crate::source::Source;

#[derive(Clone, Serialize, Deserialize, CacheableResponse)]
struct Number {
    number: u64,
}

#[cached(prefix = "number", skip(source))]
async fn load(key: u64, source: Source) -> Number {
    let _ = key;
    Number { number: source.load().await }
}

type Backend = MokaBackend<BincodeFormat, PassthroughCompressor>;

pub struct Offloading {
    cache: Cache<Backend, BroadcastConcurrencyManager<Number>, OffloadManager>,
    source: Source,
}

impl Through for Offloading {
    const NAME: &'static str = "hitbox";
    const EXPIRES: bool = true;

    async fn over(source: Source, ttl: Duration) -> Self {
        let one_at_once = ConcurrencyLimit::new(1).expect("one is within its bounds");
        let policy = PolicyConfig::builder().stale(ttl).ttl(ttl + HOUR).stale_policy(StalePolicy::OffloadRevalidate);
        let cache = Cache::builder()
            .backend(MokaBackend::builder().max_entries(ROOM).value_format(BincodeFormat).build())
            .policy(policy.concurrency(one_at_once).build())
            .concurrency_manager(BroadcastConcurrencyManager::new())
            .offload(OffloadManager::with_defaults());
        Offloading { cache: cache.build(), source }
    }

    async fn get(&self) -> Result<u64, String> {
        Ok(load(KEY, self.source.clone()).cache(&self.cache).await.number)
    }

    async fn outdate(&self) {
        // The keys are of hitbox's making; there is only one.
        let keys: Vec<_> = self.cache.backend().cache().iter().map(|(key, _)| (*key).clone()).collect();
        for key in keys {
            self.cache.backend().remove(&key).await.expect("a backend in memory takes every removal");
        }
    }

    async fn put(&self, _number: u64) -> bool {
        false
    }
}
