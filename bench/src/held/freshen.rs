//! Freshen: filled by `get`, so that a value is in the store and in the near tier, which share it. Once with the bound
//! divided between the two, once with the bound for each.

use std::convert::Infallible;

use freshen::{Cache, Job, Jobs, Load, Loaded};
use serde::{Deserialize, Serialize};
use tokio::runtime::Runtime;

use super::{Holder, Room, bytes};
use crate::runtime;

#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct Blob {
    key: u64,
    size: u32,
}

impl Job for Blob {
    type Output = Box<[u8]>;
    type Error = Infallible;
    type State = ();
    const NAME: &'static str = "blob";

    async fn load(&self, _load: Load<'_, Self>) -> Result<Loaded<Box<[u8]>>, Infallible> {
        Ok(bytes(self.key, self.size as usize).into_boxed_slice().into())
    }

    fn weigh(&self, value: &Box<[u8]>) -> usize {
        size_of_val(value) + value.len()
    }
}

struct Held {
    cache: Cache,
    runtime: Runtime,
}

impl Held {
    fn with(store: u64, near: u64) -> Self {
        let runtime = runtime::single();
        let cache = Cache::builder().jobs(Jobs::new().add::<Blob>()).workers(0).capacity(store).near_capacity(near);
        let cache = runtime.block_on(cache.build()).expect("the configuration is fixed");
        Held { cache, runtime }
    }

    fn put(&self, key: u64, size: usize) {
        let blob = Blob { key, size: u32::try_from(size).expect("sizes are small") };
        self.runtime.block_on(self.cache.get(&blob)).expect("the load cannot fail");
    }
}

pub struct Whole(Held);

impl Holder for Whole {
    const NAME: &'static str = "freshen";

    fn with(room: Room) -> Self {
        Whole(match room {
            Room::Entries { .. } => Held::with(room.bytes(), room.bytes()),
            Room::Bytes(bytes) => Held::with(bytes / 2, bytes / 2),
        })
    }

    fn put(&self, key: u64, size: usize) {
        self.0.put(key, size);
    }
}

pub struct Each(Held);

impl Holder for Each {
    const NAME: &'static str = "freshen_each";
    const PER_ENTRY: bool = false;

    fn with(room: Room) -> Self {
        Each(Held::with(room.bytes(), room.bytes()))
    }

    fn put(&self, key: u64, size: usize) {
        self.0.put(key, size);
    }
}
