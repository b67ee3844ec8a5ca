//! Many requests at once, and how they were answered.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use freshen::Status;
use serde::Serialize;
use tokio::task::JoinSet;

use crate::demo::shown::Shown;
use crate::demo::stats::millis;
use crate::demo::view::Outcome;

/// How many ask at once.
pub const CALLERS: usize = 200;
/// A refresh behind the answers begins after them: for so long it is waited for, to be counted.
const REFRESH_WITHIN: Duration = Duration::from_secs(1);
const LOOK_EACH: Duration = Duration::from_millis(10);

/// How many requests at once were answered. The names are those of `/state.json`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Burst {
    /// Which one since the start.
    pub n: u64,
    pub callers: usize,
    /// Answers by their status; `refused` for those who got an error.
    pub answers: BTreeMap<&'static str, usize>,
    pub longest_wait_ms: f64,
    /// Loads that began while they were answered or right behind them.
    pub loads: u64,
    /// Loads that were under way before.
    pub loads_before: usize,
}

/// Lets one burst run at a time, and keeps the last.
#[derive(Debug, Default)]
pub struct Bursts {
    turn: tokio::sync::Mutex<u64>,
    last: Mutex<Option<Burst>>,
}

impl Bursts {
    /// The last one.
    pub fn last(&self) -> Option<Burst> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Runs one; nothing while another is under way.
    ///
    /// # Cancellation
    /// Dropping the future ends the callers, and no load.
    pub async fn run(&self, shown: &std::sync::Arc<Shown>) -> Option<Burst> {
        let mut count = self.turn.try_lock().ok()?;
        *count += 1;
        let (begun, loads_before) = (shown.stats.loads_begun(), shown.cache.loads_under_way());
        let mut callers = JoinSet::new();
        for _ in 0..CALLERS {
            let shown = shown.clone();
            callers.spawn(async move { shown.get().await });
        }
        let mut burst = Burst {
            n: *count,
            callers: CALLERS,
            answers: BTreeMap::new(),
            longest_wait_ms: 0.0,
            loads: 0,
            loads_before,
        };
        for (outcome, waited) in callers.join_all().await {
            burst.count(&outcome, waited);
        }
        let expected = burst.awaits_a_refresh() && !shown.cache.workers_paused();
        burst.loads = loads_since(shown, begun, expected).await;
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(burst.clone());
        Some(burst)
    }
}

/// How many loads have begun since; where a refresh is to be expected, it is waited for a little.
async fn loads_since(shown: &Shown, begun: u64, expected: bool) -> u64 {
    let looking = async {
        while expected && shown.stats.loads_begun() == begun {
            tokio::time::sleep(LOOK_EACH).await;
        }
    };
    // None within the time is an answer too: the source is left alone for a while after an error.
    let _ = tokio::time::timeout(REFRESH_WITHIN, looking).await;
    shown.stats.loads_begun() - begun
}

impl Burst {
    fn count(&mut self, outcome: &Outcome, waited: Duration) {
        *self.answers.entry(outcome.status()).or_default() += 1;
        self.longest_wait_ms = self.longest_wait_ms.max(millis(waited));
    }

    fn awaits_a_refresh(&self) -> bool {
        self.loads_before == 0 && self.answers.contains_key(Status::Stale.as_str())
    }

    /// All of it in words.
    pub fn told(&self) -> String {
        let answers: Vec<_> = self.answers.iter().map(|(status, count)| format!("{count} {status}")).collect();
        let loads = match (self.loads, self.loads_before) {
            (0, 0) => "No load ran".to_owned(),
            (0, _) => "No load began: one was under way already".to_owned(),
            (1, _) => "One load ran for all of them".to_owned(),
            (loads, _) => format!("{loads} loads ran"),
        };
        let longest = crate::demo::page::Span(self.longest_wait_ms);
        format!("{} requests at once: {}. The longest waited {longest}. {loads}.", self.callers, answers.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_told_in_words() {
        let answers = BTreeMap::from([("stale", 150), ("hit", 50)]);
        let burst = Burst { n: 1, callers: 200, answers, longest_wait_ms: 1.26, loads: 1, loads_before: 0 };
        let told = "200 requests at once: 50 hit, 150 stale. The longest waited 1.3 ms. One load ran for all of them.";
        assert_eq!(burst.told(), told);
        assert!(Burst { loads: 0, ..burst.clone() }.told().ends_with("No load ran."));
        assert!(Burst { loads: 0, loads_before: 1, ..burst.clone() }.told().contains("under way already"));
        assert!(Burst { loads: 2, ..burst }.told().ends_with("2 loads ran."));
    }
}
