//! Many keys by one call: keys a second, CPU time and round trips, beside GETs that go in one pipeline for each server.

use std::convert::Infallible;
use std::fmt::Write;
use std::ops::Range;
use std::time::{Duration, Instant};

use freshen::{Cache, Job, Status};
use freshen_testkit::servers::{Cluster, Flavour, Server};
use futures_util::future::try_join_all;
use redis::Value;
use redis::aio::MultiplexedConnection;

use super::Extent;
use super::far::{Plain, Tagged, VALUE_BYTES, far, way};
use super::spent::spent_micros;
use super::trips::{self, Line};
use crate::summary::median;
use crate::{Failure, aims};

/// How many keys are asked for by one call.
const AT_ONCE: [u64; 2] = [100, 1_000];
/// Keys that are read, one call after the other.
const KEYS: u64 = 10_000;
/// Keys of one call whose round trips are counted.
const TRIP_KEYS: u64 = 1_000;
const PARTITIONS: u32 = 64;

/// Servers, and into how many partitions their store is divided.
struct Place {
    title: &'static str,
    url: String,
    prefix: &'static str,
    partitions: u32,
    masters: Vec<MultiplexedConnection>,
}

/// Who reads.
enum Reader {
    /// The keys of each master.
    Bare(Vec<(MultiplexedConnection, Vec<u64>)>),
    Plain(Cache),
    /// Tags that are remembered.
    Tagged(Cache),
}

/// One reader in one round.
struct Found {
    /// Keys a second.
    rate: f64,
    /// CPU microseconds for each key: the client's and all servers'.
    cpu_micros: [f64; 2],
}

impl Found {
    fn cpu(&self) -> f64 {
        self.cpu_micros.iter().sum()
    }
}

/// Measures on one server, whole and divided, and on a Cluster of three masters.
pub async fn measure(server: &Server, flavour: Flavour, extent: Extent) -> Result<String, Failure> {
    let cluster = Cluster::start(flavour).await;
    let places = [
        Place::alone(server, "one server, 1 partition", "many-whole", 1).await?,
        Place::alone(server, "one server, 64 partitions", "many-divided", PARTITIONS).await?,
        Place::of(&cluster).await?,
    ];
    let (mut rates, mut cpu) = (String::new(), String::new());
    for place in &places {
        let headings: String = AT_ONCE.iter().map(|keys| format!("{keys:>20}")).collect();
        for text in [&mut rates, &mut cpu] {
            writeln!(text, "{:<34}{headings}", place.title)?;
        }
        place.measure(extent, &mut rates, &mut cpu).await?;
    }
    let (trips, aims) = trips_of(server).await?;
    Ok(format!(
        "Keys a second of {VALUE_BYTES} bytes, read so many by one call, and as a part of GETs in a pipeline for each server\n\n\
         {rates}\n\
         CPU microseconds for each key, of the client + of the servers, and what part of it those GETs cost\n\n{cpu}\n\
         Round trips of one call for {TRIP_KEYS} keys\n\n{trips}\n{aims}"
    ))
}

impl Place {
    async fn alone(
        server: &Server,
        title: &'static str,
        prefix: &'static str,
        partitions: u32,
    ) -> Result<Place, Failure> {
        Ok(Place { title, url: server.url(), prefix, partitions, masters: vec![connected(server).await?] })
    }

    async fn of(cluster: &Cluster) -> Result<Place, Failure> {
        let mut masters = Vec::new();
        for node in cluster.nodes() {
            if node.command(&["ROLE"]).await.starts_with("master") {
                masters.push(connected(node).await?);
            }
        }
        let hosts: Vec<String> = cluster.nodes().iter().map(|node| format!("127.0.0.1:{}", node.port())).collect();
        let url = format!("redis+cluster://{}", hosts.join(","));
        Ok(Place { title: "three masters, 64 partitions", url, prefix: "many", partitions: PARTITIONS, masters })
    }

    /// A line for each reader, a column for each number of keys.
    async fn measure(&self, extent: Extent, rates: &mut String, cpu: &mut String) -> Result<(), Failure> {
        let cache = far(way(&self.url, self.prefix).partitions(self.partitions)).await?;
        fill(&cache).await?;
        let bare = self.set_all().await?;
        let readers = [Reader::Bare(bare), Reader::Plain(cache.clone()), Reader::Tagged(cache.clone())];
        let mut columns = Vec::new();
        for at_once in AT_ONCE {
            columns.push(self.rounds(&readers, at_once, extent).await?);
        }
        for (row, reader) in readers.iter().enumerate() {
            write!(rates, "{:<34}", reader.title())?;
            write!(cpu, "{:<34}", reader.title())?;
            for rounds in &columns {
                let part = |of: fn(&Found, &Found) -> f64| {
                    median(rounds.iter().map(|round| of(&round[row], &round[0])).collect())
                };
                let middle = |of: fn(&Found) -> f64| median(rounds.iter().map(|round| of(&round[row])).collect());
                write!(rates, "{:>13.0}{:>7.2}", middle(|own| own.rate), part(|own, bare| own.rate / bare.rate))?;
                let cell = format!("{:.2} + {:.2}", middle(|own| own.cpu_micros[0]), middle(|own| own.cpu_micros[1]));
                write!(cpu, "{cell:>13}{:>7.2}", part(|own, bare| bare.cpu() / own.cpu()))?;
            }
            rates.push('\n');
            cpu.push('\n');
        }
        cache.shut_down(Duration::from_secs(5)).await;
        Ok(())
    }

    /// A round measures all readers, one after the other.
    async fn rounds(&self, readers: &[Reader], at_once: u64, extent: Extent) -> Result<Vec<Vec<Found>>, Failure> {
        let mut rounds = Vec::new();
        for round in 1..=extent.rounds {
            eprintln!("{}, {at_once} keys, round {round} of {}", self.title, extent.rounds);
            let mut found = Vec::new();
            for reader in readers {
                let before = spent_micros(&self.masters).await?;
                let (read, took) = read_for(reader, at_once, extent.span).await?;
                let after = spent_micros(&self.masters).await?;
                let cpu_micros = [0, 1].map(|whose| (after[whose] - before[whose]) / read);
                found.push(Found { rate: read / took.as_secs_f64(), cpu_micros });
            }
            rounds.push(found);
        }
        Ok(rounds)
    }

    /// Each master is told to set all, and has those that it did not refuse.
    async fn set_all(&self) -> Result<Vec<(MultiplexedConnection, Vec<u64>)>, Failure> {
        let mut sets = redis::pipe();
        for key in 0..KEYS {
            sets.cmd("SET").arg(format!("bare:{key}")).arg(vec![b'x'; VALUE_BYTES]);
        }
        let mut shares = Vec::new();
        for master in &self.masters {
            let answers = master.clone().send_packed_commands(&sets, 0, sets.len()).await?;
            let kept = (0..KEYS).zip(answers).filter(|(_, answer)| *answer == Value::Okay);
            shares.push((master.clone(), kept.map(|(key, _)| key).collect()));
        }
        Ok(shares)
    }
}

impl Reader {
    fn title(&self) -> &'static str {
        match self {
            Reader::Bare(_) => "  redis, GETs in a pipeline",
            Reader::Plain(_) => "  freshen, no tags",
            Reader::Tagged(_) => "  freshen, two tags, known",
        }
    }

    /// Reads so many keys from one on, and checks them.
    async fn read(&self, from: u64, at_once: u64) -> Result<(), Failure> {
        let keys = from..from + at_once;
        let right = match self {
            Reader::Bare(masters) => bare(masters, keys).await?,
            Reader::Plain(cache) => hits(cache, keys.map(|key| Plain { key })).await?,
            Reader::Tagged(cache) => hits(cache, keys.map(|key| Tagged { key })).await?,
        };
        if right as u64 == at_once {
            Ok(())
        } else {
            Err(format!("{right} of {at_once} keys were served as they should be").into())
        }
    }
}

/// How many of the keys were there, read by one pipeline for each master.
async fn bare(masters: &[(MultiplexedConnection, Vec<u64>)], keys: Range<u64>) -> Result<usize, Failure> {
    let reads = masters.iter().map(async |(master, own)| {
        let mut gets = redis::pipe();
        // They are in order.
        let own = &own[own.partition_point(|key| *key < keys.start)..own.partition_point(|key| *key < keys.end)];
        for key in own {
            gets.cmd("GET").arg(format!("bare:{key}"));
        }
        if own.is_empty() { Ok(Vec::new()) } else { gets.query_async::<Vec<Vec<u8>>>(&mut master.clone()).await }
    });
    let read = try_join_all(reads).await?;
    Ok(read.iter().flatten().filter(|value| value.len() == VALUE_BYTES).count())
}

/// How many of the jobs were hits.
async fn hits<J>(cache: &Cache, jobs: impl Iterator<Item = J>) -> Result<usize, Failure>
where
    J: Job<Output = String, Error = Infallible>,
{
    let mut right = 0;
    for answer in cache.get_many(&jobs.collect::<Vec<J>>()).await {
        let answer = answer?;
        right += usize::from(answer.len() == VALUE_BYTES && answer.status() == Status::Hit);
    }
    Ok(right)
}

/// How many keys were read, and in which time.
async fn read_for(reader: &Reader, at_once: u64, span: Duration) -> Result<(f64, Duration), Failure> {
    let (begun, mut calls) = (Instant::now(), 0_u64);
    while begun.elapsed() < span {
        reader.read(calls % (KEYS / at_once) * at_once, at_once).await?;
        calls += 1;
    }
    Ok(((calls * at_once) as f64, begun.elapsed()))
}

/// What a call for many keys waits for, of which the tags are known or not.
async fn trips_of(server: &Server) -> Result<(String, String), Failure> {
    let line = Line::to(server.port()).await?;
    let mut text = format!("{:<34}{:>20}{:>20}\n", "two tags", "known", "not known");
    let mut most = [0; 2];
    for (prefix, partitions) in [("many-whole", 1), ("many-divided", PARTITIONS)] {
        let cache = far(way(&line.url(), prefix).partitions(partitions)).await?;
        // From then on every partition is known to be there.
        hits(&cache, (0..TRIP_KEYS).map(|key| Plain { key })).await?;
        let unknown = trips::count(async |time| read_tagged(&cache, (time + 1) * TRIP_KEYS).await).await?;
        let known = trips::count(async |_| read_tagged(&cache, TRIP_KEYS).await).await?;
        cache.shut_down(Duration::from_secs(5)).await;
        writeln!(text, "{:<34}{known:>20}{unknown:>20}", format!("  {partitions} partitions"))?;
        most = [most[0].max(known), most[1].max(unknown)];
    }
    let aims = aims::list(&[
        (most[0] == 1, format!("one round trip where the tags are known: at most {}", most[0])),
        (most[1] == 2, format!("two where they are not: at most {}", most[1])),
    ]);
    Ok((text, aims))
}

async fn read_tagged(cache: &Cache, from: u64) -> Result<(), Failure> {
    let right = hits(cache, (from..from + TRIP_KEYS).map(|key| Tagged { key })).await?;
    if right as u64 == TRIP_KEYS { Ok(()) } else { Err(format!("{right} of {TRIP_KEYS} keys were hits").into()) }
}

async fn fill(cache: &Cache) -> Result<(), Failure> {
    for keys in (0..KEYS).collect::<Vec<_>>().chunks(256) {
        let plain: Vec<_> = keys.iter().map(|key| Plain { key: *key }).collect();
        let tagged: Vec<_> = keys.iter().map(|key| Tagged { key: *key }).collect();
        for answer in cache.get_many(&plain).await.into_iter().chain(cache.get_many(&tagged).await) {
            answer?;
        }
    }
    Ok(())
}

async fn connected(server: &Server) -> Result<MultiplexedConnection, Failure> {
    Ok(redis::Client::open(server.url())?.get_multiplexed_async_connection().await?)
}
