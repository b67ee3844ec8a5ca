//! How long callers waited.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::summary::median;

/// What a crowd of callers waited, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Waits {
    pub p50: f64,
    pub p99: f64,
    pub max: f64,
}

impl Waits {
    /// Of the waits of all callers; nothing of none.
    pub fn of(mut all: Vec<Duration>) -> Option<Self> {
        all.sort();
        let at = |part: usize| all.get((all.len() * part).div_ceil(100).saturating_sub(1)).map(|wait| millis(*wait));
        Some(Waits { p50: at(50)?, p99: at(99)?, max: at(100)? })
    }

    /// The middle of several runs, each figure for itself; nothing of none.
    pub fn middle(runs: &[Waits]) -> Option<Self> {
        let middle = |figure: fn(&Waits) -> f64| median(runs.iter().map(figure).collect());
        (!runs.is_empty()).then(|| Waits {
            p50: middle(|run| run.p50),
            p99: middle(|run| run.p99),
            max: middle(|run| run.max),
        })
    }

    /// The three figures as columns.
    pub fn columns(&self) -> String {
        format!("{:>9.1}{:>9.1}{:>9.1}", self.p50, self.p99, self.max)
    }
}

pub fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1_000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_99th_of_a_hundred_is_the_last_but_one() {
        let waits = Waits::of((1..=100).rev().map(Duration::from_millis).collect());
        assert_eq!(waits, Some(Waits { p50: 50.0, p99: 99.0, max: 100.0 }));
    }

    #[test]
    fn one_caller_is_all_of_them() {
        assert_eq!(Waits::of(vec![Duration::from_millis(3)]), Some(Waits { p50: 3.0, p99: 3.0, max: 3.0 }));
        assert_eq!(Waits::of(Vec::new()), None);
    }
}
