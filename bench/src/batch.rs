//! The command `batch`: many callers, each of many keys at once, over a source that answers one key as slowly as many.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};

use clap::{Args, ValueEnum};
use fibre_cache::{AsyncCache, CacheBuilder};
use freshen::{Cache, Job, Jobs, Load, Loaded};
use rand::SeedableRng;
use rand::rngs::StdRng;
use rand::seq::index;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use crate::process::{self, Ended};
use crate::summary::median;
use crate::waits::Waits;
use crate::{Failure, runtime};

#[derive(Args)]
pub struct Batch {
    #[command(flatten)]
    crowd: Crowd,
    /// Runs; medians are printed
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    runs: u32,
}

/// Who asks for what.
#[derive(Args, Clone)]
pub struct Crowd {
    /// Callers at once, each a task
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..))]
    callers: u32,
    /// Keys that there are
    #[arg(long, value_name = "N", default_value_t = 2_000, value_parser = clap::value_parser!(u32).range(1..))]
    keys: u32,
    /// Keys that each caller asks for, drawn from all of them
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
    each: u32,
}

/// How long one load takes, of however many keys.
const LOAD: Duration = Duration::from_millis(20);

/// Above what any run takes that goes on.
const LIMIT: Duration = Duration::from_secs(30);

/// Measures and prints.
pub fn run(batch: &Batch) -> Result<(), Failure> {
    let Crowd { callers, keys, each } = &batch.crowd;
    println!(
        "{callers} callers at once, each of {each} keys out of {keys}, cold; a load takes 20 ms; medians of {} runs\n",
        batch.runs
    );
    println!("{:<28}{:>9}{:>13}{:>9}{:>9}{:>9}", "", "loads", "keys loaded", "p50 ms", "p99 ms", "max ms");
    for way in Way::value_variants() {
        println!("{}", line(*way, &runs(batch, *way)?, batch.runs));
    }
    Ok(())
}

/// One crowd goes one way; prints what was seen, as JSON.
pub fn answer(way: Way, crowd: &Crowd, run: u32) -> Result<(), Failure> {
    println!("{}", serde_json::to_string(&visit(way, crowd, run)?)?);
    Ok(())
}

/// How a caller comes to its values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Way {
    Batched,
    OneByOne,
    Multiget,
    Naive,
}

/// What was seen of one crowd.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Seen {
    loads: usize,
    keys: usize,
    waits: Option<Waits>,
}

/// What was seen in each run that ended.
fn runs(batch: &Batch, way: Way) -> Result<Vec<Seen>, Failure> {
    let word = way.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default();
    let Crowd { callers, keys, each } = &batch.crowd;
    let (callers, keys, each) = (callers.to_string(), keys.to_string(), each.to_string());
    let mut runs = Vec::new();
    for run in 1..=batch.runs {
        eprintln!("{word}, run {run} of {}", batch.runs);
        let run = run.to_string();
        let arguments = ["sets", &word, "--callers", &callers, "--keys", &keys, "--each", &each, "--run", &run];
        if let Ended::Answered(seen) = process::ask(&arguments, LIMIT)? {
            runs.push(seen);
        }
    }
    Ok(runs)
}

fn line(way: Way, runs: &[Seen], asked: u32) -> String {
    let hung = asked as usize - runs.len();
    let hung = if hung > 0 { format!("  {hung} of {asked} runs hang") } else { String::new() };
    let waits: Vec<Waits> = runs.iter().filter_map(|run| run.waits).collect();
    let Some(waits) = Waits::middle(&waits) else {
        return format!("{:<28}{hung}", way.title());
    };
    let middle = |figure: fn(&Seen) -> usize| median(runs.iter().map(|run| figure(run) as f64).collect());
    let (loads, keys) = (middle(|run| run.loads), middle(|run| run.keys));
    format!("{:<28}{loads:>9.0}{keys:>13.0}{}{hung}", way.title(), waits.columns())
}

fn visit(way: Way, crowd: &Crowd, run: u32) -> Result<Seen, Failure> {
    let source = Source::default();
    let waits = runtime::threaded()?.block_on(ask_all(crowd, way, &source, run))?;
    Ok(Seen { loads: source.0.loads.load(Relaxed), keys: source.0.keys.load(Relaxed), waits: Waits::of(waits) })
}

impl Way {
    fn title(self) -> &'static str {
        match self {
            Way::Batched => "freshen, batches of 100",
            Way::OneByOne => "freshen, one key a load",
            Way::Multiget => "fibre_cache multiget",
            Way::Naive => "no cache",
        }
    }

    async fn reader(self, source: Source) -> Reader {
        match self {
            Way::Batched => Reader::Batched(built::<100>(source).await),
            Way::OneByOne => Reader::OneByOne(built::<1>(source).await),
            Way::Multiget => {
                let cache = CacheBuilder::default().capacity(1 << 20).build_async();
                Reader::Multiget(cache.expect("a capacity is all it asks for"), source)
            }
            Way::Naive => Reader::Naive(source),
        }
    }
}

/// What each caller waited.
async fn ask_all(crowd: &Crowd, way: Way, source: &Source, run: u32) -> Result<Vec<Duration>, Failure> {
    if crowd.each > crowd.keys {
        return Err(format!("--each {}: there are only {} keys", crowd.each, crowd.keys).into());
    }
    let reader = Arc::new(way.reader(source.clone()).await);
    let mut random = StdRng::seed_from_u64(0xBA7C + u64::from(run));
    let gate = watch::Sender::new(false);
    let mut callers = Vec::new();
    for _ in 0..crowd.callers {
        let drawn = index::sample(&mut random, usize::try_from(crowd.keys)?, usize::try_from(crowd.each)?);
        let keys: Vec<u64> = drawn.iter().map(|key| key as u64).collect();
        callers.push(tokio::spawn(ask(reader.clone(), keys, gate.subscribe())));
    }
    gate.send_replace(true);
    let mut waits = Vec::new();
    for caller in callers {
        waits.push(caller.await??);
    }
    Ok(waits)
}

async fn ask(reader: Arc<Reader>, keys: Vec<u64>, mut gate: watch::Receiver<bool>) -> Result<Duration, Failure> {
    // A gate that is gone is open too.
    let _ = gate.wait_for(|open| *open).await;
    let begun = Instant::now();
    let sum = reader.sum(&keys).await?;
    let waited = begun.elapsed();
    if sum == keys.iter().sum::<u64>() { Ok(waited) } else { Err("a caller got other values than the source's".into()) }
}

/// Answers each key with itself, and counts.
#[derive(Clone, Default)]
struct Source(Arc<Counts>);

#[derive(Default)]
struct Counts {
    loads: AtomicUsize,
    keys: AtomicUsize,
}

impl Source {
    async fn load(&self, keys: &[u64]) -> Vec<u64> {
        self.0.loads.fetch_add(1, Relaxed);
        self.0.keys.fetch_add(keys.len(), Relaxed);
        tokio::time::sleep(LOAD).await;
        keys.to_vec()
    }
}

#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct Echo<const BATCH: usize> {
    key: u64,
}

impl<const BATCH: usize> Job for Echo<BATCH> {
    type Output = u64;
    type Error = Infallible;
    type State = (Source,);
    const NAME: &'static str = "echo";
    const BATCH: usize = BATCH;

    async fn load(&self, load: Load<'_, Self>) -> Result<Loaded<u64>, Infallible> {
        Ok(load.state().0.load(&[self.key]).await[0].into())
    }

    async fn load_many(jobs: &[Self], load: Load<'_, Self>) -> Vec<Result<Loaded<u64>, Infallible>> {
        let keys: Vec<u64> = jobs.iter().map(|job| job.key).collect();
        load.state().0.load(&keys).await.into_iter().map(|value| Ok(value.into())).collect()
    }
}

async fn built<const BATCH: usize>(source: Source) -> Cache {
    let cache = Cache::builder().state(source).jobs(Jobs::new().add::<Echo<BATCH>>()).build().await;
    cache.expect("the configuration is fixed")
}

enum Reader {
    Batched(Cache),
    OneByOne(Cache),
    Multiget(AsyncCache<u64, u64>, Source),
    Naive(Source),
}

impl Reader {
    /// The sum of the values under these keys.
    async fn sum(&self, keys: &[u64]) -> Result<u64, Failure> {
        match self {
            Reader::Batched(cache) => sum::<100>(cache, keys).await,
            Reader::OneByOne(cache) => sum::<1>(cache, keys).await,
            Reader::Multiget(cache, source) => Ok(multiget(cache, source, keys).await),
            Reader::Naive(source) => Ok(source.load(keys).await.iter().sum()),
        }
    }
}

async fn sum<const BATCH: usize>(cache: &Cache, keys: &[u64]) -> Result<u64, Failure> {
    let jobs: Vec<_> = keys.iter().map(|key| Echo::<BATCH> { key: *key }).collect();
    let mut sum = 0;
    for answer in cache.get_many(&jobs).await {
        sum += *answer?;
    }
    Ok(sum)
}

/// Its multiget finds what is there; what is missing each caller loads by one call and inserts.
async fn multiget(cache: &AsyncCache<u64, u64>, source: &Source, keys: &[u64]) -> u64 {
    let found = cache.multiget(keys.iter()).await;
    let missing: Vec<u64> = keys.iter().filter(|key| !found.contains_key(key)).copied().collect();
    let mut sum = found.values().map(|value| **value).sum::<u64>();
    if !missing.is_empty() {
        let loaded = source.load(&missing).await;
        sum += loaded.iter().sum::<u64>();
        cache.multi_insert(missing.into_iter().zip(loaded).map(|(key, value)| (key, value, 1))).await;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_batches_each_key_is_loaded_once() {
        let crowd = Crowd { callers: 20, keys: 40, each: 10 };
        let seen = visit(Way::Batched, &crowd, 1).unwrap();
        assert!(seen.keys <= 40 && seen.loads <= 20 && seen.waits.is_some(), "{seen:?}");
    }

    #[test]
    fn more_keys_than_there_are_is_refused() {
        assert!(visit(Way::Naive, &Crowd { callers: 1, keys: 2, each: 3 }, 1).is_err());
    }
}
