//! Races, each named after its story. Loads are held after they have read the source, so every order is played for certain.

#![allow(clippy::unwrap_used)] // A test that cannot go on fails.

mod common;

use std::time::Duration;

use common::faults::FaultyStore;
use common::{Act, STALE, TTL, pass, stage, stage_with, truth};
use freshen_core::store::{Store, Target};
use freshen_core::{Clock, Status, Strength, Tag};

/// A reader misses and begins to load; the source is written and the key invalidated; the load ends with the old value.
#[tokio::test(start_paused = true)]
async fn what_was_invalidated_while_it_was_loaded_is_not_served_as_fresh() {
    for strength in [Strength::Soft, Strength::Hard] {
        let stage = stage().await;
        stage.source.hold();
        let early = stage.getting("a");
        stage.source.read_by(1).await;
        stage.source.write(2);
        stage.cache.invalidate(&truth("a"), strength).await.unwrap();
        let late = stage.getting("a");
        stage.settle().await;
        stage.source.open();
        assert_eq!(*late.await.unwrap().unwrap(), 2, "{strength:?}");
        assert_eq!(*early.await.unwrap().unwrap(), 2, "{strength:?}");
        assert_eq!(stage.get("a").await.unwrap().status(), Status::Hit);
        assert_eq!(stage.source.reads(), 2, "loaded once more, and only once");
    }
}

/// The same by tag and by namespace, where the record does not know of the invalidation and only the marks do.
#[tokio::test(start_paused = true)]
async fn what_was_marked_while_it_was_loaded_is_not_served_as_fresh() {
    for (tag, strength) in
        [(true, Strength::Soft), (true, Strength::Hard), (false, Strength::Soft), (false, Strength::Hard)]
    {
        let stage = stage().await;
        stage.source.hold();
        let early = stage.getting("a");
        stage.source.read_by(1).await;
        stage.source.write(2);
        if tag {
            stage.cache.invalidate_tag("all", strength).await.unwrap();
        } else {
            stage.cache.invalidate_namespace("tests", strength).await.unwrap();
        }
        let late = stage.getting("a");
        stage.settle().await;
        stage.source.open();
        assert_eq!(*late.await.unwrap().unwrap(), 2);
        early.await.unwrap().unwrap();
        assert_eq!(stage.value("a").await, 2);
    }
}

/// Every round is overtaken. Whoever came before the last load began may have it; whoever came later flies again.
#[tokio::test(start_paused = true)]
async fn a_value_outdated_in_every_round_answers_only_those_who_came_before_its_load() {
    let stage = stage().await;
    stage.source.hold();
    let early = stage.getting("a");
    stage.source.read_by(1).await;
    stage.source.write(2);
    stage.cache.invalidate(&truth("a"), Strength::Hard).await.unwrap();
    stage.source.release(1);
    stage.source.read_by(2).await;
    stage.source.write(3);
    stage.cache.invalidate(&truth("a"), Strength::Hard).await.unwrap();
    let late = stage.getting("a");
    stage.settle().await;
    stage.source.release(1);
    assert_eq!(*early.await.unwrap().unwrap(), 2);
    stage.source.open();
    let late = late.await.unwrap().unwrap();
    assert_eq!((*late, stage.source.reads()), (3, 3));
}

/// The refresh of a stale value is overtaken by a write: the worker reads again before its task ends.
#[tokio::test(start_paused = true)]
async fn what_was_invalidated_while_it_was_refreshed_is_loaded_again_without_a_reader() {
    for strength in [Strength::Soft, Strength::Hard] {
        let stage = stage().await;
        stage.value("a").await;
        pass(TTL).await;
        stage.source.hold();
        assert_eq!(stage.get("a").await.unwrap().status(), Status::Stale);
        stage.source.read_by(2).await;
        stage.source.write(2);
        stage.cache.invalidate_tag("key:a", strength).await.unwrap();
        stage.source.open();
        pass(Duration::from_secs(5)).await;
        let answer = stage.get("a").await.unwrap();
        assert_eq!((*answer, answer.status()), (2, Status::Hit), "{strength:?}");
        assert_eq!(stage.cache.queue_depth().await.unwrap(), freshen_core::queue::Depth::default());
    }
}

/// A load is under way when the record is removed: what it brings must not undo the removal.
#[tokio::test(start_paused = true)]
async fn a_load_under_way_cannot_bring_back_what_was_removed() {
    let stage = stage().await;
    stage.source.hold();
    let early = stage.getting("a");
    stage.source.read_by(1).await;
    stage.source.write(2);
    stage.cache.remove(&truth("a")).await.unwrap();
    let late = stage.getting("a");
    stage.settle().await;
    stage.source.open();
    assert_eq!(*early.await.unwrap().unwrap(), 1, "it asked before the removal");
    assert_eq!(*late.await.unwrap().unwrap(), 2);
    assert_eq!(stage.value("a").await, 2);
}

/// A load is under way when a writer puts the newer value: the put wins, whoever commits last.
#[tokio::test(start_paused = true)]
async fn a_load_under_way_cannot_undo_a_put() {
    let stage = stage().await;
    stage.source.hold();
    let early = stage.getting("a");
    stage.source.read_by(1).await;
    let put = stage.cache.begin_put(&truth("a")).await.unwrap();
    stage.source.write(2);
    put.commit(2).await.unwrap();
    assert_eq!(stage.value("a").await, 2);
    stage.source.open();
    early.await.unwrap().unwrap();
    assert_eq!(stage.value("a").await, 2);
    assert_eq!(*stage.cache.peek(&truth("a")).await.unwrap().unwrap(), 2);
}

/// A put whose key is invalidated between its begin and its commit becomes an invalidation.
#[tokio::test(start_paused = true)]
async fn a_put_that_was_overtaken_outdates_the_key_instead() {
    let stage = stage().await;
    stage.value("a").await;
    let put = stage.cache.begin_put(&truth("a")).await.unwrap();
    stage.source.write(3);
    stage.cache.invalidate(&truth("a"), Strength::Hard).await.unwrap();
    put.commit(2).await.unwrap();
    assert_eq!(stage.value("a").await, 3);
}

/// A writer begins a put and disappears: nobody may take the old value for fresh, and the key is not stuck.
#[tokio::test(start_paused = true)]
async fn a_put_that_was_dropped_outdates_the_key_and_lets_go_of_it() {
    let stage = stage().await;
    stage.value("a").await;
    let put = stage.cache.begin_put(&truth("a")).await.unwrap();
    stage.source.write(2);
    drop(put);
    stage.settle().await;
    assert_eq!(stage.get("a").await.unwrap().status(), Status::Stale);
    stage.settle().await;
    assert_eq!(stage.value("a").await, 2);
}

/// The first caller leaves while its load runs. The load belongs to everybody: it goes on and is kept.
#[tokio::test(start_paused = true)]
async fn a_caller_who_leaves_cancels_nobodys_load() {
    let stage = stage().await;
    stage.source.hold();
    let leader = stage.getting("a");
    stage.source.read_by(1).await;
    let follower = stage.getting("a");
    stage.settle().await;
    leader.abort();
    stage.settle().await;
    stage.source.open();
    assert_eq!(*follower.await.unwrap().unwrap(), 1);
    assert_eq!((stage.value("a").await, stage.source.reads()), (1, 1));
}

/// A load that outlives its lease is overtaken by another; it ends last, with the older value.
#[tokio::test(start_paused = true)]
async fn a_slow_old_load_that_finishes_last_installs_nothing() {
    use freshen_core::store::{Begin, Begun, Role, Store};
    let clock = freshen_core::Clock::runtime();
    let store = freshen_core::store::MemoryStore::builder(clock.clone()).build().unwrap();
    let stage = common::stage_with(|builder| builder.clock(clock).store(store.clone())).await;
    stage.source.hold();
    let slow = stage.getting("a");
    stage.source.read_by(1).await;
    // Another process finds the lease expired and takes it over.
    pass(Duration::from_secs(49)).await;
    tokio::time::advance(Duration::ZERO).await;
    let key = freshen_core::Key::new("tests", "truth", &truth("a")).unwrap();
    let begin = Begin { role: Role::TakeOver, lease: Duration::from_secs(60), at_least: None, heeds_backoff: false };
    let Begun::Granted(_lease) = store.begin(&key, begin).await.unwrap() else { panic!("a take-over is granted") };
    stage.source.write(2);
    stage.source.open();
    slow.await.unwrap().unwrap();
    assert!(stage.cache.peek(&truth("a")).await.unwrap().is_none(), "the old value was not installed");
}

/// The hard deadline passes while the refresh runs: the reader waits for that load, not for another.
#[tokio::test(start_paused = true)]
async fn what_expires_while_it_is_refreshed_is_waited_for_once() {
    let stage = stage().await;
    stage.value("a").await;
    pass(TTL + STALE + common::ERROR - Duration::from_secs(1)).await;
    stage.source.hold();
    let first = stage.getting("a");
    stage.source.read_by(2).await;
    pass(Duration::from_secs(2)).await;
    let second = stage.getting("a");
    stage.settle().await;
    stage.source.open();
    assert_eq!(first.await.unwrap().unwrap().status(), Status::Loaded);
    assert_eq!(second.await.unwrap().unwrap().status(), Status::Loaded);
    assert_eq!(stage.source.reads(), 2);
}

/// A fallback is held while the load runs; it is invalidated hard meanwhile; the load fails.
#[tokio::test(start_paused = true)]
async fn a_fallback_is_judged_again_when_it_is_served() {
    for by_tag in [true, false] {
        let stage = stage().await;
        stage.value("a").await;
        pass(TTL + STALE).await;
        stage.source.hold();
        stage.source.script([Act::Fail]);
        let waiting = stage.getting("a");
        stage.source.read_by(2).await;
        if by_tag {
            stage.cache.invalidate_tag("all", Strength::Hard).await.unwrap();
        } else {
            stage.cache.invalidate(&truth("a"), Strength::Hard).await.unwrap();
        }
        stage.source.open();
        assert!(waiting.await.unwrap().is_err(), "by tag: {by_tag}");
    }
}

/// A load is stored, and the store's answer is on its way; another process invalidates, and this one has not heard of it. A
/// caller that then comes and finds the record outdated is not answered by that load.
#[tokio::test(start_paused = true)]
async fn a_caller_that_read_an_outdated_record_is_not_answered_by_the_load_that_made_it() {
    let key = freshen_core::Key::new("tests", "truth", &truth("a")).unwrap();
    for target in [Target::Tag(Tag::new("all").unwrap()), Target::Key(key)] {
        let clock = Clock::runtime();
        let store = FaultyStore::new(clock.clone());
        let given = store.clone();
        let stage = stage_with(|builder| builder.clock(clock).store(given)).await;
        store.switches.late("commit", Duration::from_secs(1));
        let before = stage.getting("a");
        stage.settle().await;
        stage.source.write(2);
        store.inner.invalidate(std::slice::from_ref(&target), Strength::Hard).await.unwrap();
        let after = stage.getting("a");
        assert_eq!(*before.await.unwrap().unwrap(), 1, "{target:?}");
        assert_eq!(*after.await.unwrap().unwrap(), 2, "{target:?}");
    }
}

/// A refresh is overtaken softly: what it read is not the newest, but newer than what is being served while it reads again.
#[tokio::test(start_paused = true)]
async fn while_an_overtaken_refresh_reads_again_the_newer_of_two_stale_values_is_served() {
    let stage = stage().await;
    stage.value("a").await;
    pass(TTL).await;
    stage.source.write(2);
    stage.source.hold();
    assert_eq!(stage.get("a").await.unwrap().status(), Status::Stale);
    stage.source.read_by(2).await;
    stage.source.write(3);
    stage.cache.invalidate_tag("all", Strength::Soft).await.unwrap();
    stage.source.release(1);
    stage.source.read_by(3).await;
    let meanwhile = stage.get("a").await.unwrap();
    assert_eq!((*meanwhile, meanwhile.status()), (2, Status::Stale));
    stage.source.open();
    stage.settle().await;
    assert_eq!(stage.value("a").await, 3);
}
