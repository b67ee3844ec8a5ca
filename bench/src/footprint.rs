//! The command `memory`: what an entry takes, and whether a bound in bytes holds while entries come and go.

use std::time::Duration;

use clap::{Args, ValueEnum};
use serde::{Deserialize, Serialize};

use crate::held::{self, Holder, Listed, OURS, Room};
use crate::process::{self, Ended};
use crate::{Failure, aims, memory};

#[derive(Args)]
pub struct Memory {
    /// Only these caches, separated by commas
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    peers: Vec<String>,
    /// How much is put in under churn, as a multiple of the bound
    #[arg(long, value_name = "N", default_value_t = TURNS, value_parser = clap::value_parser!(u64).range(1..=10_000))]
    turns: u64,
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
}

const ENTRIES: u64 = 1_000_000;
const BOUND: u64 = 64 << 20;
/// How much is put in under churn unless told, as a multiple of the bound.
pub const TURNS: u64 = 8;
/// What a value weighs under churn, on average.
pub const MEAN_SIZE: u64 = 3_100;
/// Above what any visit takes that goes on.
const LIMIT: Duration = Duration::from_secs(300);

/// Measures and prints.
pub fn run(memory: &Memory) -> Result<(), Failure> {
    memory.peers.iter().try_for_each(|name| held::named(name).map(drop))?;
    let wanted = |cache: &&Listed| memory.peers.is_empty() || memory.peers.iter().any(|name| name == cache.name);
    let caches: Vec<&Listed> = held::ALL.iter().filter(wanted).collect();

    println!("Resident bytes per entry, of {ENTRIES} entries, the value's own included\n");
    println!("{:<16}{:>12}{:>12}", "", "of 16 bytes", "of 1 KiB");
    for cache in caches.iter().filter(|cache| cache.per_entry) {
        println!("{:<16}{:>12}{:>12}", cache.name, per_entry(cache, Case::Small)?, per_entry(cache, Case::Large)?);
    }
    let put = memory.turns * (BOUND >> 20);
    println!("\nResident MiB under a bound of 64 MiB, while {put} MiB of values of 64 bytes to 16 KiB are put in\n");
    println!("{:<16}{:>8}{:>8}{:>14}", "", "peak", "last", "peak to bound");
    let mut judged = Vec::new();
    for cache in &caches {
        let weighed = if cache.by_bytes { ask(cache, Case::Churn, memory.turns)? } else { None };
        println!("{}", churned(cache, weighed));
        judged.extend(weighed.and_then(|weighed| judge(cache, weighed)));
    }
    println!("\n{}", aims::list(&judged));
    Ok(())
}

/// Weighs one cache and prints what it weighed, as JSON.
pub fn answer(cache: &str, case: Case, turns: u64) -> Result<(), Failure> {
    println!("{}", serde_json::to_string(&(held::named(cache)?.visit)(case, turns)?)?);
    Ok(())
}

/// Fills one cache and weighs it.
pub fn visit<H: Holder>(case: Case, turns: u64) -> Result<Weighed, Failure> {
    let before = memory::resident_bytes()?;
    match case {
        Case::Small => filled::<H>(before, ENTRIES, 16),
        Case::Large => filled::<H>(before, ENTRIES, 1_024),
        Case::Churn => churn::<H>(before, BOUND, turns),
    }
}

fn filled<H: Holder>(before: u64, count: u64, size: usize) -> Result<Weighed, Failure> {
    let cache = H::with(Room::Entries { count, size });
    (0..count).for_each(|key| cache.put(key, size));
    cache.settle();
    let last = memory::resident_bytes()?.saturating_sub(before);
    // The process ends now; freeing a million entries first would only take time.
    std::mem::forget(cache);
    Ok(Weighed { peak: last, last })
}

fn churn<H: Holder>(before: u64, bound: u64, turns: u64) -> Result<Weighed, Failure> {
    let cache = H::with(Room::Bytes(bound));
    let (mut peak, mut put, mut key) = (0, 0, 0);
    while put < bound * turns {
        let size = size_of(key);
        cache.put(key, size);
        (put, key) = (put + size as u64, key + 1);
        if key.is_multiple_of(256) {
            peak = peak.max(memory::resident_bytes()?.saturating_sub(before));
        }
    }
    cache.settle();
    let last = memory::resident_bytes()?.saturating_sub(before);
    std::mem::forget(cache);
    Ok(Weighed { peak: peak.max(last), last })
}

/// The size of the value under a key: 64 bytes to 16 KiB, each doubling as often as the next, the same at each call.
fn size_of(key: u64) -> usize {
    // Multiplying by an odd number of full length spreads neighbours; the upper bits are the best mixed.
    let mixed = key.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32;
    let octave = 64 << (mixed % 8);
    octave + (mixed / 8) as usize % octave
}

fn ask(cache: &Listed, case: Case, turns: u64) -> Result<Option<Weighed>, Failure> {
    let word = case.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default();
    eprintln!("{word}: {}", cache.name);
    Ok(match process::ask(&["weigh", cache.name, &word, "--turns", &turns.to_string()], LIMIT)? {
        Ended::Answered(weighed) => Some(weighed),
        Ended::Hung => None,
    })
}

fn per_entry(cache: &Listed, case: Case) -> Result<String, Failure> {
    let bytes = |weighed: Weighed| format!("{:.0}", weighed.last as f64 / ENTRIES as f64);
    Ok(ask(cache, case, TURNS)?.map_or("hangs".into(), bytes))
}

fn churned(cache: &Listed, weighed: Option<Weighed>) -> String {
    let Some(weighed) = weighed else {
        return format!(
            "{:<16}  {}",
            cache.name,
            if cache.by_bytes { "hangs" } else { "– it cannot be bounded by bytes" }
        );
    };
    let (peak, last) = (mebibytes(weighed.peak), mebibytes(weighed.last));
    format!("{:<16}{peak:>8.1}{last:>8.1}{:>13.0}%", cache.name, above(weighed) * 100.0)
}

fn judge(cache: &Listed, weighed: Weighed) -> Option<(bool, String)> {
    let sentence = "under churn at most 5 % above the bound, near tier and store together";
    (cache.name == OURS)
        .then(|| (above(weighed) <= 0.05, format!("{sentence}; found: {:+.0} %", above(weighed) * 100.0)))
}

/// How far the peak lies above the bound, as a part of it; below it where negative.
fn above(weighed: Weighed) -> f64 {
    weighed.peak as f64 / BOUND as f64 - 1.0
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
