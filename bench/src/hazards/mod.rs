//! The command `hazards`: what caches serve when something goes wrong while a load runs. Found by doing it.

use std::time::Duration;

use clap::{Args, ValueEnum};

use crate::Failure;
use crate::process::{self, Ended};
use crate::through::{self, Listed};

pub mod cases;

use cases::{Case, Finding};

#[derive(Args)]
pub struct Hazards {
    /// Only these caches, separated by commas
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    peers: Vec<String>,
}

/// Above what any case takes that goes on.
const LIMIT: Duration = Duration::from_secs(40);

/// Tries and prints.
pub fn run(hazards: &Hazards) -> Result<(), Failure> {
    let caches = through::chosen(&hazards.peers)?;
    println!("Each hazard tried once on each cache; a load takes 300 ms, ten callers follow the first");
    for case in Case::value_variants() {
        println!("\n{}\n", title(*case));
        for cache in &caches {
            println!("{}", line(cache, &found(cache, *case)?));
        }
    }
    Ok(())
}

/// Tries one hazard and prints the finding as JSON.
pub fn answer(cache: &str, case: Case) -> Result<(), Failure> {
    // Panics are part of it: their messages would only clutter what is said of a process that fails.
    std::panic::set_hook(Box::new(|_| {}));
    let finding = (through::named(cache)?.hazard)(case)?;
    println!("{}", serde_json::to_string(&finding)?);
    Ok(())
}

fn title(case: Case) -> &'static str {
    match case {
        Case::Invalidated => "Invalidated while it loads: is only the new value served after that?",
        Case::Left => "The caller who began the load leaves: are the others served, by at most two loads?",
        Case::Panicked => {
            "The load panics: does everybody's wait end, by at most two loads, and is the key served later?"
        }
        Case::Overtaken => "A value is put while an older load runs: does it stay?",
    }
}

fn found(cache: &Listed, case: Case) -> Result<Finding, Failure> {
    let word = case.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default();
    eprintln!("{word}: {}", cache.name);
    Ok(match process::ask(&["hazard", cache.name, &word], LIMIT)? {
        Ended::Answered(finding) => finding,
        Ended::Hung => Finding { safe: Some(false), seen: "the process hangs".into() },
    })
}

fn line(cache: &Listed, finding: &Finding) -> String {
    let verdict = match finding.safe {
        Some(true) => "yes",
        Some(false) => "no",
        None => "–",
    };
    format!("{:<14}{verdict:<5}{}", cache.name, finding.seen)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::through::OURS;

    /// Ours must hold in each. The others are what they are, and not this test's to judge.
    #[test]
    fn no_hazard_harms_freshen() {
        for case in Case::value_variants() {
            let finding = (through::named(OURS).unwrap().hazard)(*case).unwrap();
            assert_eq!(finding.safe, Some(true), "{case:?}: {}", finding.seen);
        }
    }
}
