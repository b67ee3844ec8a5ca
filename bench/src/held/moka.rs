//! moka's blocking cache, with a weigher.

use std::sync::Arc;

use moka::sync::Cache;

use super::{Holder, Room, bytes, counted};

pub struct Blocking(Cache<u64, Arc<[u8]>>);

impl Holder for Blocking {
    const NAME: &'static str = "moka";

    fn with(room: Room) -> Self {
        let weigh = |_: &u64, value: &Arc<[u8]>| u32::try_from(counted(value.len())).unwrap_or(u32::MAX);
        Blocking(Cache::builder().max_capacity(room.bytes()).weigher(weigh).build())
    }

    fn put(&self, key: u64, size: usize) {
        self.0.insert(key, bytes(key, size).into());
    }

    fn settle(&self) {
        self.0.run_pending_tasks();
    }
}
