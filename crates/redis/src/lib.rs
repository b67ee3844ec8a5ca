//! Store and bus of Freshen on Redis and Valkey, from version 7.0 on: a single server, Sentinel, Cluster.

mod connect;
mod store;
mod bus;
#[allow(dead_code, unused_imports, reason = "the queue is about to be built upon it")]
mod link;
mod settings;
mod url;

pub use bus::RedisBus;
pub use connect::{ConnectError, Redis, RedisBuilder};
pub use store::RedisStore;
