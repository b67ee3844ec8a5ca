//! Whatever happens to a store on Redis, one thing after the other, it answers as the reference does.

#![allow(clippy::unwrap_used)] // A test that cannot go on fails.

mod common;
#[path = "../../testkit/tests/schedule/mod.rs"]
mod schedule;

use freshen_core::Strength;
use freshen_testkit::servers::{Flavour, Server};
use proptest::prelude::*;
use proptest::test_runner::{RngAlgorithm, TestRng, TestRunner};
use schedule::{Run, Step, steps};
use tokio::runtime::Runtime;

/// Schedules that are tried; ten times as many in the long form.
const SCHEDULES: u32 = 300;

async fn compare(server: &Server, lost: Strength, schedule: &[Step]) -> Result<(), TestCaseError> {
    let store = common::told_at(server.url(), vec![server.port()], lost, |builder| builder).await;
    let mut run = Run::new(store).await;
    for (number, step) in schedule.iter().enumerate() {
        let differs = |differs| TestCaseError::fail(format!("step {number}, {step:?}: {differs}"));
        run.step(step).await.map_err(differs)?;
    }
    Ok(())
}

#[test]
fn a_store_on_redis_answers_as_the_reference() {
    let runtime = Runtime::new().unwrap();
    let server = runtime.block_on(Server::redis(Flavour::Redis).start());
    let cases = if std::env::var_os("FRESHEN_LONG").is_some() { 10 * SCHEDULES } else { SCHEDULES };
    let config =
        ProptestConfig { cases, max_shrink_iters: 300, failure_persistence: None, ..ProptestConfig::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let strength = any::<bool>().prop_map(|hard| if hard { Strength::Hard } else { Strength::Soft });
    let outcome =
        runner.run(&(steps(), strength), |(schedule, lost)| runtime.block_on(compare(&server, lost, &schedule)));
    assert!(outcome.is_ok(), "{}", outcome.unwrap_err());
}
