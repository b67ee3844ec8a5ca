//! The worker, as its users hold it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use freshen_core::Cache;
use freshen_metrics::Metrics;

use crate::error::WorkerError;
use crate::health::Health;
use crate::signals;
use crate::standing::Standing;

/// Lets the workers of a cache work until the process is told to end, and then ends in good order.
#[derive(Debug)]
#[must_use = "it does nothing until it runs"]
pub struct Worker {
    cache: Cache,
    address: Option<String>,
    metrics: Option<Metrics>,
    drain: Duration,
    stuck_after: Duration,
}

impl Worker {
    /// A worker process of this cache, without health checks.
    pub fn new(cache: Cache) -> Worker {
        Worker {
            cache,
            address: None,
            metrics: None,
            drain: Duration::from_secs(30),
            stuck_after: Duration::from_secs(60),
        }
    }

    /// Answers health checks on this address, such as `127.0.0.1:7982`; a port alone is one of the loopback address. What is
    /// told there is for whoever runs the program, and it asks for no password: give an address that others reach only where
    /// they may read it.
    pub fn health(mut self, address: impl Into<String>) -> Worker {
        self.address = Some(address.into());
        self
    }

    /// Shows these metrics of the cache beside the health checks, at `/metrics`. Give the observer that the cache was built with.
    pub fn metrics(mut self, metrics: Metrics) -> Worker {
        self.metrics = Some(metrics);
        self
    }

    /// How long what is under way is waited for when the process is told to end. Default: 30 s, as long as most supervisors
    /// wait before they kill; give 2 s less than yours does, for [`Worker::run`] ends the process 1 s after it.
    pub fn drain(mut self, drain: Duration) -> Worker {
        self.drain = drain;
        self
    }

    /// How long a dispatcher may be overdue before the process no longer counts as alive. Default: 60 s.
    pub fn stuck_after(mut self, span: Duration) -> Worker {
        self.stuck_after = span;
        self
    }

    /// Works until SIGTERM or SIGINT, then drains: no new task is taken, what was pulled ahead goes back at once, and what runs
    /// is finished. A second signal ends the process at once, with exit code 130, even while its runtime is blocked.
    ///
    /// It is the last thing that the process does: 1 s after the drain's deadline the process is ended with exit code 1, whatever
    /// still holds it, for a runtime waits for jobs that block its threads. A program that has more to do after it, or that
    /// ends by itself, takes [`Worker::run_until`].
    ///
    /// # Errors
    /// [`WorkerError`], when it cannot begin, and when work was cut off at the end. Return it from `main`, and the exit code
    /// says so too.
    ///
    /// # Cancellation
    /// As [`Worker::run_until`]. Signals stay caught: the second one still ends the process, and so does the deadline where the
    /// first had come.
    pub async fn run(self) -> Result<(), WorkerError> {
        let told = signals::first(self.drain).await.map_err(WorkerError::Start)?;
        self.run_until(told).await
    }

    /// As [`Worker::run`], but until a future of yours is ready: for tests, and for programs that hear signals themselves.
    ///
    /// # Errors
    /// As [`Worker::run`].
    ///
    /// # Cancellation
    /// Dropping the future ends the health checks and leaves the cache as it is.
    pub async fn run_until(self, told: impl Future<Output = ()>) -> Result<(), WorkerError> {
        let workers = self.cache.workers();
        if workers.is_empty() {
            return Err(WorkerError::NoWorkers);
        }
        let standing = Arc::new(Standing::new(self.cache.clone(), self.metrics, self.stuck_after));
        let health = match &self.address {
            Some(address) => Some(Health::start(address, standing.clone()).await?),
            None => None,
        };
        for workers in workers {
            tracing::info!(target: "freshen", queue = workers.queue, at_once = workers.at_once, "working");
        }
        told.await;
        standing.drains();
        let ended = drain(&self.cache, self.drain).await;
        if let Some(health) = health {
            health.end().await;
        }
        ended
    }
}

async fn drain(cache: &Cache, within: Duration) -> Result<(), WorkerError> {
    let began = Instant::now();
    tracing::info!(target: "freshen", loads_under_way = cache.loads_under_way(), ?within, "draining");
    if cache.shut_down(within).await {
        tracing::info!(target: "freshen", took = ?began.elapsed(), "drained: nothing was cut off");
        return Ok(());
    }
    let loads_under_way = cache.loads_under_way();
    tracing::warn!(target: "freshen", loads_under_way, ?within, "work was cut off");
    Err(WorkerError::CutOff { loads_under_way, drain: within })
}
