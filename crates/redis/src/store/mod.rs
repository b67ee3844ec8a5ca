//! The store: a record for each key, and in each partition a clock with its marks.
//!
//! # What lies where
//!
//! Everything of a partition has one hash tag, so one slot of a Cluster, so each step is one script. Begins, commits and asks
//! that come together go by one script too, each answered by itself.
//!
//! `{prefix:partition}` is the partition's **state**, a hash:
//!
//! | field | holds |
//! |---|---|
//! | `v`, `p` | the format, and the number of partitions |
//! | `e`, `l` | the epoch of the clock in 16 hex digits, and its last tick |
//! | `s`, `h` | the floor, soft and hard |
//! | `m` | the number of the last message |
//! | `r`, `i` | the replication id and the run id of the server that kept it |
//! | `n:` and a namespace, `t:` and a tag | a mark: its soft and its hard tick |
//!
//! `{prefix:partition}:namespace:job:hash` is the **record** of a key, a hash:
//!
//! | field | holds |
//! |---|---|
//! | `k` | the whole key. A record with another is not used |
//! | `v` | the value, after a byte that says whether it is compressed |
//! | `m` | epoch and number of its generation, when its load began, ttl, stale window, error window, how long the load took, whether it is absent, its weight, how many bytes its tags are; and after a line's end the tags, each after its length, and after a `=` its validators |
//! | `r` | what is rare, divided by `;` and not there if all of it is empty: how an invalidation by key left it (1 soft, 2 hard); the lease (token, after it a `@` and the name of the process that has it, epoch, number, when it began and ends, how it was outdated meanwhile, whether it is a task's); until when a task was asked for; back-off (failures in a row, the time of the next attempt, what was said) |
//!
//! Times are the server's, in microseconds; only they are compared. A record ends with its entry's last window, its marker, or
//! an hour after its lease or its back-off, whichever is last.
//!
//! # A server that is not the one it was
//!
//! After a restart with old data, and after a failover, marks and leases may be missing that somebody was promised. So the
//! state remembers who kept it. Each script that may write compares the replication id, which changes with every promotion,
//! and before a partition is first used over a connection, and with each heartbeat, the run id is compared, which changes with
//! every start. If one differs, the partition gets a new epoch and its floor is raised, which outdates all that it holds.
//! A reader compares neither: a restart breaks the connection, and over a new one it attaches first.
//!
//! The price is that all is stale after a failover; the same happens when a slot is moved to another server, and when the
//! first replica of a server connects, which gives it a new replication id.

use std::sync::Arc;
use std::time::Duration;

use freshen_core::store::{
    Asked, Begin, Begun, Committed, Failure, Generations, Lease, Marked, Scope, Snapshot, Store, StoreTraits, Target,
};
use freshen_core::{BoxFuture, Entry, Generation, Key, KeyHash, PortError, Strength, Tags};
use tokio::sync::Semaphore;

use crate::link::Repeat;
use crate::party::Party;
use crate::settings::Settings;

mod answer;
mod answered;
mod found;
mod gathering;
mod invalidating;
mod marks;
mod packing;
mod part;
mod partitions;
mod reading;
mod scripts;
mod snapshot;
mod steps;
mod together;
mod undoing;

use gathering::Reader;
pub(crate) use invalidating::AT_ONCE;
pub(crate) use partitions::{Partitions, Waiting};
pub(crate) use scripts::Patch;
use together::Parties;
use undoing::UNDOING_MOST;

/// The port's name in errors.
const PORT: &str = "redis store";
/// Of how many keys the last tags are remembered.
const TAGS_SEEN_KEYS: usize = 16_384;
/// What the name of a record has beside the names in it: colons, and a hash in hex digits.
const RECORD_BESIDE_BYTES: usize = 3 + 32;

/// A store on Redis or Valkey, shared by all processes that use the same servers and prefix.
///
/// A clone is the same store. Make it by [`Redis::store`](crate::Redis::store).
#[derive(Clone)]
pub struct RedisStore(Arc<Shared>);

pub(crate) struct Shared {
    partitions: Arc<Partitions>,
    settings: Arc<Settings>,
    tags_seen: quick_cache::sync::Cache<KeyHash, Tags>,
    readers: Vec<Party<Reader>>,
    parties: Vec<Parties>,
    /// Places for steps that are being taken back.
    undoing: Arc<Semaphore>,
}

impl RedisStore {
    pub(crate) fn new(partitions: Arc<Partitions>, settings: Arc<Settings>) -> RedisStore {
        let readers = (0..partitions.count()).map(|_| Party::default()).collect();
        let parties = (0..partitions.count()).map(|_| Parties::default()).collect();
        let tags_seen = quick_cache::sync::Cache::new(TAGS_SEEN_KEYS);
        let undoing = Arc::new(Semaphore::new(UNDOING_MOST));
        RedisStore(Arc::new(Shared { partitions, settings, tags_seen, readers, parties, undoing }))
    }
}

impl std::fmt::Debug for RedisStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RedisStore").field("prefix", &self.0.settings.prefix).finish_non_exhaustive()
    }
}

impl Shared {
    /// The partition in which a key lies.
    fn partition(&self, key: &Key) -> u32 {
        key.partition(self.partitions.count())
    }

    /// The name of a key's record.
    fn record(&self, key: &Key) -> String {
        // A partition's state is named by its place alone.
        let place = self.partitions.state(self.partition(key));
        let (namespace, job) = (key.namespace(), key.job());
        let mut name = String::with_capacity(place.len() + namespace.len() + job.len() + RECORD_BESIDE_BYTES);
        for part in [place, ":", namespace, ":", job, ":"] {
            name.push_str(part);
        }
        let hash = key.hash().0.to_be_bytes();
        let digit = |half: u8| char::from_digit(half.into(), 16).unwrap_or('0');
        name.extend(hash.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]));
        name
    }
}

impl Store for RedisStore {
    fn traits(&self) -> StoreTraits {
        StoreTraits { durable: true, marks: true, shares_values: false, partitions: self.0.partitions.count() }
    }

    fn read<'a>(&'a self, keys: &'a [Key]) -> BoxFuture<'a, Vec<Result<Snapshot, PortError>>> {
        Box::pin(async move {
            let read = match keys {
                [key] => vec![self.0.read_one(key).await],
                keys => self.0.read(keys).await,
            };
            read.into_iter().map(|read| read.map_err(|error| error.at(PORT, "read"))).collect()
        })
    }

    fn marks<'a>(&'a self, scopes: &'a [Scope]) -> BoxFuture<'a, Result<Vec<Marked>, PortError>> {
        Box::pin(async move { self.0.marks_of(scopes).await.map_err(|error| error.at(PORT, "marks")) })
    }

    fn ask<'a>(
        &'a self,
        key: &'a Key,
        deadline: Duration,
        at_least: Option<Generation>,
    ) -> BoxFuture<'a, Result<Asked, PortError>> {
        Box::pin(async move { self.0.ask(key, deadline, at_least).await.map_err(|error| error.at(PORT, "ask")) })
    }

    fn unask<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Result<(), PortError>> {
        Box::pin(async move {
            let unasked = self.0.step(key, &self.0.partitions.scripts.unask, &[], Repeat::Harmless).await;
            unasked.map(drop).map_err(|error| error.at(PORT, "unask"))
        })
    }

    fn begin<'a>(&'a self, key: &'a Key, request: Begin) -> BoxFuture<'a, Result<Begun, PortError>> {
        Box::pin(async move { self.0.begin(key, request).await.map_err(|error| error.at(PORT, "begin")) })
    }

    fn commit<'a>(
        &'a self,
        key: &'a Key,
        lease: &'a Lease,
        entry: Entry,
    ) -> BoxFuture<'a, Result<Committed, PortError>> {
        Box::pin(async move {
            let value = self.0.accept(key, &entry)?;
            self.0.commit(key, lease, &entry, value).await.map_err(|error| error.at(PORT, "commit"))
        })
    }

    fn fail<'a>(&'a self, key: &'a Key, lease: &'a Lease, failure: Failure) -> BoxFuture<'a, Result<(), PortError>> {
        Box::pin(async move { self.0.fail(key, lease, failure).await.map_err(|error| error.at(PORT, "fail")) })
    }

    fn renew<'a>(&'a self, key: &'a Key, lease: &'a Lease, span: Duration) -> BoxFuture<'a, Result<bool, PortError>> {
        Box::pin(async move { self.0.renew(key, lease, span).await.map_err(|error| error.at(PORT, "renew")) })
    }

    fn invalidate<'a>(
        &'a self,
        targets: &'a [Target],
        strength: Strength,
    ) -> BoxFuture<'a, Result<Generations, PortError>> {
        Box::pin(async move {
            let reached = self.0.invalidate(targets, strength).await;
            reached.map_err(|error| error.at(PORT, "invalidate"))
        })
    }

    fn remove<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Result<Generation, PortError>> {
        Box::pin(async move { self.0.remove(key).await.map_err(|error| error.at(PORT, "remove")) })
    }
}
