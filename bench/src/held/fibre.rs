//! fibre_cache, where the cost of a value is told when it is put in.

use fibre_cache::{Cache, CacheBuilder};

use super::{Holder, Room, bytes, counted};

pub struct Blocking(Cache<u64, Box<[u8]>>);

impl Holder for Blocking {
    const NAME: &'static str = "fibre_cache";

    fn with(room: Room) -> Self {
        let cache = CacheBuilder::default().capacity(room.bytes()).build();
        Blocking(cache.expect("a capacity is all it asks for"))
    }

    fn put(&self, key: u64, size: usize) {
        self.0.insert(key, bytes(key, size).into_boxed_slice(), counted(size));
    }

    fn settle(&self) {
        self.0.run_maintenance();
    }
}
