//! The store's suite by the servers' own clocks. Its tests wait in earnest, so many of them run at once.

#![allow(clippy::unwrap_used)] // A test that cannot go on fails.

mod common;

use std::time::Duration;

use freshen_testkit::servers::{Flavour, Server};
use freshen_testkit::store_suite::{StoreCase, store_cases};
use futures_util::{StreamExt, stream};

/// The shortest span that is told apart on a machine that does other things too.
const UNIT: Duration = Duration::from_millis(300);
/// How many cases run at a time.
const AT_ONCE: usize = 24;

/// Gives the name of the case, if it failed.
async fn run(server: &Server, case: &'static StoreCase) -> Option<&'static str> {
    let fixture = common::real_at(server.url(), vec![server.port()], UNIT).await;
    let run = tokio::spawn(async move { (case.run)(&fixture).await });
    run.await.is_err().then_some(case.name)
}

async fn every_case_holds(flavour: Flavour) {
    let server = Server::redis(flavour).start().await;
    let runs = stream::iter(store_cases()).map(|case| run(&server, case));
    let failed: Vec<_> = runs.buffer_unordered(AT_ONCE).filter_map(async |failed| failed).collect().await;
    assert!(failed.is_empty(), "{failed:?}");
}

#[tokio::test]
async fn every_case_holds_by_the_clock_of_redis() {
    every_case_holds(Flavour::Redis).await;
}

#[tokio::test]
async fn every_case_holds_by_the_clock_of_valkey() {
    every_case_holds(Flavour::Valkey).await;
}
