//! From a stale key to a fresh one, through the queue: how many a second from a backlog, and how soon a single one.

use std::collections::HashMap;
use std::convert::Infallible;
use std::fmt::Write;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use freshen::{Cache, Clock, Event, Job, Jobs, Key, Limit, Limits, Load, LoadEnd, Loaded, Observer};
use serde::{Deserialize, Serialize};

use super::Extent;
use super::far::way;
use super::spent::spent_micros;
use crate::summary::median;
use crate::waits::Waits;
use crate::{Failure, aims};

/// Stale keys with a task each.
const BACKLOG: u64 = 20_000;
/// Tasks that the worker has under way at once.
const AT_ONCE: usize = 256;
/// Of the steady stream: how many tasks, and the time between two.
const STREAM: u64 = 500;
const PAUSE: Duration = Duration::from_millis(10);
/// Above what any round takes that goes on.
const LIMIT: Duration = Duration::from_secs(60);

/// Measures both.
pub async fn measure(url: &str, extent: Extent) -> Result<String, Failure> {
    let (mut rates, mut here, mut there, mut waits) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for round in 1..=extent.rounds {
        eprintln!("refreshes, round {round} of {}", extent.rounds);
        let worked_off = backlog(url, &format!("backlog-{round}")).await?;
        rates.push(worked_off.rate);
        here.push(worked_off.here_micros);
        there.push(worked_off.there_micros);
        waits.push(stream(url, &format!("stream-{round}")).await?);
    }
    let (rate, here, there) = (median(rates), median(here), median(there));
    let Some(waits) = Waits::middle(&waits) else { return Err("no round was measured".into()) };
    let mut text = String::from("A refresh through the queue, of a job that does nothing\n\n");
    writeln!(text, "{:<34}{rate:>11.0} a second", format!("a backlog of {BACKLOG}, one worker"))?;
    writeln!(text, "{:<34}{here:>11.0} µs here {there:>8.0} µs in the server", "CPU time of each")?;
    writeln!(text, "{:<34}{:>11.1} ms p50 {:>9.1} ms p99", "100 a second, pushed to stored", waits.p50, waits.p99)?;
    let aims = [
        (rate >= 15_000.0, format!("15,000 a second from a backlog: {rate:.0}")),
        (waits.p50 < 2.0, format!("p50 under 2 ms at 100 a second: {:.1}", waits.p50)),
    ];
    Ok(format!("{text}\n{}", aims::list(&aims)))
}

/// How a backlog was worked off.
struct WorkedOff {
    /// Refreshes a second, from the worker's start until the last is stored.
    rate: f64,
    /// CPU time of each: in this process, with the one cache that pushed and the one that works, and in the server.
    here_micros: f64,
    there_micros: f64,
}

async fn backlog(url: &str, prefix: &str) -> Result<WorkedOff, Failure> {
    let web = cache(url, prefix, 0, Stored::default()).await?;
    for keys in (0..BACKLOG).collect::<Vec<_>>().chunks(500) {
        let pushes = keys.iter().map(|key| push(web.clone(), *key)).map(tokio::spawn).collect::<Vec<_>>();
        for pushed in pushes {
            pushed.await??;
        }
    }
    let stored = Stored::default();
    let server = [redis::Client::open(url)?.get_multiplexed_async_connection().await?];
    let (begun, before) = (Instant::now(), spent_micros(&server).await?);
    let worker = cache(url, prefix, AT_ONCE, stored.clone()).await?;
    while stored.count() < BACKLOG as usize {
        if begun.elapsed() > LIMIT {
            return Err(format!("{} of {BACKLOG} refreshes after {LIMIT:?}", stored.count()).into());
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let took = begun.elapsed();
    let after = spent_micros(&server).await?;
    let [here_micros, there_micros] = [0, 1].map(|whose| (after[whose] - before[whose]) / BACKLOG as f64);
    end(&[web, worker]).await;
    Ok(WorkedOff { rate: BACKLOG as f64 / took.as_secs_f64(), here_micros, there_micros })
}

/// What each of a steady stream takes from its push until it is stored.
async fn stream(url: &str, prefix: &str) -> Result<Waits, Failure> {
    let (web, stored) = (cache(url, prefix, 0, Stored::default()).await?, Stored::default());
    let worker = cache(url, prefix, AT_ONCE, stored.clone()).await?;
    let mut pushed = HashMap::new();
    let mut due = tokio::time::interval(PAUSE);
    for key in 0..STREAM {
        due.tick().await;
        let begun = Instant::now();
        push(web.clone(), key).await?;
        pushed.insert(key_of(key)?, begun);
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    let waits = stored.waits(&pushed);
    end(&[web, worker]).await;
    if waits.len() < STREAM as usize {
        return Err(format!("{} of {STREAM} refreshes a second after the last push", waits.len()).into());
    }
    Waits::of(waits).ok_or_else(|| "nothing was pushed".into())
}

async fn push(web: Cache, key: u64) -> Result<(), Failure> {
    if web.refresh(&Nothing { key }).await? { Ok(()) } else { Err(format!("key {key}: no task was pushed").into()) }
}

async fn end(caches: &[Cache]) {
    for cache in caches {
        cache.shut_down(Duration::from_secs(5)).await;
    }
}

async fn cache(url: &str, prefix: &str, workers: usize, stored: Stored) -> Result<Cache, Failure> {
    let clock = Clock::coarse();
    let redis = way(url, prefix).connect(clock.clone()).await?;
    let limit = Limit::at_once(AT_ONCE);
    let limits = Limits { total: limit, namespace: limit, job: limit, ramp: Duration::ZERO };
    let cache = Cache::builder().jobs(Jobs::new().add::<Nothing>()).clock(clock).workers(workers).limits(limits);
    let cache = cache.store(redis.store()).bus(redis.bus()).queue(redis.queue().build()?).observer(stored);
    Ok(cache.build().await?)
}

/// When each key was stored.
#[derive(Clone, Default)]
struct Stored(Arc<Mutex<HashMap<Key, Instant>>>);

impl Stored {
    fn count(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    fn waits(&self, pushed: &HashMap<Key, Instant>) -> Vec<Duration> {
        let stored = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let waits = pushed.iter().filter_map(|(key, begun)| Some(stored.get(key)?.duration_since(*begun)));
        waits.collect()
    }
}

impl Observer for Stored {
    fn observe(&self, event: &Event<'_>) {
        if let Event::LoadEnded { key, end: LoadEnd::Stored, .. } = event {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).insert((*key).clone(), Instant::now());
        }
    }
}

fn key_of(key: u64) -> Result<Key, Failure> {
    Ok(Key::new(Nothing::NAMESPACE, Nothing::NAME, &Nothing { key })?)
}

#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct Nothing {
    key: u64,
}

impl Job for Nothing {
    type Output = u64;
    type Error = Infallible;
    type State = ();
    const NAME: &'static str = "nothing";

    async fn load(&self, _: Load<'_, Self>) -> Result<Loaded<u64>, Infallible> {
        Ok(self.key.into())
    }
}
