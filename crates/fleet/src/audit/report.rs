//! What an audit covered, and what it found.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use super::Fault;
use crate::order::{How, Served};

/// Breaches that are told in full; the others are counted.
const TOLD_MOST: usize = 5;

/// The end of an audit.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// The seed of all chance.
    pub seed: u64,
    /// How long it ran.
    pub took: Duration,
    /// Operations by name: how many, and how many of them were not promised.
    pub operations: BTreeMap<&'static str, (u64, u64)>,
    /// Faults of each kind.
    pub faults: BTreeMap<Fault, u64>,
    /// Reads by how they were served, each with the longest wait.
    pub reads: BTreeMap<How, (u64, Duration)>,
    /// Reads that were errors, by what they said of whichever key.
    pub errors: BTreeMap<String, u64>,
    /// Different values that were seen in the store.
    pub values_seen: usize,
    /// Values served although a promise had outdated them.
    pub outdated: Breaches,
    /// Values stored over newer ones.
    pub backwards: Breaches,
    /// Keys that never became fresh again.
    pub in_limbo: Breaches,
}

/// What was found of one kind: how many, and the first of them.
#[derive(Clone, Debug, Default)]
pub struct Breaches {
    /// How many.
    pub count: u64,
    /// The first.
    pub told: Vec<String>,
}

impl Breaches {
    pub(super) fn add(&mut self, told: String) {
        self.count += 1;
        if self.told.len() < TOLD_MOST {
            self.told.push(told);
        }
    }
}

impl Report {
    /// Whether nothing was found.
    pub fn is_clean(&self) -> bool {
        self.outdated.count + self.backwards.count + self.in_limbo.count == 0
    }

    /// How many reads there were.
    pub fn read_count(&self) -> u64 {
        self.reads.values().map(|(count, _)| count).sum()
    }

    /// The longest that anybody waited who had a value in hand.
    pub fn longest_in_hand(&self) -> Duration {
        let in_hand = [How::Hit, How::Stale, How::Fallback].iter().filter_map(|how| self.reads.get(how));
        in_hand.map(|(_, longest)| *longest).max().unwrap_or_default()
    }

    pub(super) fn done(&mut self, operation: &'static str, promised: bool) {
        let (count, broken) = self.operations.entry(operation).or_default();
        *count += 1;
        *broken += u64::from(!promised);
    }

    pub(super) fn served(&mut self, served: &Served) {
        match &served.how {
            Ok((how, _)) => {
                let (count, longest) = self.reads.entry(*how).or_default();
                *count += 1;
                *longest = (*longest).max(served.waited);
            }
            Err(error) => *self.errors.entry(without_key(error)).or_default() += 1,
        }
    }
}

/// The key's number is left out, so that there are few different texts.
fn without_key(error: &str) -> String {
    error.chars().filter(|letter| !letter.is_ascii_digit()).collect()
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "audit of {:.0} s, seed {}", self.took.as_secs_f64(), self.seed)?;
        for (name, (count, broken)) in &self.operations {
            writeln!(f, "  {name:<22}{count:>9}, of which {broken} were not promised")?;
        }
        for (how, (count, longest)) in &self.reads {
            writeln!(f, "  reads, {:<15}{count:>9}, longest wait {} ms", format!("{how:?}"), longest.as_millis())?;
        }
        for (error, count) in &self.errors {
            writeln!(f, "  reads, errors         {count:>9}, {error}")?;
        }
        for (fault, count) in &self.faults {
            writeln!(f, "  fault, {:<15}{count:>9}", fault.name())?;
        }
        writeln!(f, "  values seen in store  {:>9}", self.values_seen)?;
        let found = [("outdated", &self.outdated), ("backwards", &self.backwards), ("in limbo", &self.in_limbo)];
        for (name, breaches) in found {
            writeln!(f, "{name:<10}{:>7}", breaches.count)?;
            breaches.told.iter().try_for_each(|told| writeln!(f, "    {told}"))?;
        }
        Ok(())
    }
}
