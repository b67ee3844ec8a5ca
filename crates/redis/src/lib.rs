//! Store and bus of Freshen on Redis and Valkey, from version 7.0 on: a single server, Sentinel, Cluster.

#[allow(dead_code, unused_imports, reason = "the store and the bus are about to be built upon it")]
mod link;
mod queue;

pub use queue::{RedisQueue, RedisQueueBuilder};
