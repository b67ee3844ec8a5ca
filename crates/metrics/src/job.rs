//! What is counted for one job.

use std::time::Duration;

use freshen_core::{Dropped, LoadEnd, Rule, Status};

use crate::counts::Count;
use crate::histogram::{AGES, Histogram, SPANS, Spread};
use crate::shards::Shards;

/// What is counted for one job.
#[derive(Debug)]
pub struct JobCounts {
    answers: Shards<Answers>,
    /// Of those who waited.
    pub waits: Histogram,
    pub refused: Count,
    pub begun: Count,
    pub loads: [Histogram; LoadEnd::ALL.len()],
    /// Not granted, granted.
    pub asked: [Count; 2],
    pub dropped: [Count; Dropped::ALL.len()],
    pub undecodable: Count,
    pub warm_ups_failed: Count,
}

/// What every answer counts.
#[derive(Debug)]
struct Answers {
    /// All but the fresh hits.
    by_status: [[Count; Rule::ALL.len()]; Status::ALL.len()],
    ages: Histogram,
    /// Fresh hits are counted by their ages alone: two atomic steps instead of three, and those are what a count costs.
    hit_ages: Histogram,
}

impl Default for Answers {
    fn default() -> Self {
        Answers { by_status: Default::default(), ages: Histogram::new(&AGES), hit_ages: Histogram::new(&AGES) }
    }
}

impl Answers {
    #[inline]
    fn note(&self, status: Status, rule: Rule, age: Duration) {
        if (status, rule) == FRESH_HIT {
            return self.hit_ages.note(age);
        }
        self.by_status[status as usize][rule as usize].one();
        // An empty value was never loaded, so it has no age.
        if status != Status::Empty {
            self.ages.note(age);
        }
    }

    fn read(&self, status: Status, rule: Rule) -> u64 {
        match (status, rule) {
            FRESH_HIT => self.hit_ages.count(),
            _ => self.by_status[status as usize][rule as usize].read(),
        }
    }
}

/// What nearly every answer is.
const FRESH_HIT: (Status, Rule) = (Status::Hit, Rule::Fresh);

impl JobCounts {
    /// Nothing counted yet; answers are kept in so many copies.
    pub fn new(shards: usize) -> JobCounts {
        JobCounts {
            answers: Shards::new(shards),
            waits: Histogram::new(&SPANS),
            refused: Count::default(),
            begun: Count::default(),
            loads: std::array::from_fn(|_| Histogram::new(&SPANS)),
            asked: Default::default(),
            dropped: Default::default(),
            undecodable: Count::default(),
            warm_ups_failed: Count::default(),
        }
    }

    /// Counts an answer.
    #[inline]
    pub fn answered(&self, status: Status, rule: Rule, age: Duration, waited: Duration) {
        self.answers.mine().note(status, rule, age);
        self.waited(waited);
    }

    /// Counts an error that a caller got.
    pub fn refused(&self, waited: Duration) {
        self.refused.one();
        self.waited(waited);
    }

    /// How many answers had this status by this rule.
    pub fn answers(&self, status: Status, rule: Rule) -> u64 {
        self.answers.iter().map(|answers| answers.read(status, rule)).sum()
    }

    /// How old the answers were.
    pub fn ages(&self) -> Spread {
        Spread::of(&AGES, self.answers.iter().flat_map(|answers| [&answers.ages, &answers.hit_ages]))
    }

    #[inline]
    fn waited(&self, waited: Duration) {
        if !waited.is_zero() {
            self.waits.note(waited);
        }
    }
}
