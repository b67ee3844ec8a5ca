//! Durations, counted in fixed room: quantiles are right to a sixteenth, the longest is exact.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Buckets for each doubling.
const STEPS: u64 = 16;
/// Everything from about two minutes on falls into the last one.
const BUCKETS: usize = 400;
/// Columns of a plot, four for each power of ten, from a microsecond to a hundred seconds.
pub const COLUMNS: usize = 32;

/// Durations, counted. It may be noted into from everywhere at once; a reading is right to what is noted meanwhile.
#[derive(Debug)]
pub struct Histogram {
    buckets: [AtomicU64; BUCKETS],
    longest_micros: AtomicU64,
}

impl Histogram {
    /// Nothing noted yet.
    pub fn new() -> Self {
        Histogram { buckets: [const { AtomicU64::new(0) }; BUCKETS], longest_micros: AtomicU64::new(0) }
    }

    /// Counts one.
    pub fn note(&self, span: Duration) {
        let micros = u64::try_from(span.as_micros()).unwrap_or(u64::MAX);
        self.buckets[bucket(micros)].fetch_add(1, Ordering::Relaxed);
        self.longest_micros.fetch_max(micros, Ordering::Relaxed);
    }

    /// How many were noted.
    pub fn count(&self) -> u64 {
        self.buckets.iter().map(|bucket| bucket.load(Ordering::Relaxed)).sum()
    }

    /// The longest; zero when nothing was noted.
    pub fn longest(&self) -> Duration {
        Duration::from_micros(self.longest_micros.load(Ordering::Relaxed))
    }

    /// How many fall into each column of a plot whose axis is logarithmic. What lies beyond its ends is in the outermost.
    pub fn columns(&self) -> [u64; COLUMNS] {
        let mut columns = [0; COLUMNS];
        for (at, bucket) in self.buckets.iter().enumerate() {
            columns[column(last_of(at))] += bucket.load(Ordering::Relaxed);
        }
        columns
    }

    /// What this part (0 to 1) of all stayed within; zero when nothing was noted.
    pub fn quantile(&self, part: f64) -> Duration {
        let rank = ((self.count() as f64 * part).ceil() as u64).max(1);
        let mut seen = 0;
        for (at, bucket) in self.buckets.iter().enumerate() {
            seen += bucket.load(Ordering::Relaxed);
            if seen >= rank {
                return Duration::from_micros(last_of(at)).min(self.longest());
            }
        }
        self.longest()
    }
}

/// The column of a number of microseconds.
fn column(micros: u64) -> usize {
    let column = (micros.max(1) as f64).log10() * 4.0;
    (column as usize).min(COLUMNS - 1)
}

/// The bucket of a number of microseconds: exact below 16, then 16 for each doubling.
fn bucket(micros: u64) -> usize {
    if micros < STEPS {
        return micros as usize;
    }
    let doublings = u64::from(micros.ilog2()) - 3;
    let step = (micros >> (doublings - 1)) - STEPS;
    ((doublings * STEPS + step) as usize).min(BUCKETS - 1)
}

/// The largest number of microseconds in a bucket.
fn last_of(bucket: usize) -> u64 {
    let (doublings, step) = (bucket as u64 / STEPS, bucket as u64 % STEPS);
    match doublings {
        0 => step,
        _ => ((STEPS + step + 1) << (doublings - 1)) - 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_lies_in_its_bucket_and_the_bucket_is_narrow() {
        let numbers = (0..100_000).chain((17..26).map(|n| 1 << n)).chain((17..27).map(|n| (1 << n) - 1));
        for micros in numbers {
            let last = last_of(bucket(micros));
            assert!(last >= micros && last - micros <= micros / 16, "{micros}: {last}");
            assert!(micros == 0 || last_of(bucket(micros - 1)) <= last, "{micros}");
        }
        assert_eq!(bucket(u64::MAX), BUCKETS - 1);
    }

    #[test]
    fn a_plot_has_four_columns_for_each_power_of_ten() {
        let cases = [(0, 0), (1, 0), (9, 3), (10, 4), (1000, 12), (800_000, 23), (99_000_000, 31), (u64::MAX, 31)];
        for (micros, expected) in cases {
            assert_eq!(column(micros), expected, "{micros}");
        }
        let histogram = Histogram::new();
        histogram.note(Duration::from_micros(1));
        histogram.note(Duration::from_millis(800));
        histogram.note(Duration::from_secs(100_000));
        let noted: Vec<_> = histogram.columns().into_iter().enumerate().filter(|(_, count)| *count > 0).collect();
        assert_eq!(noted, [(0, 1), (23, 1), (31, 1)]);
    }

    #[test]
    fn quantiles_tell_the_many_from_the_few() {
        let histogram = Histogram::new();
        assert_eq!((histogram.quantile(0.5), histogram.longest()), (Duration::ZERO, Duration::ZERO));
        for _ in 0..98 {
            histogram.note(Duration::from_micros(10));
        }
        histogram.note(Duration::from_millis(800));
        histogram.note(Duration::from_secs(1000));
        assert_eq!(histogram.count(), 100);
        assert_eq!(histogram.quantile(0.5), Duration::from_micros(10));
        let p99 = histogram.quantile(0.99);
        assert!(p99 >= Duration::from_millis(800) && p99 <= Duration::from_millis(850), "{p99:?}");
        assert_eq!(histogram.longest(), Duration::from_secs(1000));
    }
}
