//! Durations, counted in buckets.

use std::time::Duration;

use crate::counts::Count;

/// The upper bounds of the buckets, in a whole unit of time; what is longer than all falls into one more.
#[derive(Debug)]
pub struct Ladder {
    pub bounds: &'static [u64],
    /// How many of the unit make a second.
    pub per_second: u32,
}

/// Waits and loads: from 100 µs to 100 s. A load is given up after 50 s, unless its policy says otherwise, which takes a
/// little longer than 50 s.
pub static SPANS: Ladder = Ladder {
    bounds: &[
        100,
        250,
        500,
        1_000,
        2_500,
        5_000,
        10_000,
        25_000,
        50_000,
        100_000,
        250_000,
        500_000,
        1_000_000,
        2_500_000,
        5_000_000,
        10_000_000,
        25_000_000,
        50_000_000,
        100_000_000,
    ],
    per_second: 1_000_000,
};

/// Ages: from 100 ms to 30 days, in milliseconds, so that their sum has room for years of them.
pub static AGES: Ladder = Ladder {
    bounds: &[
        100,
        1_000,
        5_000,
        15_000,
        30_000,
        60_000,
        300_000,
        600_000,
        1_800_000,
        3_600_000,
        21_600_000,
        86_400_000,
        604_800_000,
        2_592_000_000,
    ],
    per_second: 1_000,
};

/// As many as the longest ladder needs.
const BUCKETS: usize = 20;

/// Durations, counted. It may be noted into from everywhere at once.
#[derive(Debug)]
pub struct Histogram {
    ladder: &'static Ladder,
    buckets: [Count; BUCKETS],
    sum: Count,
}

/// A histogram as it was read, or several together.
#[derive(Clone, Debug, PartialEq)]
pub struct Spread {
    /// How many were up to each bound, in seconds; those of the bounds before are among them.
    pub up_to: Vec<(f64, u64)>,
    pub count: u64,
    pub sum_secs: f64,
}

impl Histogram {
    /// Nothing noted yet.
    pub fn new(ladder: &'static Ladder) -> Self {
        Histogram { ladder, buckets: Default::default(), sum: Count::default() }
    }

    /// Counts one.
    #[inline]
    pub fn note(&self, span: Duration) {
        let units = self.ladder.units(span);
        self.buckets[self.ladder.bounds.partition_point(|bound| *bound < units)].one();
        self.sum.more(units);
    }

    /// How many were noted.
    pub fn count(&self) -> u64 {
        self.buckets.iter().map(Count::read).sum()
    }
}

impl Ladder {
    /// A duration in whole units, rounded up: so it is within a bound exactly if the duration is.
    #[inline]
    fn units(&self, span: Duration) -> u64 {
        let part = span.subsec_nanos().div_ceil(1_000_000_000 / self.per_second);
        span.as_secs().saturating_mul(self.per_second.into()).saturating_add(part.into())
    }

    fn secs(&self, units: u64) -> f64 {
        units as f64 / f64::from(self.per_second)
    }
}

impl Spread {
    /// What histograms on one ladder hold together.
    pub fn of<'a>(ladder: &Ladder, histograms: impl IntoIterator<Item = &'a Histogram>) -> Spread {
        let (mut buckets, mut sum) = ([0; BUCKETS], 0_u64);
        for histogram in histograms {
            buckets.iter_mut().zip(&histogram.buckets).for_each(|(bucket, more)| *bucket += more.read());
            sum = sum.wrapping_add(histogram.sum.read());
        }
        let mut count = 0;
        let mut up_to = Vec::new();
        for (bound, bucket) in ladder.bounds.iter().zip(buckets) {
            count += bucket;
            up_to.push((ladder.secs(*bound), count));
        }
        Spread { count: count + buckets[ladder.bounds.len()], up_to, sum_secs: ladder.secs(sum) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LADDERS: [&Ladder; 2] = [&SPANS, &AGES];

    /// The bound under which a duration is counted, in seconds.
    fn bound(ladder: &'static Ladder, span: Duration) -> f64 {
        let histogram = Histogram::new(ladder);
        histogram.note(span);
        let spread = Spread::of(ladder, [&histogram]);
        assert_eq!(spread.count, 1);
        spread.up_to.iter().find(|(_, count)| *count == 1).map_or(f64::INFINITY, |(bound, _)| *bound)
    }

    #[test]
    fn every_ladder_rises_and_has_room() {
        for ladder in LADDERS {
            assert!(ladder.bounds.is_sorted_by(|one, next| one < next) && ladder.bounds.len() < BUCKETS);
            assert_eq!(1_000_000_000 % ladder.per_second, 0);
        }
    }

    #[test]
    fn a_duration_is_counted_under_the_first_bound_that_it_does_not_exceed() {
        let nanos = Duration::from_nanos;
        assert_eq!(bound(&SPANS, Duration::ZERO), 0.0001);
        assert_eq!(bound(&SPANS, nanos(100_000)), 0.0001);
        assert_eq!(bound(&SPANS, nanos(100_001)), 0.00025);
        assert_eq!(bound(&SPANS, Duration::from_secs(50)), 50.0);
        assert_eq!(bound(&SPANS, Duration::from_secs(50) + nanos(1)), 100.0);
        assert_eq!(bound(&SPANS, Duration::from_secs(100) + nanos(1)), f64::INFINITY);
        assert_eq!(bound(&AGES, Duration::from_secs(600)), 600.0);
        assert_eq!(bound(&AGES, Duration::from_secs(600) + nanos(1)), 1800.0);
    }

    #[test]
    fn the_longest_duration_is_counted_like_any_other() {
        for ladder in LADDERS {
            // The second is a multiple of 2^64 units.
            for span in [Duration::MAX, Duration::from_secs(1 << 61)] {
                assert_eq!(bound(ladder, span), f64::INFINITY);
            }
        }
    }

    #[test]
    fn several_are_read_as_one() {
        let [one, two] = [Histogram::new(&AGES), Histogram::new(&AGES)];
        one.note(Duration::from_millis(1500));
        two.note(Duration::from_secs(2));
        two.note(Duration::from_secs(4_000_000));
        let spread = Spread::of(&AGES, [&one, &two]);
        assert_eq!((spread.count, spread.sum_secs), (3, 4_000_003.5));
        assert_eq!(spread.up_to[..3], [(0.1, 0), (1.0, 0), (5.0, 2)]);
        assert_eq!(spread.up_to.last(), Some(&(2_592_000.0, 2)));
    }
}
