//! Servers that the tests share, and fixtures on them.

#![allow(dead_code, reason = "each test file uses a part of it")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use freshen_core::bus::{Bus, Heard, Notice};
use freshen_core::store::Store;
use freshen_core::{Clock, Strength, Timestamp};
use freshen_redis::{Redis, RedisBuilder, RedisBus};
use freshen_testkit::bus_suite::BusFixture;
use freshen_testkit::servers::{Flavour, Server};
use freshen_testkit::store_suite::{Bounds, StoreFixture, TestTime};
use tokio::sync::OnceCell;

pub mod at_once;
pub mod steps;

pub const BUFFER: usize = 16;
pub const MARKS: usize = 8;
pub const VALUE: usize = 8 << 10;

/// One server of each flavour for all tests of a binary.
pub async fn shared(flavour: Flavour) -> &'static Server {
    static REDIS: OnceCell<Server> = OnceCell::const_new();
    static VALKEY: OnceCell<Server> = OnceCell::const_new();
    let server = match flavour {
        Flavour::Redis => &REDIS,
        Flavour::Valkey => &VALKEY,
    };
    server.get_or_init(|| Server::redis(flavour).start()).await
}

/// A prefix that no other test of this binary has.
pub fn prefix() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("test-{}", NEXT.fetch_add(1, Ordering::Relaxed))
}

/// Settings whose bounds a test can reach, and whose time-outs a slow machine cannot.
pub fn builder(url: impl Into<String>) -> RedisBuilder {
    Redis::builder(url)
        .prefix(prefix())
        .marks_most(MARKS)
        .value_bytes_max(VALUE)
        .response_timeout(Duration::from_secs(20))
        .connect_timeout(Duration::from_secs(20))
        .patience(Duration::from_secs(20))
}

/// A clock that a test moves. It is ahead of the server's, which drops what has ended by its own.
pub fn ahead() -> Clock {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap() + Duration::from_secs(3600);
    Clock::manual(Timestamp::ZERO + now)
}

/// Deletes all keys that match on these servers.
pub async fn delete(ports: Vec<u16>, pattern: String) {
    for port in ports {
        let client = redis::Client::open(("127.0.0.1", port)).unwrap();
        let Ok(mut connection) = client.get_multiplexed_async_connection().await else { continue };
        let keys: Vec<Vec<u8>> = redis::cmd("KEYS").arg(&pattern).query_async(&mut connection).await.unwrap();
        for key in keys {
            // A replica refuses it, and gets it from its master.
            let _moved = redis::cmd("DEL").arg(key).exec_async(&mut connection).await;
        }
    }
}

/// A store whose time the test tells it.
pub async fn told(flavour: Flavour, lost: Strength, change: impl Fn(RedisBuilder) -> RedisBuilder) -> StoreFixture {
    let server = shared(flavour).await;
    told_at(server.url(), vec![server.port()], lost, change).await
}

pub async fn told_at(
    url: String,
    ports: Vec<u16>,
    lost: Strength,
    change: impl Fn(RedisBuilder) -> RedisBuilder,
) -> StoreFixture {
    let (clock, prefix) = (ahead(), prefix());
    let builder = change(builder(url)).prefix(&prefix).lost(lost).telling_time();
    let redis = builder.connect(clock.clone()).await.unwrap();
    settle(&redis.bus(), redis.store().traits().partitions).await;
    fixture(redis, ports, prefix, lost, TestTime::Manual(clock))
}

/// A store with the server's time.
pub async fn real_at(url: String, ports: Vec<u16>, unit: Duration) -> StoreFixture {
    let prefix = prefix();
    let builder = builder(url).prefix(&prefix).lost(Strength::Hard);
    let redis = builder.connect(Clock::runtime()).await.unwrap();
    fixture(redis, ports, prefix, Strength::Hard, TestTime::Real(unit))
}

fn fixture(redis: Redis, ports: Vec<u16>, prefix: String, lost: Strength, time: TestTime) -> StoreFixture {
    let (all, records) = (ports.clone(), prefix.clone());
    StoreFixture::new(Arc::new(redis.store()), Arc::new(redis.bus()), time)
        .bounded(Bounds { capacity: None, value: Some(VALUE), marks: Some(MARKS) })
        .when_lost(lost)
        .losing_clock(move || Box::pin(delete(ports.clone(), format!("{{{prefix}:*}}"))))
        .evicting(move |key| {
            let hash = format!("{:032x}", key.hash().0);
            Box::pin(delete(all.clone(), format!("{{{records}:*}}*:{hash}")))
        })
}

/// Waits until what was published when the store was made has arrived: in a Cluster it may come later than an answer.
pub async fn settle(bus: &RedisBus, partitions: u32) {
    let mut listener = bus.subscribe().await.unwrap();
    bus.beat(&(0..partitions).collect::<Vec<_>>()).await.unwrap();
    let mut beats = 0;
    while beats < partitions {
        match listener.next().await {
            Heard::Message(message) => beats += u32::from(message.notice == Notice::Heartbeat),
            other => panic!("{other:?}"),
        }
    }
}

pub async fn bus(flavour: Flavour, partitions: u32) -> BusFixture {
    let builder = builder(shared(flavour).await.url()).partitions(partitions);
    bus_at(builder).await
}

pub async fn bus_at(builder: RedisBuilder) -> BusFixture {
    let redis = builder.buffer_messages(BUFFER).connect(Clock::runtime()).await.unwrap();
    let bus = redis.bus();
    settle(&bus, redis.store().traits().partitions).await;
    let losing = bus.clone();
    BusFixture::new(Arc::new(bus), Arc::new(redis.store())).buffering(BUFFER).losing(move || {
        losing.lose_next();
        Box::pin(std::future::ready(()))
    })
}

/// How often each of these commands was carried out.
pub async fn calls<const N: usize>(server: &Server, commands: [&str; N]) -> [u64; N] {
    let told = server.command(&["INFO", "commandstats"]).await;
    commands.map(|command| {
        let line = told.lines().find_map(|line| line.strip_prefix(&format!("cmdstat_{command}:calls=")));
        line.and_then(|line| line.split(',').next()?.parse().ok()).unwrap_or_default()
    })
}
