//! Warm-ups on a schedule: they only enqueue; workers do the rest.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use crate::engine::cache::Cache;
use crate::engine::fault::Fault;
use crate::engine::plan::{Found, Plan, Wish, plan};
use crate::engine::refresh::Ask;
use crate::engine::work::Work;
use crate::entry::Strength;
use crate::error::{BuildError, CacheError};
use crate::event::Event;
use crate::job::{Job, Lookup};
use crate::queue::Priority;
use crate::store::Target;

/// A warm-up that runs again and again. Dropping it ends the schedule; tasks that were enqueued stay.
#[derive(Debug)]
#[must_use = "dropping it ends the schedule"]
pub struct Schedule(tokio::task::AbortHandle);

impl Drop for Schedule {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Cache {
    /// Enqueues a refresh of every job in the list that is not fresh, and tells how many were asked for. Nobody waits for
    /// the loads, and nothing that waits in the queue for readers is overtaken.
    ///
    /// # Errors
    /// [`CacheError`] when a job in the list makes no key or is not registered: then nothing was enqueued.
    pub async fn warm_up<L: Lookup>(&self, jobs: &[L]) -> Result<usize, CacheError> {
        self.warm(jobs, Duration::ZERO).await
    }

    /// Enqueues, now and then every `span`, a refresh of every job that `jobs` lists and that will not be fresh until the
    /// next time, so that what is listed stays fresh without a reader. A list that panics, or names a job that makes no key,
    /// enqueues nothing this time, is told as [`Event::WarmUpFailed`], and is asked for again the next time.
    ///
    /// # Errors
    /// [`BuildError::Config`] when the span is zero.
    pub fn schedule<J: Job>(
        &self,
        span: Duration,
        jobs: impl Fn() -> Vec<J> + Send + Sync + 'static,
    ) -> Result<Schedule, BuildError> {
        if span.is_zero() {
            return Err(BuildError::Config { field: "schedule", reason: "must have a span above zero" });
        }
        let cache = self.for_task();
        let task = async move {
            loop {
                cache.warm_listed(&jobs, span).await;
                tokio::select! {
                    () = tokio::time::sleep(span) => {}
                    () = cache.engine().closed() => return,
                }
            }
        };
        Ok(Schedule(self.engine().spawn_abortable(task)))
    }

    async fn warm_listed<J: Job>(&self, jobs: &(impl Fn() -> Vec<J> + Sync), ahead: Duration) {
        let listed = catch_unwind(AssertUnwindSafe(jobs)).map_err(|panic| Fault::panicked(&*panic).reason());
        let warmed = match listed {
            Ok(listed) => self.warm(&listed, ahead).await.map_err(|error| error.to_string()),
            Err(reason) => Err(reason),
        };
        if let Err(reason) = warmed {
            self.engine().emit(&Event::WarmUpFailed { job: J::NAME, reason: &reason });
        }
    }

    async fn warm<L: Lookup>(&self, jobs: &[L], ahead: Duration) -> Result<usize, CacheError> {
        let works = jobs.iter().map(|job| self.work_of(job)).collect::<Result<Vec<_>, Fault>>()?;
        let mut asked = 0;
        // In bounded portions, so that a long list does not hold all its records at once.
        for portion in works.chunks(256) {
            for work in self.due(portion, ahead).await {
                asked += usize::from(self.ask(&work, Priority::Idle).await == Ask::Pushed);
            }
        }
        Ok(asked)
    }

    /// Those that will not be fresh `ahead` from now. What is still fresh is outdated softly, or its task would find nothing to do.
    async fn due(&self, works: &[Arc<dyn Work>], ahead: Duration) -> Vec<Arc<dyn Work>> {
        let readings = self.engine().read(works).await;
        let mut due = Vec::new();
        let mut early = Vec::new();
        for (work, reading) in works.iter().zip(readings) {
            let found =
                reading.hand.as_ref().map(|(hand, currency)| Found { facts: hand.meta().facts(), currency: *currency });
            let fresh = |now| {
                let strict = Wish { strict: true, ..Wish::default() };
                matches!(plan(found.as_ref(), work.policy(), &strict, now, 1.0), Plan::Serve(_))
            };
            if !fresh(reading.now + ahead) {
                due.push(work.clone());
                if fresh(reading.now) {
                    early.push(Target::Key(work.key().clone()));
                }
            }
        }
        if !early.is_empty()
            && let Err(CacheError::Port(error)) = self.outdate(&early, Strength::Soft).await
        {
            self.engine().emit(&Event::PortFailed { error: &error });
        }
        due
    }
}
