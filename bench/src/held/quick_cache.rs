//! quick_cache, bare, with a weighter.

use std::sync::Arc;

use quick_cache::Weighter;
use quick_cache::sync::Cache;

use super::{Holder, Room, bytes, counted};

#[derive(Clone)]
struct ByBytes;

impl Weighter<u64, Arc<[u8]>> for ByBytes {
    fn weight(&self, _key: &u64, value: &Arc<[u8]>) -> u64 {
        counted(value.len())
    }
}

pub struct Raw(Cache<u64, Arc<[u8]>, ByBytes>);

impl Holder for Raw {
    const NAME: &'static str = "quick_cache";

    fn with(room: Room) -> Self {
        Raw(Cache::with_weighter(room.entries(), room.bytes(), ByBytes))
    }

    fn put(&self, key: u64, size: usize) {
        self.0.insert(key, bytes(key, size).into());
    }
}
