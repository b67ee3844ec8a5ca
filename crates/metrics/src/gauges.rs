//! What a cache has at one moment.

use std::time::Duration;

use freshen_core::queue::Depth;
use freshen_core::{Cache, PortError};
use tokio::runtime::Handle;
use tokio::time::timeout;

use crate::counts::Counts;

/// A scrape usually gives up after ten seconds, and the rest of the page is worth something without the queue.
const QUEUE_WITHIN: Duration = Duration::from_secs(2);

/// What a cache has at one moment.
#[derive(Debug)]
pub struct Gauges {
    pub near_entries: u64,
    pub near_bytes: u64,
    pub near_is_trusted: bool,
    pub loads_in_flight: u64,
    pub workers_paused: bool,
    /// Absent when the queue could not be asked.
    pub queue: Option<Depth>,
}

impl Gauges {
    /// Asks the cache. What fails is counted.
    pub async fn read(cache: &Cache, counts: &Counts) -> Gauges {
        let queue = queue(cache).await.inspect_err(|failed| counts.port_failed(failed.port, failed.operation)).ok();
        let (near_entries, near_bytes) = cache.near_size();
        Gauges {
            near_entries: near_entries as u64,
            near_bytes,
            near_is_trusted: cache.near_is_trusted(),
            loads_in_flight: cache.loads_under_way() as u64,
            workers_paused: cache.workers_paused(),
            queue,
        }
    }
}

async fn queue(cache: &Cache) -> Result<Depth, PortError> {
    // Outside of a runtime there is no timer to wait by.
    match Handle::try_current() {
        Ok(_) => match timeout(QUEUE_WITHIN, cache.queue_depth()).await {
            Ok(answered) => answered,
            Err(elapsed) => Err(PortError::passing("queue", "depth", elapsed)),
        },
        Err(_) => cache.queue_depth().await,
    }
}
