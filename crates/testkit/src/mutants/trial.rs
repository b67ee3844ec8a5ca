//! Runs a suite against a mutant, and tells which cases reject it.

use std::time::Duration;

use crate::bus_suite::{BusFixture, bus_cases};
use crate::store_suite::{StoreFixture, store_cases};

/// The names of the store suite's cases that fail for what `fixture` makes. Call it in a
/// runtime whose time is paused: a case that never ends fails after a minute.
pub async fn rejecting_store_cases(fixture: impl Fn() -> StoreFixture) -> Vec<&'static str> {
    let mut rejecting = Vec::new();
    for case in store_cases() {
        let (fixture, run) = (fixture(), case.run);
        if fails(async move { run(&fixture).await }).await {
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
        if fails(async move { run(&fixture).await }).await {
            rejecting.push(case.name);
        }
    }
    rejecting
}

/// Runs a case as a task of its own, so that its panic ends nothing else.
async fn fails(case: impl Future<Output = ()> + Send + 'static) -> bool {
    let trial = tokio::spawn(tokio::time::timeout(Duration::from_secs(60), case));
    !matches!(trial.await, Ok(Ok(())))
}
