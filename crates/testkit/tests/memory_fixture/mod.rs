//! The memory store and the memory bus as the suites want them: with a clock that stands still and small bounds.

use std::sync::Arc;

use freshen_core::bus::MemoryBus;
use freshen_core::store::{MemoryStore, MemoryStoreBuilder};
use freshen_core::{Clock, Strength, Timestamp};
use freshen_testkit::bus_suite::BusFixture;
use freshen_testkit::store_suite::{Bounds, StoreFixture, TestTime};

const BOUNDS: Bounds = Bounds { capacity: Some(64 << 10), value: Some(8 << 10), marks: Some(8) };

/// A memory store with one thing changed.
pub fn store_fixture(lost: Strength, change: impl FnOnce(MemoryStoreBuilder) -> MemoryStoreBuilder) -> StoreFixture {
    let clock = Clock::manual(Timestamp::from_micros(1_700_000_000_000_000));
    let builder =
        MemoryStore::builder(clock.clone()).seed(7).shards(2).capacity(64 << 10).value_limit(8 << 10).marks(8);
    let store = change(builder.lost(lost)).build().expect("the bounds are not zero");
    let (losing, evicting) = (store.clone(), store.clone());
    StoreFixture::new(Arc::new(store.clone()), Arc::new(store.bus()), TestTime::Manual(clock))
        .bounded(BOUNDS)
        .when_lost(lost)
        .losing_clock(move || {
            losing.forget_clock();
            Box::pin(std::future::ready(()))
        })
        .evicting(move |key| {
            evicting.evict(&key);
            Box::pin(std::future::ready(()))
        })
}

/// A memory bus with a memory store.
// Not every test has a bus.
#[allow(dead_code)]
pub fn bus_fixture() -> BusFixture {
    let bus = MemoryBus::with_buffer(16);
    let clock = Clock::manual(Timestamp::from_micros(1_700_000_000_000_000));
    let store =
        MemoryStore::builder(clock).seed(7).partitions(2).bus(bus.clone()).build().expect("the bounds are not zero");
    let (losing, closing) = (bus.clone(), bus.clone());
    BusFixture::new(Arc::new(bus), Arc::new(store))
        .buffering(16)
        .losing(move || {
            losing.lose_next();
            Box::pin(std::future::ready(()))
        })
        .closing(move || {
            closing.close();
            Box::pin(std::future::ready(()))
        })
}
