//! What a hit in the store costs: reads a second and CPU time, beside a bare GET of as many bytes.

use std::fmt::Write;
use std::slice;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use freshen::{Cache, Status};
use redis::aio::MultiplexedConnection;

use super::Extent;
use super::far::{Plain, Stale, Tagged, VALUE_BYTES, far, way};
use super::spent::spent_micros;
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
    Bare(MultiplexedConnection),
    Plain(Cache),
    /// Tags that are remembered.
    Tagged(Cache),
    /// Tags of more keys than are remembered.
    TaggedMany(Cache),
    /// Values that are stale, each with a task on its way that nobody takes.
    Stale(Cache),
}

/// One reader in one round.
struct Found {
    /// Reads a second.
    rate: f64,
    /// CPU microseconds for each read: the client's and the server's.
    cpu_micros: [f64; 2],
}

impl Found {
    /// CPU microseconds of both.
    fn cpu(&self) -> f64 {
        self.cpu_micros.iter().sum()
    }
}

/// What was found of each reader in each round, for each number of readers at once.
type Rounds = Vec<Vec<Found>>;

/// Fills the server, and reads.
pub async fn measure(url: &str, extent: Extent) -> Result<String, Failure> {
    let cache = far(way(url, "reads")).await?;
    fill(&cache).await?;
    let client = redis::Client::open(url)?;
    let (bare, asked) =
        (client.get_multiplexed_async_connection().await?, client.get_multiplexed_async_connection().await?);
    set_all(bare.clone()).await?;
    let readers = [
        Reader::Bare(bare),
        Reader::Plain(cache.clone()),
        Reader::Tagged(cache.clone()),
        Reader::TaggedMany(cache.clone()),
        Reader::Stale(cache.clone()),
    ];
    let mut columns = Vec::new();
    for at_once in READERS {
        columns.push(rounds(&readers, at_once, extent, &asked).await?);
    }
    cache.shut_down(Duration::from_secs(5)).await;
    let rates = table(&readers, &columns, |own, bare| (format!("{:.0}", own.rate), own.rate / bare.rate))?;
    let cpu = table(&readers, &columns, |own, bare| {
        (format!("{:.1} + {:.1}", own.cpu_micros[0], own.cpu_micros[1]), bare.cpu() / own.cpu())
    })?;
    Ok(format!(
        "Reads a second of {VALUE_BYTES} bytes from the store, and as a part of a bare GET's\n\n{rates}\n\n\
         CPU microseconds for each, of the client + of the server, and what part of it a bare GET costs\n\n\
         {cpu}\n\n{}",
        judge(&columns)
    ))
}

/// A line for each reader, a column for each number of them: what `cell` says of the middle round, and the median of the parts.
fn table(
    readers: &[Reader],
    columns: &[Rounds],
    cell: impl Fn(&Found, &Found) -> (String, f64),
) -> Result<String, Failure> {
    let mut text = format!("{:<34}", "readers at once");
    READERS.iter().try_for_each(|readers| write!(text, "{readers:>20}"))?;
    for (row, reader) in readers.iter().enumerate() {
        write!(text, "\n{:<34}", reader.title())?;
        for rounds in columns {
            let part = part(rounds, row, |own, bare| cell(own, bare).1);
            write!(text, "{:>13}{part:>7.2}", cell(&middle(&rounds[row]), &middle(&rounds[0])).0)?;
        }
    }
    Ok(text)
}

/// The median over the rounds of what a reader did as a part of the bare client.
fn part(rounds: &Rounds, row: usize, of: impl Fn(&Found, &Found) -> f64) -> f64 {
    median(rounds[row].iter().zip(&rounds[0]).map(|(own, bare)| of(own, bare)).collect())
}

/// The median of each figure.
fn middle(rounds: &[Found]) -> Found {
    let of = |figure: fn(&Found) -> f64| median(rounds.iter().map(figure).collect());
    Found {
        rate: of(|found| found.rate),
        cpu_micros: [of(|found| found.cpu_micros[0]), of(|found| found.cpu_micros[1])],
    }
}

fn judge(columns: &[Rounds]) -> String {
    let parts = |row| columns.iter().map(move |rounds| part(rounds, row, |own, bare| own.rate / bare.rate));
    let least = |row| parts(row).fold(f64::INFINITY, f64::min);
    let known = least(1).min(least(2));
    let stale = columns.iter().map(|rounds| {
        let parts = rounds[4].iter().zip(&rounds[1]).map(|(stale, fresh)| stale.cpu() / fresh.cpu());
        median(parts.collect())
    });
    let stale = stale.fold(0.0, f64::max);
    aims::list(&[
        (known >= 0.7, format!("0.7 of a bare GET where the tags are known: {known:.2}")),
        (least(3) >= 0.5, format!("0.5 where they are not: {:.2}", least(3))),
        (
            stale <= 1.1,
            format!("a stale hit costs its caller no more CPU time than a fresh one: {stale:.2} times as much"),
        ),
    ])
}

/// A round measures all readers, one after the other.
async fn rounds(
    readers: &[Reader],
    at_once: usize,
    extent: Extent,
    asked: &MultiplexedConnection,
) -> Result<Rounds, Failure> {
    let mut rounds: Rounds = readers.iter().map(|_| Vec::new()).collect();
    for round in 1..=extent.rounds {
        eprintln!("{at_once} readers, round {round} of {}", extent.rounds);
        for (reader, rounds) in readers.iter().zip(&mut rounds) {
            let before = spent_micros(slice::from_ref(asked)).await?;
            let (read, took) = read_for(reader, at_once, extent.span).await?;
            let after = spent_micros(slice::from_ref(asked)).await?;
            let cpu_micros = [0, 1].map(|whose| (after[whose] - before[whose]) / read);
            rounds.push(Found { rate: read / took.as_secs_f64(), cpu_micros });
        }
    }
    Ok(rounds)
}

/// How much was read, and in which time.
async fn read_for(reader: &Reader, at_once: usize, span: Duration) -> Result<(f64, Duration), Failure> {
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
    over.store(true, Relaxed);
    for task in tasks {
        task.await??;
    }
    Ok((read.load(Relaxed) as f64, begun.elapsed()))
}

impl Reader {
    fn title(&self) -> &'static str {
        match self {
            Reader::Bare(_) => "redis, GET",
            Reader::Plain(_) => "freshen, no tags",
            Reader::Tagged(_) => "freshen, two tags, known",
            Reader::TaggedMany(_) => "freshen, two tags, not known",
            Reader::Stale(_) => "freshen, no tags, stale",
        }
    }

    fn keys(&self) -> u64 {
        match self {
            Reader::TaggedMany(_) => MANY_KEYS,
            _ => FEW_KEYS,
        }
    }

    async fn read(&mut self, key: u64) -> Result<(), Failure> {
        let (bytes, served) = match self {
            Reader::Bare(connection) => {
                let value: Vec<u8> = redis::cmd("GET").arg(format!("bare:{key}")).query_async(connection).await?;
                (value.len(), true)
            }
            Reader::Plain(cache) => {
                let answer = cache.get(&Plain { key }).await?;
                (answer.len(), answer.status() == Status::Hit)
            }
            Reader::Stale(cache) => {
                let answer = cache.get(&Stale { key }).await?;
                (answer.len(), answer.status() == Status::Stale)
            }
            Reader::Tagged(cache) | Reader::TaggedMany(cache) => {
                let answer = cache.get(&Tagged { key }).await?;
                (answer.len(), answer.status() == Status::Hit)
            }
        };
        let right = bytes == VALUE_BYTES && served;
        if right { Ok(()) } else { Err(format!("key {key}: {bytes} bytes, served as it should be: {served}").into()) }
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
                        cache.get(&Stale { key }).await?;
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

async fn set_all(mut bare: MultiplexedConnection) -> Result<(), Failure> {
    let mut pipeline = redis::pipe();
    for key in 0..FEW_KEYS {
        pipeline.cmd("SET").arg(format!("bare:{key}")).arg(vec![b'x'; VALUE_BYTES]).ignore();
    }
    Ok(pipeline.query_async::<()>(&mut bare).await?)
}
