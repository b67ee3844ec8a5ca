//! Many requests at once, and how they were answered.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use freshen::Status;
use serde::Serialize;

use crate::demo::crowd::Crowd;
use crate::demo::not_up::NotUp;
use crate::demo::page::Span;
use crate::demo::shown::Shown;
use crate::demo::stats::millis;

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
    pub answers: BTreeMap<String, usize>,
    pub longest_wait_ms: f64,
    /// Loads that began while they were answered or right behind them.
    pub loads: u64,
    /// Loads that were under way before.
    pub loads_before: usize,
    /// How many each process answered.
    pub by: Vec<(&'static str, usize)>,
    /// How many were asked again, because the process that had them did not answer.
    pub again: usize,
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
    /// # Errors
    /// Nobody is there to answer it.
    ///
    /// # Cancellation
    /// Dropping the future ends the callers, and no load.
    pub async fn run(&self, shown: &Shown) -> Option<Result<Burst, NotUp>> {
        let mut count = self.turn.try_lock().ok()?;
        let loads_before = shown.fleet.standing().await.loads_under_way;
        let begun = shown.stats.loads_begun();
        let crowd = match shown.fleet.crowd(CALLERS).await {
            Ok(crowd) => crowd,
            Err(error) => return Some(Err(error)),
        };
        *count += 1;
        let mut burst = Burst::of(crowd, *count, loads_before);
        burst.loads = loads_since(shown, begun, burst.awaits_a_refresh() && shown.fleet.refreshes()).await;
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(burst.clone());
        Some(Ok(burst))
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
    fn of(Crowd { share, by, longest_wait, again }: Crowd, n: u64, loads_before: usize) -> Burst {
        Burst {
            n,
            callers: CALLERS,
            answers: share.answers,
            longest_wait_ms: millis(longest_wait),
            loads: 0,
            loads_before,
            by: by.into_iter().map(|(place, callers)| (place.name(), callers)).collect(),
            again,
        }
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
        let (longest, places) = (Span(self.longest_wait_ms), self.places());
        format!(
            "{} requests at once: {}. {places}The longest waited {longest}. {loads}.",
            self.callers,
            answers.join(", ")
        )
    }

    /// Where they were answered, if that was not all in one place.
    fn places(&self) -> String {
        let again = match self.again {
            0 => String::new(),
            again => format!("A process was gone or silent before it answered {again}, which were asked again. "),
        };
        if self.by.len() < 2 && self.again == 0 {
            return again;
        }
        let by: Vec<_> = self.by.iter().map(|(name, callers)| format!("{callers} by {name}")).collect();
        format!("{}Answered {}. ", again, by.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_told_in_words() {
        let answers = BTreeMap::from([("stale".to_owned(), 150), ("hit".to_owned(), 50)]);
        let (by, again) = (vec![("this process", 200)], 0);
        let burst = Burst { n: 1, callers: 200, answers, longest_wait_ms: 1.26, loads: 1, loads_before: 0, by, again };
        let told = "200 requests at once: 50 hit, 150 stale. The longest waited 1.3 ms. One load ran for all of them.";
        assert_eq!(burst.told(), told);
        assert!(Burst { loads: 0, ..burst.clone() }.told().ends_with("No load ran."));
        assert!(Burst { loads: 0, loads_before: 1, ..burst.clone() }.told().contains("under way already"));
        assert!(Burst { loads: 2, ..burst.clone() }.told().ends_with("2 loads ran."));
        let by = vec![("web 1", 120), ("web 2", 80)];
        let told = Burst { by: by.clone(), ..burst.clone() }.told();
        assert!(told.contains("150 stale. Answered 120 by web 1, 80 by web 2. The longest"), "{told}");
        let told = Burst { by: vec![("web 2", 200)], again: 100, ..burst }.told();
        let gone = "A process was gone or silent before it answered 100, which were asked again. Answered 200 by web 2. The longest";
        assert!(told.contains(gone), "{told}");
    }
}
