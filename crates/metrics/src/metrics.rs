//! The observer that counts.

use std::sync::Arc;

use freshen_core::{Cache, Event, Observer};

use crate::counts::Counts;
use crate::gauges::Gauges;
use crate::page::{Part, page};

/// Counts what one cache does, as its observer, and writes it for Prometheus. Cloning gives a handle to the same counts.
///
/// Counts are exact, whichever threads they come from. On the path of a hit nothing is allocated and no lock is taken,
/// once a job has been seen.
#[derive(Clone, Debug)]
pub struct Metrics(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    cache_name: Option<String>,
    counts: Counts,
}

impl Metrics {
    /// Nothing counted yet.
    pub fn new() -> Metrics {
        Metrics::with(None)
    }

    /// The same for one of several caches: each line of it carries the label `cache` with this name.
    pub fn named(cache_name: impl Into<String>) -> Metrics {
        Metrics::with(Some(cache_name.into()))
    }

    fn with(cache_name: Option<String>) -> Metrics {
        Metrics(Arc::new(Inner { cache_name, counts: Counts::new() }))
    }

    /// The page: what was counted, and what the cache has at this moment. Give it the cache that this observes.
    ///
    /// Queues are asked side by side. One that fails, or does not answer within two seconds, is counted as a failure of a port,
    /// and the lines of what is in it are left out.
    ///
    /// # Cancellation
    /// Dropping the future loses nothing.
    pub async fn render(&self, cache: &Cache) -> String {
        page(&[self.part(cache).await])
    }

    pub(crate) async fn part<'a>(&'a self, cache: &Cache) -> Part<'a> {
        // First, because a failure to read them is counted.
        let gauges = Gauges::read(cache, &self.0.counts).await;
        Part { cache_name: self.cache_name(), counts: &self.0.counts, gauges }
    }

    pub(crate) fn cache_name(&self) -> Option<&str> {
        self.0.cache_name.as_deref()
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Metrics::new()
    }
}

impl Observer for Metrics {
    #[inline]
    fn observe(&self, event: &Event<'_>) {
        let counts = &self.0.counts;
        match *event {
            Event::Answered { job, status, rule, age, waited } => {
                counts.jobs.of_static(job).answered(status, rule, age, waited);
            }
            Event::Refused { job, waited } => counts.jobs.of_static(job).refused(waited),
            Event::LoadBegan { key } => counts.jobs.of(key.job()).begun.one(),
            Event::LoadEnded { key, end, took, .. } => counts.jobs.of(key.job()).loads[end as usize].note(took),
            Event::RefreshAsked { key, granted } => counts.jobs.of(key.job()).asked[usize::from(granted)].one(),
            Event::RefreshDropped { key, dropped } => counts.jobs.of(key.job()).dropped[dropped as usize].one(),
            Event::TaskEnded { queue, end, .. } => counts.task_ended(queue, end),
            Event::Invalidated { target, strength } => counts.invalidated(target, strength),
            Event::Removed { .. } => counts.removed.one(),
            Event::PortFailed { error } => counts.port_failed(error.port, error.operation),
            Event::Undecodable { key, .. } => counts.jobs.of(key.job()).undecodable.one(),
            Event::WarmUpFailed { job, .. } => counts.jobs.of_static(job).warm_ups_failed.one(),
            Event::NearDistrusted { .. } => counts.distrusted.one(),
            Event::NearTrusted { .. } => counts.trusted.one(),
            // The core may tell more than this version counts.
            _ => {}
        }
    }
}
