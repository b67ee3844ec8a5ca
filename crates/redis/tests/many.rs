//! Many keys are read by one pipeline for each server, and what keeps one partition from being read hides no other.

#![allow(clippy::unwrap_used)] // A test that cannot go on fails.

mod common;

use std::time::{Duration, Instant};

use common::steps::{by_tag, bytes, fill, key, key_in, read_all, try_read};
use common::{builder, calls, prefix};
use freshen_core::store::{Currency, Store};
use freshen_core::{Clock, Key, Strength};
use freshen_redis::RedisStore;
use freshen_testkit::servers::{Flavour, Server};

const PARTITIONS: u32 = 64;

/// A store on a server of its own, with a key of two tags in each partition.
struct Bench {
    server: Server,
    prefix: String,
    store: RedisStore,
    /// In the order of the partitions.
    keys: Vec<Key>,
}

impl Bench {
    async fn new() -> Bench {
        let (server, prefix) = (Server::redis(Flavour::Redis).start().await, prefix());
        let store = opened(&server, &prefix).await;
        let keys: Vec<Key> = (0..PARTITIONS).map(|partition| key_in(PARTITIONS, partition)).collect();
        for key in &keys {
            fill(&store, key, key.to_string().as_bytes(), &["all", "some"]).await;
        }
        Bench { server, prefix, store, keys }
    }

    /// How many pipelines and how many questions a read of keys takes.
    async fn cost(&self, store: &RedisStore, keys: &[Key]) -> [u64; 2] {
        let counted = ["time", "hmget"];
        let before = calls(&self.server, counted).await;
        read_all(store, keys).await;
        let after = calls(&self.server, counted).await;
        // A pipeline asks for the time once.
        [0, 1].map(|at| after[at] - before[at])
    }

    /// What is read of each key: its value, if it is current.
    async fn current(&self) -> Vec<bool> {
        let found = read_all(&self.store, &self.keys).await;
        let current = found.iter().zip(&self.keys).map(|(found, key)| {
            bytes(found).as_deref() == Some(key.to_string().as_bytes()) && found.currency == Currency::Current
        });
        current.collect()
    }
}

async fn opened(server: &Server, prefix: &str) -> RedisStore {
    let builder = builder(server.url()).prefix(prefix).partitions(PARTITIONS);
    builder.connect(Clock::runtime()).await.unwrap().store()
}

/// Keys that are not there, enough to lie in every partition.
fn absent(count: usize) -> Vec<Key> {
    (0..count).map(|number| key(&format!("absent {number}"))).collect()
}

#[tokio::test]
async fn keys_of_all_partitions_of_a_server_are_read_by_one_pipeline() {
    let bench = Bench::new().await;
    let keys: Vec<Key> = bench.keys.iter().cloned().chain(absent(900)).collect();
    let questions = keys.len() as u64 + u64::from(PARTITIONS);
    assert_eq!(bench.current().await, [true; PARTITIONS as usize]);
    assert_eq!(bench.cost(&bench.store, &keys).await, [1, questions]);
    bench.store.invalidate(&[by_tag("some")], Strength::Soft).await.unwrap();
    assert_eq!(bench.current().await, [false; PARTITIONS as usize]);
}

#[tokio::test]
async fn tags_that_are_not_known_are_asked_for_by_one_more_pipeline() {
    let bench = Bench::new().await;
    let store = opened(&bench.server, &bench.prefix).await;
    // It comes to know that every partition is there, and no tag.
    read_all(&store, &absent(1_000)).await;
    let (keys, states) = (u64::from(PARTITIONS), u64::from(PARTITIONS));
    assert_eq!(bench.cost(&store, &bench.keys).await, [1, keys + 2 * states]);
    assert_eq!(bench.cost(&store, &bench.keys).await, [1, keys + states]);
}

#[tokio::test]
async fn a_pipeline_has_at_most_1024_keys_and_a_question_for_marks_is_of_128() {
    let bench = Bench::new().await;
    read_all(&bench.store, &absent(1_000)).await;
    let [pipelines, questions] = bench.cost(&bench.store, &absent(2_000)).await;
    assert_eq!((pipelines, questions), (2, 2_000 + u64::from(PARTITIONS)));
    let of_one = absent(64 * 400).into_iter().filter(|key| key.partition(PARTITIONS) == 7).take(300);
    assert_eq!(bench.cost(&bench.store, &of_one.collect::<Vec<_>>()).await, [1, 300 + 3]);
}

/// The state of a partition is of another kind: nothing in it can be read.
#[tokio::test]
async fn a_partition_that_cannot_be_read_is_an_error_of_its_keys_alone() {
    let bench = Bench::new().await;
    let state = format!("{{{}:7}}", bench.prefix);
    bench.server.command(&["SET", &state, "spoilt"]).await;
    let keys: Vec<Key> = bench.keys.iter().cloned().chain(absent(500)).collect();
    let read = bench.store.read(&keys).await;
    for (key, read) in keys.iter().zip(read) {
        match (key.partition(PARTITIONS), read) {
            (7, read) => assert!(!read.unwrap_err().retryable),
            (partition, read) => assert_eq!(read.unwrap().currency, Currency::Current, "{partition}"),
        }
    }
}

#[tokio::test]
async fn a_clock_that_is_lost_is_made_anew_by_whoever_reads_many_and_outdates_its_partition_alone() {
    let bench = Bench::new().await;
    let state = format!("{{{}:7}}", bench.prefix);
    bench.server.command(&["DEL", &state]).await;
    let current = bench.current().await;
    assert_eq!(current.iter().enumerate().filter(|(_, current)| !**current).map(|(at, _)| at).collect::<Vec<_>>(), [7]);
    assert_eq!(bench.server.command(&["EXISTS", &state]).await, "1");
}

#[tokio::test]
async fn many_keys_are_read_though_the_connection_was_cut() {
    let bench = Bench::new().await;
    for _ in 0..3 {
        bench.server.command(&["CLIENT", "KILL", "TYPE", "normal"]).await;
        assert_eq!(bench.current().await, [true; PARTITIONS as usize]);
    }
}

/// A server comes back with old data. Over the new connection one partition was used again, the others were not.
#[tokio::test]
async fn after_a_restart_whoever_reads_many_finds_every_partition_outdated() {
    let bench = Bench::new().await;
    bench.server.command(&["SAVE"]).await;
    bench.server.restart().await;
    let until = Instant::now() + Duration::from_secs(30);
    while let Err(error) = try_read(&bench.store, &bench.keys[0]).await {
        assert!(Instant::now() < until, "{error}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let found = read_all(&bench.store, &bench.keys).await;
    assert!(found.iter().all(|found| bytes(found).is_some() && found.currency != Currency::Current));
}

#[tokio::test]
async fn of_a_server_that_is_gone_every_key_is_an_error_that_may_pass() {
    let bench = Bench::new().await;
    bench.server.kill();
    let keys = absent(1_000);
    let read = bench.store.read(&keys).await;
    assert_eq!(read.len(), keys.len());
    assert!(read.into_iter().all(|read| read.unwrap_err().retryable));
    assert!(try_read(&bench.store, &bench.keys[0]).await.unwrap_err().retryable);
}
