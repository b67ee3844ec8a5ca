//! Switches in front of every fetch: a source, whosever it is, can be made slow or broken from the page.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde::Serialize;

use crate::demo::fetch::FetchError;

/// What a slowed source takes longer.
pub const SLOWED_BY: Duration = Duration::from_secs(3);

/// The switches. Cloning gives a handle to the same ones.
#[derive(Clone, Debug, Default)]
pub struct Switches(Arc<Both>);

#[derive(Debug, Default)]
struct Both {
    slow: AtomicBool,
    broken: AtomicBool,
}

/// How the switches stand. The names are those of `/state.json`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Standing {
    pub slow: bool,
    pub broken: bool,
}

impl Switches {
    /// From now on each fetch takes [`SLOWED_BY`] longer.
    pub fn slow_down(&self) {
        self.0.slow.store(true, Ordering::Relaxed);
    }

    /// From now on each fetch fails.
    pub fn break_off(&self) {
        self.0.broken.store(true, Ordering::Relaxed);
    }

    /// From now on fetches reach the source as it is.
    pub fn bring_back(&self) {
        self.0.slow.store(false, Ordering::Relaxed);
        self.0.broken.store(false, Ordering::Relaxed);
    }

    /// How they stand.
    pub fn standing(&self) -> Standing {
        Standing { slow: self.0.slow.load(Ordering::Relaxed), broken: self.0.broken.load(Ordering::Relaxed) }
    }

    /// What stands before a fetch: a delay, an error, or nothing.
    pub async fn pass(&self) -> Result<(), FetchError> {
        if self.standing().slow {
            tokio::time::sleep(SLOWED_BY).await;
        }
        if self.standing().broken { Err(FetchError::SwitchedOff) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn passing(switches: &Switches) -> (bool, Duration) {
        let began = tokio::time::Instant::now();
        let passed = switches.pass().await.is_ok();
        (passed, began.elapsed())
    }

    #[tokio::test(start_paused = true)]
    async fn a_slowed_source_takes_longer_and_a_broken_one_fails_until_it_is_brought_back() {
        let switches = Switches::default();
        assert_eq!(passing(&switches).await, (true, Duration::ZERO));
        switches.clone().slow_down();
        assert_eq!(switches.standing(), Standing { slow: true, broken: false });
        let (passed, took) = passing(&switches).await;
        assert!(passed && took >= SLOWED_BY && took < 2 * SLOWED_BY, "{took:?}");
        switches.break_off();
        assert!(!passing(&switches).await.0);
        switches.bring_back();
        assert_eq!(passing(&switches).await, (true, Duration::ZERO));
    }
}
