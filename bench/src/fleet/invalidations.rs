//! What an invalidation by tag costs, over few entries and over many.

use std::fmt::Write;
use std::time::{Duration, Instant};

use freshen::{Cache, Jobs, Strength};

use super::Extent;
use super::far::{Plain, Tagged, built, way};
use crate::summary::median;
use crate::{Failure, aims};

const PARTITIONS: u32 = 64;
/// Entries under the tag, few and many; the far end of what the server holds here.
const ENTRIES: [u64; 2] = [1, 1_000_000];
/// Invalidations of one round.
const TIMES: u32 = 200;

/// Invalidates a tag that reaches one entry, fills the server, and does so again.
pub async fn measure(url: &str, extent: Extent) -> Result<String, Failure> {
    let jobs = Jobs::new().add::<Plain>().add::<Tagged>();
    let cache = Cache::builder().jobs(jobs).near_capacity(1 << 20).workers(0);
    let cache = built(way(url, "invalidations").partitions(PARTITIONS), cache).await?;
    let mut text = format!("An invalidation by tag on {PARTITIONS} partitions of one server, milliseconds\n\n");
    writeln!(text, "{:<24}{:>9}{:>9}", "entries with the tag", "p50", "p99")?;
    let mut middles = Vec::new();
    for entries in ENTRIES {
        fill(url, entries).await?;
        let mut rounds = Vec::new();
        for round in 1..=extent.rounds {
            eprintln!("invalidations over {entries} entries, round {round} of {}", extent.rounds);
            rounds.push(waits(&cache).await?);
        }
        let [p50, p99] = [0, 1].map(|at| median(rounds.iter().map(|waits| waits[at]).collect()));
        writeln!(text, "{entries:<24}{p50:>9.2}{p99:>9.2}")?;
        middles.push(p50);
    }
    let ratio = middles[1] / middles[0];
    let aims = [(ratio < 1.5, format!("the same over a million entries as over one: {ratio:.2} times"))];
    cache.shut_down(Duration::from_secs(5)).await;
    Ok(format!("{text}\n{}", aims::list(&aims)))
}

/// The middle of the waits, and what all but one in a hundred are below, in milliseconds.
async fn waits(cache: &Cache) -> Result<[f64; 2], Failure> {
    let mut waits = Vec::new();
    for _ in 0..TIMES {
        let begun = Instant::now();
        cache.invalidate_tag("all", Strength::Soft).await?;
        waits.push(begun.elapsed().as_secs_f64() * 1_000.0);
    }
    waits.sort_by(f64::total_cmp);
    Ok([waits[waits.len() / 2], waits[waits.len() * 99 / 100]])
}

/// Stores so many entries, each as small as can be: they are there to be covered, not to be read.
async fn fill(url: &str, entries: u64) -> Result<(), Failure> {
    let jobs = Jobs::new().add::<Small>();
    let cache = Cache::builder().jobs(jobs).near_capacity(1 << 20).near_bound(Duration::from_nanos(1)).workers(0);
    let cache = built(way(url, "invalidations").partitions(PARTITIONS), cache).await?;
    let keys: Vec<u64> = (0..entries).collect();
    for (number, keys) in keys.chunks(1_024).enumerate() {
        if number % 128 == 0 && entries > 1 {
            eprintln!("{} of {entries} entries", number * 1_024);
        }
        let jobs: Vec<_> = keys.iter().map(|key| Small { key: *key }).collect();
        for answer in cache.get_many(&jobs).await {
            answer?;
        }
    }
    cache.shut_down(Duration::from_secs(5)).await;
    Ok(())
}

#[derive(Clone, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
struct Small {
    key: u64,
}

impl freshen::Job for Small {
    type Output = u64;
    type Error = std::convert::Infallible;
    type State = ();
    const NAME: &'static str = "small";
    const BATCH: usize = 1_024;

    async fn load(&self, _: freshen::Load<'_, Self>) -> Result<freshen::Loaded<u64>, Self::Error> {
        Ok(self.key.into())
    }

    async fn load_many(jobs: &[Self], _: freshen::Load<'_, Self>) -> Vec<Result<freshen::Loaded<u64>, Self::Error>> {
        jobs.iter().map(|job| Ok(job.key.into())).collect()
    }

    fn tags(&self, _: &u64) -> Vec<String> {
        vec!["all".into()]
    }
}
