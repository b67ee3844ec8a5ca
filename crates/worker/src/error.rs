//! Why a worker did not begin, or did not end well.

use std::io;
use std::time::Duration;

/// Why a worker did not begin, or did not end well.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WorkerError {
    /// The cache has no workers on any queue, so the process would do nothing.
    #[error("worker: the cache has no workers; give its builder `workers` above zero, or `workers_on`")]
    NoWorkers,
    /// The address of the health checks cannot be had: another program has the port, or there is no such address.
    #[error("worker: cannot listen for health checks on {address}: {source}")]
    Listen {
        /// The address, as it was given.
        address: String,
        /// What the machine said.
        source: io::Error,
    },
    /// The machine lacks what a worker needs: a thread, or signals.
    #[error("worker: cannot start: {0}")]
    Start(#[source] io::Error),
    /// The deadline came while work was under way. It is left to its leases, after which another process may do it.
    #[error("worker: {loads_under_way} loads were still under way {drain:?} after it was told to end, and are cut off")]
    CutOff {
        /// How many.
        loads_under_way: usize,
        /// How long they were waited for.
        drain: Duration,
    },
}
