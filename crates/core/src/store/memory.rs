//! A store within one process, and the executable definition of the protocol: whoever writes another store does what it does.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::BoxFuture;
use crate::bus::{MemoryBus, Notice};
use crate::entry::{Entry, Generation, Strength, Value};
use crate::error::PortError;
use crate::key::Key;
use crate::store::{
    Asked, Begin, Begun, Committed, Failure, Generations, Lease, Marked, Scope, Snapshot, Store, StoreTraits, Target,
};
use crate::time::Clock;

mod builder;
mod fault;
mod kept;
mod ledger;
mod name;
mod record;
mod scopes;
mod shard;
mod steps;
#[cfg(test)]
mod tests;

pub use builder::MemoryStoreBuilder;
#[cfg(feature = "mutants")]
pub use fault::Fault;

use fault::{Fault as F, Faults};
use ledger::Ledger;
use record::{Record, Step};
use shard::{Shard, Sparing};

const PORT: &str = "memory store";

/// A store in this process's memory. A clone is the same store, so several caches may share one.
///
/// It keeps values as they are, shared with whoever was given them: nothing is encoded or held twice. It forgets
/// everything when the process ends. None of its futures waits: a step is done when its future is first polled.
///
/// ```
/// use freshen_core::{Clock, store::MemoryStore};
///
/// let store = MemoryStore::builder(Clock::coarse()).capacity(64 << 20).build()?;
/// assert!(store.is_empty());
/// # Ok::<(), freshen_core::BuildError>(())
/// ```
#[derive(Clone, Debug)]
pub struct MemoryStore(Arc<Inner>);

/// Locks are taken in this order: one shard, one ledger, the bus. Never two shards at once, nor two ledgers.
#[derive(Debug)]
struct Inner {
    clock: Clock,
    shards: Box<[Mutex<Shard>]>,
    /// One for each partition.
    ledgers: Box<[Mutex<Ledger>]>,
    /// What all records take in memory; each shard adds its part after a step, under its lock.
    bytes: AtomicU64,
    capacity: u64,
    value_limit: u64,
    encoded: bool,
    bus: MemoryBus,
    faults: Faults,
}

impl MemoryStore {
    /// A store that tells the time by `clock`, with the default bounds, to be changed where yours differ.
    pub fn builder(clock: Clock) -> MemoryStoreBuilder {
        MemoryStoreBuilder::new(clock)
    }

    /// The bus on which its steps are published.
    pub fn bus(&self) -> MemoryBus {
        self.0.bus.clone()
    }

    /// How many records there are, those without an entry included.
    pub fn len(&self) -> usize {
        self.0.shards.iter().map(|shard| lock(shard).len()).sum()
    }

    /// Whether there is no record.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What the records take in memory, in bytes, by the store's own estimate.
    pub fn weight(&self) -> u64 {
        self.0.bytes.load(Ordering::Relaxed)
    }

    /// How many marks are kept, in all partitions together.
    pub fn marks_len(&self) -> usize {
        self.0.ledgers.iter().map(|ledger| lock(ledger).marks_len()).sum()
    }

    /// A fault for tests: loses the clocks and all marks, as a shared store may. Whoever comes next begins a new epoch.
    pub fn forget_clock(&self) {
        self.0.ledgers.iter().for_each(|ledger| lock(ledger).lose());
    }

    /// A fault for tests: drops a key's record as if there had been no room for it. Nothing is published.
    pub fn evict(&self, key: &Key) -> bool {
        self.0.change(key, |shard| shard.remove(key))
    }
}

impl Inner {
    fn shard(&self, key: &Key) -> usize {
        ((key.hash().0 >> 64) as usize) % self.shards.len()
    }

    fn partitions(&self) -> u32 {
        u32::try_from(self.ledgers.len()).unwrap_or(u32::MAX)
    }

    fn ledger(&self, key: &Key) -> MutexGuard<'_, Ledger> {
        lock(&self.ledgers[key.partition(self.partitions()) as usize])
    }

    /// Changes the shard of a key under its lock, and keeps the account of bytes.
    fn change<T>(&self, key: &Key, act: impl FnOnce(&mut Shard) -> T) -> T {
        // Declared before the lock is taken, and so dropped after it is let go of: the drop of a value may use the store.
        let _outlives_the_lock;
        let mut shard = lock(&self.shards[self.shard(key)]);
        _outlives_the_lock = shard.value(key);
        let before = shard.bytes();
        let answer = act(&mut shard);
        // Wraps below zero and back again when a step makes a record smaller.
        self.bytes.fetch_add(shard.bytes().wrapping_sub(before), Ordering::Relaxed);
        answer
    }

    /// Runs one step of the protocol on the record of a key.
    fn step<T>(&self, key: &Key, act: impl FnOnce(&mut Record, &mut Step<'_>) -> T) -> T {
        let answer = self.change(key, |shard| {
            let now = self.clock.now();
            let mut ledger = self.ledger(key);
            let mut step = Step { key, now, ledger: &mut ledger, faults: self.faults };
            shard.step(key, now, self.faults, |record| act(record, &mut step))
        });
        self.make_room(key);
        answer
    }

    fn read(&self, key: &Key) -> Snapshot {
        let mut shard = lock(&self.shards[self.shard(key)]);
        let now = self.clock.now();
        let mut ledger = self.ledger(key);
        let mut step = Step { key, now, ledger: &mut ledger, faults: self.faults };
        match shard.read(key) {
            Some(record) => record.snapshot(&mut step),
            None => Record::new(key).snapshot(&mut step),
        }
    }

    /// Lets records go until the rest is within the capacity: first those of the key's own shard, and those under a live
    /// lease only after all others.
    fn make_room(&self, key: &Key) {
        for leased in [false, true] {
            for ahead in 0..self.shards.len() {
                if self.bytes.load(Ordering::Relaxed) <= self.capacity || self.faults.has(F::Unbounded) {
                    return;
                }
                self.make_room_in((self.shard(key) + ahead) % self.shards.len(), key, leased);
            }
        }
    }

    fn make_room_in(&self, shard: usize, key: &Key, leased: bool) {
        let mut gone = Vec::new();
        let mut shard = lock(&self.shards[shard]);
        let sparing = Sparing { now: self.clock.now(), newest: key, leased, faults: self.faults };
        while self.bytes.load(Ordering::Relaxed) > self.capacity {
            let Some((record, bytes)) = shard.evict(sparing) else { return };
            // Dropped after the lock is let go of, because `gone` was declared before it.
            gone.push(record);
            self.bytes.fetch_sub(bytes, Ordering::Relaxed);
        }
    }

    fn commit(&self, key: &Key, lease: &Lease, entry: Entry) -> Result<Committed, PortError> {
        if let Err(reason) = self.admit(key, &entry) {
            if self.faults.has(F::RefusalDropsLease) {
                self.step(key, |record, step| record.fail(step, lease, Failure::abandoned()));
            }
            return Err(PortError::lasting(PORT, "commit", reason));
        }
        Ok(self.step(key, |record, step| record.commit(step, lease, entry)))
    }

    /// Refuses what can never be kept.
    fn admit(&self, key: &Key, entry: &Entry) -> Result<(), String> {
        let bytes = kept::weight(entry);
        if bytes > self.value_limit {
            return Err(format!("the value of {key} has {bytes} bytes, more than {}", self.value_limit));
        }
        let whole = record::bytes_with(key, entry);
        if whole > self.capacity {
            return Err(format!(
                "the record of {key} takes {whole} bytes, more than the capacity of {}",
                self.capacity
            ));
        }
        match entry.value {
            Value::Shared(_) if self.encoded => Err(format!("the value of {key} is not encoded")),
            _ => Ok(()),
        }
    }

    /// The generations that outdate what a target covers, each with its partition.
    fn invalidate(&self, target: &Target, strength: Strength) -> Vec<(u32, Generation)> {
        let scope = match target {
            Target::Key(key) => return vec![(key.partition(self.partitions()), self.invalidate_key(key, strength))],
            Target::Tag(tag) => Scope::Tag(tag.clone()),
            Target::Namespace(name) => Scope::Namespace(name.clone()),
        };
        let mark = |(partition, ledger): (u32, &Mutex<Ledger>)| {
            let (now, mut ledger) = (self.clock.now(), lock(ledger));
            let unmarked = partition > 0 && self.faults.has(F::OthersUnmarked);
            (partition, if unmarked { ledger.tick(now) } else { ledger.mark(now, &scope, strength) })
        };
        (0..).zip(&self.ledgers).map(mark).collect()
    }

    fn invalidate_key(&self, key: &Key, strength: Strength) -> Generation {
        if self.faults.has(F::SilentWhenAbsent) && !self.change(key, |shard| shard.read(key).is_some()) {
            return self.ledger(key).tick(self.clock.now());
        }
        self.step(key, |record, step| record.invalidate(step, strength))
    }

    fn remove(&self, key: &Key) -> Generation {
        self.change(key, |shard| {
            let now = self.clock.now();
            let mut ledger = self.ledger(key);
            let step = Step { key, now, ledger: &mut ledger, faults: self.faults };
            let there = if self.faults.has(F::RemoveKeepsLease) {
                shard.step(key, now, self.faults, |record| record.entry.take().is_some())
            } else {
                !self.faults.has(F::RemoveKeepsRecord) && shard.remove(key)
            };
            let generation = step.ledger.tick(now);
            // An absent record may still live in somebody's near tier.
            if there || !self.faults.has(F::SilentWhenAbsent) {
                step.ledger.publish(now, Notice::Removed { key: key.clone() });
            }
            generation
        })
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // No foreign code runs under these locks, not even the drop of a value that goes.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Store for MemoryStore {
    fn traits(&self) -> StoreTraits {
        let partitions = self.0.partitions();
        StoreTraits { durable: false, marks: true, shares_values: !self.0.encoded, partitions }
    }

    fn read<'a>(&'a self, keys: &'a [Key]) -> BoxFuture<'a, Vec<Result<Snapshot, PortError>>> {
        Box::pin(async { keys.iter().map(|key| Ok(self.0.read(key))).collect() })
    }

    fn marks<'a>(&'a self, scopes: &'a [Scope]) -> BoxFuture<'a, Result<Vec<Marked>, PortError>> {
        Box::pin(async {
            let marked = |ledger: &Mutex<Ledger>| lock(ledger).marked(self.0.clock.now(), scopes);
            Ok(self.0.ledgers.iter().map(marked).collect())
        })
    }

    fn ask<'a>(
        &'a self,
        key: &'a Key,
        deadline: Duration,
        at_least: Option<Generation>,
    ) -> BoxFuture<'a, Result<Asked, PortError>> {
        Box::pin(async move { Ok(self.0.step(key, |record, step| record.ask(step, deadline, at_least))) })
    }

    fn unask<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Result<(), PortError>> {
        Box::pin(async move {
            self.0.step(key, |record, _| record.unask());
            Ok(())
        })
    }

    fn begin<'a>(&'a self, key: &'a Key, request: Begin) -> BoxFuture<'a, Result<Begun, PortError>> {
        Box::pin(async move { Ok(self.0.step(key, |record, step| record.begin(step, request))) })
    }

    fn commit<'a>(
        &'a self,
        key: &'a Key,
        lease: &'a Lease,
        entry: Entry,
    ) -> BoxFuture<'a, Result<Committed, PortError>> {
        Box::pin(async move { self.0.commit(key, lease, entry) })
    }

    fn fail<'a>(&'a self, key: &'a Key, lease: &'a Lease, failure: Failure) -> BoxFuture<'a, Result<(), PortError>> {
        Box::pin(async move {
            self.0.step(key, |record, step| record.fail(step, lease, failure));
            Ok(())
        })
    }

    fn renew<'a>(&'a self, key: &'a Key, lease: &'a Lease, span: Duration) -> BoxFuture<'a, Result<bool, PortError>> {
        Box::pin(async move {
            let renewed = self.0.step(key, |record, step| record.renew(step, lease, step.now + span));
            Ok(renewed)
        })
    }

    fn invalidate<'a>(
        &'a self,
        targets: &'a [Target],
        strength: Strength,
    ) -> BoxFuture<'a, Result<Generations, PortError>> {
        Box::pin(async move { Ok(targets.iter().flat_map(|target| self.0.invalidate(target, strength)).collect()) })
    }

    fn remove<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Result<Generation, PortError>> {
        Box::pin(async move { Ok(self.0.remove(key)) })
    }
}
