//! Why a command ended badly, and with which exit code.

use std::io;
use std::net::SocketAddr;
use std::process::ExitCode;

/// Why a command ended badly. A command line that cannot be read never comes here.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The address cannot be had.
    #[error("cannot listen on {address}: {source}; {}", advice(source.kind()))]
    Listen {
        /// The address of `--listen`.
        address: SocketAddr,
        /// What the machine said.
        source: io::Error,
    },
    /// The machine lacks something that every command needs.
    #[error("cannot start: {0}")]
    Start(#[source] io::Error),
    /// There can be no HTTP client.
    #[error("cannot make an HTTP client: {reason}")]
    Client {
        /// The innermost cause.
        reason: String,
    },
    /// The cache refused its configuration.
    #[error(transparent)]
    Cache(#[from] freshen::BuildError),
    /// The job's policy contradicts itself.
    #[error("{0}; give other times with --ttl, --stale and --stale-if-error")]
    Policy(#[from] freshen::PolicyError),
    /// The settings are wrong.
    #[error(transparent)]
    Settings(#[from] freshen::settings::SettingsError),
    /// What the settings name cannot be opened.
    #[error(transparent)]
    Open(#[from] freshen::settings::OpenError),
    /// The store or the queue did not do what it was asked.
    #[error(transparent)]
    Port(#[from] freshen::PortError),
    /// A URL among the arguments is wrong.
    #[error("--{flag}: the URL {reason}")]
    Url {
        /// Of which flag.
        flag: &'static str,
        /// What is wrong, without its password.
        reason: String,
    },
    /// There is nothing to look at from here.
    #[error(
        "the {what} is in the memory of each process, where nobody else can look: name a shared one with --{what}, \
         FRESHEN_{} or --config",
        what.to_uppercase()
    )]
    InMemory {
        /// `store` or `queue`.
        what: &'static str,
    },
    /// A fleet shares what each process would have for itself.
    #[error(
        "processes cannot share a {what} in memory: name one on a server, such as --{what} redis://127.0.0.1:6379, \
         or name none at all for a demo of one process"
    )]
    NoFleet {
        /// `store` or `queue`.
        what: &'static str,
    },
    /// A process of the demo has not begun.
    #[error("the demo's process {name} has not begun: {reason}")]
    Member {
        /// Which.
        name: &'static str,
        /// What became of it.
        reason: String,
    },
    /// Somebody typed what only the demo starts.
    #[error(
        "this command is for `freshen demo`, which starts it and tells it what to do: run `freshen demo --store URL`"
    )]
    ByHand,
    /// What was named is not there.
    #[error("there is no {what}")]
    NotFound {
        /// What.
        what: String,
    },
    /// What was asked for is not stored, as was printed.
    #[error("nothing is stored")]
    Nothing,
    /// What was to be printed could not be.
    #[error("cannot print: {0}")]
    Output(#[source] io::Error),
    /// Nobody waited for the orderly end.
    #[error("ended at once by a second signal")]
    Interrupted,
}

impl Failure {
    /// Whether there is nothing to say: it was printed, or whoever read the output has left, as `head` does.
    pub fn is_silent(&self) -> bool {
        matches!(self, Failure::Nothing) || self.is_left()
    }

    fn is_left(&self) -> bool {
        matches!(self, Failure::Output(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }

    /// 1; 2 for flags and settings that are wrong, as for flags that cannot be read; 0 where whoever read the output has seen
    /// enough; 130 as shells have it for what was interrupted.
    pub fn exit_code(&self) -> ExitCode {
        match self {
            Failure::Policy(_)
            | Failure::Settings(_)
            | Failure::Url { .. }
            | Failure::Open(freshen::settings::OpenError::Settings(_))
            | Failure::InMemory { .. }
            | Failure::NoFleet { .. }
            | Failure::ByHand => ExitCode::from(2),
            _ if self.is_left() => ExitCode::SUCCESS,
            Failure::Interrupted => ExitCode::from(130),
            _ => ExitCode::FAILURE,
        }
    }
}

/// What to do about an address that cannot be had.
fn advice(kind: io::ErrorKind) -> &'static str {
    match kind {
        io::ErrorKind::AddrInUse => {
            "another program has this port: end it, or give another one, such as --listen 127.0.0.1:0 for any that is free"
        }
        io::ErrorKind::PermissionDenied => "ports below 1024 are reserved: give a higher one with --listen",
        io::ErrorKind::AddrNotAvailable => "this machine has no such address: give one of its own with --listen",
        _ => "give another address with --listen",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_to_do_follows_from_what_the_machine_said() {
        let said = |kind| {
            let address = SocketAddr::from(([127, 0, 0, 1], 80));
            Failure::Listen { address, source: io::Error::from(kind) }.to_string()
        };
        assert!(
            said(io::ErrorKind::AddrInUse).contains("127.0.0.1:80") && said(io::ErrorKind::AddrInUse).contains(":0")
        );
        assert!(said(io::ErrorKind::PermissionDenied).contains("1024"));
        assert!(said(io::ErrorKind::AddrNotAvailable).contains("no such address"));
        assert!(said(io::ErrorKind::OutOfMemory).contains("another address"));
    }
}
