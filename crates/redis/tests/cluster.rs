//! The suites on a Cluster of 64 partitions, and what is done about slots that move and servers that fail.

#![allow(clippy::unwrap_used)] // A test that cannot go on fails.

mod common;

use std::time::{Duration, Instant};

use common::steps::{by_tag, bytes, fill, grant, key_in, read, read_all, request, try_read};
use common::{builder, prefix};
use freshen_core::store::{Currency, Role, Store};
use freshen_core::{Clock, Key, Strength};
use freshen_redis::RedisStore;
use freshen_testkit::bus_suite::BusFixture;
use freshen_testkit::servers::{Cluster, Flavour, Server};
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

    async fn another_master<'a>(&self, cluster: &'a Cluster, than: &Server) -> &'a Server {
        for partition in 1..PARTITIONS {
            let other = cluster.master_of(self.slot(cluster, partition).await).await;
            if other.port() != than.port() {
                return other;
            }
        }
        panic!("one server has all partitions")
    }

    async fn slot(&self, cluster: &Cluster, partition: u32) -> u16 {
        cluster.slot_of(&format!("{{{}:{partition}}}", self.prefix)).await
    }
}

/// Fills keys until it works, as a process does whose loads are repeated.
async fn fill_at_last(store: &RedisStore, key: &Key, value: &[u8]) {
    let until = Instant::now() + Duration::from_secs(30);
    loop {
        match store.begin(key, request(Role::TakeOver)).await {
            Ok(_) => break,
            Err(error) => assert!(error.retryable && Instant::now() < until, "{error}"),
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    fill(store, key, value, &["a"]).await;
}

/// A slot is moved while it is used. What is in its other place may not be taken for missing, no clock may be made beside the
/// one that is on its way (carrying it over would fail), and no invalidation that was acknowledged may be lost.
#[tokio::test]
async fn a_slot_that_is_moved_under_writes_loses_nothing() {
    for record_first in [true, false] {
        let cluster = Cluster::start(Flavour::Redis).await;
        let bench = Bench::new(&cluster).await;
        let (slot, key) = (bench.slot(&cluster, 0).await, key_in(PARTITIONS, 0));
        let from = cluster.master_of(slot).await;
        let to = bench.another_master(&cluster, from).await;
        fill(&bench.store, &key, b"before", &["a"]).await;
        let impatient = builder(url(&cluster)).prefix(&bench.prefix).patience(Duration::from_millis(300));
        let impatient = impatient.open(Clock::runtime()).unwrap().store();
        assert_eq!(bytes(&read(&impatient, &key).await).as_deref(), Some(&b"before"[..]));

        let mut moving = cluster.begin_move(slot, to).await;
        assert_eq!(bytes(&read(&bench.store, &key).await).as_deref(), Some(&b"before"[..]), "before a key is moved");
        let state = format!("{{{}:0}}", bench.prefix);
        let record = format!("{state}:tests:job:{:032x}", key.hash().0);
        let (first, port) = (if record_first { &record } else { &state }, to.port().to_string());
        from.command(&["MIGRATE", "127.0.0.1", &port, "", "0", "5000", "KEYS", first]).await;
        // One of record and state is here, the other there: what needs both waits, and gives up as what may pass.
        let error = impatient.begin(&key, request(Role::TakeOver)).await.unwrap_err();
        assert!(error.retryable, "{error}");
        let error = try_read(&impatient, &key).await.unwrap_err();
        assert!(error.retryable, "{error}");
        // A new process, which has seen nothing yet.
        let late = builder(url(&cluster)).prefix(&bench.prefix).patience(Duration::from_millis(300));
        let _attached = try_read(&late.open(Clock::runtime()).unwrap().store(), &key).await;

        while moving.carry(1).await > 0 {}
        let carried = read(&bench.store, &key).await;
        assert_eq!(bytes(&carried).as_deref(), Some(&b"before"[..]), "asked where it is moved to");
        bench.store.invalidate(&[by_tag("a")], Strength::Hard).await.unwrap();
        moving.finish().await;
        let found = read(&bench.store, &key).await;
        assert!(found.currency >= Currency::OutdatedSoft, "{:?}", found.currency);
        fill(&bench.store, &key, b"after", &["a"]).await;
        let found = read(&bench.store, &key).await;
        assert_eq!((bytes(&found).as_deref(), found.currency), (Some(&b"after"[..]), Currency::Current));
    }
}

/// A slot is moved, which a process hears of when it reads there next: among others, by one call.
#[tokio::test]
async fn keys_whose_slot_was_moved_are_read_with_others_in_one_call() {
    let cluster = Cluster::start(Flavour::Redis).await;
    let bench = Bench::new(&cluster).await;
    let keys: Vec<Key> = (0..PARTITIONS).map(|partition| key_in(PARTITIONS, partition)).collect();
    for (number, key) in keys.iter().enumerate() {
        fill(&bench.store, key, number.to_string().as_bytes(), &["a"]).await;
    }
    let slot = bench.slot(&cluster, 0).await;
    let to = bench.another_master(&cluster, cluster.master_of(slot).await).await;
    let mut moving = cluster.begin_move(slot, to).await;
    let all_there = async |when: &str| {
        let found = read_all(&bench.store, &keys).await;
        for (number, found) in found.iter().enumerate() {
            let text = number.to_string();
            assert_eq!(bytes(found).as_deref(), Some(text.as_bytes()), "{when}");
            assert!(number == 0 || found.currency == Currency::Current, "{when}: {number}");
        }
    };
    all_there("before a key is moved").await;
    while moving.carry(1).await > 0 {}
    all_there("asked where it is moved to").await;
    moving.finish().await;
    all_there("moved").await;
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

#[tokio::test]
async fn in_a_cluster_an_invalidation_waits_for_a_replica_of_every_master() {
    let builder = builder(url(shared().await)).replicas(1);
    let store = builder.connect(Clock::runtime()).await.unwrap().store();
    let keys: Vec<Key> = (0..PARTITIONS).map(|partition| key_in(PARTITIONS, partition)).collect();
    for key in &keys {
        fill(&store, key, b"old", &["a"]).await;
    }
    store.invalidate(&[by_tag("a")], Strength::Hard).await.unwrap();
    for found in read_all(&store, &keys).await {
        assert_eq!(found.currency, Currency::OutdatedHard);
    }
    store.remove(&keys[0]).await.unwrap();
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
