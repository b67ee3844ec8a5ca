//! One visit: a process of its own fills one peer, weighs it and reads it, and prints what it measured.

use std::sync::Barrier;
use std::thread;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::peers::{self, Peer};
use crate::value::sum_of_marks;
use crate::workload::{ROWS, Row, THREADS, Workload};
use crate::{Failure, Size, cpu, memory};

/// What one visit measured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Visit {
    /// Resident bytes per entry.
    pub bytes_per_entry: f64,
    /// CPU nanoseconds per read, one for each of [`ROWS`].
    pub nanos: Vec<f64>,
}

/// Visits the peer of this name and prints the [`Visit`] as one line of JSON.
pub fn answer(peer: &str, size: &Size) -> Result<(), Failure> {
    let visit = (peers::named(peer)?.visit)(size)?;
    println!("{}", serde_json::to_string(&visit)?);
    Ok(())
}

/// Fills, weighs and reads one peer.
pub fn visit<P: Peer>(size: &Size) -> Result<Visit, Failure> {
    let sequences = Sequences::of(size)?;
    let before = memory::resident_bytes()?;
    let peer = P::fill(size.keys);
    let held = memory::resident_bytes()?.saturating_sub(before);

    let nanos = ROWS.iter().map(|&row| nanos_per_read(&peer, row, &sequences)).collect::<Result<_, _>>()?;
    // The process ends now; freeing a million entries first would only take time.
    std::mem::forget(peer);
    Ok(Visit { bytes_per_entry: held as f64 / size.keys as f64, nanos })
}

/// The keys of each workload: `ops` for each thread, one after the other.
struct Sequences {
    hot: Vec<u64>,
    uniform: Vec<u64>,
    zipf: Vec<u64>,
    ops: usize,
}

impl Sequences {
    fn of(size: &Size) -> Result<Self, Failure> {
        let ops = usize::try_from(size.ops)?;
        let made = |workload: Workload| workload.sequence(size.keys, THREADS * ops);
        Ok(Self { hot: made(Workload::Hot)?, uniform: made(Workload::Uniform)?, zipf: made(Workload::Zipf)?, ops })
    }

    fn keys(&self, workload: Workload, thread: usize) -> &[u64] {
        let all = match workload {
            Workload::Hot => &self.hot,
            Workload::Uniform => &self.uniform,
            Workload::Zipf => &self.zipf,
        };
        &all[thread * self.ops..][..self.ops]
    }
}

fn nanos_per_read<P: Peer>(peer: &P, row: Row, sequences: &Sequences) -> Result<f64, Failure> {
    // A tenth of the reads warms the processor up and tells how many reads are affordable; it is not counted.
    let warm_up = &sequences.keys(row.workload, THREADS - 1)[..sequences.ops / 10];
    let warm = timed(|| peer.read_all(warm_up)).0 / u32::try_from(warm_up.len())?;
    let reads = affordable(warm, sequences.ops);

    let gate = Barrier::new(row.threads);
    let laps: Vec<Result<Duration, Failure>> = thread::scope(|scope| {
        let run = |thread: usize| {
            let (gate, keys) = (&gate, &sequences.keys(row.workload, thread)[..reads]);
            scope.spawn(move || lap(peer, keys, gate))
        };
        let running: Vec<_> = (0..row.threads).map(run).collect();
        running
            .into_iter()
            .map(|thread| thread.join().unwrap_or_else(|_| Err("a reading thread panicked".into())))
            .collect()
    });
    let spent = laps.into_iter().sum::<Result<Duration, Failure>>()?;
    Ok(spent.as_nanos() as f64 / (reads * row.threads) as f64)
}

/// One thread's reads, begun together with the other threads'.
fn lap<P: Peer>(peer: &P, keys: &[u64], gate: &Barrier) -> Result<Duration, Failure> {
    let expected = sum_of_marks(keys);
    gate.wait();
    let (spent, found) = timed(|| peer.read_all(keys));
    if found == expected { Ok(spent) } else { Err(format!("{}: not every read was a hit", P::NAME).into()) }
}

fn timed<T>(work: impl FnOnce() -> T) -> (Duration, T) {
    let begun = cpu::of_this_thread();
    let done = work();
    (cpu::of_this_thread() - begun, done)
}

/// How many reads of this cost fit into half a second, at most `ops`.
fn affordable(one: Duration, ops: usize) -> usize {
    let fit = Duration::from_millis(500).as_nanos() / one.as_nanos().max(1);
    usize::try_from(fit).map_or(ops, |fit| fit.clamp(1, ops))
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Forgetful;

    impl Peer for Forgetful {
        const NAME: &'static str = "forgetful";
        const READ: &'static str = "";
        fn fill(_: u64) -> Self {
            Self
        }
        fn read_all(&self, keys: &[u64]) -> u64 {
            sum_of_marks(&keys[1..])
        }
    }

    #[test]
    fn a_peer_that_misses_ends_the_run() {
        let failure = visit::<Forgetful>(&Size { keys: 10, ops: 1_000 }).unwrap_err();
        assert_eq!(failure.to_string(), "forgetful: not every read was a hit");
    }

    #[test]
    fn every_peer_hits_on_every_row() {
        for peer in peers::ALL {
            let visit = (peer.visit)(&Size { keys: 2_000, ops: 1_000 }).unwrap();
            assert_eq!(visit.nanos.len(), ROWS.len(), "{}", peer.name);
        }
    }

    #[test]
    fn a_slow_peer_does_fewer_reads() {
        assert_eq!(affordable(Duration::from_micros(10), 1_000_000), 50_000);
        assert_eq!(affordable(Duration::ZERO, 1_000_000), 1_000_000);
    }
}
