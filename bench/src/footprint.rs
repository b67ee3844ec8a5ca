//! The command `memory`: what an entry takes, and whether a bound in bytes holds while entries come and go.

use std::time::Duration;

use clap::{Args, ValueEnum};
use serde::{Deserialize, Serialize};

use crate::held::{self, Holder, Listed, OURS, Room};
use crate::memory::Resident;
use crate::process::{self, Ended};
use crate::{Failure, aims};

#[derive(Args)]
pub struct Memory {
    /// Only these caches, separated by commas
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    peers: Vec<String>,
    #[command(flatten)]
    churn: Churn,
}

/// How values come and go.
#[derive(Args, Clone, Copy)]
pub struct Churn {
    /// How much is put in under churn, as a multiple of the bound
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u64).range(1..=10_000))]
    turns: u64,
    /// The bound under churn
    #[arg(long, value_name = "MIB", default_value_t = 64, value_parser = clap::value_parser!(u64).range(1..=4_096))]
    bound: u64,
}

/// What is weighed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Case {
    /// Entries of 16 bytes, all of them kept.
    Small,
    /// Entries of 1 KiB, all of them kept.
    Large,
    /// Entries of many sizes, several times more than the bound has room for.
    Churn,
}

/// What one visit weighed: resident bytes above what the process had before the cache was made.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Weighed {
    pub peak: u64,
    pub last: u64,
    /// Pages of files, which are not in the others.
    pub files: u64,
}

const ENTRIES: u64 = 1_000_000;
/// What a value weighs under churn, on average.
pub const MEAN_SIZE: u64 = 3_100;
/// Above what any visit takes that goes on.
const LIMIT: Duration = Duration::from_secs(300);

/// Measures and prints.
pub fn run(memory: &Memory) -> Result<(), Failure> {
    memory.peers.iter().try_for_each(|name| held::named(name).map(drop))?;
    let wanted = |cache: &&Listed| memory.peers.is_empty() || memory.peers.iter().any(|name| name == cache.name);
    let caches: Vec<&Listed> = held::ALL.iter().filter(wanted).collect();
    let churn = memory.churn;

    println!("Resident bytes per entry, of {ENTRIES} entries, the value's own included\n");
    println!("{:<16}{:>12}{:>12}", "", "of 16 bytes", "of 1 KiB");
    for cache in caches.iter().filter(|cache| cache.per_entry) {
        let (small, large) = (per_entry(cache, Case::Small, churn)?, per_entry(cache, Case::Large, churn)?);
        println!("{:<16}{small:>12}{large:>12}", cache.name);
    }
    let (bound, put) = (churn.bound, churn.turns * churn.bound);
    println!(
        "\nResident MiB under a bound of {bound} MiB, while {put} MiB of values of 64 bytes to 16 KiB are put in\n"
    );
    println!("{:<16}{:>8}{:>8}{:>14}{:>16}", "", "peak", "last", "peak to bound", "pages of files");
    let mut judged = Vec::new();
    for cache in &caches {
        let weighed = if cache.by_bytes { ask(cache, Case::Churn, churn)? } else { None };
        println!("{}", churned(cache, weighed, churn));
        judged.extend(weighed.and_then(|weighed| judge(cache, weighed, churn)));
    }
    println!("\n{}", aims::list(&judged));
    Ok(())
}

/// Weighs one cache and prints what it weighed, as JSON.
pub fn answer(cache: &str, case: Case, churn: Churn) -> Result<(), Failure> {
    println!("{}", serde_json::to_string(&(held::named(cache)?.visit)(case, churn)?)?);
    Ok(())
}

/// Fills one cache and weighs it.
pub fn visit<H: Holder>(case: Case, churn: Churn) -> Result<Weighed, Failure> {
    let before = Resident::now()?;
    match case {
        Case::Small => filled::<H>(before, ENTRIES, 16),
        Case::Large => filled::<H>(before, ENTRIES, 1_024),
        Case::Churn => churned_through::<H>(before, churn),
    }
}

fn filled<H: Holder>(before: Resident, count: u64, size: usize) -> Result<Weighed, Failure> {
    let cache = H::with(Room::Entries { count, size });
    (0..count).for_each(|key| cache.put(key, size));
    cache.settle();
    let last = Resident::now()?.since(before);
    // The process ends now; freeing a million entries first would only take time.
    std::mem::forget(cache);
    Ok(Weighed { peak: last.own, last: last.own, files: last.files })
}

fn churned_through<H: Holder>(before: Resident, churn: Churn) -> Result<Weighed, Failure> {
    let cache = H::with(Room::Bytes(churn.bound_bytes()));
    let (mut peak, mut put, mut key) = (0, 0, 0);
    while put < churn.bound_bytes() * churn.turns {
        let size = size_of(key);
        cache.put(key, size);
        (put, key) = (put + size as u64, key + 1);
        if key.is_multiple_of(256) {
            peak = peak.max(Resident::now()?.since(before).own);
        }
    }
    cache.settle();
    let last = Resident::now()?.since(before);
    std::mem::forget(cache);
    Ok(Weighed { peak: peak.max(last.own), last: last.own, files: last.files })
}

impl Churn {
    fn bound_bytes(self) -> u64 {
        self.bound << 20
    }

    /// How far the peak lies above the bound, as a part of it; below it where negative.
    fn above(self, weighed: Weighed) -> f64 {
        weighed.peak as f64 / self.bound_bytes() as f64 - 1.0
    }
}

/// The size of the value under a key: 64 bytes to 16 KiB, each doubling as often as the next, the same at each call.
fn size_of(key: u64) -> usize {
    // Multiplying by an odd number of full length spreads neighbours; the upper bits are the best mixed.
    let mixed = key.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32;
    let octave = 64 << (mixed % 8);
    octave + (mixed / 8) as usize % octave
}

fn ask(cache: &Listed, case: Case, churn: Churn) -> Result<Option<Weighed>, Failure> {
    let word = case.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default();
    eprintln!("{word}: {}", cache.name);
    let (turns, bound) = (churn.turns.to_string(), churn.bound.to_string());
    Ok(match process::ask(&["weigh", cache.name, &word, "--turns", &turns, "--bound", &bound], LIMIT)? {
        Ended::Answered(weighed) => Some(weighed),
        Ended::Hung => None,
    })
}

fn per_entry(cache: &Listed, case: Case, churn: Churn) -> Result<String, Failure> {
    let bytes = |weighed: Weighed| format!("{:.0}", weighed.last as f64 / ENTRIES as f64);
    Ok(ask(cache, case, churn)?.map_or("hangs".into(), bytes))
}

fn churned(cache: &Listed, weighed: Option<Weighed>, churn: Churn) -> String {
    let Some(weighed) = weighed else {
        return format!(
            "{:<16}  {}",
            cache.name,
            if cache.by_bytes { "hangs" } else { "– it cannot be bounded by bytes" }
        );
    };
    let (peak, last, files) = (mebibytes(weighed.peak), mebibytes(weighed.last), mebibytes(weighed.files));
    format!("{:<16}{peak:>8.1}{last:>8.1}{:>13.1}%{files:>16.1}", cache.name, churn.above(weighed) * 100.0)
}

fn judge(cache: &Listed, weighed: Weighed, churn: Churn) -> Option<(bool, String)> {
    let (sentence, above) =
        ("under churn at most 5 % above the bound, near tier and store together", churn.above(weighed));
    (cache.name == OURS).then(|| (above <= 0.05, format!("{sentence}; found: {:+.1} %", above * 100.0)))
}

fn mebibytes(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_lie_within_their_range_and_have_the_mean_that_is_said() {
        let sizes: Vec<usize> = (0..100_000).map(size_of).collect();
        assert!(sizes.iter().all(|size| (64..16_384).contains(size)));
        let mean = sizes.iter().sum::<usize>() as u64 / 100_000;
        assert!(mean.abs_diff(MEAN_SIZE) < 100, "{mean}");
    }
}
