//! One load per key in the fleet: eight processes, five hundred callers in each, on one key that is cold or stale.

use std::convert::Infallible;
use std::fmt::Write;
use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use clap::{Args, ValueEnum};
use freshen::{Cache, Job, Jobs, Load, Loaded, Policy, PolicyBuilder, Strength};
use serde::{Deserialize, Serialize};

use super::far::{Line, built, way};
use crate::summary::median;
use crate::waits::Waits;
use crate::{Failure, aims, runtime};

const PROCESSES: u32 = 8;
const CALLERS: u32 = 500;
/// How long a load takes.
const LOAD: Duration = Duration::from_secs(1);

/// What the crowd meets.
#[derive(Args, Clone)]
pub struct Weather {
    /// Whether there is a stale value
    #[arg(long)]
    case: Case,
    /// When all ask, in milliseconds since 1970
    #[arg(long)]
    at: u64,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Case {
    Cold,
    Stale,
}

/// What one process saw.
#[derive(Serialize, Deserialize)]
struct Seen {
    loads: usize,
    waits: Waits,
}

/// Sends the crowds, and judges.
pub async fn measure(url: &str, rounds: u32) -> Result<String, Failure> {
    let mut text = format!("{PROCESSES} processes, {CALLERS} callers in each, one key, a load of 1 s\n\n");
    writeln!(text, "{:<10}{:>9}{:>9}{:>9}{:>9}", "", "loads", "p50 ms", "p99 ms", "max ms")?;
    let mut judged = Vec::new();
    for case in [Case::Cold, Case::Stale] {
        let mut seen = Vec::new();
        for round in 1..=rounds {
            eprintln!("{}, round {round} of {rounds}", case.title());
            seen.push(crowd(url, case, round).await?);
        }
        let most = seen.iter().map(|(loads, _)| *loads).max().unwrap_or_default();
        let waits: Vec<Waits> = seen.iter().map(|(_, waits)| *waits).collect();
        let Some(waits) = Waits::middle(&waits) else { return Err("no round was measured".into()) };
        let loads = median(seen.iter().map(|(loads, _)| *loads as f64).collect());
        writeln!(text, "{:<10}{loads:>9.0}{}", case.title(), waits.columns())?;
        judged.push((most == 1, format!("{}: exactly one load in every round: at most {most}", case.title())));
    }
    Ok(format!("{text}\n{}", aims::list(&judged)))
}

/// All loads, and of each figure of the waits the worst process's.
async fn crowd(url: &str, case: Case, round: u32) -> Result<(usize, Waits), Failure> {
    let prefix = format!("one-{}-{round}", case.title());
    if case == Case::Stale {
        leave_stale(url, &prefix).await?;
    }
    // Until then all have connected.
    let at = since_1970()? + Duration::from_secs(4);
    let processes: Vec<Child> =
        (0..PROCESSES).map(|_| start(url, &prefix, case, at)).collect::<Result<_, Failure>>()?;
    let (mut loads, mut worst) = (0, Waits { p50: 0.0, p99: 0.0, max: 0.0 });
    for process in processes {
        // Nothing else of this process has anything to do meanwhile.
        let seen = tokio::task::block_in_place(|| answer_of(process))?;
        loads += seen.loads;
        let Waits { p50, p99, max } = seen.waits;
        worst = Waits { p50: worst.p50.max(p50), p99: worst.p99.max(p99), max: worst.max.max(max) };
    }
    Ok((loads, worst))
}

fn start(url: &str, prefix: &str, case: Case, at: Duration) -> Result<Child, Failure> {
    let at = at.as_millis().to_string();
    let arguments = ["member", "--url", url, "--prefix", prefix, "--case", case.title(), "--at", &at];
    Ok(Command::new(std::env::current_exe()?).args(arguments).stdout(Stdio::piped()).spawn()?)
}

fn answer_of(mut process: Child) -> Result<Seen, Failure> {
    let mut said = String::new();
    if let Some(mut stream) = process.stdout.take() {
        stream.read_to_string(&mut said)?;
    }
    let status = process.wait()?;
    if status.success() {
        Ok(serde_json::from_str(&said)?)
    } else {
        Err(format!("a process ended with {status}").into())
    }
}

/// One process: its callers ask at once, and it waits until a load that is under way has ended.
pub fn answer(line: &Line, weather: &Weather) -> Result<(), Failure> {
    let seen = runtime::threaded()?.block_on(async {
        let (cache, source) = cache(&line.url, &line.prefix).await?;
        let begin = Duration::from_millis(weather.at).saturating_sub(since_1970()?);
        tokio::time::sleep(begin).await;
        let callers: Vec<_> = (0..CALLERS).map(|_| tokio::spawn(wait(cache.clone()))).collect();
        let mut waits = Vec::new();
        for caller in callers {
            waits.push(caller.await??);
        }
        tokio::time::sleep(2 * LOAD).await;
        let Some(waits) = Waits::of(waits) else { return Err("nobody asked".into()) };
        Ok::<Seen, Failure>(Seen { loads: source.loads(), waits })
    })?;
    println!("{}", serde_json::to_string(&seen)?);
    Ok(())
}

async fn wait(cache: Cache) -> Result<Duration, Failure> {
    let begun = Instant::now();
    cache.get(&Slow {}).await?;
    Ok(begun.elapsed())
}

async fn leave_stale(url: &str, prefix: &str) -> Result<(), Failure> {
    let (cache, _) = cache(url, prefix).await?;
    cache.get(&Slow {}).await?;
    cache.invalidate(&Slow {}, Strength::Soft).await?;
    cache.shut_down(Duration::from_secs(5)).await;
    Ok(())
}

async fn cache(url: &str, prefix: &str) -> Result<(Cache, Source), Failure> {
    let source = Source::default();
    let cache = Cache::builder().state(source.clone()).jobs(Jobs::new().add::<Slow>());
    Ok((built(way(url, prefix), cache).await?, source))
}

fn since_1970() -> Result<Duration, Failure> {
    Ok(SystemTime::now().duration_since(UNIX_EPOCH)?)
}

#[derive(Clone, Default)]
struct Source(std::sync::Arc<std::sync::atomic::AtomicUsize>);

impl Source {
    fn loads(&self) -> usize {
        self.0.load(std::sync::atomic::Ordering::SeqCst)
    }
}

#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct Slow {}

impl Job for Slow {
    type Output = u64;
    type Error = Infallible;
    type State = (Source,);
    const NAME: &'static str = "slow";

    fn policy() -> PolicyBuilder {
        Policy::builder().ttl(Duration::from_secs(600))
    }

    async fn load(&self, load: Load<'_, Self>) -> Result<Loaded<u64>, Infallible> {
        let source = &load.state().0;
        source.0.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        tokio::time::sleep(LOAD).await;
        Ok(1.into())
    }
}

impl Case {
    fn title(self) -> &'static str {
        match self {
            Case::Cold => "cold",
            Case::Stale => "stale",
        }
    }
}
