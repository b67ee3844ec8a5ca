//! Store, bus and queue of Freshen on Redis and Valkey, from version 7.0 on: a single server, Sentinel, Cluster.

mod connect;
mod store;
mod bus;
mod queue;
#[allow(dead_code, unused_imports, reason = "some of it only tests use")]
mod link;
mod settings;
mod url;

pub use bus::RedisBus;
pub use connect::{ConnectError, Redis, RedisBuilder};
pub use queue::{RedisQueue, RedisQueueBuilder};
pub use store::RedisStore;
