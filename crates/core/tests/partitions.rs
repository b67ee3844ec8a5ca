//! Two caches on one store of several partitions. What is heard, missed or written in one partition says nothing of another.

#![allow(clippy::unwrap_used)] // A test that cannot go on fails.

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use common::faults::FaultyStore;
use common::{Source, Stage, pass, stage_on, truth};
use freshen_core::bus::{Bus, Heard, MemoryBus, Notice, Subscription};
use freshen_core::store::MemoryStore;
use freshen_core::{BoxFuture, Clock, PortError, Status, Strength, WriteToken};
use futures_util::FutureExt;

const PARTITIONS: u32 = 4;
const SECOND: Duration = Duration::from_secs(1);

/// A bus that, once it is muffled, hears nothing more of the last partition.
#[derive(Clone)]
struct Muffled {
    bus: MemoryBus,
    on: Arc<AtomicBool>,
}

impl Bus for Muffled {
    fn subscribe(&self) -> BoxFuture<'_, Result<Box<dyn Subscription>, PortError>> {
        Box::pin(async {
            let listener = self.bus.subscribe().await?;
            Ok(Box::new(MuffledEar { listener, on: self.on.clone() }) as Box<dyn Subscription>)
        })
    }

    fn beat<'a>(&'a self, partitions: &'a [u32]) -> BoxFuture<'a, Result<(), PortError>> {
        self.bus.beat(partitions)
    }
}

struct MuffledEar {
    listener: Box<dyn Subscription>,
    on: Arc<AtomicBool>,
}

impl Subscription for MuffledEar {
    fn next(&mut self) -> BoxFuture<'_, Heard> {
        Box::pin(async {
            loop {
                match self.listener.next().await {
                    Heard::Message(message)
                        if message.position.partition == PARTITIONS - 1 && self.on.load(Ordering::SeqCst) => {}
                    heard => return heard,
                }
            }
        })
    }
}

/// Two caches that have a fresh value of a key in each partition near.
struct Pair {
    one: Stage,
    two: Stage,
    source: Source,
    bus: MemoryBus,
    muffled: Arc<AtomicBool>,
    /// In the order of the partitions.
    keys: Vec<String>,
}

impl Pair {
    async fn filled() -> Pair {
        let (source, bus, muffled) = (Source::new(), MemoryBus::new(), Arc::<AtomicBool>::default());
        let clock = Clock::runtime();
        let store = MemoryStore::builder(clock.clone()).partitions(PARTITIONS).encoded().bus(bus.clone());
        let store = store.build().unwrap();
        let stage = async || {
            let ear = Muffled { bus: bus.clone(), on: muffled.clone() };
            let change = |builder: freshen_core::CacheBuilder| {
                builder.clock(clock.clone()).store(store.clone()).bus(ear).near_bound(100 * SECOND)
            };
            stage_on(source.clone(), change).await
        };
        let (one, two) = (stage().await, stage().await);
        let mut keys = Vec::new();
        for partition in 0..PARTITIONS {
            keys.push(key_in(&one, partition).await);
        }
        for key in &keys {
            one.value(key).await;
            two.value(key).await;
        }
        two.settle().await;
        assert_eq!((two.cache.near_size().0, source.reads()), (PARTITIONS as usize, PARTITIONS as usize));
        Pair { one, two, source, bus, muffled, keys }
    }

    /// What the second cache answers for the key of each partition.
    async fn seen(&self) -> Vec<(u64, Status)> {
        let mut seen = Vec::new();
        for key in &self.keys {
            let answer = self.two.get(key).await.unwrap();
            seen.push((*answer, answer.status()));
        }
        seen
    }
}

async fn key_in(stage: &Stage, partition: u32) -> String {
    for name in (0..).map(|n: u32| n.to_string()) {
        let explanation = stage.cache.explain(&truth(&name)).await.unwrap();
        if explanation.key.partition(PARTITIONS) == partition {
            return name;
        }
    }
    unreachable!("names do not end")
}

/// A tag is invalidated in one process. The keys of all partitions go with it, in both.
#[tokio::test(start_paused = true)]
async fn a_tags_invalidation_is_heard_in_every_partition() {
    for strength in Strength::ALL {
        let pair = Pair::filled().await;
        pair.source.write(2);
        pair.one.cache.invalidate_tag("all", strength).await.unwrap();
        let expected = if strength == Strength::Soft { (1, Status::Stale) } else { (2, Status::Loaded) };
        for key in &pair.keys[..1] {
            let own = pair.one.get(key).await.unwrap();
            assert_eq!((*own, own.status()), expected, "before anything was heard");
        }
        pair.two.settle().await;
        let seen = pair.seen().await;
        assert!(seen[1..].iter().all(|seen| *seen == expected), "{seen:?}");
    }
}

/// The own process does not wait for the bus: when the call returns, no key of any partition is fresh in it.
#[tokio::test(start_paused = true)]
async fn the_own_near_tier_is_outdated_in_every_partition_before_the_call_returns() {
    let pair = Pair::filled().await;
    pair.bus.close();
    pair.two.cache.invalidate_tag("all", Strength::Soft).await.unwrap();
    assert_eq!(pair.seen().await, vec![(1, Status::Stale); 4]);
}

/// The clock of the first partition is ahead of the others, because more happens there. An invalidation's tick of a partition that
/// lags says nothing of a value that was begun there.
#[tokio::test(start_paused = true)]
async fn a_partition_that_is_ahead_is_outdated_by_its_own_tick() {
    let pair = Pair::filled().await;
    for _ in 0..50 {
        pair.two.cache.invalidate(&truth(&pair.keys[0]), Strength::Hard).await.unwrap();
    }
    pair.two.value(&pair.keys[0]).await;
    pair.bus.close();
    assert_eq!(pair.seen().await, vec![(1, Status::Hit); 4]);
    pair.two.cache.invalidate_tag("all", Strength::Soft).await.unwrap();
    assert_eq!(pair.seen().await, vec![(1, Status::Stale); 4]);
}

/// The message of an invalidation is lost in the first partition, and the next one shows the gap. The other partitions have
/// missed nothing: their values stay where they are.
#[tokio::test(start_paused = true)]
async fn a_message_that_is_lost_in_one_partition_ends_no_trust_in_another() {
    let pair = Pair::filled().await;
    pair.source.write(2);
    pair.bus.lose_next();
    pair.one.cache.invalidate(&truth(&pair.keys[0]), Strength::Hard).await.unwrap();
    pair.two.settle().await;
    assert_eq!(pair.seen().await, vec![(1, Status::Hit); 4], "it has not heard");
    pair.one.cache.invalidate(&truth(&pair.keys[0]), Strength::Soft).await.unwrap();
    pair.two.settle().await;
    assert_eq!(pair.two.events.all().iter().filter(|event| event.contains("NearDistrusted")).count(), 1);
    let seen = pair.seen().await;
    assert_eq!(seen, [(2, Status::Loaded), (1, Status::Hit), (1, Status::Hit), (1, Status::Hit)]);
}

/// Of one partition nothing is heard any more, not even heartbeats. Its keys are read from the store, the others answer near.
#[tokio::test(start_paused = true)]
async fn a_partition_that_is_silent_is_not_trusted_and_the_others_are() {
    let pair = Pair::filled().await;
    pair.muffled.store(true, Ordering::SeqCst);
    pass(5 * SECOND).await;
    assert!(!pair.two.cache.near_is_trusted());
    assert_eq!(pair.two.events.count("NearDistrusted"), 1);
    // What is read meanwhile is kept near by nobody, nor after another partition has resynchronised.
    pair.bus.lose_next();
    pair.one.cache.invalidate_tag("nobody's", Strength::Soft).await.unwrap();
    pass(2 * SECOND).await;
    assert_eq!(pair.seen().await, vec![(1, Status::Hit); 4]);
    assert!(!pair.two.cache.near_is_trusted());
    pair.source.write(2);
    pair.one.cache.invalidate(&truth(&pair.keys[3]), Strength::Hard).await.unwrap();
    let seen = pair.seen().await;
    assert_eq!(seen, [(1, Status::Hit), (1, Status::Hit), (1, Status::Hit), (2, Status::Loaded)]);
    pair.muffled.store(false, Ordering::SeqCst);
    pass(2 * SECOND).await;
    assert!(pair.two.cache.near_is_trusted());
}

/// Something happens in all partitions but one. A heartbeat of those would say nothing that was not heard, in each process.
#[tokio::test(start_paused = true)]
async fn only_a_partition_that_is_quiet_has_heartbeats() {
    let pair = Pair::filled().await;
    let mut listener = pair.bus.subscribe().await.unwrap();
    let mut beats = [0; PARTITIONS as usize];
    for _ in 0..20 {
        for key in &pair.keys[..3] {
            pair.one.cache.invalidate(&truth(key), Strength::Soft).await.unwrap();
        }
        pass(SECOND / 2).await;
        while let Some(Heard::Message(heard)) = listener.next().now_or_never() {
            beats[heard.position.partition as usize] += u32::from(heard.notice == Notice::Heartbeat);
        }
    }
    assert!(beats[3] >= 5 && beats[..3] == [0; 3], "{beats:?}");
    assert!(pair.one.cache.near_is_trusted() && pair.two.cache.near_is_trusted());
}

/// A message of a partition that the store does not have comes in: it is no reason to panic, or to trust or distrust anything.
#[tokio::test(start_paused = true)]
async fn a_message_of_an_unknown_partition_changes_nothing() {
    let pair = Pair::filled().await;
    pair.bus.publish((PARTITIONS, 7), Notice::FloorRaised { strength: Strength::Hard, tick: u64::MAX });
    pair.two.settle().await;
    assert_eq!(pair.seen().await, vec![(1, Status::Hit); 4]);
    assert!(pair.two.cache.near_is_trusted());
}

/// A user writes through one process and reads through the other, which has heard nothing. The token, sent as text, shows the
/// write whatever partition the key lies in.
#[tokio::test(start_paused = true)]
async fn a_tags_write_token_shows_the_write_in_every_partition() {
    let pair = Pair::filled().await;
    pair.source.write(2);
    let token = pair.one.cache.invalidate_tag("all", Strength::Soft).await.unwrap();
    let token: WriteToken = token.to_string().parse().unwrap();
    for key in &pair.keys {
        let answer = pair.two.cache.request(&truth(key)).after(&token).get().await.unwrap();
        assert_eq!(*answer, 2);
    }
}

/// The opposite: a token of one key asks nothing of a key in another partition.
#[tokio::test(start_paused = true)]
async fn a_keys_write_token_asks_nothing_of_another_partition() {
    let pair = Pair::filled().await;
    pair.source.write(2);
    let token = pair.one.cache.invalidate(&truth(&pair.keys[0]), Strength::Soft).await.unwrap();
    let near = pair.two.cache.request(&truth(&pair.keys[1])).after(&token).get().await.unwrap();
    assert_eq!((*near, near.status()), (1, Status::Hit));
    let own = pair.two.cache.request(&truth(&pair.keys[0])).after(&token).get().await.unwrap();
    assert_eq!(*own, 2);
}

/// The store lost its clock and the time was set back, so that the ticks of the new epoch are below those of the old one. What
/// the own call outdates is outdated all the same, and the bus is not needed for it.
#[tokio::test(start_paused = true)]
async fn an_own_invalidation_under_a_new_epoch_outdates_what_was_near_before() {
    let clock = Clock::manual(freshen_core::Timestamp::from_micros(7_200_000_000));
    let store = MemoryStore::builder(clock.clone()).build().unwrap();
    for with_bus in [false, true] {
        let (bus, own) = (store.bus(), store.clone());
        let stage = stage_on(Source::new(), |builder| {
            let builder = builder.clock(clock.clone()).store(own);
            if with_bus { builder.bus(bus) } else { builder }
        })
        .await;
        stage.settle().await;
        assert!(stage.cache.near_is_trusted());
        stage.cache.remove(&truth("a")).await.unwrap();
        assert_eq!(stage.value("a").await, 1);
        stage.source.write(2);
        store.forget_clock();
        clock.set(freshen_core::Timestamp::from_micros(3_600_000_000));
        stage.cache.invalidate_tag("all", Strength::Hard).await.unwrap();
        let answer = stage.get("a").await.unwrap();
        assert_eq!((*answer, answer.status()), (2, Status::Loaded), "with a bus: {with_bus}");
        clock.set(freshen_core::Timestamp::from_micros(7_200_000_000));
    }
}

/// The server of one partition is down. The keys of the others are asked for in the same call, and are there.
#[tokio::test(start_paused = true)]
async fn what_keeps_one_partition_from_being_read_hides_none_of_the_others() {
    const MANY: u32 = 40;
    let (source, clock) = (Source::new(), Clock::runtime());
    let store = MemoryStore::builder(clock.clone()).partitions(MANY).encoded().build().unwrap();
    let store = FaultyStore::around(store);
    let stage = async || {
        let change = |builder: freshen_core::CacheBuilder| builder.clock(clock.clone()).store(store.clone());
        stage_on(source.clone(), change).await
    };
    let (one, two) = (stage().await, stage().await);
    let jobs: Vec<_> = (0..400).map(|n: u32| truth(&n.to_string())).collect();
    let mut expected = Vec::new();
    for job in &jobs {
        one.value(&job.key).await;
        let partition = one.cache.explain(job).await.unwrap().key.partition(MANY);
        expected.push(if partition == 2 { Status::Loaded } else { Status::Hit });
    }
    store.switches.unreadable(2);
    let answers = two.cache.get_many(&jobs).await;
    let shown: Vec<Status> = answers.into_iter().map(|answer| answer.unwrap().status()).collect();
    assert!(expected.contains(&Status::Loaded));
    assert_eq!(shown, expected);
    let events = two.events.all();
    let told: Vec<usize> = events.split(|event| event.contains("LoadBegan")).map(<[String]>::len).collect();
    assert_eq!(told[0], told[1] + 1, "before the first load once for all its keys, beside what every load meets");
}
