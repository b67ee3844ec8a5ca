//! hitbox on moka, with stale-while-revalidate and bincode, the quickest codec it offers. It keeps bytes, so each hit
//! decodes the whole value.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use hitbox::concurrency::NoopConcurrencyManager;
use hitbox::offload::OffloadManager;
use hitbox::policy::{PolicyConfig, StalePolicy};
use hitbox_backend::PassthroughCompressor;
use hitbox_backend::format::BincodeFormat;
use hitbox_fn::{Cache, cached};
use hitbox_moka::MokaBackend;

use super::{Peer, add_up_awaiting, block_on, capacity};
use crate::value::Value;

type Backend = MokaBackend<BincodeFormat, PassthroughCompressor>;

pub struct OnMoka(Cache<Backend, NoopConcurrencyManager, OffloadManager>);

impl Peer for OnMoka {
    const NAME: &'static str = "hitbox";
    const READ: &'static str = "function on moka with bincode, decodes the value";

    fn fill(keys: u64) -> Self {
        let hour = Duration::from_secs(3_600);
        let policy = PolicyConfig::builder().stale(hour).ttl(2 * hour).stale_policy(StalePolicy::OffloadRevalidate);
        let backend = MokaBackend::builder().max_entries(capacity(keys)).value_format(BincodeFormat).build();
        let cache =
            Cache::builder().backend(backend).policy(policy.build()).offload(OffloadManager::with_defaults()).build();
        FILLING.store(true, Ordering::Relaxed);
        block_on(async {
            for key in 0..keys {
                load(key).cache(&cache).await;
            }
            cache.backend().cache().run_pending_tasks().await;
        });
        FILLING.store(false, Ordering::Relaxed);
        Self(cache)
    }

    fn read_all(&self, keys: &[u64]) -> u64 {
        add_up_awaiting(keys, |key| async move { Some(load(key).cache(&self.0).await.mark) })
    }
}

/// hitbox has no call to put a value in; while this is set, the function loads what a cache is filled with.
static FILLING: AtomicBool = AtomicBool::new(false);

#[cached(prefix = "value")]
async fn load(key: u64) -> Value {
    if FILLING.load(Ordering::Relaxed) { Value::of(key) } else { Value::missed() }
}
