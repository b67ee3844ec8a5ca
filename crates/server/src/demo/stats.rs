//! What happened since the start, in fixed room.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use freshen::{Clock, Event, LoadEnd, Observer, Status, Timestamp};
use serde::Serialize;

use crate::demo::histogram::Histogram;

/// Counts what the cache tells. Counters and histograms are atomics; the lock guards the last trouble alone.
#[derive(Debug)]
pub struct Stats {
    clock: Clock,
    began: Timestamp,
    answers: [AtomicU64; Status::ALL.len()],
    refused: AtomicU64,
    begun: AtomicU64,
    stored: AtomicU64,
    failed: AtomicU64,
    waits: Histogram,
    load_times: Histogram,
    trouble: Mutex<Option<(Timestamp, String)>>,
}

/// The numbers at one moment. The names are those of `/state.json`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Numbers {
    pub up_ms: f64,
    pub answers: Answers,
    /// Callers who got an error, because nothing was in hand.
    pub refused: u64,
    pub loads: Loads,
    /// How long callers waited.
    pub waits: Spread,
    /// How long loads took, failed ones included.
    pub load_times: Spread,
    /// The last failed load, if none was good since.
    pub trouble: Option<Trouble>,
}

/// Answers by their status.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Answers {
    pub hit: u64,
    pub stale: u64,
    pub loaded: u64,
    pub fallback: u64,
    pub empty: u64,
}

/// Loads by their end.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Loads {
    pub begun: u64,
    pub stored: u64,
    pub failed: u64,
}

/// How a kind of duration is spread.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Spread {
    pub count: u64,
    pub median_ms: f64,
    pub p99_ms: f64,
    pub max_ms: f64,
}

/// A failed load.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Trouble {
    pub reason: String,
    pub ago_ms: f64,
}

impl Stats {
    /// Nothing yet.
    pub fn new(clock: Clock) -> Self {
        Stats {
            began: clock.now(),
            clock,
            answers: [const { AtomicU64::new(0) }; Status::ALL.len()],
            refused: AtomicU64::new(0),
            begun: AtomicU64::new(0),
            stored: AtomicU64::new(0),
            failed: AtomicU64::new(0),
            waits: Histogram::new(),
            load_times: Histogram::new(),
            trouble: Mutex::new(None),
        }
    }

    /// A caller waited so long, as the caller saw it: the cache itself tells time in steps of some milliseconds.
    pub fn waited(&self, span: Duration) {
        self.waits.note(span);
    }

    /// The numbers now.
    pub fn numbers(&self) -> Numbers {
        let now = self.clock.now();
        let trouble = self.trouble();
        let trouble =
            trouble.as_ref().map(|(at, reason)| Trouble { reason: reason.clone(), ago_ms: millis(now.since(*at)) });
        Numbers {
            up_ms: millis(now.since(self.began)),
            answers: Answers {
                hit: self.answered(Status::Hit),
                stale: self.answered(Status::Stale),
                loaded: self.answered(Status::Loaded),
                fallback: self.answered(Status::Fallback),
                empty: self.answered(Status::Empty),
            },
            refused: read(&self.refused),
            loads: Loads { begun: read(&self.begun), stored: read(&self.stored), failed: read(&self.failed) },
            waits: Spread::of(&self.waits),
            load_times: Spread::of(&self.load_times),
            trouble,
        }
    }

    fn answered(&self, status: Status) -> u64 {
        read(&self.answers[status as usize])
    }

    fn load_ended(&self, end: LoadEnd, took: Duration, reason: Option<&str>) {
        self.load_times.note(took);
        match end {
            LoadEnd::Stored => {
                add(&self.stored);
                *self.trouble() = None;
            }
            LoadEnd::Failed | LoadEnd::TimedOut | LoadEnd::Panicked | LoadEnd::Refused => {
                add(&self.failed);
                *self.trouble() = Some((self.clock.now(), reason.unwrap_or("no reason given").to_owned()));
            }
            LoadEnd::Outdated | LoadEnd::Lost | LoadEnd::NotKept => {}
        }
    }

    fn trouble(&self) -> MutexGuard<'_, Option<(Timestamp, String)>> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Observer for Stats {
    fn observe(&self, event: &Event<'_>) {
        match event {
            Event::Answered { status, .. } => add(&self.answers[*status as usize]),
            Event::Refused { .. } => add(&self.refused),
            Event::LoadBegan { .. } => add(&self.begun),
            Event::LoadEnded { end, took, reason, .. } => self.load_ended(*end, *took, *reason),
            _ => {}
        }
    }
}

impl Spread {
    fn of(histogram: &Histogram) -> Spread {
        Spread {
            count: histogram.count(),
            median_ms: millis(histogram.quantile(0.5)),
            p99_ms: millis(histogram.quantile(0.99)),
            max_ms: millis(histogram.longest()),
        }
    }
}

/// Milliseconds to three places.
pub fn millis(span: Duration) -> f64 {
    span.as_micros() as f64 / 1000.0
}

fn add(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

fn read(counter: &AtomicU64) -> u64 {
    counter.load(Ordering::Relaxed)
}
