//! foyer's memory tier, with a weighter.

use foyer_memory::{Cache, CacheBuilder, CacheProperties};

use super::{Holder, Room, bytes, counted};

pub struct Memory(Cache<u64, Box<[u8]>>);

impl Holder for Memory {
    const NAME: &'static str = "foyer";

    fn with(room: Room) -> Self {
        let capacity = usize::try_from(room.bytes()).expect("the bound fits into memory");
        let cache: CacheBuilder<u64, Box<[u8]>, _> = CacheBuilder::new(capacity);
        Memory(cache.with_weighter(|_, value| counted(value.len()) as usize).build::<CacheProperties>())
    }

    fn put(&self, key: u64, size: usize) {
        self.0.insert(key, bytes(key, size).into_boxed_slice());
    }
}
