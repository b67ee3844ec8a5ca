//! The binary `freshen`: one file or folder per command.

mod demo;
mod look;
mod invalidate;
mod queue;
mod quarantine;
mod check;
mod connection;
mod absence;
mod task;
mod output;
mod flag;
mod failure;
mod signals;

use std::process::ExitCode;

use clap::Parser;

use crate::failure::Failure;

/// Serves the value it has, now, and refreshes it behind the request.
#[derive(Parser)]
#[command(name = "freshen", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    /// Show life with a slow, failing source: a page that never waits for it; with --store, from four processes that share it
    Demo(demo::Demo),
    /// One of the processes of `freshen demo --store`
    #[command(hide = true)]
    DemoMember(demo::DemoMember),
    /// Show what a shared store has under a key, or the marks of a tag or a namespace
    Look(look::Look),
    /// Outdate keys, tags or namespaces in a shared store
    Invalidate(invalidate::Invalidate),
    /// Show how much waits in a shared queue
    Queue(queue::Show),
    /// Show, release or drop tasks that were set aside
    Quarantine(quarantine::Quarantine),
    /// Say what settings mean, and whether the servers answer
    Check(check::Check),
}

fn main() -> ExitCode {
    // A command line that cannot be read ends here, with exit code 2 and the flag's name.
    let cli = Cli::parse();
    tracing_subscriber::fmt()
        .with_max_level(tracing::Level::WARN)
        .with_target(false)
        .with_writer(std::io::stderr)
        .init();
    match run(cli.command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            if !failure.is_silent() {
                eprintln!("freshen: {}", output::plain_lines(&failure.to_string()));
            }
            failure.exit_code()
        }
    }
}

fn run(command: Command) -> Result<(), Failure> {
    let runtime = tokio::runtime::Runtime::new().map_err(Failure::Start)?;
    let ended = match command {
        Command::Demo(demo) => runtime.block_on(demo.run()),
        Command::DemoMember(member) => runtime.block_on(member.run()),
        Command::Look(look) => runtime.block_on(look.run()),
        Command::Invalidate(invalidate) => runtime.block_on(invalidate.run()),
        Command::Queue(queue) => runtime.block_on(queue.run()),
        Command::Quarantine(quarantine) => runtime.block_on(quarantine.run()),
        Command::Check(check) => runtime.block_on(check.run()),
    };
    // A name look-up that hangs in a thread of its own must not keep the process.
    runtime.shutdown_background();
    ended
}
