//! The sequences of keys that are read, made before anything is measured.

use rand::SeedableRng;
use rand::distr::{Distribution, Uniform};
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand_distr::Zipf;

use crate::Failure;

/// Which keys are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Workload {
    /// One key.
    Hot,
    /// Every key as likely as any other.
    Uniform,
    /// Few keys often, most keys rarely: Zipf's law with exponent 0.99.
    Zipf,
}

/// One column of the table: these keys, read by this many threads at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    pub workload: Workload,
    pub threads: usize,
}

/// Everything that is measured, in the order in which it is measured and printed.
pub const ROWS: [Row; 6] = [
    Row { workload: Workload::Hot, threads: 1 },
    Row { workload: Workload::Hot, threads: 2 },
    Row { workload: Workload::Uniform, threads: 1 },
    Row { workload: Workload::Uniform, threads: 2 },
    Row { workload: Workload::Zipf, threads: 1 },
    Row { workload: Workload::Zipf, threads: 2 },
];

/// The most threads that read at once.
pub const THREADS: usize = 2;

impl Row {
    /// The heading over this column.
    pub fn title(self) -> String {
        let keys = match self.workload {
            Workload::Hot => "hot",
            Workload::Uniform => "uniform",
            Workload::Zipf => "zipf",
        };
        format!("{keys} {}", self.threads)
    }
}

impl Workload {
    /// `length` keys below `keys`, the same at each call.
    pub fn sequence(self, keys: u64, length: usize) -> Result<Vec<u64>, Failure> {
        let random = StdRng::seed_from_u64(SEED);
        Ok(match self {
            Self::Hot => vec![keys / 2; length],
            Self::Uniform => Uniform::new(0, keys)?.sample_iter(random).take(length).collect(),
            Self::Zipf => {
                let by_rank = scattered(keys);
                let ranks = Zipf::new(keys as f64, 0.99)?.sample_iter(random).take(length);
                ranks.map(|rank| by_rank[rank as usize - 1]).collect()
            }
        })
    }
}

const SEED: u64 = 0x5EED;

/// The keys in an order of their own: else the popular ones would lie next to each other in memory, as they were put in.
fn scattered(keys: u64) -> Vec<u64> {
    let mut order: Vec<u64> = (0..keys).collect();
    order.shuffle(&mut StdRng::seed_from_u64(SEED + 1));
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sequence_is_the_same_each_time_and_stays_below_the_number_of_keys() {
        for workload in [Workload::Hot, Workload::Uniform, Workload::Zipf] {
            let once = workload.sequence(100, 1_000).unwrap();
            assert_eq!(once, workload.sequence(100, 1_000).unwrap());
            assert!(once.iter().all(|&key| key < 100));
        }
    }

    #[test]
    fn zipf_reads_one_key_far_more_often_than_most() {
        let sequence = Workload::Zipf.sequence(1_000, 10_000).unwrap();
        let favourite = scattered(1_000)[0];
        let often = sequence.iter().filter(|&&key| key == favourite).count();
        assert!((1_000..2_000).contains(&often), "{often} of 10000");
    }
}
