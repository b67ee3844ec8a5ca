//! The suites on a Cluster of 64 partitions, and what is done about slots that move and servers that fail.

#![allow(clippy::unwrap_used)] // A test that cannot go on fails.

mod common;

use std::time::{Duration, Instant};

use common::steps::{by_tag, bytes, fill, grant, key_in, read};
use common::{builder, prefix};
use freshen_core::store::{Currency, Store};
use freshen_core::{Clock, Key, Strength};
use freshen_redis::RedisStore;
use freshen_testkit::bus_suite::BusFixture;
use freshen_testkit::servers::{Cluster, Flavour};
use freshen_testkit::store_suite::StoreFixture;
use tokio::sync::OnceCell;

const PARTITIONS: u32 = 64;

/// One for all tests that leave it as it was.
async fn shared() -> &'static Cluster {
    static SHARED: OnceCell<Cluster> = OnceCell::const_new();
    SHARED.get_or_init(|| Cluster::start(Flavour::Redis)).await
}

fn url(cluster: &Cluster) -> String {
    let hosts: Vec<String> = cluster.nodes().iter().map(|node| format!("127.0.0.1:{}", node.port())).collect();
    format!("redis+cluster://{}", hosts.join(","))
}

async fn store_fixture() -> StoreFixture {
    let cluster = shared().await;
    let ports = cluster.nodes().iter().map(|node| node.port()).collect();
    common::told_at(url(cluster), ports, Strength::Hard, |builder| builder).await
}

async fn bus_fixture() -> BusFixture {
    common::bus_at(builder(url(shared().await)).partitions(4)).await
}

mod store {
    freshen_testkit::store_suite!(super::store_fixture().await);
}

mod bus {
    freshen_testkit::bus_suite!(super::bus_fixture().await);
}

struct Bench {
    store: RedisStore,
    prefix: String,
}

impl Bench {
    async fn new(cluster: &Cluster) -> Bench {
        let prefix = prefix();
        let redis = builder(url(cluster)).prefix(&prefix).connect(Clock::runtime()).await.unwrap();
        assert_eq!(redis.store().traits().partitions, PARTITIONS);
        Bench { store: redis.store(), prefix }
    }

    async fn slot(&self, cluster: &Cluster, partition: u32) -> u16 {
        cluster.slot_of(&format!("{{{}:{partition}}}", self.prefix)).await
    }
}

/// Fills keys until it works, as a process does whose loads are repeated.
async fn fill_at_last(store: &RedisStore, key: &Key, value: &[u8]) {
    let until = Instant::now() + Duration::from_secs(30);
    loop {
        match store.begin(key, common::steps::request(freshen_core::store::Role::TakeOver)).await {
            Ok(_) => break,
            Err(error) => assert!(error.retryable && Instant::now() < until, "{error}"),
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    fill(store, key, value, &["a"]).await;
}

/// A slot is moved while it is written to. Nothing may be taken for absent that is only elsewhere, and no invalidation that
/// was acknowledged may be lost.
#[tokio::test]
async fn a_slot_that_is_moved_under_writes_loses_nothing() {
    let cluster = Cluster::start(Flavour::Redis).await;
    let bench = Bench::new(&cluster).await;
    let (slot, key) = (bench.slot(&cluster, 0).await, key_in(PARTITIONS, 0));
    let from = cluster.master_of(slot).await;
    let mut target = None;
    for partition in 1..PARTITIONS {
        let other = cluster.master_of(bench.slot(&cluster, partition).await).await;
        if other.port() != from.port() {
            target = Some(other);
            break;
        }
    }
    fill(&bench.store, &key, b"before", &["a"]).await;
    let impatient = builder(url(&cluster)).prefix(&bench.prefix).patience(Duration::from_millis(300));
    let impatient = impatient.open(Clock::runtime()).unwrap().store();
    let mut moving = cluster.begin_move(slot, target.unwrap()).await;
    assert_eq!(
        bytes(&read(&bench.store, &key).await).as_deref(),
        Some(&b"before"[..]),
        "before the first key is moved"
    );
    moving.carry(1).await;
    // One of record and state is here, the other there: what needs both waits, and gives up as what may pass.
    let error = impatient.begin(&key, common::steps::request(freshen_core::store::Role::TakeOver)).await.unwrap_err();
    assert!(error.retryable, "{error}");
    while moving.carry(1).await > 0 {}
    assert_eq!(bytes(&read(&bench.store, &key).await).as_deref(), Some(&b"before"[..]), "asked where it is moved to");
    bench.store.invalidate(&[by_tag("a")], Strength::Hard).await.unwrap();
    moving.finish().await;
    let found = read(&bench.store, &key).await;
    assert_eq!(found.currency >= Currency::OutdatedSoft, true, "{:?}", found.currency);
    fill(&bench.store, &key, b"after", &["a"]).await;
    let found = read(&bench.store, &key).await;
    assert_eq!((bytes(&found).as_deref(), found.currency), (Some(&b"after"[..]), Currency::Current));
}

#[tokio::test]
async fn after_a_failover_what_was_there_is_outdated_and_the_new_master_is_used() {
    let cluster = Cluster::start(Flavour::Redis).await;
    let bench = Bench::new(&cluster).await;
    let (slot, key) = (bench.slot(&cluster, 0).await, key_in(PARTITIONS, 0));
    fill(&bench.store, &key, b"before", &["a"]).await;
    let held = grant(&bench.store, &key).await;
    cluster.master_of(slot).await.command(&["WAIT", "1", "5000"]).await;
    cluster.fail_over(slot).await;
    fill_at_last(&bench.store, &key, b"after").await;
    let found = read(&bench.store, &key).await;
    assert_eq!((bytes(&found).as_deref(), found.currency), (Some(&b"after"[..]), Currency::Current));
    assert_ne!(found.newest_mark.unwrap().epoch, held.generation.epoch);
}

/// The master of some partitions is dead, and nobody has its slots yet.
#[tokio::test]
async fn an_invalidation_that_does_not_reach_all_partitions_names_those_it_did_not() {
    let cluster = Cluster::start(Flavour::Redis).await;
    let bench = Bench::new(&cluster).await;
    let slot = bench.slot(&cluster, 0).await;
    cluster.master_of(slot).await.kill();
    let error = bench.store.invalidate(&[by_tag("a")], Strength::Soft).await.unwrap_err();
    let said = format!("{:?}", std::error::Error::source(&error).unwrap().to_string());
    assert!(error.retryable && said.contains("partitions [0") && said.contains("were not reached"), "{said}");
    let until = Instant::now() + Duration::from_secs(60);
    while let Err(error) = bench.store.invalidate(&[by_tag("a")], Strength::Soft).await {
        assert!(Instant::now() < until, "{error}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
