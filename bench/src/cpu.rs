//! CPU time of the calling thread.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// How much CPU time the calling thread has spent since it began.
pub fn of_this_thread() -> Duration {
    let spent = clock_gettime(ClockId::ThreadCPUTime);
    let seconds = u64::try_from(spent.tv_sec).expect("CPU time is never negative");
    let nanos = u32::try_from(spent.tv_nsec).expect("a timespec holds less than a second of nanoseconds");
    Duration::new(seconds, nanos)
}
