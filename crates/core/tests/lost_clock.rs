//! A store that has lost its clock, and whose next one is behind: its ticks are below those that were heard before.

#![allow(clippy::unwrap_used)] // A test that cannot go on fails.

mod common;

use common::{Source, Stage, stage_on, truth};
use freshen_core::bus::MemoryBus;
use freshen_core::store::MemoryStore;
use freshen_core::{Clock, Status, Strength, Timestamp};

const THEN: Timestamp = Timestamp::from_micros(1_000_000_000);
const BEHIND: Timestamp = Timestamp::from_micros(500_000_000);

struct Scene {
    clock: Clock,
    store: MemoryStore,
    bus: MemoryBus,
    source: Source,
}

impl Scene {
    fn new() -> Scene {
        let (clock, bus) = (Clock::manual(THEN), MemoryBus::new());
        let store = MemoryStore::builder(clock.clone()).bus(bus.clone()).lost(Strength::Soft).build().unwrap();
        Scene { clock, store, bus, source: Source::new() }
    }

    async fn stage(&self, on_bus: bool) -> Stage {
        let Scene { clock, store, bus, source } = self;
        let stage = stage_on(source.clone(), |builder| {
            let builder = builder.clock(clock.clone()).store(store.clone());
            if on_bus { builder.bus(bus.clone()) } else { builder }
        });
        let stage = stage.await;
        stage.settle().await;
        stage
    }

    /// What is loaded from now on is of a clock that is behind.
    fn lose_clock(&self) {
        self.store.forget_clock();
        self.clock.set(BEHIND);
    }
}

/// What was heard of a tag under the lost clock says nothing about what is loaded under the next, however high its ticks were: the
/// key would be loaded by every reader, or be an error, until the new clock has caught up.
#[tokio::test(start_paused = true)]
async fn what_was_heard_under_a_lost_clock_outdates_nothing_of_the_next() {
    for strength in Strength::ALL {
        for (on_bus, own) in [(false, true), (true, false), (true, true)] {
            let scene = Scene::new();
            let (here, elsewhere) = (scene.stage(on_bus).await, scene.stage(false).await);
            here.value("a").await;
            let writer = if own { &here } else { &elsewhere };
            writer.cache.invalidate_tag("all", strength).await.unwrap();
            here.settle().await;
            scene.lose_clock();
            scene.source.write(2);
            elsewhere.cache.load(&truth("a")).await.unwrap();
            if !on_bus {
                here.cache.invalidate_tag("another", strength).await.unwrap();
            }
            here.settle().await;
            // The first read finds what was loaded, the next ones what it kept.
            here.value("a").await;
            let loads = scene.source.reads();
            for _ in 0..3 {
                let answer = here.get("a").await.unwrap();
                assert_eq!(
                    (*answer, answer.status()),
                    (2, Status::Hit),
                    "{strength:?}, on the bus: {on_bus}, own: {own}"
                );
            }
            assert_eq!((scene.source.reads(), here.cache.near_size().0), (loads, 1));
        }
    }
}

/// A value of the lost clock is served stale, and its tag is then invalidated hard: at a tick below its own.
#[tokio::test(start_paused = true)]
async fn what_is_of_a_lost_clock_is_outdated_by_any_mark_of_the_next() {
    let scene = Scene::new();
    let stage = scene.stage(false).await;
    stage.cache.pause_workers();
    stage.value("a").await;
    scene.lose_clock();
    stage.cache.invalidate_tag("another", Strength::Soft).await.unwrap();
    for _ in 0..2 {
        assert_eq!(stage.get("a").await.unwrap().status(), Status::Stale);
    }
    assert_eq!(stage.cache.near_size().0, 1);
    scene.source.write(2);
    stage.cache.invalidate_tag("all", Strength::Hard).await.unwrap();
    assert_eq!(stage.value("a").await, 2);
}

/// The process keeps what the slots of its near tier hold, and forgets the rest, however often the clock is lost.
#[tokio::test(start_paused = true)]
async fn the_cells_of_lost_clocks_are_let_go_of() {
    let scene = Scene::new();
    let stage = scene.stage(false).await;
    for n in 0..20 {
        for key in 0..10 {
            stage.value(&key.to_string()).await;
        }
        scene.lose_clock();
        stage.cache.invalidate_tag(&n.to_string(), Strength::Hard).await.unwrap();
        let debug = format!("{:?}", stage.cache);
        assert!(debug.contains("cells: 0"), "{debug}");
    }
}
