//! What a cache has at one moment.

use std::time::Duration;

use freshen_core::queue::{Depth, Queue};
use freshen_core::{Cache, PortError};
use futures_util::future::join_all;
use tokio::runtime::Handle;
use tokio::time::timeout;

use crate::counts::{Counts, TaskCounts};

/// A scrape usually gives up after ten seconds, and the rest of the page is worth something without a queue.
const QUEUE_WITHIN: Duration = Duration::from_secs(2);

/// What a cache has at one moment.
#[derive(Debug)]
pub struct Gauges {
    pub near_entries: u64,
    pub near_bytes: u64,
    pub near_is_trusted: bool,
    pub loads_in_flight: u64,
    pub workers_paused: bool,
    /// By the queue's name; absent is what could not be asked.
    pub queues: Vec<(String, Option<Depth>)>,
}

impl Gauges {
    /// Asks the cache. What fails is counted.
    pub async fn read(cache: &Cache, counts: &Counts) -> Gauges {
        let queues = join_all(cache.queues().map(|(name, queue)| read(name, queue, counts))).await;
        let (near_entries, near_bytes) = cache.near_size();
        Gauges {
            near_entries: near_entries as u64,
            near_bytes,
            near_is_trusted: cache.near_is_trusted(),
            loads_in_flight: cache.loads_under_way() as u64,
            workers_paused: cache.workers_paused(),
            queues,
        }
    }
}

async fn read(name: &str, queue: &dyn Queue, counts: &Counts) -> (String, Option<Depth>) {
    // Its counters are there from the start, so that their first increase shows as one.
    counts.tasks.find(name, TaskCounts::default);
    let depth = depth(queue).await.inspect_err(|failed| counts.port_failed(failed.port, failed.operation));
    (name.to_owned(), depth.ok())
}

async fn depth(queue: &dyn Queue) -> Result<Depth, PortError> {
    // Outside of a runtime there is no timer to wait by.
    match Handle::try_current() {
        Ok(_) => match timeout(QUEUE_WITHIN, queue.depth()).await {
            Ok(answered) => answered,
            Err(elapsed) => Err(PortError::passing("queue", "depth", elapsed)),
        },
        Err(_) => queue.depth().await,
    }
}
