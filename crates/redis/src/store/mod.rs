//! The store: a record for each key, and in each partition a clock with its marks.
//!
//! # What lies where
//!
//! Everything of a partition has one hash tag, so one slot of a Cluster, so each step is one script.
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
//! | `r` | what is rare, divided by `;` and not there if all of it is empty: how an invalidation by key left it (1 soft, 2 hard); the lease (token, epoch, number, when it began and ends, how it was outdated meanwhile, whether it is a task's); until when a task was asked for; back-off (failures in a row, the time of the next attempt, what was said) |
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
    Asked, Begin, Begun, Committed, Currency, Failure, Generations, Lease, Marked, Role, Scope, Snapshot, Store,
    StoreTraits, Target, Token,
};
use freshen_core::{BoxFuture, Entry, Facts, Generation, Key, KeyHash, PortError, Strength, Tags, Timestamp, Value};

use crate::link::{LinkError, Repeat, Script};
use crate::settings::Settings;

mod answer;
mod found;
mod gathering;
mod invalidating;
mod marks;
mod packing;
mod partitions;
mod reading;
mod scripts;

use answer::Answer;
use found::{Found, facts_text, micros, tags_text};
use gathering::Gathering;
pub(crate) use invalidating::AT_ONCE;
use partitions::Answered;
pub(crate) use partitions::Partitions;
pub(crate) use scripts::Patch;

/// The port's name in errors.
const PORT: &str = "redis store";
/// Of how many keys the last tags are remembered.
const TAGS_SEEN_KEYS: usize = 16_384;
/// The longest span that is sent, about 142 years: sums with it are exact in scripts.
const SPAN_MICROS_MOST: u64 = 1 << 52;

/// A store on Redis or Valkey, shared by all processes that use the same servers and prefix.
///
/// A clone is the same store. Make it by [`Redis::store`](crate::Redis::store).
#[derive(Clone)]
pub struct RedisStore(Arc<Shared>);

pub(crate) struct Shared {
    partitions: Arc<Partitions>,
    settings: Arc<Settings>,
    tags_seen: quick_cache::sync::Cache<KeyHash, Tags>,
    gatherings: Vec<Gathering>,
}

impl RedisStore {
    pub(crate) fn new(partitions: Arc<Partitions>, settings: Arc<Settings>) -> RedisStore {
        let gatherings = (0..partitions.count()).map(|_| Gathering::default()).collect();
        let tags_seen = quick_cache::sync::Cache::new(TAGS_SEEN_KEYS);
        RedisStore(Arc::new(Shared { partitions, settings, tags_seen, gatherings }))
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
        let place = self.partitions.place(self.partition(key));
        place.key(format_args!(":{}:{}:{:032x}", key.namespace(), key.job(), key.hash().0))
    }

    /// Runs a step on the record of a key.
    async fn step(&self, key: &Key, script: &Script, arguments: &[&[u8]], repeat: Repeat) -> Result<Answer, LinkError> {
        let mut all = vec![key.as_bytes(), key.namespace().as_bytes()];
        all.extend_from_slice(arguments);
        let record = self.record(key);
        let answered = self.partitions.step(self.partition(key), script, &[record.as_bytes()], &all, repeat).await?;
        Ok(Answer::new(answered))
    }

    async fn ask(&self, key: &Key, deadline: Duration, at_least: Option<Generation>) -> Result<Asked, LinkError> {
        let (deadline, at_least) = (span(deadline), generation(at_least));
        let arguments = [deadline.as_bytes(), at_least.as_bytes()];
        let mut answer = self.step(key, &self.partitions.scripts.ask, &arguments, Repeat::Never).await?;
        answer.asked()
    }

    async fn begin(&self, key: &Key, request: Begin) -> Result<Begun, LinkError> {
        let (role, deadline) = match request.role {
            Role::Foreground => (b"f", Duration::ZERO),
            Role::Task { deadline } => (b"t", deadline),
            Role::TakeOver => (b"o", Duration::ZERO),
        };
        let token = Token(self.partitions.token());
        let (lease, deadline, at_least) = (span(request.lease), span(deadline), generation(request.at_least));
        let heeds: &[u8] = if request.heeds_backoff { b"1" } else { b"0" };
        let hex = hex(token);
        let arguments = [role, lease.as_bytes(), deadline.as_bytes(), at_least.as_bytes(), heeds, hex.as_bytes()];
        self.step(key, &self.partitions.scripts.begin, &arguments, Repeat::Never).await?.begun(token)
    }

    async fn commit(&self, key: &Key, lease: &Lease, entry: &Entry, value: &[u8]) -> Result<Committed, LinkError> {
        let packed = packing::pack(value, self.settings.compress_from_bytes);
        let (epoch, number) = (epoch(lease.generation), lease.generation.number.to_string());
        let (facts, tags) = (facts_text(&entry.facts), tags_text(&entry.tags));
        let validators = entry.validators.as_ref().map(|bytes| [b"=", &bytes[..]].concat()).unwrap_or_default();
        let hex = hex(lease.token);
        let arguments: [&[u8]; 7] = [
            hex.as_bytes(),
            epoch.as_bytes(),
            number.as_bytes(),
            &packed,
            facts.as_bytes(),
            tags.as_bytes(),
            &validators,
        ];
        let answer = self.step(key, &self.partitions.scripts.commit, &arguments, Repeat::Never).await?;
        answer.committed(lease)
    }

    /// The bytes of a value that may be kept.
    fn accept<'a>(&self, key: &Key, entry: &'a Entry) -> Result<&'a [u8], PortError> {
        let Value::Encoded(bytes) = &entry.value else {
            return Err(PortError::lasting(PORT, "commit", format!("the value of {key} is not encoded")));
        };
        let most = self.settings.value_bytes_max;
        if bytes.len() > most {
            let reason = format!("the value of {key} has {} bytes, more than {most}", bytes.len());
            return Err(PortError::lasting(PORT, "commit", reason));
        }
        Ok(bytes)
    }

    async fn fail(&self, key: &Key, lease: &Lease, failure: Failure) -> Result<(), LinkError> {
        // The constructor of a failure cuts its reason, but its fields are open.
        let cut = |reason: Box<str>| Failure::failed(failure.retry_after, &reason).reason.unwrap_or_default();
        let counts: &[u8] = if failure.reason.is_some() { b"1" } else { b"0" };
        let (pause, reason) = (span(failure.retry_after), failure.reason.map(cut).unwrap_or_default());
        let hex = hex(lease.token);
        let arguments = [hex.as_bytes(), pause.as_bytes(), counts, reason.as_bytes()];
        self.step(key, &self.partitions.scripts.fail, &arguments, Repeat::Harmless).await.map(drop)
    }

    async fn renew(&self, key: &Key, lease: &Lease, length: Duration) -> Result<bool, LinkError> {
        let (hex, length) = (hex(lease.token), span(length));
        let arguments = [hex.as_bytes(), length.as_bytes()];
        let mut answer = self.step(key, &self.partitions.scripts.renew, &arguments, Repeat::Harmless).await?;
        Ok(answer.small()? == 1)
    }

    /// What a reader is told of a record, in the process's time.
    fn snapshot(&self, from: &Answered, key: &Key, found: Found, judged: &marks::Read) -> Snapshot {
        let time = |server: Timestamp| from.to_process(server);
        let tags = found.entry.as_ref().map_or(Tags::NONE, |kept| kept.tags.clone());
        let marks = judged.of(key, tags.as_slice());
        let entry = found.entry.and_then(|kept| {
            let Some(value) = packing::unpack(kept.packed, self.settings.value_bytes_max) else {
                tracing::warn!(%key, "a value is damaged; it is not used, and will be replaced by the next load");
                return None;
            };
            let facts = Facts { loaded_at: time(kept.facts.loaded_at), ..kept.facts };
            Some(Entry { value: Value::Encoded(value), facts, tags: kept.tags, validators: kept.validators })
        });
        let judge = |entry: &Entry| judged.judge(&marks, entry.facts.generation, self.settings.lost);
        Snapshot {
            now: from.now(),
            currency: entry.as_ref().map_or(Currency::Current, |entry| found.flag.max(judge(entry))),
            entry,
            newest_mark: judged.newest(&marks),
            lease_until: found.lease_until.map(time),
            asked_until: found.asked_until.map(time),
            trouble: found.trouble.map(|mut trouble| {
                trouble.retry_at = time(trouble.retry_at);
                trouble
            }),
            marks,
        }
    }
}

impl Store for RedisStore {
    fn traits(&self) -> StoreTraits {
        StoreTraits { durable: true, marks: true, shares_values: false, partitions: self.0.partitions.count() }
    }

    fn read<'a>(&'a self, keys: &'a [Key]) -> BoxFuture<'a, Result<Vec<Snapshot>, PortError>> {
        Box::pin(async move {
            let read = match keys {
                [key] => self.0.read_one(key).await.map(|snapshot| vec![snapshot]),
                keys => self.0.read(keys).await,
            };
            read.map_err(|error| error.at(PORT, "read"))
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

fn span(of: Duration) -> String {
    micros(of).min(SPAN_MICROS_MOST).to_string()
}

fn epoch(of: Generation) -> String {
    format!("{:016x}", of.epoch)
}

/// As scripts compare it; nothing, if there is none.
fn generation(of: Option<Generation>) -> String {
    of.map(|of| format!("{} {}", epoch(of), of.number)).unwrap_or_default()
}

fn hex(token: Token) -> String {
    format!("{:032x}", token.0)
}
