//! Measures what a hit costs in Freshen and in the caches of its field, and what an entry costs in memory.

mod aims;
mod cpu;
mod hit;
mod memory;
mod peers;
mod summary;
mod table;
mod value;
mod visit;
mod workload;

use std::error::Error;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

/// An error that ends the run with a sentence.
type Failure = Box<dyn Error + Send + Sync>;

fn main() -> ExitCode {
    let done = match Command::parse().what {
        What::Hit(hit) => hit::run(&hit),
        What::Visit { peer, size } => visit::answer(&peer, &size),
    };
    if let Err(failure) = done {
        eprintln!("error: {failure}");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

#[derive(Parser)]
#[command(name = "freshen-bench", about = "Measures what a hit costs in Freshen and in the caches of its field")]
struct Command {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// CPU time of a read that hits, and resident memory per entry, beside every other cache
    #[command(long_about = LONG)]
    Hit(hit::Hit),
    /// One peer, once: fills it, weighs it, reads it and prints what it measured as JSON
    #[command(hide = true)]
    Visit {
        peer: String,
        #[command(flatten)]
        size: Size,
    },
}

/// How much is measured.
#[derive(Args, Clone)]
struct Size {
    /// Entries in each cache, all present, each a struct of 1 KiB under a u64
    #[arg(long, value_name = "N", default_value_t = 1_000_000, value_parser = clap::value_parser!(u64).range(1..))]
    keys: u64,
    /// Keys in each thread's sequence; a quick peer reads it several times, a slow one only a part
    #[arg(long, value_name = "N", default_value_t = 1_000_000, value_parser = clap::value_parser!(u64).range(1_000..))]
    ops: u64,
}

const LONG: &str = "\
Fills every cache with the same entries and measures reads that hit, on three sequences of keys: one hot key; keys
drawn evenly; keys drawn by Zipf's law with exponent 0.99. Each is read by one thread and by two.

What is measured is CPU time of the reading threads, not elapsed time: it changes little when something else has the
core meanwhile. Each thread stays on a core of its own and reads for about a quarter of a second. The sequences are
made beforehand. Every read adds up one field of the value, and the sum must be what the sequence says, so a read that
misses ends the run with an error. Nothing is subtracted. Neither work that a cache does on threads of its own nor time
that a thread sleeps waiting for a lock is counted.

Each measurement happens in a new process that holds one cache. A round visits every peer once, and there are --runs
rounds, so a slow minute of the machine hits all peers alike. Printed are medians over the rounds; ratios are the
median of the ratios within each round. A `~` marks a median around which the middle half of the rounds spreads over
more than a fifth of it: repeat on a quieter machine. Two results that differ by less than a fifth are a tie.

Memory is the resident set of the process after the fill less what it was before, divided by the entries; the value
itself is 1,024 bytes of it.

Caches that can serve stale values while they refresh are set to do so; the others have no expiry at all, which
flatters them. All use the hash function that they come with.";
