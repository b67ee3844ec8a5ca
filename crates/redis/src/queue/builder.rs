//! What a queue on Redis can be told.

use std::sync::Arc;
use std::time::Duration;

use super::lines::Lines;
#[cfg(feature = "mutants")]
use super::scripts;
use super::scripts::Scripts;
use super::steps::{Bounds, Steps};
use super::watch::Watch;
use super::{RedisQueue, Shared};
use crate::ConnectError;
use crate::link::Links;
use crate::party::Party;

/// The servers count it in milliseconds.
const VISIBILITY_LEAST: Duration = Duration::from_millis(1);
const VISIBILITY_MOST: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// Configures a [`RedisQueue`].
#[derive(Clone)]
pub struct RedisQueueBuilder {
    links: Links,
    prefix: String,
    name: String,
    bound: usize,
    quarantine_bound: usize,
    visibility: Duration,
    /// Text of the scripts that tests replace.
    patches: Vec<(&'static str, &'static str)>,
}

impl RedisQueueBuilder {
    /// Starts to configure the queue over these links.
    pub(crate) fn new(links: Links, prefix: &str) -> RedisQueueBuilder {
        RedisQueueBuilder {
            links,
            prefix: prefix.to_owned(),
            name: "default".to_owned(),
            bound: 100_000,
            quarantine_bound: 1_000,
            visibility: Duration::from_secs(120),
            patches: Vec::new(),
        }
    }

    /// Tells it from other queues of the same prefix (`default`).
    #[must_use]
    pub fn name(mut self, name: &str) -> Self {
        self.name = name.to_owned();
        self
    }

    /// How many tasks may wait, ready and delayed (100,000). A push beyond it is `Pushed::Full`; what is put back or
    /// released exceeds it.
    #[must_use]
    pub fn bound(mut self, tasks: usize) -> Self {
        self.bound = tasks;
        self
    }

    /// How many tasks the quarantine keeps (1,000). The oldest makes room for a new one.
    #[must_use]
    pub fn quarantine_bound(mut self, tasks: usize) -> Self {
        self.quarantine_bound = tasks;
        self
    }

    /// How long a pulled task may be held before it is pulled again (120 s). Longer than a load may take, or it runs
    /// twice. All processes have to agree on it.
    #[must_use]
    pub fn visibility(mut self, span: Duration) -> Self {
        self.visibility = span;
        self
    }

    /// A fault for tests: replaces a piece of the scripts' text, wherever it stands. Panics where it stands nowhere.
    #[cfg(feature = "mutants")]
    #[must_use]
    pub fn patch(mut self, from: &'static str, to: &'static str) -> Self {
        assert!(scripts::occurrences(from) > 0, "no script says {from:?}");
        self.patches.push((from, to));
        self
    }

    /// Makes the queue. Nothing is connected yet.
    ///
    /// # Errors
    /// [`ConnectError::Setting`] when a bound is zero, or the visibility less than a millisecond or more than a week.
    pub fn build(self) -> Result<RedisQueue, ConnectError> {
        let RedisQueueBuilder { links, prefix, name, bound, quarantine_bound, visibility, patches } = self;
        let right = [
            ("bound", bound > 0),
            ("quarantine_bound", quarantine_bound > 0),
            ("visibility", (VISIBILITY_LEAST..=VISIBILITY_MOST).contains(&visibility)),
        ];
        if let Some((setting, _)) = right.into_iter().find(|(_, right)| !right) {
            return Err(ConnectError::Setting { setting, reason: "is zero, or too long".to_owned() });
        }
        let lines = Arc::new(Lines::new(&prefix, &name));
        let bounds = Bounds { waiting: bound, quarantined: quarantine_bound, visibility };
        let steps = Steps::new(links.clone(), lines.clone(), Scripts::new(&patches), bounds);
        Ok(RedisQueue(Arc::new(Shared {
            steps,
            watch: Watch::new(links, lines),
            settlements: Party::default(),
            visibility,
        })))
    }
}
