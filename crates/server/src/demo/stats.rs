//! What happened since the start, in fixed room.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use freshen::{Clock, Event, LoadEnd, Observer, Rule, Status, Timestamp};
use serde::Serialize;

use crate::demo::histogram::{COLUMNS, Histogram};
use crate::demo::timeline::{Mark, Timeline, Told};

/// Counts what the cache tells. Counters and histograms are atomics; each lock guards its field alone.
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
    timeline: Mutex<Timeline>,
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
    /// How many fall into each column of the plot.
    pub columns: [u64; COLUMNS],
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
            timeline: Mutex::default(),
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

    /// The newest answers, the oldest first.
    pub fn timeline(&self) -> Vec<Mark> {
        let now = self.clock.now();
        self.timeline.lock().unwrap_or_else(PoisonError::into_inner).marks(now)
    }

    /// How many loads have begun.
    pub fn loads_begun(&self) -> u64 {
        read(&self.begun)
    }

    fn told(&self, served: Option<(Status, Rule, Duration)>, waited: Duration) {
        let told = Told { at: self.clock.now(), served, waited };
        self.timeline.lock().unwrap_or_else(PoisonError::into_inner).add(told);
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
                let reason = match end {
                    LoadEnd::TimedOut => {
                        "the source did not send its whole answer in time; check that --source ends".into()
                    }
                    _ => reason.unwrap_or("no reason given").to_owned(),
                };
                *self.trouble() = Some((self.clock.now(), reason));
            }
            // It came, and was served to those who waited.
            LoadEnd::NotKept => {
                let reason = "the list came but could not be kept; if it is large, give a higher --capacity";
                *self.trouble() = Some((self.clock.now(), reason.into()));
            }
            LoadEnd::Outdated | LoadEnd::Lost => {}
        }
    }

    fn trouble(&self) -> MutexGuard<'_, Option<(Timestamp, String)>> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Observer for Stats {
    fn observe(&self, event: &Event<'_>) {
        match event {
            Event::Answered { status, rule, age, waited, .. } => {
                add(&self.answers[*status as usize]);
                self.told(Some((*status, *rule, *age)), *waited);
            }
            Event::Refused { waited, .. } => {
                add(&self.refused);
                self.told(None, *waited);
            }
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
            columns: histogram.columns(),
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
