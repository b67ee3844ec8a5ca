//! A fleet under random traffic and faults, judged.

use std::time::Duration;

use clap::Args;
use freshen_fleet::Program;
use freshen_fleet::audit::{self, Fault, Servers};

use crate::Failure;

/// What is audited, and for how long.
#[derive(Args)]
pub struct Audit {
    /// How long traffic and faults last
    #[arg(long, value_name = "N", default_value_t = 60)]
    seconds: u64,
    /// Faults, those that the servers can have: kill, pause, stop, restart, cut, flush, failover, move; all unless told otherwise
    #[arg(long, value_name = "FAULT,…", value_delimiter = ',')]
    faults: Option<Vec<Fault>>,
    /// On what servers: single, sentinel or cluster
    #[arg(long, default_value = "single")]
    on: Servers,
    /// The seed of all chance; random unless told otherwise
    #[arg(long)]
    seed: Option<u64>,
    /// Processes
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u8).range(1..=64))]
    members: u8,
    /// Keys
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    keys: u32,
    /// How long the source takes for a read
    #[arg(long, value_name = "MILLISECONDS", default_value_t = 20)]
    load: u64,
}

/// Runs the audit, and fails where it found anything.
pub fn run(told: &Audit) -> Result<(), Failure> {
    let usual = audit::Audit::new(Duration::from_secs(told.seconds));
    let audit = audit::Audit {
        seed: told.seed.unwrap_or(usual.seed),
        servers: told.on,
        faults: told.faults.clone().unwrap_or_else(|| usual.faults.clone()),
        members: usize::from(told.members),
        keys: told.keys,
        load: Duration::from_millis(told.load),
        ..usual
    };
    // Told before the end, for a run that has none.
    println!("seed {}", audit.seed);
    let program = Program::new(std::env::current_exe()?, &["audited"]);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let report = runtime.block_on(audit.run(&program));
    print!("{report}");
    if report.is_clean() { Ok(()) } else { Err("the audit found what must not be".into()) }
}
