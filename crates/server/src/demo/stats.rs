//! What happened since the start, in fixed room.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use freshen::{Clock, LoadEnd, Timestamp};
use serde::Serialize;

use crate::demo::happened::Happened;
use crate::demo::histogram::{COLUMNS, Histogram};
use crate::demo::loads::{CutTold, LoadTold, Loads};
use crate::demo::place::Place;
use crate::demo::tally::{Counts, Tally};
use crate::demo::timeline::{Mark, Served, Timeline, Told};

/// Counts what the processes tell. Counters and histograms are atomics; each lock guards its field alone.
#[derive(Debug)]
pub struct Stats {
    clock: Clock,
    began: Timestamp,
    /// By their places.
    tallies: [Tally; Place::ALL.len()],
    /// What those had counted at each place that are gone from it.
    before: Mutex<[Counts; Place::ALL.len()]>,
    waits: Histogram,
    load_times: Histogram,
    trouble: Mutex<Option<(Timestamp, Why)>>,
    timeline: Mutex<Timeline>,
    loads: Mutex<Loads>,
}

/// The numbers at one moment. The names are those of `/state.json`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Numbers {
    pub up_ms: f64,
    /// All of them, wherever they were made.
    #[serde(flatten)]
    pub counts: Counts,
    /// How long callers waited.
    pub waits: Spread,
    /// How long loads took, failed ones included.
    pub load_times: Spread,
    /// The last failed load, if none was good since.
    pub trouble: Option<Trouble>,
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

/// Why a load came to nothing that is kept.
#[derive(Debug)]
enum Why {
    TimedOut,
    /// It came, and was served to those who waited.
    NotKept,
    Failed(String),
}

impl Why {
    fn told(&self, store_answers: Option<bool>) -> String {
        match self {
            Why::TimedOut => "the source did not send its whole answer in time; check that --source ends".into(),
            Why::NotKept if store_answers == Some(false) => {
                "the list came, and the store, which cannot be reached, does not have it".into()
            }
            Why::NotKept => "the list came but could not be kept; if the store was there and it is large, \
                 give a higher --capacity"
                .into(),
            Why::Failed(reason) => reason.clone(),
        }
    }
}

impl Stats {
    /// Nothing yet.
    pub fn new(clock: Clock) -> Self {
        Stats {
            began: clock.now(),
            clock,
            tallies: Default::default(),
            before: Mutex::default(),
            waits: Histogram::new(),
            load_times: Histogram::new(),
            trouble: Mutex::new(None),
            timeline: Mutex::default(),
            loads: Mutex::default(),
        }
    }

    /// Something happened in the process at a place.
    pub fn tell(&self, place: Place, happened: Happened) {
        let tally = &self.tallies[place as usize];
        match happened {
            Happened::Answered { status, rule, age, waited, loaded_by } => {
                tally.answered(status);
                self.told(place, Some(Served { status, rule, age, loaded_by }), waited);
            }
            Happened::Refused { waited } => {
                tally.refused();
                self.told(place, None, waited);
            }
            Happened::LoadBegan => {
                tally.load_began();
                lock(&self.loads).begin(place, self.clock.now());
            }
            Happened::LoadEnded { end, took, reason } => {
                tally.load_ended(end);
                lock(&self.loads).end(place, end, took, self.clock.now());
                self.load_times.note(took);
                self.load_ended(end, reason);
            }
        }
    }

    /// The process at a place is gone.
    pub fn gone(&self, place: Place) {
        lock(&self.loads).gone(place, self.clock.now());
    }

    /// Another process takes a place: what is done there counts anew.
    pub fn revived(&self, place: Place) {
        lock(&self.before)[place as usize] = self.tallies[place as usize].counts();
    }

    /// The numbers now, where the store answers, or does not.
    pub fn numbers(&self, store_answers: Option<bool>) -> Numbers {
        let now = self.clock.now();
        let trouble = lock(&self.trouble);
        let trouble = trouble
            .as_ref()
            .map(|(at, why)| Trouble { reason: why.told(store_answers), ago_ms: millis(now.since(*at)) });
        Numbers {
            up_ms: millis(now.since(self.began)),
            counts: self.counts(),
            waits: Spread::of(&self.waits),
            load_times: Spread::of(&self.load_times),
            trouble,
        }
    }

    /// What all processes did, those that are gone included.
    pub fn counts(&self) -> Counts {
        self.tallies.iter().map(Tally::counts).sum()
    }

    /// What the process at a place did, or the last one there.
    pub fn of(&self, place: Place) -> Counts {
        let before = lock(&self.before)[place as usize];
        self.tallies[place as usize].counts().since(before)
    }

    /// The newest answers, the oldest first.
    pub fn timeline(&self) -> Vec<Mark> {
        lock(&self.timeline).marks(self.clock.now())
    }

    /// The newest loads, the newest first, and the newest that was cut off.
    pub fn loads(&self) -> (Vec<LoadTold>, Option<CutTold>) {
        let (loads, now) = (lock(&self.loads), self.clock.now());
        (loads.told(now), loads.cut(now))
    }

    /// How many loads have begun, wherever.
    pub fn loads_begun(&self) -> u64 {
        self.counts().loads.begun
    }

    fn told(&self, place: Place, served: Option<Served>, waited: Duration) {
        self.waits.note(waited);
        lock(&self.timeline).add(Told { at: self.clock.now(), place, served, waited });
    }

    fn load_ended(&self, end: LoadEnd, reason: Option<String>) {
        let trouble = match end {
            LoadEnd::Stored => {
                *lock(&self.trouble) = None;
                return;
            }
            LoadEnd::Outdated | LoadEnd::Lost => return,
            LoadEnd::TimedOut => Why::TimedOut,
            LoadEnd::NotKept => Why::NotKept,
            LoadEnd::Failed | LoadEnd::Panicked | LoadEnd::Refused => {
                Why::Failed(reason.unwrap_or_else(|| "no reason given".into()))
            }
        };
        *lock(&self.trouble) = Some((self.clock.now(), trouble));
    }
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
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
