//! Two caches over one Redis, as two processes have them: store and bus under the engine.

#![allow(clippy::unwrap_used)] // A test that cannot go on fails.

mod common;

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use common::{builder, prefix, shared};
use freshen_core::{Cache, Clock, Job, Jobs, Load, Loaded, Policy, PolicyBuilder, Strength};
use freshen_redis::RedisBuilder;
use freshen_testkit::servers::{Flavour, Server};
use serde::{Deserialize, Serialize};

/// A number that the test writes, and how often it was read.
#[derive(Clone, Default)]
struct Source(Arc<(AtomicU64, AtomicU64)>);

impl Source {
    fn write(&self, value: u64) {
        self.0.0.store(value, Ordering::SeqCst);
    }

    fn reads(&self) -> u64 {
        self.0.1.load(Ordering::SeqCst)
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct Number {
    name: String,
}

impl Job for Number {
    type Output = u64;
    type Error = Infallible;
    type State = (Source,);
    const NAME: &'static str = "number";
    const NAMESPACE: &'static str = "tests";

    fn policy() -> PolicyBuilder {
        Policy::builder().ttl(Duration::from_secs(60))
    }

    async fn load(&self, load: Load<'_, Self>) -> Result<Loaded<u64>, Infallible> {
        let source = &load.state().0;
        let value = source.0.0.load(Ordering::SeqCst);
        source.0.1.fetch_add(1, Ordering::SeqCst);
        tokio::time::sleep(Duration::from_millis(50)).await;
        Ok(value.into())
    }

    fn tags(&self, _value: &u64) -> Vec<String> {
        vec!["all".into()]
    }
}

fn number(name: &str) -> Number {
    Number { name: name.to_owned() }
}

async fn cache(builder: RedisBuilder, source: &Source) -> Cache {
    let clock = Clock::coarse();
    let redis = builder.connect(clock.clone()).await.unwrap();
    let cache = Cache::builder().store(redis.store()).bus(redis.bus()).clock(clock).state(source.clone());
    cache.jobs(Jobs::new().add::<Number>()).heartbeat(Duration::from_millis(200)).build().await.unwrap()
}

async fn pair(server: &Server, source: &Source) -> [Cache; 2] {
    let prefix = prefix();
    let open = || builder(server.url()).prefix(&prefix).partitions(4);
    [cache(open(), source).await, cache(open(), source).await]
}

/// Asks until the answer is right.
async fn comes(cache: &Cache, name: &str, value: u64) {
    let until = Instant::now() + Duration::from_secs(20);
    loop {
        let answer = *cache.get(&number(name)).await.unwrap();
        if answer == value {
            return;
        }
        assert!(Instant::now() < until, "{answer} and not {value}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn what_one_process_has_loaded_is_a_hit_in_the_other() {
    let source = Source::default();
    let [one, other] = pair(shared(Flavour::Redis).await, &source).await;
    source.write(7);
    for cache in [&one, &other, &one] {
        assert_eq!(*cache.get(&number("a")).await.unwrap(), 7);
    }
    assert_eq!(source.reads(), 1);
}

#[tokio::test]
async fn a_crowd_in_two_processes_loads_once() {
    let source = Source::default();
    let caches = pair(shared(Flavour::Redis).await, &source).await;
    source.write(7);
    let gets = (0..40).map(|n: usize| {
        let cache = caches[n % 2].clone();
        tokio::spawn(async move { *cache.get(&number("crowd")).await.unwrap() })
    });
    for get in gets.collect::<Vec<_>>() {
        assert_eq!(get.await.unwrap(), 7);
    }
    assert_eq!(source.reads(), 1);
}

#[tokio::test]
async fn an_invalidation_reaches_the_other_process_by_the_bus() {
    let source = Source::default();
    let [one, other] = pair(shared(Flavour::Valkey).await, &source).await;
    for (round, name) in ["by key", "by tag"].into_iter().enumerate() {
        let value = 10 * round as u64;
        source.write(value);
        comes(&one, name, value).await;
        comes(&other, name, value).await;
        source.write(value + 1);
        match name {
            "by key" => one.invalidate(&number(name), Strength::Hard).await.unwrap(),
            _ => one.invalidate_tag("all", Strength::Hard).await.unwrap(),
        };
        assert_eq!(*one.get(&number(name)).await.unwrap(), value + 1, "in its own process at once");
        comes(&other, name, value + 1).await;
    }
}

/// The server is killed under two caches, and comes back empty.
#[tokio::test]
async fn while_the_server_is_gone_values_are_loaded_and_afterwards_shared_again() {
    let server = Server::redis(Flavour::Redis).start().await;
    let source = Source::default();
    let [one, other] = pair(&server, &source).await;
    source.write(1);
    comes(&one, "a", 1).await;
    server.kill();
    source.write(2);
    comes(&other, "b", 2).await;
    server.restart_empty().await;
    source.write(3);
    let until = Instant::now() + Duration::from_secs(30);
    loop {
        let name = format!("{:?}", Instant::now());
        comes(&one, &name, 3).await;
        let before = source.reads();
        comes(&other, &name, 3).await;
        if source.reads() == before {
            return;
        }
        assert!(Instant::now() < until, "they share nothing");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// What a partition has its clock in is something else on the server, so that nothing of it can be read.
#[tokio::test]
async fn a_partition_that_cannot_be_read_is_a_miss_for_its_own_keys_alone() {
    let (server, source, prefix) = (shared(Flavour::Redis).await, Source::default(), prefix());
    let open = || builder(server.url()).prefix(&prefix).partitions(4);
    let [one, other] = [cache(open(), &source).await, cache(open(), &source).await];
    let numbers: Vec<Number> = (0..20).map(|n| number(&n.to_string())).collect();
    assert!(one.get_many(&numbers).await.iter().all(Result::is_ok));
    let mut broken = 0;
    for number in &numbers {
        broken += u64::from(one.explain(number).await.unwrap().key.partition(4) == 2);
    }
    assert!((1..20).contains(&broken));
    let before = source.reads();
    server.command(&["SET", &format!("{{{prefix}:2}}"), "something else"]).await;
    assert!(other.get_many(&numbers).await.iter().all(Result::is_ok));
    assert_eq!(source.reads() - before, broken);
}

/// The bytes of a value were damaged on the server, which goes on calling it fresh. Whoever reads it loads it once.
#[tokio::test]
async fn a_value_that_cannot_be_opened_is_loaded_once_and_kept_near() {
    let (server, source, prefix) = (shared(Flavour::Redis).await, Source::default(), prefix());
    let open = || builder(server.url()).prefix(&prefix).partitions(1);
    let [one, other] = [cache(open(), &source).await, cache(open(), &source).await];
    source.write(1);
    assert_eq!(*one.get(&number("k")).await.unwrap(), 1);
    let key = one.explain(&number("k")).await.unwrap().key;
    let record = format!("{{{prefix}:0}}:{}:{}:{:032x}", key.namespace(), key.job(), key.hash().0);
    assert_eq!(server.command(&["HSET", &record, "v", "x"]).await, "0", "the field was there");
    source.write(2);
    for _ in 0..5 {
        assert_eq!(*other.get(&number("k")).await.unwrap(), 2);
    }
    assert_eq!(source.reads(), 2);
}
