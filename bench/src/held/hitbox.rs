//! hitbox on moka, with bincode. It is filled by the function that it caches, since it has no call to put a value in.

use std::time::Duration;

use hitbox::concurrency::NoopConcurrencyManager;
use hitbox::policy::PolicyConfig;
use hitbox_backend::PassthroughCompressor;
use hitbox_backend::format::BincodeFormat;
use hitbox_core::DisabledOffload;
use hitbox_fn::{Cache, CacheableResponse, cached};
use hitbox_moka::MokaBackend;
use serde::{Deserialize, Serialize};
use tokio::runtime::Runtime;

use super::{Holder, Room, bytes};
use crate::runtime;

#[derive(Clone, Serialize, Deserialize, CacheableResponse)]
struct Blob {
    bytes: Vec<u8>,
}

#[cached(prefix = "blob")]
async fn load(key: u64, size: u64) -> Blob {
    Blob { bytes: bytes(key, usize::try_from(size).expect("sizes are small")) }
}

type Backend = MokaBackend<BincodeFormat, PassthroughCompressor>;

pub struct OnMoka {
    cache: Cache<Backend, NoopConcurrencyManager, DisabledOffload>,
    runtime: Runtime,
}

impl Holder for OnMoka {
    const NAME: &'static str = "hitbox";

    fn with(room: Room) -> Self {
        let backend = MokaBackend::builder().max_bytes(room.bytes()).value_format(BincodeFormat).build();
        let policy = PolicyConfig::builder().ttl(Duration::from_secs(3_600)).build();
        OnMoka { cache: Cache::builder().backend(backend).policy(policy).build(), runtime: runtime::single() }
    }

    fn put(&self, key: u64, size: usize) {
        self.runtime.block_on(async { load(key, size as u64).cache(&self.cache).await });
    }

    fn settle(&self) {
        self.runtime.block_on(self.cache.backend().cache().run_pending_tasks());
    }
}
