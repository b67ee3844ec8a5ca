//! Reading records and judging them: the second step of a walk, past the near tier.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::engine::core::Engine;
use crate::engine::demand::newer;
use crate::engine::near::{Frame, Pin};
use crate::engine::refresh::Seen;
use crate::engine::slot::Hand;
use crate::engine::work::Work;
use crate::entry::{Entry, Generation, Strength};
use crate::error::PortError;
use crate::event::Event;
use crate::key::Key;
use crate::store::{Currency, Snapshot};
use crate::time::Timestamp;

/// What one read found, judged.
pub(crate) struct Reading {
    /// The value in hand, and whether it is current.
    pub hand: Option<(Hand, Currency)>,
    /// The snapshot, without its entry's value being decoded.
    pub snapshot: Option<Snapshot>,
    /// The store's clock at the read.
    pub now: Timestamp,
    /// The newest mark that applies.
    pub newest: Option<Generation>,
    /// Bytes that do not decode, if there were such.
    pub foreign: Option<Foreign>,
    /// The pin under which it was read.
    pub pin: Pin,
}

/// Bytes that do not decode: another version of the job wrote them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Foreign {
    /// They are fresh for that version, and stay.
    Fresh,
    /// Whoever loads replaces them, or no value of this version would be stored until their last window ends.
    Outdated,
}

impl Foreign {
    fn of(snapshot: &Snapshot, entry: &Entry) -> Foreign {
        let fresh = snapshot.currency == Currency::Current && snapshot.now < entry.facts.fresh_until();
        if fresh { Foreign::Fresh } else { Foreign::Outdated }
    }
}

impl Reading {
    /// Whether what is loaded must not replace what the store has.
    pub fn bytes_stay(&self) -> bool {
        self.foreign == Some(Foreign::Fresh)
    }

    /// What matters of the record where its value is served and refreshed.
    pub fn seen(&self) -> Seen {
        let under_way = |snapshot: &Snapshot| snapshot.asked_until.or(snapshot.lease_until).is_some();
        Seen { newest: self.newest, refreshing: self.snapshot.as_ref().is_some_and(under_way) }
    }

    fn nothing(pin: Pin, now: Timestamp) -> Self {
        Reading { hand: None, snapshot: None, now, newest: None, foreign: None, pin }
    }
}

impl Engine {
    /// Reads and judges records, one reading per work in their order. What cannot be read reads as empty.
    pub async fn read(&self, works: &[Arc<dyn Work>]) -> Vec<Reading> {
        let began = self.now();
        let pins: Vec<Pin> = works.iter().map(|work| self.near().pin(work.key(), began)).collect();
        let snapshots = self.snapshots(works).await;
        let read = works.iter().zip(pins).zip(snapshots);
        read.map(|((work, pin), snapshot)| match snapshot {
            Some(snapshot) => self.judge(work, pin, snapshot),
            None => Reading::nothing(pin, began),
        })
        .collect()
    }

    /// What the store has of each. That a partition cannot be read is told once, however many of its keys are asked for.
    async fn snapshots(&self, works: &[Arc<dyn Work>]) -> Vec<Option<Snapshot>> {
        let keys: Vec<Key> = works.iter().map(|work| work.key().clone()).collect();
        let mut read = self.store().read(&keys).await.into_iter();
        let mut told = BTreeSet::new();
        let found = keys.iter().map(|key| match read.next()? {
            Ok(snapshot) => Some(snapshot),
            Err(error) => {
                if told.insert(key.partition(self.near().partitions())) {
                    self.emit(&Event::PortFailed { error: &error });
                }
                None
            }
        });
        found.collect()
    }

    /// As [`Engine::read`], of one record: most reads are of one, and lists of it would be a good part of their cost.
    pub async fn read_one(&self, work: &Arc<dyn Work>) -> Reading {
        let began = self.now();
        let pin = self.near().pin(work.key(), began);
        let snapshot = self.record(work.key()).await.unwrap_or_else(|error| {
            self.emit(&Event::PortFailed { error: &error });
            None
        });
        match snapshot {
            Some(snapshot) => self.judge(work, pin, snapshot),
            None => Reading::nothing(pin, began),
        }
    }

    /// One record as the store has it; `None` where the store gave no answer at all.
    pub async fn record(&self, key: &Key) -> Result<Option<Snapshot>, PortError> {
        self.store().read(std::slice::from_ref(key)).await.pop().transpose()
    }

    /// Opens what a snapshot holds, and keeps it near unless it may never be served.
    fn judge(&self, work: &Arc<dyn Work>, pin: Pin, snapshot: Snapshot) -> Reading {
        if let Some(newest) = snapshot.newest_mark {
            self.near().enter(work.key().partition(self.near().partitions()), newest.epoch);
        }
        let opened = snapshot.entry.as_ref().map(|entry| {
            let frame = Frame { near: self.near(), pin: &pin, marks: &snapshot.marks };
            work.open(entry, &frame).map_err(|error| (error, Foreign::of(&snapshot, entry)))
        });
        let mut reading = Reading::nothing(pin, snapshot.now);
        reading.newest = snapshot.newest_mark;
        match opened {
            Some(Ok(hand)) => {
                match snapshot.currency {
                    Currency::Current => {}
                    Currency::OutdatedSoft => hand.meta().strike(Strength::Soft),
                    Currency::OutdatedHard => hand.meta().strike(Strength::Hard),
                }
                if snapshot.currency != Currency::OutdatedHard {
                    work.near_fill(self.near(), &reading.pin, &hand);
                }
                reading.hand = Some((hand, snapshot.currency));
            }
            Some(Err((error, foreign))) => {
                let reason = error.to_string();
                self.emit(&Event::Undecodable { key: work.key(), reason: &reason });
                reading.foreign = Some(foreign);
                let generation = snapshot.entry.as_ref().map(|entry| entry.facts.generation);
                reading.newest = newer(generation, snapshot.newest_mark);
            }
            None => {}
        }
        reading.snapshot = Some(snapshot);
        reading
    }
}
