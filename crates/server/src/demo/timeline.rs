//! The newest answers, each as a mark of a timeline.

use std::collections::VecDeque;
use std::time::Duration;

use freshen::{Rule, Status, Timestamp};
use serde::Serialize;

use crate::demo::place::Place;
use crate::demo::stats::millis;

/// Marks that are kept at most; a further one takes the place of the oldest.
pub const MARKS_MAX: usize = 100;

/// The newest answers, the oldest first.
#[derive(Debug, Default)]
pub struct Timeline {
    told: u64,
    answers: VecDeque<Told>,
}

/// One caller's answer.
#[derive(Clone, Copy, Debug)]
pub struct Told {
    pub at: Timestamp,
    /// Where it was given.
    pub place: Place,
    /// Nothing where the caller got an error.
    pub served: Option<Served>,
    pub waited: Duration,
}

/// What a caller was served, and where that was loaded.
#[derive(Clone, Copy, Debug)]
pub struct Served {
    pub status: Status,
    pub rule: Rule,
    pub age: Duration,
    pub loaded_by: Place,
}

/// An answer as it is shown. The names are those of `/state.json`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Mark {
    /// Its number since the start: marks of one run keep theirs.
    pub n: u64,
    pub ago_ms: f64,
    /// Which process gave it.
    pub by: &'static str,
    /// Which process had loaded what it gave.
    pub loaded_by: Option<&'static str>,
    /// The status, or `refused`.
    pub status: &'static str,
    /// The rule; nothing where it was refused.
    pub rule: Option<&'static str>,
    pub age_ms: Option<f64>,
    pub waited_ms: f64,
}

impl Timeline {
    /// Keeps one more.
    pub fn add(&mut self, told: Told) {
        if self.answers.len() >= MARKS_MAX {
            self.answers.pop_front();
        }
        self.answers.push_back(told);
        self.told += 1;
    }

    /// All that is kept, the oldest first.
    pub fn marks(&self, now: Timestamp) -> Vec<Mark> {
        let first = self.told - self.answers.len() as u64;
        let numbered = (first..).zip(&self.answers);
        numbered.map(|(n, told)| told.mark(n, now)).collect()
    }
}

impl Told {
    fn mark(&self, n: u64, now: Timestamp) -> Mark {
        Mark {
            n,
            ago_ms: millis(now.since(self.at)),
            by: self.place.name(),
            loaded_by: self.served.map(|served| served.loaded_by.name()),
            status: self.served.map_or("refused", |served| served.status.as_str()),
            rule: self.served.map(|served| served.rule.as_str()),
            age_ms: self.served.map(|served| millis(served.age)),
            waited_ms: millis(self.waited),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(served: Option<Served>) -> Told {
        Told { at: Timestamp::ZERO, place: Place::Web2, served, waited: Duration::ZERO }
    }

    #[test]
    fn the_newest_are_kept_and_keep_their_numbers() {
        let mut timeline = Timeline::default();
        assert_eq!(timeline.marks(Timestamp::ZERO), []);
        for _ in 0..MARKS_MAX + 7 {
            timeline.add(told(None));
        }
        let marks = timeline.marks(Timestamp::ZERO);
        assert_eq!((marks.len(), marks[0].n, marks[MARKS_MAX - 1].n), (MARKS_MAX, 7, MARKS_MAX as u64 + 6));
    }

    #[test]
    fn a_mark_tells_what_was_served_and_when() {
        let mut timeline = Timeline::default();
        let (status, rule, age) = (Status::Stale, Rule::WithinStale, Duration::from_secs(6));
        timeline.add(told(Some(Served { status, rule, age, loaded_by: Place::Worker1 })));
        timeline.add(told(None));
        let marks = timeline.marks(Timestamp::from_micros(2_500_000));
        let stale = Mark {
            n: 0,
            ago_ms: 2500.0,
            by: "web 2",
            loaded_by: Some("worker 1"),
            status: "stale",
            rule: Some("within-stale"),
            age_ms: Some(6000.0),
            waited_ms: 0.0,
        };
        let refused = Mark { n: 1, status: "refused", rule: None, age_ms: None, loaded_by: None, ..stale.clone() };
        assert_eq!(marks, [stale, refused]);
    }
}
