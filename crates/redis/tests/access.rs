//! TLS, and a user that may do no more than has to be.

#![allow(clippy::unwrap_used)] // A test that cannot go on fails.

mod common;

use std::time::Duration;

use common::builder;
use common::steps::{by_tag, fill, key, read};
use freshen_core::bus::{Bus, Heard};
use freshen_core::store::{Currency, Failure, Store, Target};
use freshen_core::{Clock, Strength};
use freshen_redis::RedisBuilder;
use freshen_testkit::servers::{Flavour, Server};

/// What the documentation of the crate says that a user has to be allowed.
const COMMANDS: &str = "+evalsha +eval +time +info +hmget +hget +hset +hdel +hlen +hrandfield +del +pexpireat \
    +publish +subscribe";

/// Takes every step once.
async fn walk(builder: RedisBuilder) {
    let redis = builder.marks_most(2).connect(Clock::runtime()).await.unwrap();
    let (store, bus) = (redis.store(), redis.bus());
    let mut listener = bus.subscribe().await.unwrap();
    let lease = fill(&store, &key("k"), b"one", &["a", "b"]).await;
    store.ask(&key("l"), Duration::from_secs(5), None).await.unwrap();
    store.unask(&key("l")).await.unwrap();
    let targets: Vec<Target> = ["a", "b", "c", "d"].into_iter().map(by_tag).collect();
    store.invalidate(&targets, Strength::Soft).await.unwrap();
    store.invalidate(&[Target::Key(key("k"))], Strength::Soft).await.unwrap();
    assert_eq!(read(&store, &key("k")).await.currency, Currency::OutdatedSoft);
    assert!(!store.renew(&key("k"), &lease, Duration::from_secs(5)).await.unwrap());
    store.fail(&key("k"), &lease, Failure::abandoned()).await.unwrap();
    store.remove(&key("k")).await.unwrap();
    bus.beat(&[0]).await.unwrap();
    assert!(matches!(listener.next().await, Heard::Message(_)));
}

#[tokio::test]
async fn a_user_that_may_do_what_the_documentation_lists_may_do_all_that_is_needed() {
    let documentation = include_str!("../src/lib.rs").replace("\n//! ", " ");
    for command in COMMANDS.split_whitespace() {
        assert!(documentation.contains(command), "{command} is not listed");
    }
    for flavour in Flavour::ALL {
        let line = format!("app on >secret ~{{shop:* &shop:bus resetkeys ~{{shop:* -@all {COMMANDS}");
        let server = Server::redis(flavour).user(&line).start().await;
        walk(builder(server.url_of("app", "secret")).prefix("shop")).await;
        let elsewhere = builder(server.url_of("app", "secret")).prefix("other").connect(Clock::runtime()).await;
        assert!(elsewhere.is_err(), "its keys are not the user's");
    }
}

#[tokio::test]
async fn a_server_with_tls_is_used_if_its_certificate_is_trusted() {
    for flavour in Flavour::ALL {
        let server = Server::redis(flavour).tls().start().await;
        let certificates = server.certificates().unwrap();
        walk(builder(server.url()).roots(certificates.authority())).await;
        let strange = builder(server.url()).roots(certificates.client()).connect(Clock::runtime()).await.unwrap_err();
        assert!(format!("{strange:?}").to_lowercase().contains("certificate"), "{strange:?}");
        let plain = server.url().replace("rediss", "redis");
        let plain = builder(plain).connect_timeout(Duration::from_secs(2)).connect(Clock::runtime()).await;
        assert!(plain.is_err(), "it speaks TLS only");
        let missing = builder(server.url()).roots("/nowhere.pem").connect(Clock::runtime()).await.unwrap_err();
        assert!(missing.to_string().starts_with("redis: roots /nowhere.pem: "), "{missing}");
    }
}

#[tokio::test]
async fn a_server_that_asks_who_connects_is_shown_the_certificate() {
    for flavour in Flavour::ALL {
        let server = Server::redis(flavour).tls().arg("--tls-auth-clients", "yes").start().await;
        let certificates = server.certificates().unwrap();
        let trusting = || builder(server.url()).roots(certificates.authority()).connect_timeout(Duration::from_secs(3));
        walk(trusting().certificate(certificates.client(), certificates.client_key())).await;
        assert!(trusting().connect(Clock::runtime()).await.is_err(), "nobody is shown");
        let missing = trusting().certificate(certificates.client(), "/nowhere.key").connect(Clock::runtime()).await;
        let missing = missing.unwrap_err().to_string();
        assert!(missing.starts_with("redis: certificate_key /nowhere.key: "), "{missing}");
        let swapped = trusting().certificate(certificates.client_key(), certificates.client());
        let swapped = format!("{:?}", swapped.connect(Clock::runtime()).await.unwrap_err());
        assert!(swapped.contains("retryable: false"), "{swapped}");
    }
}
