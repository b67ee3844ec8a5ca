//! One visit: a process of its own fills one peer, weighs it and reads it, and prints what it measured.

use std::sync::Barrier;
use std::thread;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::memory::Resident;
use crate::peers::{self, Peer};
use crate::value::sum_of_marks;
use crate::workload::{ROWS, Row, THREADS, Workload};
use crate::{Failure, Size, cpu};

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
    let before = Resident::now()?;
    let peer = P::fill(size.keys);
    let held = Resident::now()?.since(before).own;

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
    // A tenth of the reads warms the processor up and tells how many are affordable; it is not counted.
    let warm_up = &sequences.keys(row.workload, THREADS - 1)[..sequences.ops / 10];
    let (warm, _) = timed(|| peer.read_all(warm_up));
    let Lap { reads, passes } = affordable(warm / u32::try_from(warm_up.len())?, sequences.ops);

    let gate = Barrier::new(row.threads);
    let spent: Vec<Result<Duration, Failure>> = thread::scope(|scope| {
        let start = |thread| {
            let (gate, keys) = (&gate, &sequences.keys(row.workload, thread)[..reads]);
            scope.spawn(move || read(peer, keys, passes, thread, gate))
        };
        let running: Vec<_> = (0..row.threads).map(start).collect();
        let panicked = |_| Err("a reading thread panicked".into());
        running.into_iter().map(|thread| thread.join().unwrap_or_else(panicked)).collect()
    });
    let spent = spent.into_iter().sum::<Result<Duration, Failure>>()?;
    Ok(spent.as_nanos() as f64 / (reads * passes * row.threads) as f64)
}

/// One thread's reads, on a core of its own and begun together with the other threads'.
fn read<P: Peer>(peer: &P, keys: &[u64], passes: usize, thread: usize, gate: &Barrier) -> Result<Duration, Failure> {
    let expected = sum_of_marks(keys);
    let pinned = cpu::pin_this_thread(thread);
    gate.wait();
    pinned?;
    let (spent, all_hit) = timed(|| (0..passes).all(|_| peer.read_all(keys) == expected));
    if all_hit { Ok(spent) } else { Err(format!("{}: not every read was a hit", P::NAME).into()) }
}

fn timed<T>(work: impl FnOnce() -> T) -> (Duration, T) {
    let begun = cpu::of_this_thread();
    let done = work();
    (cpu::of_this_thread() - begun, done)
}

/// How much one thread reads in one measurement.
#[derive(Debug, PartialEq)]
struct Lap {
    reads: usize,
    passes: usize,
}

/// A quarter of a second of reads that cost this much: the whole sequence several times, or a part of it once.
fn affordable(one: Duration, ops: usize) -> Lap {
    let fit = Duration::from_millis(250).as_nanos() / one.as_nanos().max(1);
    let fit = usize::try_from(fit).expect("a quarter of a second has few nanoseconds");
    Lap { reads: fit.clamp(1, ops), passes: (fit / ops).max(1) }
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
        assert_eq!(affordable(Duration::from_micros(10), 1_000_000), Lap { reads: 25_000, passes: 1 });
    }

    #[test]
    fn a_quick_peer_reads_the_sequence_several_times() {
        assert_eq!(affordable(Duration::from_nanos(25), 1_000_000), Lap { reads: 1_000_000, passes: 10 });
    }
}
