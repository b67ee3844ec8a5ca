//! quick_cache: `get_or_insert_async`. Its values do not expire.

use std::convert::Infallible;
use std::time::Duration;

use quick_cache::sync::Cache;

use super::{KEY, ROOM, Through};
use crate::source::Source;

pub struct GetOrInsert {
    cache: Cache<u64, u64>,
    source: Source,
}

impl Through for GetOrInsert {
    const NAME: &'static str = "quick_cache";
    const EXPIRES: bool = false;

    async fn over(source: Source, _ttl: Duration) -> Self {
        GetOrInsert { cache: Cache::new(ROOM as usize), source }
    }

    async fn get(&self) -> Result<u64, String> {
        let load = async { Ok::<u64, Infallible>(self.source.load().await) };
        self.cache.get_or_insert_async(&KEY, load).await.map_err(|never| match never {})
    }

    async fn outdate(&self) {
        self.cache.remove(&KEY);
    }

    async fn put(&self, number: u64) -> bool {
        self.cache.insert(KEY, number);
        true
    }
}
