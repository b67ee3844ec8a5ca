//! The command `hit`: rounds of visits to every peer, then the tables.

use std::time::Duration;

use clap::Args;

use crate::peers::{self, Listed, YARDSTICK};
use crate::process::{self, Ended};
use crate::summary::{Measured, summarise};
use crate::visit::Visit;
use crate::{Failure, Size, aims, table};

#[derive(Args)]
pub struct Hit {
    #[command(flatten)]
    size: Size,
    /// Rounds; each visits every peer once
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    runs: u32,
    /// Only these peers, separated by commas; quick_cache is always among them, since ratios need it
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    peers: Vec<String>,
}

/// Measures and prints.
pub fn run(hit: &Hit) -> Result<(), Failure> {
    let peers = chosen(&hit.peers)?;
    let mut visits = vec![Vec::new(); peers.len()];
    for round in 1..=hit.runs {
        for (peer, visits) in peers.iter().zip(&mut visits) {
            eprintln!("round {round} of {}: {}", hit.runs, peer.name);
            visits.push(send_out(peer, &hit.size)?);
        }
    }
    let measured: Vec<Measured> = summarise(&peers, &visits);
    println!("{} entries of 1 KiB, medians of {} rounds\n", hit.size.keys, hit.runs);
    print!("{}\n{}\n{}", table::time(&measured), table::memory(&measured), aims::report(&measured));
    Ok(())
}

/// The peers to visit, in their usual order.
fn chosen(names: &[String]) -> Result<Vec<&'static Listed>, Failure> {
    names.iter().try_for_each(|name| peers::named(name).map(drop))?;
    let wanted = |peer: &&Listed| names.is_empty() || peer.name == YARDSTICK || names.iter().any(|n| n == peer.name);
    Ok(peers::ALL.iter().filter(wanted).collect())
}

/// Visits one peer in a process of its own: no peer inherits the memory, the threads or the caches of another.
fn send_out(peer: &Listed, size: &Size) -> Result<Visit, Failure> {
    let (keys, ops) = (size.keys.to_string(), size.ops.to_string());
    match process::ask(&["visit", peer.name, "--keys", &keys, "--ops", &ops], LIMIT)? {
        Ended::Answered(visit) => Ok(visit),
        Ended::Hung => Err(format!("the visit to {} did not end within {LIMIT:?}", peer.name).into()),
    }
}

/// Above what any visit takes, however many keys it fills.
const LIMIT: Duration = Duration::from_secs(3_600);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_yardstick_is_always_visited() {
        let names: Vec<_> = chosen(&["moka".to_owned()]).unwrap().iter().map(|peer| peer.name).collect();
        assert_eq!(names, [YARDSTICK, "moka"]);
    }

    #[test]
    fn an_unknown_peer_is_refused() {
        assert!(chosen(&["mocha".to_owned()]).is_err());
    }
}
