//! Why a worker did not begin, or did not end well.

use std::fmt;
use std::io;
use std::time::Duration;

/// Why a worker did not begin, or did not end well.
#[derive(thiserror::Error)]
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

/// As people read it, causes included: a program that returns the error from `main` prints this.
impl fmt::Debug for WorkerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn main_prints_it_in_words_with_its_cause_once() {
        let address = "127.0.0.1:7982".to_owned();
        let listen = WorkerError::Listen { address, source: io::Error::other("the port is taken") };
        let printed = format!("{listen:?}");
        assert_eq!(printed, "worker: cannot listen for health checks on 127.0.0.1:7982: the port is taken");
        let cut_off = WorkerError::CutOff { loads_under_way: 2, drain: Duration::from_secs(30) };
        assert_eq!(format!("{cut_off:?}"), cut_off.to_string());
    }
}
