//! Records and slots that go between any two steps, and a clock that is set back: values are loaded again, never older.
#![allow(clippy::unwrap_used)] // A test that cannot go on fails.

mod common;

use common::{TTL, pass, stage_with, truth};
use freshen_core::store::MemoryStore;
use freshen_core::{Clock, Key, Status, Strength, Timestamp};

/// Where in the life of a load its record goes.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Moment {
    BeforeTheLoad,
    DuringTheLoad,
    AfterTheLoad,
    DuringTheRefresh,
}

/// A record is evicted at each moment, with an invalidation after it that finds no record to mark. Nothing that was loaded
/// before the invalidation may be taken for fresh after it.
#[tokio::test(start_paused = true)]
async fn an_eviction_between_any_two_steps_makes_no_old_value_fresh() {
    use Moment::{AfterTheLoad, BeforeTheLoad, DuringTheLoad, DuringTheRefresh};
    for moment in [BeforeTheLoad, DuringTheLoad, AfterTheLoad, DuringTheRefresh] {
        for strength in [Strength::Soft, Strength::Hard] {
            let clock = Clock::runtime();
            let store = MemoryStore::builder(clock.clone()).build().unwrap();
            let stage = stage_with(|builder| builder.clock(clock).store(store.clone())).await;
            let key = Key::new("tests", "truth", &truth("a")).unwrap();
            let evict = async |at: Moment| {
                if at == moment {
                    store.evict(&key);
                    stage.source.write(2);
                    stage.cache.invalidate(&truth("a"), strength).await.unwrap();
                }
            };
            evict(BeforeTheLoad).await;
            stage.source.hold();
            let early = stage.getting("a");
            stage.source.read_by(1).await;
            evict(DuringTheLoad).await;
            stage.source.open();
            early.await.unwrap().unwrap();
            evict(AfterTheLoad).await;
            if moment == DuringTheRefresh {
                pass(TTL).await;
                stage.source.hold();
                assert_eq!(stage.get("a").await.unwrap().status(), Status::Stale);
                stage.source.read_by(2).await;
                evict(DuringTheRefresh).await;
                stage.source.open();
            }
            stage.settle().await;
            let answer = stage.get("a").await.unwrap();
            let old_but_fresh = *answer == 1 && matches!(answer.status(), Status::Hit | Status::Loaded);
            assert!(!old_but_fresh, "{moment:?}, {strength:?}: {answer:?}");
            pass(TTL / 2).await;
            assert_eq!(stage.value("a").await, 2, "{moment:?}, {strength:?}");
        }
    }
}

/// The clock of store and cache is set back by an hour. What was fresh stays fresh, what is invalidated afterwards is outdated
/// all the same, because generations rise although time does not.
#[tokio::test(start_paused = true)]
async fn a_clock_that_is_set_back_hides_no_invalidation() {
    for strength in [Strength::Soft, Strength::Hard] {
        let clock = Clock::manual(Timestamp::from_micros(7_200_000_000));
        let stage = stage_with(|builder| builder.clock(clock.clone())).await;
        assert_eq!(stage.value("a").await, 1);
        assert!(clock.set(Timestamp::from_micros(3_600_000_000)));
        assert_eq!(stage.get("a").await.unwrap().status(), Status::Hit);
        stage.source.write(2);
        stage.cache.invalidate_tag("all", strength).await.unwrap();
        let answer = stage.get("a").await.unwrap();
        assert!(*answer == 2 || answer.status() == Status::Stale, "{strength:?}: {answer:?}");
        stage.settle().await;
        let answer = stage.get("a").await.unwrap();
        assert_eq!((*answer, answer.status()), (2, Status::Hit), "{strength:?}");
    }
}
