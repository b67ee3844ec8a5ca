//! What the processes at one place did, counted.

use std::iter::Sum;
use std::sync::atomic::{AtomicU64, Ordering};

use freshen::{LoadEnd, Status};
use serde::Serialize;

/// Counters of one place.
#[derive(Debug, Default)]
pub struct Tally {
    answers: [AtomicU64; Status::ALL.len()],
    refused: AtomicU64,
    begun: AtomicU64,
    stored: AtomicU64,
    failed: AtomicU64,
}

/// The counts at one moment. The names are those of `/state.json`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    pub answers: Answers,
    /// Callers who got an error, because nothing was in hand.
    pub refused: u64,
    pub loads: Loads,
}

/// Answers by their status.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Answers {
    pub hit: u64,
    pub stale: u64,
    pub loaded: u64,
    pub fallback: u64,
    pub empty: u64,
}

/// Loads by their end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Loads {
    pub begun: u64,
    pub stored: u64,
    pub failed: u64,
}

impl Tally {
    /// A caller was answered.
    pub fn answered(&self, status: Status) {
        add(&self.answers[status as usize]);
    }

    /// A caller got an error.
    pub fn refused(&self) {
        add(&self.refused);
    }

    /// A load has begun.
    pub fn load_began(&self) {
        add(&self.begun);
    }

    /// A load has ended.
    pub fn load_ended(&self, end: LoadEnd) {
        match end {
            LoadEnd::Stored => add(&self.stored),
            LoadEnd::Failed | LoadEnd::TimedOut | LoadEnd::Panicked | LoadEnd::Refused => add(&self.failed),
            LoadEnd::Outdated | LoadEnd::Lost | LoadEnd::NotKept => {}
        }
    }

    /// The counts now.
    pub fn counts(&self) -> Counts {
        let answered = |status: Status| read(&self.answers[status as usize]);
        Counts {
            answers: Answers {
                hit: answered(Status::Hit),
                stale: answered(Status::Stale),
                loaded: answered(Status::Loaded),
                fallback: answered(Status::Fallback),
                empty: answered(Status::Empty),
            },
            refused: read(&self.refused),
            loads: Loads { begun: read(&self.begun), stored: read(&self.stored), failed: read(&self.failed) },
        }
    }
}

impl Counts {
    /// Requests that were neither a hit nor stale: they waited, or got an error.
    pub fn missed(&self) -> u64 {
        let Answers { loaded, fallback, empty, .. } = self.answers;
        loaded + fallback + empty + self.refused
    }

    /// All requests.
    pub fn requests(&self) -> u64 {
        self.answers.hit + self.answers.stale + self.missed()
    }

    /// What was counted after these were.
    pub fn since(self, before: Counts) -> Counts {
        self.with(before, u64::saturating_sub)
    }

    fn and(self, other: Counts) -> Counts {
        self.with(other, u64::saturating_add)
    }

    fn with(self, other: Counts, count: impl Fn(u64, u64) -> u64) -> Counts {
        let (ours, theirs) = (self.answers, other.answers);
        Counts {
            answers: Answers {
                hit: count(ours.hit, theirs.hit),
                stale: count(ours.stale, theirs.stale),
                loaded: count(ours.loaded, theirs.loaded),
                fallback: count(ours.fallback, theirs.fallback),
                empty: count(ours.empty, theirs.empty),
            },
            refused: count(self.refused, other.refused),
            loads: Loads {
                begun: count(self.loads.begun, other.loads.begun),
                stored: count(self.loads.stored, other.loads.stored),
                failed: count(self.loads.failed, other.loads.failed),
            },
        }
    }
}

impl Sum for Counts {
    fn sum<I: Iterator<Item = Counts>>(counts: I) -> Counts {
        counts.fold(Counts::default(), Counts::and)
    }
}

fn add(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

fn read(counter: &AtomicU64) -> u64 {
    counter.load(Ordering::Relaxed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_places_counted_is_summed() {
        let tallies = [Tally::default(), Tally::default()];
        for (tally, times) in tallies.iter().zip([1, 10]) {
            for _ in 0..times {
                Status::ALL.into_iter().for_each(|status| tally.answered(status));
                tally.refused();
                tally.load_began();
                LoadEnd::ALL.into_iter().for_each(|end| tally.load_ended(end));
            }
        }
        let sum: Counts = tallies.iter().map(Tally::counts).sum();
        assert_eq!(sum.answers, Answers { hit: 11, stale: 11, loaded: 11, fallback: 11, empty: 11 });
        assert_eq!((sum.refused, sum.loads), (11, Loads { begun: 11, stored: 11, failed: 44 }));
        assert_eq!((sum.missed(), sum.requests()), (44, 66));
        let [first, second] = tallies.map(|tally| tally.counts());
        assert_eq!((sum.since(second), sum.since(sum)), (first, Counts::default()));
    }
}
