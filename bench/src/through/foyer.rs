//! foyer's memory tier: `get_or_fetch`. Its values do not expire.

use std::io;
use std::time::Duration;

use foyer_memory::{Cache, CacheBuilder, CacheProperties};

use super::{KEY, ROOM, Through};
use crate::source::Source;

pub struct GetOrFetch {
    cache: Cache<u64, u64>,
    source: Source,
}

impl Through for GetOrFetch {
    const NAME: &'static str = "foyer";
    const EXPIRES: bool = false;

    async fn over(source: Source, _ttl: Duration) -> Self {
        GetOrFetch { cache: CacheBuilder::new(ROOM as usize).build::<CacheProperties>(), source }
    }

    async fn get(&self) -> Result<u64, String> {
        let source = self.source.clone();
        let fetch = || async move { Ok::<u64, io::Error>(source.load().await) };
        self.cache.get_or_fetch(&KEY, fetch).await.map(|entry| *entry.value()).map_err(|error| error.to_string())
    }

    async fn outdate(&self) {
        self.cache.remove(&KEY);
    }

    async fn put(&self, number: u64) -> bool {
        self.cache.insert(KEY, number);
        true
    }
}
