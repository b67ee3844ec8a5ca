//! What a hit in the store costs: reads a second, beside a bare GET of as many bytes.

use std::fmt::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use freshen::{Cache, Status};

use super::Extent;
use super::far::{Plain, Tagged, VALUE_BYTES, far};
use crate::summary::median;
use crate::{Failure, aims};

/// How many readers there are at once.
const READERS: [usize; 3] = [1, 64, 256];
/// Keys that are read. The adapter remembers the tags of fewer, so that some are read in two steps where many are read.
const FEW_KEYS: u64 = 1_000;
const MANY_KEYS: u64 = 40_000;

/// Who reads.
#[derive(Clone)]
enum Reader {
    Bare(redis::aio::MultiplexedConnection),
    Plain(Cache),
    /// Tags that are remembered.
    Tagged(Cache),
    /// Tags of more keys than are remembered.
    TaggedMany(Cache),
}

/// Fills the server, and reads.
pub async fn measure(url: &str, extent: Extent) -> Result<String, Failure> {
    let cache = far(url, "reads").await?;
    fill(&cache).await?;
    let bare = redis::Client::open(url)?.get_multiplexed_async_connection().await?;
    set_all(bare.clone()).await?;
    let readers = [
        Reader::Bare(bare),
        Reader::Plain(cache.clone()),
        Reader::Tagged(cache.clone()),
        Reader::TaggedMany(cache.clone()),
    ];
    let mut text = format!("Reads a second of {VALUE_BYTES} bytes from the store, and as a part of a bare GET's\n\n");
    write!(text, "{:<34}", "readers at once")?;
    READERS.iter().try_for_each(|readers| write!(text, "{readers:>18}"))?;
    let mut parts = [[0.0; READERS.len()]; 4];
    let mut lines = vec![String::new(); readers.len()];
    for (column, at_once) in READERS.into_iter().enumerate() {
        let rates = rates(&readers, at_once, extent).await?;
        for (row, line) in lines.iter_mut().enumerate() {
            let part = median(rates[row].iter().zip(&rates[0]).map(|(own, bare)| own / bare).collect());
            parts[row][column] = part;
            write!(line, "{:>11.0}{part:>7.2}", median(rates[row].clone()))?;
        }
    }
    for (reader, line) in readers.iter().zip(lines) {
        write!(text, "\n{:<34}{line}", reader.title())?;
    }
    let least = |row: usize| parts[row].iter().copied().fold(f64::INFINITY, f64::min);
    let aims = [
        (
            least(1) >= 0.7 && least(2) >= 0.7,
            format!("0.7 of a bare GET where the tags are known: {:.2}", least(1).min(least(2))),
        ),
        (least(3) >= 0.5, format!("0.5 where they are not: {:.2}", least(3))),
    ];
    cache.shut_down(Duration::from_secs(5)).await;
    Ok(format!("{text}\n\n{}", aims::list(&aims)))
}

/// For each reader its rate in every round; a round measures all of them, one after the other.
async fn rates(readers: &[Reader], at_once: usize, extent: Extent) -> Result<Vec<Vec<f64>>, Failure> {
    let mut rates = vec![Vec::new(); readers.len()];
    for round in 1..=extent.rounds {
        eprintln!("{at_once} readers, round {round} of {}", extent.rounds);
        for (reader, rates) in readers.iter().zip(&mut rates) {
            rates.push(rate(reader, at_once, extent.span).await?);
        }
    }
    Ok(rates)
}

async fn rate(reader: &Reader, at_once: usize, span: Duration) -> Result<f64, Failure> {
    let (over, read) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let tasks: Vec<_> = (0..at_once as u64)
        .map(|number| {
            let (mut reader, over, read) = (reader.clone(), over.clone(), read.clone());
            tokio::spawn(async move {
                let keys = reader.keys();
                // Keys are taken in a stride that meets all of them, each reader from elsewhere.
                let mut key = number * 7_919 % keys;
                while !over.load(Relaxed) {
                    reader.read(key).await?;
                    read.fetch_add(1, Relaxed);
                    key = (key + 7_919) % keys;
                }
                Ok::<(), Failure>(())
            })
        })
        .collect();
    let begun = Instant::now();
    tokio::time::sleep(span).await;
    let (read, took) = (read.load(Relaxed), begun.elapsed());
    over.store(true, Relaxed);
    for task in tasks {
        task.await??;
    }
    Ok(read as f64 / took.as_secs_f64())
}

impl Reader {
    fn title(&self) -> &'static str {
        match self {
            Reader::Bare(_) => "redis, GET",
            Reader::Plain(_) => "freshen, no tags",
            Reader::Tagged(_) => "freshen, two tags, known",
            Reader::TaggedMany(_) => "freshen, two tags, not known",
        }
    }

    fn keys(&self) -> u64 {
        match self {
            Reader::TaggedMany(_) => MANY_KEYS,
            _ => FEW_KEYS,
        }
    }

    async fn read(&mut self, key: u64) -> Result<(), Failure> {
        let (bytes, hit) = match self {
            Reader::Bare(connection) => {
                let value: Vec<u8> = redis::cmd("GET").arg(format!("bare:{key}")).query_async(connection).await?;
                (value.len(), true)
            }
            Reader::Plain(cache) => {
                let answer = cache.get(&Plain { key }).await?;
                (answer.len(), answer.status() == Status::Hit)
            }
            Reader::Tagged(cache) | Reader::TaggedMany(cache) => {
                let answer = cache.get(&Tagged { key }).await?;
                (answer.len(), answer.status() == Status::Hit)
            }
        };
        if bytes == VALUE_BYTES && hit { Ok(()) } else { Err(format!("key {key}: {bytes} bytes, hit: {hit}").into()) }
    }
}

async fn fill(cache: &Cache) -> Result<(), Failure> {
    for keys in (0..MANY_KEYS).collect::<Vec<_>>().chunks(256) {
        let loads: Vec<_> = keys
            .iter()
            .map(|key| {
                let (cache, key) = (cache.clone(), *key);
                tokio::spawn(async move {
                    cache.get(&Tagged { key }).await?;
                    if key < FEW_KEYS {
                        cache.get(&Plain { key }).await?;
                    }
                    Ok::<(), Failure>(())
                })
            })
            .collect();
        for load in loads {
            load.await??;
        }
    }
    Ok(())
}

async fn set_all(mut bare: redis::aio::MultiplexedConnection) -> Result<(), Failure> {
    let mut pipeline = redis::pipe();
    for key in 0..FEW_KEYS {
        pipeline.cmd("SET").arg(format!("bare:{key}")).arg(vec![b'x'; VALUE_BYTES]).ignore();
    }
    Ok(pipeline.query_async::<()>(&mut bare).await?)
}
