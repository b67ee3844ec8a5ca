//! What a store must answer when everything happens one after the other: the contract once more, as simply as can be.
//!
//! It knows neither generations nor tokens. Its moments are the numbers of the steps that happened, and whatever a
//! generation is compared for is compared by moments.

use std::collections::HashMap;
use std::hash::Hash;
use std::time::Duration;

use freshen_core::store::Currency;
use freshen_core::{Strength, Timestamp};

mod steps;

/// The order of begins and invalidations within one life of the store's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment {
    /// How often the clock was lost before.
    pub life: u32,
    /// The number of the step.
    pub number: u64,
}

/// The right to load one key, as the reference remembers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ticket {
    /// The moment of the grant, which no other has.
    pub granted: Moment,
    /// The moment under which its value is loaded.
    pub begun: Moment,
    /// When it ends.
    pub until: Timestamp,
    /// Failures in a row before it was granted.
    pub failures: u32,
}

/// What a commit brings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Brought<T> {
    /// Which value.
    pub value: u64,
    /// When its load began.
    pub loaded_at: Timestamp,
    /// How long it is fresh.
    pub ttl: Duration,
    /// How long it may be served after that.
    pub stale: Duration,
    /// The tag or other scope, besides its namespace, that outdates it.
    pub scope: T,
}

/// The answer to a begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BeginAnswer {
    /// Nothing to load.
    Fresh,
    /// Held until then.
    Busy(Timestamp),
    /// Failed so often, not to be tried again before.
    Cooling(u32, Timestamp),
    /// Granted.
    Granted(Ticket),
}

/// The answer to a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommitAnswer {
    /// Installed and current.
    Stored,
    /// To be read again under this ticket.
    Invalidated(Ticket),
    /// Not in force.
    Lost,
}

/// What a read shows of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shown {
    /// The value and how current it is.
    pub value: Option<(u64, Currency)>,
    /// The end of a lease that is alive.
    pub lease_until: Option<Timestamp>,
    /// The end of a marker that is alive.
    pub asked_until: Option<Timestamp>,
    /// Failures in a row, and when to try again.
    pub trouble: Option<(u32, Timestamp)>,
}

/// The reference: keys of one kind, scopes of another.
#[derive(Clone, Debug)]
pub struct Reference<K, T> {
    /// The store's time.
    pub now: Timestamp,
    lost: Strength,
    last: Moment,
    marks: HashMap<(T, Strength), Moment>,
    records: HashMap<K, Record<T>>,
}

#[derive(Clone, Debug)]
struct Record<T> {
    entry: Option<(Brought<T>, Moment)>,
    flag: Currency,
    lease: Option<Held>,
    asked_until: Timestamp,
    trouble: Option<(u32, Timestamp)>,
}

impl<T> Default for Record<T> {
    fn default() -> Self {
        let asked_until = Timestamp::ZERO;
        Record { entry: None, flag: Currency::Current, lease: None, asked_until, trouble: None }
    }
}

#[derive(Clone, Copy, Debug)]
struct Held {
    ticket: Ticket,
    dirty: Currency,
    for_task: bool,
}

impl<K: Clone + Eq + Hash, T: Copy + Eq + Hash> Reference<K, T> {
    /// An empty store, whose lost marks are of this strength.
    pub fn new(now: Timestamp, lost: Strength) -> Self {
        let last = Moment { life: 0, number: 0 };
        Reference { now, lost, last, marks: HashMap::new(), records: HashMap::new() }
    }

    /// Whether nothing that ended between `past` and now would come to life if the clock were set back to `past`.
    pub fn may_return_to(&self, past: Timestamp) -> bool {
        let ended = |end: Timestamp| past < end && end <= self.now;
        self.records.values().all(|record| {
            let entry = record.entry.as_ref().is_some_and(|(brought, _)| ended(brought.ends_at()));
            let lease = record.lease.is_some_and(|held| ended(held.ticket.until));
            !entry && !lease && !ended(record.asked_until)
        })
    }

    /// Reads a key.
    pub fn read(&self, key: &K) -> Shown {
        let Some(record) = self.records.get(key) else {
            return Shown { value: None, lease_until: None, asked_until: None, trouble: None };
        };
        let value =
            self.entry(record).map(|(brought, begun)| (brought.value, self.judge(record.flag, brought, *begun)));
        Shown {
            value,
            lease_until: self.live_until(record),
            asked_until: (record.asked_until > self.now).then_some(record.asked_until),
            trouble: record.trouble,
        }
    }

    /// Whether the marks, or the loss of the clock, outdate the entry that a read shows; its own flag aside.
    pub fn is_marked(&self, key: &K) -> Option<bool> {
        let (brought, begun) = self.entry(self.records.get(key)?)?;
        Some(self.judge(Currency::Current, brought, *begun) != Currency::Current)
    }

    fn entry<'r>(&self, record: &'r Record<T>) -> Option<&'r (Brought<T>, Moment)> {
        record.entry.as_ref().filter(|(brought, _)| self.now < brought.ends_at())
    }

    fn live_until(&self, record: &Record<T>) -> Option<Timestamp> {
        record.lease.map(|held| held.ticket.until).filter(|until| *until > self.now)
    }

    fn judge(&self, flag: Currency, brought: &Brought<T>, begun: Moment) -> Currency {
        let lost = if begun.life == self.last.life { Currency::Current } else { self.lost.into() };
        let marked = |strength| self.marks.get(&(brought.scope, strength)).is_some_and(|mark| *mark > begun);
        let of = |strength| if marked(strength) { Currency::from(strength) } else { Currency::Current };
        flag.max(lost).max(of(Strength::Soft)).max(of(Strength::Hard))
    }

    fn is_fresh(&self, key: &K, at_least: Option<Moment>) -> bool {
        let Some(record) = self.records.get(key) else { return false };
        self.entry(record).is_some_and(|(brought, begun)| {
            let above = at_least.is_none_or(|seen| seen.life == begun.life && seen < *begun);
            above && self.now < brought.fresh_until() && self.judge(record.flag, brought, *begun) == Currency::Current
        })
    }
}

impl<T> Brought<T> {
    fn fresh_until(&self) -> Timestamp {
        self.loaded_at + self.ttl
    }

    fn ends_at(&self) -> Timestamp {
        self.loaded_at + self.ttl + self.stale
    }
}
