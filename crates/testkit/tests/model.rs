//! The protocol's rules hold in every state of every bounded world, and no rule can be left out.

use freshen_testkit::model::failover::{self, Defence, FailoverMutant};
use freshen_testkit::model::partitions::{self, PartitionMutant};
use freshen_testkit::model::{Configuration, MUTANTS, Outcome, search, search_mutant};

/// Configurations that are too large for every day run when this is set.
const LONG: &str = "FRESHEN_LONG";

#[test]
fn the_rules_hold_in_every_configuration() {
    let long = std::env::var_os(LONG).is_some();
    let (mut states, mut broken) = (0, Vec::new());
    for configuration in Configuration::all().iter().filter(|configuration| long || !configuration.long) {
        let began = std::time::Instant::now();
        let outcome = search(configuration);
        println!(
            "{:>9} states, depth {:>3}, {:>5.1?}: {}",
            outcome.states,
            outcome.depth,
            began.elapsed(),
            configuration.name
        );
        if let Some(counterexample) = outcome.counterexample {
            broken.push(format!("{}: {counterexample}", configuration.name));
        }
        states += outcome.states;
    }
    println!("{states:>9} states in all");
    assert!(broken.is_empty(), "{}", broken.join("\n\n"));
    assert!(states >= 1_000_000, "the configurations have only {states} states");
}

#[test]
fn every_mutant_breaks_the_invariant_of_its_rule() {
    let mut survivors = Vec::new();
    for (mutant, name, expected) in MUTANTS {
        let configuration = Configuration::named(name).expect("the table names configurations that exist");
        let outcome = search_mutant(configuration, *mutant, *expected);
        match outcome.counterexample {
            Some(found) => {
                println!("{mutant:?} → {expected:?} after {} steps ({name}, {} states)", found.steps, outcome.states);
            }
            None => survivors.push(format!("{mutant:?} survives {name}, {} states", outcome.states)),
        }
    }
    assert!(survivors.is_empty(), "{}", survivors.join("\n\n"));
}

/// Several partitions, and a replica that takes the primary's place, each a model of its own.
fn told(what: &str, outcome: Outcome) -> Option<String> {
    println!("{:>9} states, depth {:>3}: {what}", outcome.states, outcome.depth);
    outcome.counterexample.map(|counterexample| format!("{what}: {counterexample}"))
}

#[test]
fn the_rules_hold_with_several_partitions_and_failovers() {
    let found = [
        told("two partitions", partitions::search(None)),
        told("failover, noticed", failover::search(Defence::Noticed, None)),
        told("failover, waited for", failover::search(Defence::WaitedFor, None)),
    ];
    assert_eq!(found, [None, None, None]);
}

#[test]
fn every_mutant_of_partitions_and_failovers_is_found() {
    let of_partitions = PartitionMutant::ALL.iter().map(|mutant| {
        let found = told(&format!("{mutant:?}"), partitions::search(Some(*mutant)));
        (format!("{mutant:?}"), found)
    });
    let of_failover = FailoverMutant::ALL.iter().map(|(mutant, defence)| {
        let found = told(&format!("{mutant:?}"), failover::search(*defence, Some(*mutant)));
        (format!("{mutant:?}"), found)
    });
    let survivors: Vec<String> =
        of_partitions.chain(of_failover).filter(|(_, found)| found.is_none()).map(|(mutant, _)| mutant).collect();
    assert!(survivors.is_empty(), "{survivors:?}");
}
