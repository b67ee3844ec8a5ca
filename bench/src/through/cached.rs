//! `cached`, by its own recipe for stale values: a cold key is loaded once (`sync_writes = "by_key"`), an expired value is
//! served while whoever has the claim refreshes it.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use cached::claim::ClaimRegistry;
use cached::macros::cached;
use cached::{CacheTtl, Cached, CloneCached};

use super::Through;
use crate::source::Source;

#[cached(ttl_secs = 3_600, key = "u64", convert = "{ key }", sync_writes = "by_key")]
async fn number(key: u64, source: Source) -> u64 {
    let _ = key;
    source.load().await
}

static REFRESHING: LazyLock<ClaimRegistry<u64>> = LazyLock::new(ClaimRegistry::new);

/// The recipe bounds a refresh, since a claim has no end of its own.
const REFRESH_TIMEOUT: Duration = Duration::from_secs(5);

/// The cache is a static of the macro's making, so each of ours has a key of its own in it.
pub struct ByKey {
    key: u64,
    source: Source,
}

static NEXT_KEY: AtomicU64 = AtomicU64::new(0);

impl Through for ByKey {
    const NAME: &'static str = "cached";
    const EXPIRES: bool = true;

    async fn over(source: Source, ttl: Duration) -> Self {
        NUMBER.write().await.set_ttl(ttl);
        ByKey { key: NEXT_KEY.fetch_add(1, Ordering::Relaxed), source }
    }

    async fn get(&self) -> Result<u64, String> {
        let (held, expired) = NUMBER.read().await.cache_peek_with_expiry_status(&self.key);
        let Some(held) = held else {
            return Ok(number(self.key, self.source.clone()).await);
        };
        if expired && let Some(claim) = REFRESHING.claim(self.key) {
            let source = self.source.clone();
            tokio::spawn(async move {
                let refresh = number_prime_cache(*claim.key(), source);
                // A refresh that takes too long is dropped, and the claim with it.
                let _ = tokio::time::timeout(REFRESH_TIMEOUT, refresh).await;
            });
        }
        Ok(held)
    }

    async fn outdate(&self) {
        let _removed = NUMBER.write().await.cache_remove(&self.key);
    }

    async fn put(&self, number: u64) -> bool {
        NUMBER.write().await.cache_set(self.key, number);
        true
    }
}
