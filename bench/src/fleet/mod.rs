//! The command `fleet`: what a shared Redis costs, each figure beside its limit in the same run.

use std::time::Duration;

use clap::{Args, ValueEnum};
use freshen_testkit::servers::{Flavour, Server};

use crate::{Failure, runtime};

mod far;
mod invalidations;
mod many;
mod one_load;
mod reads;
mod refreshes;
mod spent;
mod trips;

pub use far::Line;
pub use one_load::Weather;

#[derive(Args)]
pub struct Fleet {
    /// Which measurements, all of them if none is named
    #[arg(value_name = "WHAT")]
    what: Vec<What>,
    /// Rounds of each measurement; medians are printed
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// How long each rate is measured
    #[arg(long, value_name = "MILLISECONDS", default_value_t = 1_500, value_parser = clap::value_parser!(u64).range(100..=60_000))]
    span: u64,
    /// Which server is started
    #[arg(long, default_value = "redis")]
    server: ServerKind,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum What {
    /// A hit in the store, beside a bare GET of the same bytes
    Reads,
    /// Many keys by one call, beside GETs in a pipeline for each server
    Many,
    /// From a stale key to a fresh one, through the queue
    Refreshes,
    /// Eight processes on one key, cold and stale
    OneLoad,
    /// What an invalidation by tag costs, over few entries and over many
    Invalidations,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ServerKind {
    Redis,
    Valkey,
}

/// How much is measured.
#[derive(Clone, Copy)]
struct Extent {
    rounds: u32,
    span: Duration,
}

/// Measures and prints.
pub fn run(fleet: &Fleet) -> Result<(), Failure> {
    let extent = Extent { rounds: fleet.rounds, span: Duration::from_millis(fleet.span) };
    let (flavour, name) = match fleet.server {
        ServerKind::Redis => (Flavour::Redis, "redis-server"),
        ServerKind::Valkey => (Flavour::Valkey, "valkey-server"),
    };
    let wants = |what| fleet.what.is_empty() || fleet.what.contains(&what);
    runtime::threaded()?.block_on(async {
        let server = Server::redis(flavour).start().await;
        let url = server.url();
        println!("one server ({}) and all clients on the same cores; medians of {} rounds\n", name, extent.rounds);
        if wants(What::Reads) {
            println!("{}", reads::measure(&url, extent).await?);
        }
        if wants(What::Many) {
            println!("{}", many::measure(&server, flavour, extent).await?);
        }
        if wants(What::Refreshes) {
            println!("{}", refreshes::measure(&url, extent).await?);
        }
        if wants(What::OneLoad) {
            println!("{}", one_load::measure(&url, extent.rounds).await?);
        }
        if wants(What::Invalidations) {
            println!("{}", invalidations::measure(&url, extent).await?);
        }
        Ok(())
    })
}

/// One process of the crowd, once, as JSON.
pub fn answer(line: &Line, weather: &Weather) -> Result<(), Failure> {
    one_load::answer(line, weather)
}
