//! Servers of the tests' own, and fixtures on them.

#![allow(dead_code, reason = "each test file uses a part of it")]

use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock, mpsc};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use freshen_core::{Clock, Strength, Timestamp};
use freshen_redis::{Redis, RedisBuilder};
use freshen_testkit::bus_suite::BusFixture;
use freshen_testkit::store_suite::{Bounds, StoreFixture, TestTime};

pub const BUFFER: usize = 16;
pub const MARKS: usize = 8;
pub const VALUE: usize = 8 << 10;

pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// One server for all tests of a binary. It ends with the thread that started it, which never does before the binary.
pub fn shared_port() -> u16 {
    static PORT: OnceLock<u16> = OnceLock::new();
    *PORT.get_or_init(|| {
        let (told, started) = mpsc::channel();
        std::thread::spawn(move || {
            let port = free_port();
            let folder = tempfile::tempdir().unwrap();
            let mut child = Command::new("setpriv")
                .args(["--pdeathsig", "KILL", "redis-server", "--port", &port.to_string(), "--bind", "127.0.0.1"])
                .args(["--save", "", "--dir"])
                .arg(folder.path())
                .stdout(Stdio::null())
                .spawn()
                .unwrap();
            while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
                std::thread::sleep(Duration::from_millis(5));
            }
            told.send(port).unwrap();
            child.wait().unwrap();
        });
        started.recv().unwrap()
    })
}

/// A prefix that no other test of this binary has.
pub fn prefix() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("test-{}", NEXT.fetch_add(1, Ordering::Relaxed))
}

pub fn builder() -> RedisBuilder {
    Redis::builder(format!("redis://127.0.0.1:{}", shared_port()))
        .prefix(prefix())
        .marks_most(MARKS)
        .value_bytes_max(VALUE)
        .response_timeout(Duration::from_secs(20))
        .connect_timeout(Duration::from_secs(20))
}

/// A clock that a test moves. It is ahead of the server's, which drops what has ended by its own.
pub fn ahead() -> Clock {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap() + Duration::from_secs(3600);
    Clock::manual(Timestamp::ZERO + now)
}

/// Deletes all keys of the test's server that match.
pub async fn delete(port: u16, pattern: String) {
    let client = redis::Client::open(("127.0.0.1", port)).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    let keys: Vec<Vec<u8>> = redis::cmd("KEYS").arg(pattern).query_async(&mut connection).await.unwrap();
    for key in keys {
        redis::cmd("DEL").arg(key).exec_async(&mut connection).await.unwrap();
    }
}

/// A store whose time the test tells it.
pub async fn told(builder: RedisBuilder, lost: Strength) -> StoreFixture {
    let clock = ahead();
    let prefix = prefix();
    let redis = builder.prefix(&prefix).lost(lost).telling_time().connect(clock.clone()).await.unwrap();
    fixture(redis, prefix, lost, TestTime::Manual(clock))
}

/// A store with the server's time.
pub async fn real(builder: RedisBuilder, unit: Duration) -> StoreFixture {
    let prefix = prefix();
    let redis = builder.prefix(&prefix).lost(Strength::Hard).connect(Clock::runtime()).await.unwrap();
    fixture(redis, prefix, Strength::Hard, TestTime::Real(unit))
}

pub fn fixture(redis: Redis, prefix: String, lost: Strength, time: TestTime) -> StoreFixture {
    let port = shared_port();
    let records = prefix.clone();
    StoreFixture::new(Arc::new(redis.store()), Arc::new(redis.bus()), time)
        .bounded(Bounds { capacity: None, value: Some(VALUE), marks: Some(MARKS) })
        .when_lost(lost)
        .losing_clock(move || Box::pin(delete(port, format!("{{{prefix}:*}}"))))
        .evicting(move |key| {
            let hash = format!("{:032x}", key.hash().0);
            Box::pin(delete(port, format!("{{{records}:*}}*:{hash}")))
        })
}

pub async fn bus(builder: RedisBuilder) -> BusFixture {
    let redis = builder.buffer_messages(BUFFER).connect(Clock::runtime()).await.unwrap();
    let bus = redis.bus();
    let losing = bus.clone();
    BusFixture::new(Arc::new(bus), Arc::new(redis.store())).buffering(BUFFER).losing(move || {
        losing.lose_next();
        Box::pin(std::future::ready(()))
    })
}
