//! The hazards, each tried on one cache: what goes wrong, and what is served then.

use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::ValueEnum;
use serde::{Deserialize, Serialize};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use crate::source::{Act, Source};
use crate::through::Through;
use crate::{Failure, runtime};

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Case {
    /// The key is invalidated while its load runs.
    Invalidated,
    /// The caller who began a load leaves while others wait for it.
    Left,
    /// A load panics while others wait for it.
    Panicked,
    /// A value is put while an older load runs.
    Overtaken,
}

/// What was found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// Nothing if the cache has no call for it.
    pub safe: Option<bool>,
    /// In a few words.
    pub seen: String,
}

/// How long a load takes.
const LOAD: Duration = Duration::from_millis(300);
/// By when everything has happened that will.
const LIMIT: Duration = Duration::from_secs(5);
const HOUR: Duration = Duration::from_secs(3_600);
const FOLLOWERS: usize = 10;

/// Tries one hazard on a cache of this type.
pub fn visit<C: Through>(case: Case) -> Result<Finding, Failure> {
    let runtime = runtime::threaded()?;
    let finding = runtime.block_on(async {
        let source = Source::taking(LOAD);
        let cache = Arc::new(C::over(source.clone(), HOUR).await);
        match case {
            Case::Invalidated => invalidated(&cache, &source).await,
            Case::Left => left(&cache, &source).await,
            Case::Panicked => panicked(&cache, &source).await,
            Case::Overtaken => overtaken(&cache, &source).await,
        }
    });
    // Whoever hangs is left behind.
    runtime.shutdown_background();
    Ok(finding)
}

/// The source changes while it is read, and then the key is invalidated. Nobody who comes after that may get what was
/// there before: neither while the load still runs, nor when it has ended.
async fn invalidated<C: Through>(cache: &Arc<C>, source: &Source) -> Finding {
    let first = ask(cache);
    source.begun(1).await;
    source.write(2);
    if timeout(LIMIT, cache.outdate()).await.is_err() {
        return Finding { safe: Some(false), seen: "invalidating hangs".into() };
    }
    let meanwhile = end(ask(cache)).await;
    let first = end(first).await;
    let later = end(ask(cache)).await;
    let safe = [meanwhile, later].iter().all(|end| *end == End::Value(2));
    let seen = format!("{} meanwhile, {} later", age(meanwhile), age(later));
    Finding { safe: Some(safe), seen: with_loads(&seen, source, first) }
}

/// Whoever began the load leaves. Those who wait must be served all the same, by few loads.
async fn left<C: Through>(cache: &Arc<C>, source: &Source) -> Finding {
    let leader = ask(cache);
    source.begun(1).await;
    let followers = join_in(cache).await;
    leader.abort();
    let ends = ends(followers).await;
    let served = ends.iter().filter(|end| matches!(end, End::Value(_))).count();
    // One load more is the price of the leader's going; one for each is no single flight.
    let safe = served == FOLLOWERS && source.loads() <= 2;
    Finding { safe: Some(safe), seen: format!("{}, {}", told(&ends), loads(source.loads())) }
}

/// The load panics. Those who wait must hear of it or be served, and the key must not stay broken.
async fn panicked<C: Through>(cache: &Arc<C>, source: &Source) -> Finding {
    source.next(Act { takes: LOAD, panics: true });
    let leader = ask(cache);
    source.begun(1).await;
    let followers = join_in(cache).await;
    let ends = ends(followers).await;
    let leader = end(leader).await;
    let meanwhile = source.loads();
    let healed = heal(cache).await;
    let ended = ends.iter().chain([&leader]).all(|end| *end != End::Hang);
    let few = meanwhile <= 2;
    let after = match healed {
        Some(after) if after < LOAD * 2 => "then served at once".to_owned(),
        Some(after) => format!("then served after {:.1} s", after.as_secs_f64()),
        None => "then never served".to_owned(),
    };
    let seen = format!("{}, {}, {after}", told(&ends), loads(meanwhile));
    Finding { safe: Some(ended && few && healed.is_some()), seen }
}

/// A slow load read the old number, and a newer one is put before it ends. The newer must stay.
async fn overtaken<C: Through>(cache: &Arc<C>, source: &Source) -> Finding {
    let first = ask(cache);
    source.begun(1).await;
    source.write(2);
    match timeout(LIMIT, cache.put(2)).await {
        Ok(true) => {}
        Ok(false) => return Finding { safe: None, seen: "it has no put".into() },
        Err(_) => return Finding { safe: Some(false), seen: "the put hangs".into() },
    }
    let first = end(first).await;
    let later = end(ask(cache)).await;
    let seen = format!("{} later", age(later));
    Finding { safe: Some(later == End::Value(2)), seen: with_loads(&seen, source, first) }
}

/// How one caller's wait ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Value(u64),
    Error,
    Panic,
    Hang,
}

fn ask<C: Through>(cache: &Arc<C>) -> JoinHandle<Result<u64, String>> {
    let cache = cache.clone();
    tokio::spawn(async move { cache.get().await })
}

/// Callers who come while a load runs, and have had the time to join it.
async fn join_in<C: Through>(cache: &Arc<C>) -> Vec<JoinHandle<Result<u64, String>>> {
    let followers = (0..FOLLOWERS).map(|_| ask(cache)).collect();
    sleep(LOAD / 4).await;
    followers
}

async fn end(caller: JoinHandle<Result<u64, String>>) -> End {
    match timeout(LIMIT, caller).await {
        Ok(Ok(Ok(number))) => End::Value(number),
        Ok(Ok(Err(_))) => End::Error,
        Ok(Err(_)) => End::Panic,
        Err(_) => End::Hang,
    }
}

async fn ends(callers: Vec<JoinHandle<Result<u64, String>>>) -> Vec<End> {
    let waits: Vec<_> = callers.into_iter().map(|caller| tokio::spawn(end(caller))).collect();
    let mut ends = Vec::new();
    for wait in waits {
        ends.push(wait.await.unwrap_or(End::Panic));
    }
    ends
}

/// Asks until there is an answer: how long that took.
async fn heal<C: Through>(cache: &Arc<C>) -> Option<Duration> {
    let begun = Instant::now();
    while begun.elapsed() < LIMIT {
        if let End::Value(_) = end(ask(cache)).await {
            return Some(begun.elapsed());
        }
        sleep(Duration::from_millis(50)).await;
    }
    None
}

fn age(end: End) -> &'static str {
    match end {
        End::Value(2) => "new",
        End::Value(_) => "OLD",
        End::Error => "error",
        End::Panic => "panic",
        End::Hang => "hangs",
    }
}

/// How the followers' waits ended: each way that occurred, with its count.
fn told(ends: &[End]) -> String {
    let words = ends.iter().map(|end| match end {
        End::Value(_) => "served",
        other => age(*other),
    });
    let mut counted: Vec<(&str, usize)> = Vec::new();
    for word in words {
        match counted.iter_mut().find(|(counted, _)| *counted == word) {
            Some((_, count)) => *count += 1,
            None => counted.push((word, 1)),
        }
    }
    let told: Vec<String> = counted.iter().map(|(word, count)| format!("{count} {word}")).collect();
    told.join(", ")
}

fn loads(count: usize) -> String {
    if count == 1 { "1 load".into() } else { format!("{count} loads") }
}

fn with_loads(seen: &str, source: &Source, first: End) -> String {
    let first = match first {
        End::Value(_) => String::new(),
        other => format!(", the first caller: {}", age(other)),
    };
    format!("{seen}{first}, {}", loads(source.loads()))
}
