//! moka's async cache: `get_with`, the call that loads once for all who ask; a time to live, and no stale values.

use std::time::Duration;

use moka::future::Cache;

use super::{KEY, ROOM, Through};
use crate::source::Source;

pub struct GetWith {
    cache: Cache<u64, u64>,
    source: Source,
}

impl Through for GetWith {
    const NAME: &'static str = "moka";
    const EXPIRES: bool = true;

    async fn over(source: Source, ttl: Duration) -> Self {
        GetWith { cache: Cache::builder().max_capacity(ROOM).time_to_live(ttl).build(), source }
    }

    async fn get(&self) -> Result<u64, String> {
        Ok(self.cache.get_with(KEY, self.source.load()).await)
    }

    async fn outdate(&self) {
        self.cache.invalidate(&KEY).await;
    }

    async fn put(&self, number: u64) -> bool {
        self.cache.insert(KEY, number).await;
        true
    }
}
