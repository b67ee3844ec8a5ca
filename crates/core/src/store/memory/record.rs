//! The record of one key: what it holds, and how it is judged. Its steps are in `steps`.

use crate::entry::{Entry, Generation, Strength, Tag};
use crate::key::Key;
use crate::store::memory::fault::{Fault, Faults};
use crate::store::memory::kept::Kept;
use crate::store::memory::ledger::Ledger;
use crate::store::memory::name::{self, Name};
use crate::store::{Currency, Snapshot, Token, Trouble};
use crate::time::Timestamp;
use crate::wire::ALLOCATION_BYTES;

/// What a record takes in memory besides a long key, its entry and what is rare: itself, what the allocator adds, and its
/// place in a table, of which a third is taken while records come and go.
const FIXED_BYTES: u64 = (size_of::<Record>() + ALLOCATION_BYTES / 2 + 3 * PLACE_BYTES) as u64;

/// A pointer, and a byte of the hash.
const PLACE_BYTES: usize = size_of::<Box<Record>>() + 1;

/// What the store has under one key. A shard's lock guards it.
#[derive(Debug)]
pub(super) struct Record {
    pub(super) name: Name,
    pub(super) entry: Option<Kept>,
    /// How an invalidation by key, or a commit that was overtaken, left the entry.
    pub(super) flag: Currency,
    /// Read since the hand of the eviction came by.
    pub(super) touched: bool,
    rare: Option<Box<Rare>>,
}

/// What few records have at a time.
#[derive(Debug, Default)]
pub(super) struct Rare {
    pub(super) lease: Option<Held>,
    pub(super) asked_until: Option<Timestamp>,
    pub(super) trouble: Option<Trouble>,
}

/// The lease in force, which may have expired: then whoever comes may take it over.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) token: Token,
    pub(super) generation: Generation,
    pub(super) until: Timestamp,
    /// How the key was invalidated since the generation was drawn.
    pub(super) dirty: Option<Strength>,
    /// Whether it was granted to a worker with a task.
    pub(super) for_task: bool,
}

/// What a step works with, besides the record.
pub(super) struct Step<'a> {
    /// The record's key.
    pub(super) key: &'a Key,
    pub(super) now: Timestamp,
    pub(super) ledger: &'a mut Ledger,
    pub(super) faults: Faults,
}

impl Step<'_> {
    /// What ends at a point in time is over at that point.
    fn is_before(&self, end: Timestamp) -> bool {
        self.now < end || (self.now == end && self.faults.has(Fault::EndsLate))
    }
}

impl Record {
    pub(super) fn new(key: &Key) -> Record {
        Record { name: Name::new(key), entry: None, flag: Currency::Current, touched: false, rare: None }
    }

    /// What the store tells a reader of this record.
    pub(super) fn snapshot(&self, step: &mut Step<'_>) -> Snapshot {
        let kept = self.entry.as_ref().filter(|kept| step.faults.has(Fault::DeadlineIgnored) || !ended(kept, step.now));
        let (namespace, tags) = (step.key.namespace(), kept.map_or(&[][..], Kept::tags));
        let rare = self.rare.as_deref();
        Snapshot {
            now: step.now,
            entry: kept.map(Kept::entry),
            currency: kept.map_or(Currency::Current, |kept| self.judge(kept, step)),
            newest_mark: step.ledger.newest_mark(step.now, namespace, tags),
            marks: step.ledger.marks_by_scope(step.now, namespace, tags),
            lease_until: self.live_until(step),
            lease_holder: None,
            asked_until: self.asked_until(step),
            trouble: rare.and_then(|rare| rare.trouble.clone()),
        }
    }

    /// Whether there is nothing to load for a caller that has seen `at_least`.
    pub(super) fn is_fresh(&self, step: &mut Step<'_>, at_least: Option<Generation>) -> bool {
        let Some(kept) = &self.entry else { return false };
        let seen = at_least.filter(|_| !step.faults.has(Fault::AtLeastIgnored));
        step.is_before(kept.facts().fresh_until())
            && seen.is_none_or(|seen| !kept.generation().outdated_by(seen))
            && self.judge(kept, step) == Currency::Current
    }

    /// When the lease in force ends, if it has not expired.
    pub(super) fn live_until(&self, step: &Step<'_>) -> Option<Timestamp> {
        let until = self.rare.as_ref()?.lease.as_ref()?.until;
        (step.is_before(until) || step.faults.has(Fault::LeaseNeverExpires)).then_some(until)
    }

    /// When the marker ends, if it has not.
    pub(super) fn asked_until(&self, step: &Step<'_>) -> Option<Timestamp> {
        let until = self.rare.as_ref()?.asked_until?;
        (step.is_before(until) || step.faults.has(Fault::MarkerNeverEnds)).then_some(until)
    }

    pub(super) fn rare(&self) -> Option<&Rare> {
        self.rare.as_deref()
    }

    pub(super) fn rare_mut(&mut self) -> &mut Rare {
        self.rare.get_or_insert_default()
    }

    /// The lease in force, if `token` is its token.
    pub(super) fn held_by(&mut self, token: Token, step: &Step<'_>) -> Option<&mut Held> {
        let expired = self.live_until(step).is_none();
        let held = self.rare.as_mut()?.lease.as_mut()?;
        let lost = expired && step.faults.has(Fault::ExpiredLeaseIsLost);
        let known = held.token == token || step.faults.has(Fault::NoTokenCheck);
        (known && !lost).then_some(held)
    }

    /// Lets go of what has ended, so that it takes no memory. `true`: nothing is left, and the record may go.
    pub(super) fn tidy(&mut self, now: Timestamp, faults: Faults) -> bool {
        if !faults.has(Fault::DeadlineIgnored) && self.entry.as_ref().is_some_and(|kept| ended(kept, now)) {
            self.entry = None;
        }
        if self.entry.is_none() {
            self.flag = Currency::Current;
        }
        if let Some(rare) = &mut self.rare {
            if !faults.has(Fault::MarkerNeverEnds) {
                rare.asked_until = rare.asked_until.filter(|until| *until > now);
            }
            if rare.lease.is_none() && rare.asked_until.is_none() && rare.trouble.is_none() {
                self.rare = None;
            }
        }
        self.entry.is_none() && self.rare.is_none()
    }

    /// What it takes in memory.
    pub(super) fn bytes(&self) -> u64 {
        let reason = self.rare().and_then(|rare| rare.trouble.as_ref()).map_or(0, |trouble| trouble.reason.len());
        let rare = if self.rare.is_some() { size_of::<Rare>() + ALLOCATION_BYTES + reason } else { 0 };
        FIXED_BYTES + rare as u64 + self.name.bytes() + self.entry.as_ref().map_or(0, Kept::bytes)
    }

    /// By the record's own flag, and by the marks and the epoch of its partition.
    fn judge(&self, kept: &Kept, step: &mut Step<'_>) -> Currency {
        let tags: &[Tag] = kept.tags();
        self.flag.max(step.ledger.judge(step.now, kept.generation(), step.key.namespace(), tags))
    }

    /// As [`Record::is_fresh`], but by the record alone: the fault of a begin that does not read the marks.
    pub(super) fn looks_fresh(&self, step: &Step<'_>) -> bool {
        let Some(kept) = &self.entry else { return false };
        step.now < kept.facts().fresh_until() && self.flag == Currency::Current
    }
}

/// What a record takes in memory that holds this entry, at least.
pub(super) fn bytes_with(key: &Key, entry: &Entry) -> u64 {
    FIXED_BYTES + name::bytes_of(key) + Kept::new(entry.clone(), entry.facts.generation).bytes()
}

fn ended(kept: &Kept, now: Timestamp) -> bool {
    now >= kept.facts().ends_at()
}
