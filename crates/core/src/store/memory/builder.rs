//! The settings of a memory store.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::sync::{Arc, Mutex};

use crate::bus::MemoryBus;
use crate::entry::Strength;
use crate::error::BuildError;
use crate::store::PARTITIONS_MAX;
#[cfg(feature = "mutants")]
use crate::store::memory::fault::Fault;
use crate::store::memory::fault::Faults;
use crate::store::memory::ledger::Ledger;
use crate::store::memory::{Inner, MemoryStore};
use crate::time::Clock;

/// Collects the settings of a [`MemoryStore`].
#[derive(Debug)]
#[must_use]
pub struct MemoryStoreBuilder {
    clock: Clock,
    capacity: u64,
    marks: usize,
    value_limit: u64,
    shards: usize,
    partitions: u32,
    lost: Strength,
    bus: MemoryBus,
    encoded: bool,
    seed: Option<u64>,
    faults: Faults,
}

impl MemoryStoreBuilder {
    pub(super) fn new(clock: Clock) -> MemoryStoreBuilder {
        MemoryStoreBuilder {
            clock,
            capacity: 256 << 20,
            marks: 100_000,
            value_limit: 16 << 20,
            shards: 16,
            partitions: 1,
            lost: Strength::Hard,
            bus: MemoryBus::new(),
            encoded: false,
            seed: None,
            faults: Faults::default(),
        }
    }

    /// How many bytes of records are kept: keys, what values weigh, tags and a fixed part for each record. Default: 256 MiB.
    /// Beyond it what was not read lately goes, and what is being loaded only if nothing else can.
    pub fn capacity(mut self, bytes: u64) -> Self {
        self.capacity = bytes;
        self
    }

    /// How many marks of tags and namespaces are kept in each partition. Default: 100,000. Beyond it the oldest goes, and with it goes
    /// whatever is as old as that mark: it counts as invalidated too.
    pub fn marks(mut self, most: usize) -> Self {
        self.marks = most;
        self
    }

    /// What one value may weigh. Default: 16 MiB, and never more than the capacity has room for. A commit above it is an
    /// error that will repeat.
    pub fn value_limit(mut self, bytes: u64) -> Self {
        self.value_limit = bytes;
        self
    }

    /// Into how many parts the records are divided, each under a lock of its own. Default: 16.
    pub fn shards(mut self, shards: usize) -> Self {
        self.shards = shards;
        self
    }

    /// Into how many partitions the keys are divided, each with a clock and marks of its own, as in a store that is spread over
    /// several machines; at most [`PARTITIONS_MAX`](crate::store::PARTITIONS_MAX). Default: 1, which is best here.
    pub fn partitions(mut self, partitions: u32) -> Self {
        self.partitions = partitions;
        self
    }

    /// How to treat what a lost clock made. Default: hard, which is never wrong. Soft serves it stale, and is right where tags
    /// and namespaces are only invalidated softly. The store loses its clock only when a test tells it to.
    pub fn lost(mut self, strength: Strength) -> Self {
        self.lost = strength;
        self
    }

    /// The bus on which the steps are published. Default: one of its own, which [`MemoryStore::bus`] gives.
    pub fn bus(mut self, bus: MemoryBus) -> Self {
        self.bus = bus;
        self
    }

    /// Takes encoded values only, as a store in another process does.
    pub fn encoded(mut self) -> Self {
        self.encoded = true;
        self
    }

    /// What tokens and the clock's epoch are drawn from. Default: at random. Two stores of one seed draw the same.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// Breaks one rule, so that a suite can be shown to notice.
    #[cfg(feature = "mutants")]
    #[doc(hidden)]
    pub fn fault(mut self, fault: Fault) -> Self {
        self.faults = Faults::only(fault);
        self
    }

    /// Builds the store.
    ///
    /// # Errors
    /// [`BuildError::Config`] names a bound that is zero.
    pub fn build(self) -> Result<MemoryStore, BuildError> {
        refuse_zero("capacity", self.capacity)?;
        refuse_zero("marks", self.marks as u64)?;
        refuse_zero("value_limit", self.value_limit)?;
        refuse_zero("shards", self.shards as u64)?;
        refuse_zero("partitions", self.partitions.into())?;
        if self.partitions > PARTITIONS_MAX {
            return Err(BuildError::Config { field: "partitions", reason: "must be at most 1024" });
        }
        let mut seeds =
            fastrand::Rng::with_seed(self.seed.unwrap_or_else(|| RandomState::new().build_hasher().finish()));
        let ledgers: Box<[_]> = (0..self.partitions)
            .map(|partition| {
                let seed = seeds.u64(..);
                let mut ledger = Ledger::new((partition, seed), self.lost, self.marks, self.bus.clone(), self.faults);
                // The clock's life begins here, so that no reader has to begin it.
                ledger.tick(self.clock.now());
                Mutex::new(ledger)
            })
            .collect();
        Ok(MemoryStore(Arc::new(Inner {
            clock: self.clock,
            shards: (0..self.shards).map(|_| Mutex::default()).collect(),
            ledgers,
            bytes: Default::default(),
            capacity: self.capacity,
            value_limit: self.value_limit,
            encoded: self.encoded,
            bus: self.bus,
            faults: self.faults,
        })))
    }
}

fn refuse_zero(field: &'static str, setting: u64) -> Result<(), BuildError> {
    if setting == 0 { Err(BuildError::Config { field, reason: "must be at least 1" }) } else { Ok(()) }
}
