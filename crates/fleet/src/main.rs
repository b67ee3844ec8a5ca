//! A member of a fleet, started by the parent with its settings as the only argument.

use std::process::ExitCode;

fn main() -> ExitCode {
    let setting = std::env::args().nth(1).unwrap_or_default();
    match freshen_fleet::run(&setting) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("member: {error}");
            ExitCode::FAILURE
        }
    }
}
