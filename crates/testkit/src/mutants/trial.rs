//! Runs a suite against a mutant, and tells which cases reject it.

use crate::bus_suite::{BusFixture, bus_cases};
use crate::store_suite::{StoreFixture, store_cases};

/// The names of the store suite's cases that fail for what `fixture` makes. Each case runs as a task of its own, so that its
/// panic ends nothing else; a case that a mutant hangs fails too, with the time of the runtime.
pub async fn rejecting_store_cases(fixture: impl Fn() -> StoreFixture) -> Vec<&'static str> {
    let mut rejecting = Vec::new();
    for case in store_cases() {
        let (fixture, run) = (fixture(), case.run);
        let trial = tokio::spawn(async move { run(&fixture).await });
        if trial.await.is_err() {
            rejecting.push(case.name);
        }
    }
    rejecting
}

/// The names of the bus suite's cases that fail for what `fixture` makes.
pub async fn rejecting_bus_cases(fixture: impl Fn() -> BusFixture) -> Vec<&'static str> {
    let mut rejecting = Vec::new();
    for case in bus_cases() {
        let (fixture, run) = (fixture(), case.run);
        let trial = tokio::spawn(async move { run(&fixture).await });
        if trial.await.is_err() {
            rejecting.push(case.name);
        }
    }
    rejecting
}
