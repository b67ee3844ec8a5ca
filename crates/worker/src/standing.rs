//! How a worker stands: whether it is alive, whether it is ready, what it counts.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use freshen_core::{Cache, Workers};
use freshen_metrics::Metrics;
use tokio::runtime::Handle;
use tokio::task::AbortHandle;
use tokio::time::timeout;

/// How long the store and the queues have to answer.
const REACHED_WITHIN: Duration = Duration::from_secs(2);
/// How long a page of metrics may take; it waits 2 s for queues.
const PAGE_WITHIN: Duration = Duration::from_secs(5);

/// What a worker can say of itself. It is asked from a thread of its own, and asks the cache on the program's runtime, where
/// the connections of its store and its queues are.
#[derive(Debug)]
pub(crate) struct Standing {
    cache: Cache,
    metrics: Option<Metrics>,
    stuck_after: Duration,
    draining: AtomicBool,
    runtime: Handle,
}

impl Standing {
    pub fn new(cache: Cache, metrics: Option<Metrics>, stuck_after: Duration) -> Self {
        Standing { cache, metrics, stuck_after, draining: AtomicBool::new(false), runtime: Handle::current() }
    }

    /// From now on it takes no tasks.
    pub fn drains(&self) {
        // A flag alone: nothing else is read by its order.
        self.draining.store(true, Ordering::Relaxed);
    }

    /// Whether its dispatchers go on, or what is stuck.
    pub fn alive(&self) -> Result<(), String> {
        alive(&self.cache.workers(), self.stuck_after)
    }

    /// Whether it takes tasks and reaches what it needs, or what hinders it.
    pub async fn ready(&self) -> Result<(), String> {
        if self.draining.load(Ordering::Relaxed) {
            return Err("draining".into());
        }
        let cache = self.cache.clone();
        match self.ask(REACHED_WITHIN, async move { cache.reachable().await }).await {
            Some(Ok(())) => Ok(()),
            Some(Err(error)) => {
                tracing::warn!(target: "freshen", %error, "not ready");
                // The cause may name addresses or users: it is for the log.
                Err(format!("{}: {} failed", error.port, error.operation))
            }
            None => Err(format!("the store and the queues did not answer within {REACHED_WITHIN:?}")),
        }
    }

    /// The page of metrics; `None`: there are none.
    pub async fn page(&self) -> Option<Result<String, String>> {
        let (metrics, cache) = (self.metrics.clone()?, self.cache.clone());
        let page = self.ask(PAGE_WITHIN, async move { metrics.render(&cache).await }).await;
        Some(page.ok_or_else(|| format!("the metrics were not to be had within {PAGE_WITHIN:?}")))
    }

    /// Runs a question on the program's runtime; `None`: it had no answer in time, or panicked.
    async fn ask<T: Send + 'static>(
        &self,
        within: Duration,
        question: impl Future<Output = T> + Send + 'static,
    ) -> Option<T> {
        let asked = self.runtime.spawn(question);
        let _asked = AbortOnDrop(asked.abort_handle());
        timeout(within, asked).await.ok()?.ok()
    }
}

/// Ends a question that nobody waits for any more.
struct AbortOnDrop(AbortHandle);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// What is stuck, a line for each queue.
fn alive(workers: &[Workers], stuck_after: Duration) -> Result<(), String> {
    let stuck = workers.iter().filter(|workers| workers.overdue > stuck_after);
    let lines: Vec<_> =
        stuck.map(|workers| format!("queue {}: stuck for {} s", workers.queue, workers.overdue.as_secs())).collect();
    if lines.is_empty() { Ok(()) } else { Err(lines.join("\n")) }
}
