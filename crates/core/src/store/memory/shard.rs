//! A part of the records under one lock, and which of them go when there is no room.

use hashbrown::HashTable;

use crate::entry::Value;
use crate::key::Key;
use crate::store::memory::fault::{Fault, Faults};
use crate::store::memory::kept::Kept;
use crate::store::memory::name::place;
use crate::store::memory::record::Record;
use crate::time::Timestamp;

/// Records by key. The whole key is compared, so two keys of one hash do not meet.
///
/// The order of eviction is CLOCK's: a hand goes round the table and takes what was not touched since it came by last.
#[derive(Debug, Default)]
pub(super) struct Shard {
    records: HashTable<Box<Record>>,
    hand: usize,
    /// What the records take in memory.
    bytes: u64,
}

/// Which records the hand must leave alone.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sparing<'a> {
    pub(super) now: Timestamp,
    /// What was stored a moment ago.
    pub(super) newest: &'a Key,
    /// Whether what is under a live lease may go, because nothing else can.
    pub(super) leased: bool,
    pub(super) faults: Faults,
}

impl Shard {
    pub(super) fn len(&self) -> usize {
        self.records.len()
    }

    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The value under a key, for whoever must not drop it under the shard's lock.
    pub(super) fn value(&self, key: &Key) -> Option<Value> {
        let record = self.records.find(place(key), |record| record.name.is(key))?;
        record.entry.as_ref().map(Kept::value)
    }

    /// The record of a key, for reading.
    pub(super) fn read(&mut self, key: &Key) -> Option<&Record> {
        let record = self.records.find_mut(place(key), |record| record.name.is(key))?;
        record.touched = true;
        Some(record)
    }

    /// Runs a step on the record of a key, an empty one if it is absent, and drops it if nothing is left in it.
    pub(super) fn step<T>(
        &mut self,
        key: &Key,
        now: Timestamp,
        faults: Faults,
        act: impl FnOnce(&mut Record) -> T,
    ) -> T {
        match self.records.find_entry(place(key), |record| record.name.is(key)) {
            Ok(mut found) => {
                let record = found.get_mut();
                self.bytes -= record.bytes();
                record.tidy(now, faults);
                let answer = act(record);
                if record.tidy(now, faults) {
                    found.remove();
                } else {
                    self.bytes += record.bytes();
                }
                answer
            }
            Err(_) => {
                let mut record = Record::new(key);
                let answer = act(&mut record);
                if !record.tidy(now, faults) {
                    self.bytes += record.bytes();
                    self.records.insert_unique(place(key), Box::new(record), |record| record.name.place());
                }
                answer
            }
        }
    }

    /// Takes a record out.
    pub(super) fn remove(&mut self, key: &Key) -> bool {
        let Ok(found) = self.records.find_entry(place(key), |record| record.name.is(key)) else { return false };
        self.bytes -= found.get().bytes();
        found.remove();
        true
    }

    /// Takes one record out to make room. `None`: there is none that may go. Answers what it took in memory, too.
    pub(super) fn evict(&mut self, sparing: Sparing<'_>) -> Option<(Box<Record>, u64)> {
        // The first time round may only take the marks of touch away.
        for _ in 0..2 * self.records.num_buckets() {
            self.hand = (self.hand + 1) % self.records.num_buckets();
            let Ok(mut found) = self.records.get_bucket_entry(self.hand) else { continue };
            let record = found.get_mut();
            let touched = std::mem::take(&mut record.touched);
            if sparing.may_go(record) && !touched {
                let bytes = record.bytes();
                self.bytes -= bytes;
                return Some((found.remove().0, bytes));
            }
        }
        None
    }
}

impl Sparing<'_> {
    fn may_go(self, record: &Record) -> bool {
        let live = record.rare().and_then(|rare| rare.lease.as_ref()).is_some_and(|held| held.until > self.now);
        let spared = live && !self.leased && !self.faults.has(Fault::EvictsLeased);
        !spared && !record.name.is(self.newest)
    }
}
