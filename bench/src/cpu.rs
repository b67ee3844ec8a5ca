//! CPU time of the calling thread and of this process, and the core on which it is spent.

use std::time::Duration;

use rustix::io;
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
use rustix::time::{ClockId, clock_gettime};

/// How much CPU time the calling thread has spent since it began.
pub fn of_this_thread() -> Duration {
    spent(ClockId::ThreadCPUTime)
}

/// How much CPU time all threads of this process have spent since it began.
pub fn of_this_process() -> Duration {
    spent(ClockId::ProcessCPUTime)
}

fn spent(clock: ClockId) -> Duration {
    let spent = clock_gettime(clock);
    let seconds = u64::try_from(spent.tv_sec).expect("CPU time is never negative");
    let nanos = u32::try_from(spent.tv_nsec).expect("a timespec holds less than a second of nanoseconds");
    Duration::new(seconds, nanos)
}

/// Keeps the calling thread on the `index`th core that this process may use, round and round. Else the system may let
/// two threads take turns on one core for longer than a measurement lasts, and they never meet.
pub fn pin_this_thread(index: usize) -> io::Result<()> {
    let allowed = sched_getaffinity(None)?;
    let cores: Vec<usize> = (0..CpuSet::MAX_CPU).filter(|&core| allowed.is_set(core)).collect();
    let mut own = CpuSet::new();
    own.set(cores[index % cores.len()]);
    sched_setaffinity(None, &own)
}
