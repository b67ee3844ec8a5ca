//! What the demo shows: one cached job, asked for and told about.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use freshen::metrics::Metrics;
use freshen::{Cache, Clock};

use crate::demo::burst::Bursts;
use crate::demo::hand::InHand;
use crate::demo::job::Latest;
use crate::demo::live::Live;
use crate::demo::source::Source;
use crate::demo::stats::{Stats, millis};
use crate::demo::switches::Switches;
use crate::demo::tasks::Tasks;
use crate::demo::view::{Near, Outcome, Times, View};
use crate::demo::words::Words;

/// What is shown, and what all requests share.
#[derive(Debug)]
pub struct Shown {
    /// The cache it is served from.
    pub cache: Cache,
    /// What is got from it.
    pub job: Latest,
    /// Where it comes from.
    pub source: Source,
    /// What stands before the source.
    pub switches: Switches,
    /// What happened so far.
    pub stats: Arc<Stats>,
    /// The same, for Prometheus.
    pub metrics: Metrics,
    /// What waits are measured with.
    pub clock: Clock,
    /// The policy's times.
    pub times: Times,
    /// Who is watching.
    pub live: Arc<Live>,
    /// Many requests at once.
    pub bursts: Bursts,
    /// Tells this run from the next.
    pub run: String,
    /// The newest look, for those who watch.
    pub last: Mutex<Option<Look>>,
}

/// One `get`, as a visitor is told of it.
#[derive(Clone, Debug)]
pub struct Look {
    pub outcome: Outcome,
    pub waited: Duration,
}

impl Shown {
    /// One `get`, and how long it took.
    ///
    /// # Cancellation
    /// A caller who leaves cancels no load.
    pub async fn get(&self) -> (Outcome, Duration) {
        let began = self.clock.now();
        let got = self.cache.get(&self.job).await;
        let waited = self.clock.now().since(began);
        self.stats.waited(waited);
        (Outcome::of(got), waited)
    }

    /// One `get` that is shown to all who watch.
    pub async fn look(&self) -> Look {
        let (outcome, waited) = self.get().await;
        let look = Look { outcome, waited };
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(look.clone());
        look
    }

    /// The newest look.
    pub fn last(&self) -> Option<Look> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// A look, and all that is to be told besides.
    pub async fn view(&self, look: Look) -> View {
        let now = self.clock.now();
        let (values, bytes) = self.cache.near_size();
        let mut view = View {
            source: self.source.to_string(),
            source_is_own: self.source.is_own(),
            policy: self.times,
            outcome: look.outcome,
            waited_ms: millis(look.waited),
            loads_under_way: self.cache.loads_under_way(),
            in_hand: self.in_hand().await,
            tasks: Tasks::of(&self.cache, now).await,
            near: Near { values, bytes },
            switches: self.switches.standing(),
            workers_frozen: self.cache.workers_paused(),
            burst: self.bursts.last(),
            viewers: self.live.viewers(),
            run: self.run.clone(),
            numbers: self.stats.numbers(),
            timeline: self.stats.timeline(),
            words: Words::default(),
        };
        view.words = Words::of(&view);
        view
    }

    /// The record's value. What cannot be read is as good as absent; the next `get` tells of it.
    async fn in_hand(&self) -> Option<InHand> {
        let peek = self.cache.peek(&self.job).await.ok().flatten()?;
        Some(InHand::of(&peek))
    }
}
