//! What is found out when a connection is made.

#![allow(clippy::unwrap_used)] // A test that cannot go on fails.

mod common;

use std::time::{Duration, Instant};

use common::steps::{by_tag, fill, key, try_read};
use common::{builder, prefix, shared};
use freshen_core::store::{Store, Target};
use freshen_core::{Clock, Strength};
use freshen_redis::{ConnectError, RedisBuilder};
use freshen_testkit::servers::{Flavour, Relay, Server};

/// Waits until something holds.
async fn until(holds: impl AsyncFn() -> bool) {
    let until = Instant::now() + Duration::from_secs(30);
    while !holds().await {
        assert!(Instant::now() < until, "it does not come to hold");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

async fn refusal(builder: RedisBuilder) -> String {
    match builder.connect(Clock::runtime()).await.unwrap_err() {
        ConnectError::Port(error) => {
            assert!(!error.retryable, "{error}");
            let source = std::error::Error::source(&error).map(ToString::to_string);
            source.unwrap_or_else(|| error.to_string())
        }
        other => other.to_string(),
    }
}

#[tokio::test]
async fn another_number_of_partitions_is_an_error_that_names_both() {
    let (server, prefix) = (shared(Flavour::Redis).await, prefix());
    let open = |partitions| builder(server.url()).prefix(&prefix).partitions(partitions);
    let store = open(2).connect(Clock::runtime()).await.unwrap().store();
    let said = refusal(open(5)).await;
    assert!(said.contains("format 1 and 2 partitions") && said.contains("format 1 and 5"), "{said}");
    let late = open(5).open(Clock::runtime()).unwrap().store();
    for partition in [0, 4] {
        let error = try_read(&late, &common::steps::key_in(5, partition)).await.unwrap_err();
        assert!(!error.retryable, "{error}");
    }
    fill(&store, &key("k"), b"one", &[]).await;
}

#[tokio::test]
async fn a_wrong_password_is_an_error_that_will_repeat() {
    let server = Server::redis(Flavour::Redis).password("secret").start().await;
    let wrong = server.url().replace("secret", "public");
    let said = refusal(builder(wrong)).await;
    assert!(said.contains("cannot log in") && !said.contains("public"), "{said}");
    let none = format!("redis://127.0.0.1:{}", server.port());
    let said = refusal(builder(none)).await;
    assert!(said.contains("NOAUTH") || said.contains("cannot log in"), "{said}");
    builder(server.url()).connect(Clock::runtime()).await.unwrap();
}

#[tokio::test]
async fn a_server_that_is_too_old_is_an_error_that_names_its_version_and_the_least() {
    let server = shared(Flavour::Redis).await;
    let version = server.version().await;
    builder(Relay::to(server.port()).await.url()).connect(Clock::runtime()).await.unwrap();
    let old = format!("6{}", &version[1..]);
    let relay = Relay::saying(server.port(), &version, &old).await;
    let said = refusal(builder(relay.url())).await;
    assert!(said.ends_with(&format!("is version {old}; at least 7.0 is needed")), "{said}");
}

#[tokio::test]
async fn a_setting_out_of_range_is_named() {
    let builder = || builder("redis://localhost");
    let said = |builder: RedisBuilder| builder.open(Clock::runtime()).unwrap_err().to_string();
    assert_eq!(said(builder().prefix("")), "redis: prefix has 0 bytes; 1 to 64 are allowed");
    assert_eq!(said(builder().prefix("x".repeat(65))), "redis: prefix has 65 bytes; 1 to 64 are allowed");
    assert_eq!(said(builder().partitions(0)), "redis: partitions is 0; 1 to 1024 are allowed");
    assert_eq!(said(builder().partitions(1025)), "redis: partitions is 1025; 1 to 1024 are allowed");
    assert_eq!(said(builder().value_bytes_max(0)), "redis: value_bytes_max is 0; 1 to 536870912 are allowed");
    assert_eq!(said(builder().marks_most(0)), "redis: marks_most is 0; at least one mark has to be kept");
    assert_eq!(said(builder().buffer_messages(0)), "redis: buffer_messages is 0; 1 to 1000000 are allowed");
    assert_eq!(said(builder().patience(Duration::MAX)), "redis: patience is longer than an hour");
    assert_eq!(said(builder().patience(Duration::ZERO)), "redis: patience is zero");
    assert_eq!(said(builder().roots("ca.pem")), "redis: roots are given, but the URL does not ask for TLS");
    let certificate = said(builder().certificate("a.pem", "a.key"));
    assert_eq!(certificate, "redis: certificate is given, but the URL does not ask for TLS");
    let password = said(builder().sentinel_password("secret"));
    assert_eq!(password, "redis: sentinel_password is given, but the URL names no sentinels");
}

#[tokio::test]
async fn an_invalidation_waits_for_as_many_replicas_as_it_is_told() {
    let master = Server::redis(Flavour::Redis).arg("--repl-diskless-sync-delay", "0").start().await;
    let open = || builder(master.url()).replicas(1).response_timeout(Duration::from_millis(2000));
    let store = open().connect(Clock::runtime()).await.unwrap().store();
    let error = store.invalidate(&[by_tag("a")], Strength::Soft).await.unwrap_err();
    assert!(error.retryable && format!("{error:?}").contains("heard: 0"), "{error:?}");
    let replica = Server::redis(Flavour::Redis).arg("--replicaof", format!("127.0.0.1 {}", master.port()));
    let replica = replica.start().await;
    let until = Instant::now() + Duration::from_secs(30);
    while store.invalidate(&[by_tag("a")], Strength::Soft).await.is_err() {
        assert!(Instant::now() < until);
    }
    let crowd = (0..200).map(|n| {
        let (store, key) = (store.clone(), key(&n.to_string()));
        tokio::spawn(async move { store.invalidate(&[Target::Key(key)], Strength::Soft).await })
    });
    for invalidated in crowd.collect::<Vec<_>>() {
        invalidated.await.unwrap().unwrap();
    }
    replica.kill();
}

/// What the server says of itself, by its name.
async fn told(server: &Server, section: &str, name: &str) -> String {
    let about = server.command(&["INFO", section]).await;
    let line = about.lines().find_map(|line| line.trim().strip_prefix(name)?.strip_prefix(':').map(str::to_owned));
    line.unwrap_or_default()
}

/// No replica answers, so the invalidation waits for as long as it may. What comes behind it waited, too.
#[tokio::test]
async fn while_an_invalidation_waits_for_replicas_nobody_else_waits() {
    let server = Server::redis(Flavour::Redis).start().await;
    let builder = builder(server.url()).replicas(1).response_timeout(Duration::from_secs(8));
    let store = builder.connect(Clock::runtime()).await.unwrap().store();
    let waiting = store.clone();
    let waiting = tokio::spawn(async move { waiting.invalidate(&[by_tag("a")], Strength::Soft).await });
    until(async || told(&server, "clients", "blocked_clients").await == "1").await;
    for name in ["k", "l", "m"] {
        fill(&store, &key(name), b"one", &["a"]).await;
        try_read(&store, &key(name)).await.unwrap();
    }
    assert!(!waiting.is_finished(), "they waited for its end");
    let error = waiting.await.unwrap().unwrap_err();
    assert!(error.retryable && format!("{error:?}").contains("heard: 0"), "{error:?}");
}

/// Many wait at once, and the server makes one connection wait for one thing at a time. One after the other they would outlast
/// every time-out, which would break the connection under all of them.
#[tokio::test]
async fn invalidations_that_come_together_wait_for_replicas_together() {
    let server = Server::redis(Flavour::Redis).start().await;
    let builder = builder(server.url()).replicas(1).response_timeout(Duration::from_secs(2));
    let store = builder.connect(Clock::runtime()).await.unwrap().store();
    let crowd = (0..40).map(async |n| {
        let key = key(&n.to_string());
        if n % 4 == 0 {
            // Some leave: what they began must not hold up the others.
            let leaves = store.remove(&key);
            return tokio::time::timeout(Duration::from_millis(300), leaves).await.is_err();
        }
        let error = store.invalidate(&[Target::Key(key)], Strength::Soft).await.unwrap_err();
        format!("{error:?}").contains("heard: 0")
    });
    let together = futures_util::future::join_all(crowd).await;
    assert_eq!(together, [true; 40]);
    let waits = told(&server, "commandstats", "cmdstat_wait").await;
    assert!((1..=4).any(|calls| waits.starts_with(&format!("calls={calls},"))), "{waits}");
}

/// A process starts while its Cluster is being made: the server that it knows has no slots yet. It uses them when they are there.
#[tokio::test]
async fn a_cluster_that_has_no_slots_yet_is_used_when_it_has() {
    let server = Server::redis(Flavour::Redis).arg("--cluster-enabled", "yes").start().await;
    let url = format!("redis+cluster://127.0.0.1:{}", server.port());
    let store = builder(url).partitions(4).open(Clock::runtime()).unwrap().store();
    let error = try_read(&store, &key("k")).await.unwrap_err();
    assert!(error.retryable, "{error}");
    server.command(&["CLUSTER", "ADDSLOTSRANGE", "0", "16383"]).await;
    let until = Instant::now() + Duration::from_secs(30);
    while let Err(error) = try_read(&store, &key("k")).await {
        assert!(Instant::now() < until, "{error}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    fill(&store, &key("k"), b"one", &[]).await;
}
