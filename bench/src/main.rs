//! Measures Freshen beside the caches of its field: what a hit costs, what crowds wait, what is served when something goes
//! wrong, what batches save, what memory it all takes, and what the rules of HTTP caching cost.

mod aims;
mod audit;
mod batch;
mod cpu;
mod fleet;
mod footprint;
mod hazards;
mod held;
mod hit;
mod http;
mod memory;
mod peers;
mod process;
mod rules;
mod runtime;
mod source;
mod storm;
mod summary;
mod table;
mod through;
mod value;
mod visit;
mod waits;
mod workload;

use std::error::Error;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

/// An error that ends the run with a sentence.
type Failure = Box<dyn Error + Send + Sync>;

fn main() -> ExitCode {
    let done = match Command::parse().what {
        What::Hit(hit) => hit::run(&hit),
        What::Storm(storm) => storm::run(&storm),
        What::Hazards(hazards) => hazards::run(&hazards),
        What::Batch(batch) => batch::run(&batch),
        What::Memory(memory) => footprint::run(&memory),
        What::Rules(rules) => rules::run(&rules),
        What::Http(http) => http::run(&http),
        What::Site { server, bytes } => http::serve(server, bytes),
        What::Origin { takes_millis } => http::serve_origin(takes_millis),
        What::Proxy { origin } => http::serve_proxy(origin),
        What::Audit(audit) => audit::run(&audit),
        What::Audited { setting } => freshen_fleet::run(&setting),
        What::Fleet(fleet) => fleet::run(&fleet),
        What::Visit { peer, size } => visit::answer(&peer, &size),
        What::Crowd { cache, case, weather } => storm::answer(&cache, case, &weather),
        What::Hazard { cache, case } => hazards::answer(&cache, case),
        What::Sets { way, crowd, run } => batch::answer(way, &crowd, run),
        What::Member { line, weather } => fleet::answer(&line, &weather),
        What::Weigh { cache, case, churn } => footprint::answer(&cache, case, churn),
    };
    if let Err(failure) = done {
        eprintln!("error: {failure}");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

#[derive(Parser)]
#[command(name = "freshen-bench", about = "Measures Freshen beside the caches of its field")]
struct Command {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// CPU time of a read that hits, and resident memory per entry, beside every other cache
    #[command(long_about = LONG)]
    Hit(hit::Hit),
    /// Many callers at once on one key, cold or stale: loads, waits, polls and errors, beside other caches
    Storm(storm::Storm),
    /// What is served when something goes wrong while a load runs, beside other caches
    Hazards(hazards::Hazards),
    /// Callers of overlapping sets of keys: how many loads, and what they wait
    Batch(batch::Batch),
    /// Resident memory per entry, and under churn against a bound, beside other caches
    Memory(footprint::Memory),
    /// What it costs to judge a hit and to store a response by the rules of HTTP caching, beside http-cache-semantics
    Rules(rules::Rules),
    /// What pages from the cache cost and weigh, and what crowds wait for them, beside the bare handler, other caches and proxies
    Http(http::Http),
    /// A server that is measured, until its orders end
    #[command(hide = true)]
    Site { server: http::Server, bytes: usize },
    /// The origin of a storm, until its orders end
    #[command(hide = true)]
    Origin { takes_millis: u64 },
    /// Our layer as a proxy before an origin, until its orders end
    #[command(hide = true)]
    Proxy { origin: std::net::SocketAddr },
    /// Processes over one Redis under random traffic and faults: what is outdated, goes backwards or stays stale, counted
    Audit(audit::Audit),
    /// A process of an audit, with its settings as JSON
    #[command(hide = true)]
    Audited { setting: String },
    /// What a shared Redis costs: reads beside a bare GET, one load for a fleet, an invalidation by tag
    Fleet(fleet::Fleet),
    /// One peer, once: fills it, weighs it, reads it and prints what it measured as JSON
    #[command(hide = true)]
    Visit {
        peer: String,
        #[command(flatten)]
        size: Size,
    },
    /// One crowd at one cache, once, as JSON
    #[command(hide = true)]
    Crowd {
        cache: String,
        case: storm::crowd::Case,
        #[command(flatten)]
        weather: storm::Weather,
    },
    /// One hazard at one cache, once, as JSON
    #[command(hide = true)]
    Hazard { cache: String, case: hazards::cases::Case },
    /// One crowd of sets, once, as JSON
    #[command(hide = true)]
    Sets {
        way: batch::Way,
        #[command(flatten)]
        crowd: batch::Crowd,
        #[arg(long, default_value_t = 1)]
        run: u32,
    },
    /// One process of a fleet that asks at once, as JSON
    #[command(hide = true)]
    Member {
        #[command(flatten)]
        line: fleet::Line,
        #[command(flatten)]
        weather: fleet::Weather,
    },
    /// One cache weighed once, as JSON
    #[command(hide = true)]
    Weigh {
        cache: String,
        case: footprint::Case,
        #[command(flatten)]
        churn: footprint::Churn,
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

Memory is the resident set of the process after the fill, without pages of files, less what it was before, divided by
the entries; the value itself is 1,024 bytes of it.

Caches that can serve stale values while they refresh are set to do so; the others have no expiry at all, which
flatters them. All use the hash function that they come with.";
