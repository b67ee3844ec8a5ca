//! The command `storm`: many callers at once on one key that nobody has loaded yet, or whose value has become stale.

use std::time::Duration;

use clap::Args;

use crate::process::{self, Ended};
use crate::through::{self, Listed, OURS};
use crate::waits::Waits;
use crate::{Failure, aims, summary};

pub mod crowd;

use crowd::{Case, Seen, Size};

#[derive(Args)]
pub struct Storm {
    #[command(flatten)]
    weather: Weather,
    /// Runs of each case; medians are printed
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    runs: u32,
    /// Only these caches, separated by commas
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    peers: Vec<String>,
}

#[derive(Args, Clone)]
pub struct Weather {
    /// Callers at once, each a task
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..))]
    callers: u32,
    /// How long a load takes, in milliseconds
    #[arg(long, value_name = "MS", default_value_t = 1_000, value_parser = clap::value_parser!(u64).range(1..=60_000))]
    load_millis: u64,
}

impl Weather {
    fn size(&self) -> Result<Size, Failure> {
        Ok(Size { callers: usize::try_from(self.callers)?, load: Duration::from_millis(self.load_millis) })
    }
}

/// Measures and prints.
pub fn run(storm: &Storm) -> Result<(), Failure> {
    let caches = through::chosen(&storm.peers)?;
    let Weather { callers, load_millis } = storm.weather;
    println!("{callers} callers at once on one key, a load takes {load_millis} ms, medians of {} runs", storm.runs);
    let mut judged = Vec::new();
    for case in [Case::Cold, Case::Stale] {
        println!("\n{}\n", title(case));
        println!("{:<14}{:>9}{:>9}{:>9}{:>9}{:>9}{:>9}", "", "loads", "p50 ms", "p99 ms", "max ms", "polls", "errors");
        for cache in &caches {
            let runs = runs(storm, cache, case)?;
            println!("{}", line(cache, &runs));
            judged.extend(judge(cache, case, &runs, storm.weather.size()?.load));
        }
    }
    println!("\n{}", aims::list(&judged));
    Ok(())
}

/// Sends one crowd and prints what was seen, as JSON.
pub fn answer(cache: &str, case: Case, weather: &Weather) -> Result<(), Failure> {
    let seen = (through::named(cache)?.crowd)(weather.size()?, case)?;
    println!("{}", serde_json::to_string(&seen)?);
    Ok(())
}

fn title(case: Case) -> &'static str {
    match case {
        Case::Cold => "A cold key: nothing is there",
        Case::Stale => "A stale key: the ttl of its value has ended",
    }
}

/// What was seen in each run that ended; none where the case cannot be made.
fn runs(storm: &Storm, cache: &Listed, case: Case) -> Result<Vec<Seen>, Failure> {
    if case == Case::Stale && !cache.expires {
        return Ok(Vec::new());
    }
    let word = match case {
        Case::Cold => "cold",
        Case::Stale => "stale",
    };
    let (callers, load) = (storm.weather.callers.to_string(), storm.weather.load_millis.to_string());
    let arguments = ["crowd", cache.name, word, "--callers", &callers, "--load-millis", &load];
    let limit = storm.weather.size()?.load * 8 + Duration::from_secs(30);
    let mut runs = Vec::new();
    for run in 1..=storm.runs {
        eprintln!("{word}, run {run} of {}: {}", storm.runs, cache.name);
        if let Ended::Answered(seen) = process::ask(&arguments, limit)? {
            runs.push(seen);
        }
    }
    Ok(runs)
}

fn line(cache: &Listed, runs: &[Seen]) -> String {
    let waits: Vec<Waits> = runs.iter().filter_map(|run| run.waits).collect();
    let Some(waits) = Waits::middle(&waits) else {
        let why = if cache.expires { "hangs" } else { "– its values do not expire" };
        return format!("{:<14}  {why}", cache.name);
    };
    let middle = |figure: fn(&Seen) -> f64| summary::median(runs.iter().map(figure).collect());
    let (loads, errors) = (middle(|run| run.loads as f64), middle(|run| run.errors as f64));
    let polls = middle(|run| run.polls);
    format!("{:<14}{loads:>9.0}{}{polls:>9.1}{errors:>9.0}", cache.name, waits.columns())
}

/// Our aims, and whether they are met in every run.
fn judge(cache: &Listed, case: Case, runs: &[Seen], load: Duration) -> Vec<(bool, String)> {
    if cache.name != OURS {
        return Vec::new();
    }
    let waits: Vec<Waits> = runs.iter().filter_map(|run| run.waits).collect();
    let worst = |figure: fn(&Waits) -> f64| waits.iter().map(figure).fold(0.0, f64::max);
    let one_load = runs.iter().all(|run| run.loads == 1 && run.errors == 0);
    let (word, bound, found) = match case {
        Case::Cold => {
            ("cold: nobody waits longer than the load and 50 ms", 50.0 + load.as_secs_f64() * 1e3, worst(|w| w.max))
        }
        Case::Stale => ("stale: the 99th of a hundred waits less than 5 ms", 5.0, worst(|w| w.p99)),
    };
    vec![
        (
            one_load && !runs.is_empty(),
            format!("{}: one load in every run, and no error", word.split(':').next().unwrap_or(word)),
        ),
        (found < bound && !waits.is_empty(), format!("{word}; the worst run: {found:.1} ms")),
    ]
}
