//! The binary `freshen`: one file or folder per command.

mod demo;
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
    /// Show life with a slow, failing source: a page that never waits for it
    Demo(demo::Demo),
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
            eprintln!("freshen: {failure}");
            failure.exit_code()
        }
    }
}

fn run(command: Command) -> Result<(), Failure> {
    let runtime = tokio::runtime::Runtime::new().map_err(Failure::Start)?;
    let ended = match command {
        Command::Demo(demo) => runtime.block_on(demo.run()),
    };
    // A name look-up that hangs in a thread of its own must not keep the process.
    runtime.shutdown_background();
    ended
}
