//! What a page that is there costs its server: CPU time beside the bare handler's.

use std::time::Duration;

use clap::{Args, ValueEnum};

use super::child::Child;
use super::site::Standing;
use super::visitors::{self, Visit};
use super::{Server, started};
use crate::summary::median;
use crate::{Failure, aims};

#[derive(Args)]
pub struct Hits {
    /// Rounds; in each, every server is visited once. Medians are printed
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// How long each visit lasts
    #[arg(long, value_name = "MS", default_value_t = 1_000, value_parser = clap::value_parser!(u64).range(10..=60_000))]
    visit_millis: u64,
    /// Connections that ask at once
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..))]
    connections: u16,
}

/// How large the page is, in bytes.
const SIZES: [usize; 2] = [2 << 10, 64 << 10];
/// Of the bare handler's CPU time.
const AIM: f64 = 1.15;

/// Measures and prints.
pub fn measure(hits: &Hits) -> Result<(), Failure> {
    println!(
        "A page from the cache over HTTP/1.1, {} connections: CPU microseconds of the server a request, all threads, and as a\n\
         multiple of the bare handler's; medians of {} rounds of {} ms\n",
        hits.connections, hits.rounds, hits.visit_millis
    );
    let servers = Server::value_variants();
    let mut micros = vec![vec![Vec::new(); SIZES.len()]; servers.len()];
    for round in 1..=hits.rounds {
        eprintln!("hits, round {round} of {}", hits.rounds);
        for (size, bytes) in SIZES.into_iter().enumerate() {
            for (server, of_server) in servers.iter().zip(&mut micros) {
                of_server[size].push(visit(*server, bytes, hits)?);
            }
        }
    }
    println!("{:<24}{:>20}{:>20}", "", "2 KiB", "64 KiB");
    let mut judged = Vec::new();
    for (server, of_server) in servers.iter().zip(&micros) {
        let found: Vec<Found> = of_server.iter().zip(&micros[0]).map(|(own, bare)| Found::of(own, bare)).collect();
        println!("{:<24}{}", server.name(), found.iter().map(Found::cell).collect::<String>());
        if *server == Server::Freshen {
            judged.extend(SIZES.into_iter().zip(&found).map(|(bytes, found)| judge(bytes, found)));
        }
    }
    println!("\n{}", aims::list(&judged));
    Ok(())
}

/// What was found of one server and one size.
#[derive(Debug, PartialEq)]
struct Found {
    micros: f64,
    ratio: f64,
}

impl Found {
    /// The middle of the rounds, and of each round's own ratio.
    fn of(own: &[f64], bare: &[f64]) -> Found {
        let ratios = own.iter().zip(bare).map(|(own, bare)| own / bare).collect();
        Found { micros: median(own.to_vec()), ratio: median(ratios) }
    }

    fn cell(&self) -> String {
        format!("{:>20}", format!("{:.2}  {:.2}x", self.micros, self.ratio))
    }
}

fn judge(bytes: usize, found: &Found) -> (bool, String) {
    let sentence = format!(
        "a hit of {} KiB costs at most {AIM} of the bare handler's time; found: {:.2}",
        bytes >> 10,
        found.ratio
    );
    (found.ratio <= AIM, sentence)
}

/// CPU microseconds of one server a request.
fn visit(server: Server, bytes: usize, hits: &Hits) -> Result<f64, Failure> {
    let mut site = started(server, bytes)?;
    let visit = Visit { address: site.address, connections: hits.connections, bytes };
    let lasting = Duration::from_millis(hits.visit_millis);
    // The page is made, and connections and threads are warm.
    visitors::ask(visit, lasting / 5)?;
    let before = standing(&mut site)?;
    let asked = visitors::ask(visit, lasting)?;
    let after = standing(&mut site)?;
    let made = after.made - before.made;
    if made != if server.caches() { 0 } else { u64::from(asked) } {
        return Err(format!("{}: its handler was asked {made} times", server.name()).into());
    }
    Ok((after.spent_micros - before.spent_micros) as f64 / f64::from(asked))
}

fn standing(site: &mut Child) -> Result<Standing, Failure> {
    site.order("stand")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ratio_is_the_middle_of_the_rounds_own() {
        let found = Found::of(&[2.0, 9.0, 4.0], &[1.0, 3.0, 4.0]);
        assert_eq!(found, Found { micros: 4.0, ratio: 2.0 });
    }

    #[test]
    fn at_the_bound_the_aim_is_met_and_beyond_it_missed() {
        let judged = |ratio| judge(2048, &Found { micros: 1.0, ratio }).0;
        assert_eq!((judged(1.15), judged(1.16)), (true, false));
    }
}
