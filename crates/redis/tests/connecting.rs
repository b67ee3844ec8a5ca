//! What is found out when a connection is made.

#![allow(clippy::unwrap_used)] // A test that cannot go on fails.

mod common;

use common::steps::{by_tag, fill, key};
use common::{builder, prefix, shared};
use freshen_core::store::Store;
use freshen_core::{Clock, Strength};
use freshen_redis::{ConnectError, RedisBuilder};
use freshen_testkit::servers::{Flavour, Server};

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
        let error = late.read(&[common::steps::key_in(5, partition)]).await.unwrap_err();
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
    assert_eq!(said(builder().patience(std::time::Duration::MAX)), "redis: patience is longer than an hour");
    assert_eq!(said(builder().patience(std::time::Duration::ZERO)), "redis: patience is zero");
    assert_eq!(said(builder().roots("ca.pem")), "redis: roots are given, but the URL does not ask for TLS");
}

#[tokio::test]
async fn an_invalidation_waits_for_as_many_replicas_as_it_is_told() {
    let master = Server::redis(Flavour::Redis).arg("--repl-diskless-sync-delay", "0").start().await;
    let open = || builder(master.url()).replicas(1).response_timeout(std::time::Duration::from_millis(2000));
    let store = open().connect(Clock::runtime()).await.unwrap().store();
    let error = store.invalidate(&[by_tag("a")], Strength::Soft).await.unwrap_err();
    assert!(error.retryable && format!("{error:?}").contains("heard: 0"), "{error:?}");
    let replica = Server::redis(Flavour::Redis).arg("--replicaof", format!("127.0.0.1 {}", master.port()));
    let replica = replica.start().await;
    let until = std::time::Instant::now() + std::time::Duration::from_secs(30);
    while store.invalidate(&[by_tag("a")], Strength::Soft).await.is_err() {
        assert!(std::time::Instant::now() < until);
    }
    replica.kill();
}

/// A process starts while its Cluster is being made: the server that it knows has no slots yet. It uses them when they are there.
#[tokio::test]
async fn a_cluster_that_has_no_slots_yet_is_used_when_it_has() {
    let server = Server::redis(Flavour::Redis).arg("--cluster-enabled", "yes").start().await;
    let url = format!("redis+cluster://127.0.0.1:{}", server.port());
    let store = builder(url).partitions(4).open(Clock::runtime()).unwrap().store();
    let error = store.read(&[key("k")]).await.unwrap_err();
    assert!(error.retryable, "{error}");
    server.command(&["CLUSTER", "ADDSLOTSRANGE", "0", "16383"]).await;
    let until = std::time::Instant::now() + std::time::Duration::from_secs(30);
    while let Err(error) = store.read(&[key("k")]).await {
        assert!(std::time::Instant::now() < until, "{error}");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    fill(&store, &key("k"), b"one", &[]).await;
}
