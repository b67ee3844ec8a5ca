//! fibre_cache: `fetch_with` over an async loader, with stale-while-revalidate.

use std::time::Duration;

use fibre_cache::{AsyncCache, CacheBuilder};

use super::{HOUR, KEY, ROOM, Through};
use crate::source::Source;

pub struct FetchWith(AsyncCache<u64, u64>);

impl Through for FetchWith {
    const NAME: &'static str = "fibre_cache";
    const EXPIRES: bool = true;

    async fn over(source: Source, ttl: Duration) -> Self {
        let load = move |_| {
            let source = source.clone();
            async move { (source.load().await, 1) }
        };
        let cache = CacheBuilder::default().capacity(ROOM).time_to_live(ttl).stale_while_revalidate(HOUR);
        FetchWith(cache.async_loader(load).build_async().expect("a capacity and a loader are all it asks for"))
    }

    async fn get(&self) -> Result<u64, String> {
        Ok(*self.0.fetch_with(&KEY).await)
    }

    async fn outdate(&self) {
        self.0.invalidate(&KEY).await;
    }

    async fn put(&self, number: u64) -> bool {
        self.0.insert(KEY, number, 1).await;
        true
    }
}
