//! Store, bus and queue of Freshen on Redis and Valkey, from version 7.0 on: a single server, Sentinel, Cluster.
//!
//! ```no_run
//! use freshen_core::{Cache, Clock};
//! use freshen_redis::Redis;
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let clock = Clock::coarse();
//! let redis = Redis::builder("redis://127.0.0.1:6379").prefix("shop").connect(clock.clone()).await?;
//! let cache = Cache::builder().clock(clock).store(redis.store()).bus(redis.bus()).build().await?;
//! # Ok(())
//! # }
//! ```
//!
//! All processes that name the same servers, prefix and number of partitions share one cache. Their clocks may differ: ages are
//! counted by the server's clock, and told to each process in its own.
//!
//! # URLs
//!
//! | URL | servers |
//! |---|---|
//! | `redis://user:password@host:port/database` | one |
//! | `redis+sentinel://host:port,host:port/master` | a master, found by its sentinels |
//! | `redis+cluster://host:port,host:port` | a Cluster |
//!
//! With `rediss` in place of `redis` TLS is spoken, to sentinels too; `valkey` and `valkeys` are other names for both. In user,
//! password and master `%40` stands for `@`, and so on. Sentinels that ask for a password are given that of
//! [`RedisBuilder::sentinel_password`]; servers that ask who connects are given [`RedisBuilder::certificate`].
//!
//! # What is promised, and what is not
//!
//! Everything of a partition lies in one slot, and each step is one script: the whole protocol of
//! [`Store`](freshen_core::store::Store) holds, on a Cluster in each partition. After a failover, a restart, or when a slot is
//! moved to another server, all that the partition holds is outdated, softly or hard as [`RedisBuilder::lost`] says, because
//! an invalidation that was acknowledged just before may have been lost with the old server.
//! [`RedisBuilder::replicas`] makes invalidations wait until replicas have them. A primary that was cut off answers until its
//! Cluster notices, and so do stale values from it.
//!
//! While servers cannot be reached every step is an error that may pass, at once but for those that wait for the first
//! time-out; the engine then loads, and keeps nothing. So it is where a server is loading, a Cluster is down or a slot is being
//! moved: the first callers try for as long as [`RedisBuilder::patience`] says, and then each slot is tried once in 200 ms.
//!
//! # Runtime
//!
//! What callers share lives apart from them: the connections, the questions that go together, the map of a Cluster, the waits
//! for replicas, and who listens to a queue. It is carried out by the Tokio runtime in which [`RedisBuilder::connect`] or
//! [`RedisBuilder::open`] was called, if that one has worker threads, timers and I/O. If it has one thread only, as with
//! `flavor = "current_thread"`, a thread of our own called `freshen-redis` does it, which ends with the last store, bus or queue:
//! a caller who blocks his only thread, or whose runtime ends, holds up nobody else. The price is a change of threads for
//! each answer; a program that asks much connects in a runtime with worker threads, and does not block all of them.
//!
//! When that runtime ends the same thread goes on. What was under way then fails with an error that may pass.
//!
//! Whoever waits for a store, a bus or a queue may be driven by any executor. His own step is polled where he is: in his runtime,
//! which needs timers, and if he is in none, in that of the thread of our own.
//!
//! # Memory
//!
//! Every record ends by itself. The servers' own limit (`maxmemory`) may evict records, which costs a load. It may evict a
//! partition's state, too, which outdates the partition: choose a policy that spares keys without an end, such as
//! `volatile-lfu`, for the state has none.
//!
//! # Queues
//!
//! ```no_run
//! # async fn example(redis: freshen_redis::Redis) -> Result<(), Box<dyn std::error::Error>> {
//! use freshen_core::Cache;
//!
//! let queue = redis.queue().name("pages").bound(50_000).build()?;
//! let cache = Cache::builder().store(redis.store()).bus(redis.bus()).queue(queue).workers(4).build().await?;
//! # Ok(())
//! # }
//! ```
//!
//! A [`RedisQueue`] keeps its tasks on the server, in streams of one slot, and every process that names it alike may pull them. A
//! task is delivered at least once: whoever dies with it holds it for the visibility, and then another has it. What a server loses
//! in a failover or a restart is lost. Where memory is short a push is an error that may pass, while workers go on; with an
//! evicting policy that does not spare keys without an end, a whole line may be evicted.
//!
//! # What a user has to be allowed
//!
//! ```text
//! user app on >secret ~{shop:* &shop:bus +evalsha +eval +time +info +hmget +hget +hset +hdel +hlen +hrandfield +del
//! +pexpireat +publish +subscribe
//! ```
//!
//! `shop` being the prefix. On a Cluster `+cluster|slots +asking` too, behind sentinels `+role`, and `+wait` where
//! invalidations wait for replicas. For a queue:
//!
//! ```text
//! +evalsha +eval +time +info +exists +xadd +xlen +xrange +xrevrange +xread +xreadgroup +xgroup|create +xgroup|delconsumer
//! +xinfo|groups +xinfo|stream +xinfo|consumers +xpending +xclaim +xack +xdel +zadd +zcard +zrange +zrem +hget +hset +hdel
//! ```

mod connect;
mod store;
mod bus;
mod queue;
mod party;
mod link;
mod settings;
mod url;
mod process;

pub use bus::RedisBus;
pub use connect::{ConnectError, Redis, RedisBuilder};
pub use queue::{RedisQueue, RedisQueueBuilder};
pub use store::RedisStore;
