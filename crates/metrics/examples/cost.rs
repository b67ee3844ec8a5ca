//! What it costs to count a hit: nanoseconds for each `Answered` event, the least of several rounds.
//!
//! ```sh
//! cargo run -p freshen-metrics --example cost --config 'profile.dev.package.freshen-metrics.opt-level=3'
//! ```

use std::hint::black_box;
use std::sync::Barrier;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use freshen_core::{Event, Observer, Rule, Status};
use freshen_metrics::Metrics;

const EVENTS: u32 = 2_000_000;
const ROUNDS: usize = 9;
const JOBS: [&str; 8] = ["one", "two", "three", "four", "five", "six", "seven", "eight"];

/// The same with one atomic number in place of the metrics: what cannot be had for less.
#[derive(Default)]
struct OneNumber(AtomicU64);

impl Observer for OneNumber {
    fn observe(&self, _event: &Event<'_>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

fn main() {
    println!("{:<12} {:>8} {:>9}  ns per event", "observer", "threads", "jobs");
    for threads in [1, 2] {
        for jobs in [1, JOBS.len()] {
            let line = |name: &str, nanos: f64| println!("{name:<12} {threads:>8} {jobs:>9}  {nanos:.1}");
            line("one number", least(&OneNumber::default(), threads, jobs));
            line("metrics", least(&Metrics::new(), threads, jobs));
        }
    }
}

fn least(observer: &dyn Observer, threads: usize, jobs: usize) -> f64 {
    let rounds = (0..ROUNDS).map(|_| round(observer, threads, jobs));
    rounds.min().map_or(0.0, |took| took.as_secs_f64() * 1e9 / f64::from(EVENTS))
}

/// The time of the slowest thread; each tells all its events.
fn round(observer: &dyn Observer, threads: usize, jobs: usize) -> Duration {
    let together = Barrier::new(threads);
    let tell = || {
        together.wait();
        let began = Instant::now();
        for event in 0..EVENTS {
            let job = JOBS[event as usize % jobs];
            let age = Duration::from_micros(u64::from(event) * 37);
            let (status, rule, waited) = (Status::Hit, Rule::Fresh, Duration::ZERO);
            black_box(observer).observe(&Event::Answered { job, status, rule, age, waited });
        }
        began.elapsed()
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(tell)).collect();
        threads.into_iter().filter_map(|thread| thread.join().ok()).max().unwrap_or_default()
    })
}
