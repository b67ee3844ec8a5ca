//! Whatever happens to a store, one thing after the other, it answers as the reference does.

mod memory_fixture;
mod schedule;

use freshen_core::Strength;
use freshen_core::store::Fault;
use freshen_testkit::store_suite::StoreFixture;
use proptest::prelude::*;
use proptest::test_runner::{RngAlgorithm, TestRng, TestRunner};
use schedule::{Run, Step, steps};

/// Faults that no schedule of single steps shows in a store's answers.
const SILENT: &[Fault] = &[
    // What is published, and bounds of memory: the suites reject these.
    Fault::SilentInvalidation,
    Fault::SilentWhenAbsent,
    Fault::SilentCommit,
    Fault::Unbounded,
    Fault::EvictsLeased,
    Fault::RefusalDropsLease,
    // The reference has one partition.
    Fault::OthersUnmarked,
    Fault::PositionsMixed,
    // Marks are dropped only beyond a bound that the schedules do not reach.
    Fault::FloorKept,
    Fault::FloorOnlySoft,
    // What the schedules do not vary, or not look at: an entry's own generation, reasons, the marks of single scopes.
    Fault::GenerationOfFacts,
    Fault::FirstReasonStays,
    Fault::MarksWithoutFloor,
];

/// Runs a schedule on a store that was just made.
fn compare(fixture: StoreFixture, schedule: &[Step]) -> Result<(), TestCaseError> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime of one thread needs nothing");
    runtime.block_on(async {
        let mut run = Run::new(fixture).await;
        for (number, step) in schedule.iter().enumerate() {
            let differs = |differs| TestCaseError::fail(format!("step {number}, {step:?}: {differs}"));
            run.step(step).await.map_err(differs)?;
        }
        Ok(())
    })
}

/// Runs so many schedules, always the same ones, and tells the first difference.
fn first_difference(cases: u32, make: impl Fn(Strength) -> StoreFixture) -> Option<String> {
    let config =
        ProptestConfig { cases, max_shrink_iters: 2_000, failure_persistence: None, ..ProptestConfig::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let strength = any::<bool>().prop_map(|hard| if hard { Strength::Hard } else { Strength::Soft });
    let outcome = runner.run(&(steps(), strength), |(schedule, lost)| compare(make(lost), &schedule));
    outcome.err().map(|error| error.to_string())
}

#[test]
fn the_memory_store_answers_as_the_reference() {
    let difference = first_difference(2_000, |lost| memory_fixture::store_fixture(lost, |builder| builder));
    assert_eq!(difference, None);
}

#[test]
fn a_fault_of_the_memory_store_shows_as_a_difference() {
    let mut missed = Vec::new();
    for fault in Fault::ALL.iter().filter(|fault| !SILENT.contains(fault)) {
        match first_difference(1_000, |lost| memory_fixture::store_fixture(lost, |builder| builder.fault(*fault))) {
            Some(difference) => println!("{fault:?}: {}", difference.lines().next().unwrap_or_default()),
            None => missed.push(fault),
        }
    }
    assert!(missed.is_empty(), "no schedule shows {missed:?}");
}
