//! A job, a cache that is observed, and a reader of pages.
#![allow(dead_code, clippy::unwrap_used)] // Each test file uses a part of it; a test that cannot go on fails.

pub mod openmetrics;

use std::time::Duration;

use freshen_core::{Cache, CacheBuilder, Clock, Job, Jobs, Load, Loaded, Policy, PolicyBuilder, Timestamp};
use freshen_metrics::Metrics;
use serde::{Deserialize, Serialize};

/// Is loaded as its own number; an odd one fails, and [`HANGS`] is never there.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Even {
    pub number: u64,
}

pub const HANGS: u64 = 1000;

pub const TTL: Duration = Duration::from_secs(60);

impl Job for Even {
    type Output = u64;
    type Error = std::fmt::Error;
    type State = ();
    const NAME: &'static str = "even";

    fn policy() -> PolicyBuilder {
        Policy::builder().ttl(TTL).jitter(0.0)
    }

    async fn load(&self, _load: Load<'_, Self>) -> Result<Loaded<u64>, std::fmt::Error> {
        match self.number {
            HANGS => std::future::pending().await,
            number if number.is_multiple_of(2) => Ok(number.into()),
            _ => Err(std::fmt::Error),
        }
    }
}

pub fn even(number: u64) -> Even {
    Even { number }
}

/// A cache that `metrics` observe, without workers, on a clock that the test moves.
pub async fn cache(metrics: &Metrics) -> (Cache, Clock) {
    cache_with(metrics, |builder| builder).await
}

/// The same, tuned further.
pub async fn cache_with(metrics: &Metrics, tune: impl FnOnce(CacheBuilder) -> CacheBuilder) -> (Cache, Clock) {
    let clock = Clock::manual(Timestamp::from_micros(1));
    let builder = Cache::builder().jobs(Jobs::new().add::<Even>()).clock(clock.clone()).observer(metrics.clone());
    (tune(builder.workers(0)).build().await.unwrap(), clock)
}

/// The value of the line that begins with this name and these labels.
pub fn value(page: &str, series: &str) -> Option<f64> {
    let line = page.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '))?;
    Some(line.parse().unwrap())
}
