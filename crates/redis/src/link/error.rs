//! What can go wrong on the way to a server, told apart by what to do about it.

use std::time::Duration;

use freshen_core::PortError;
use redis::{RedisError, ServerError, ServerErrorKind};

use crate::link::Address;

/// Why a command was not answered.
#[derive(Clone, Debug, thiserror::Error)]
pub enum LinkError {
    /// The server could not be reached a moment ago; the command was not sent.
    #[error("{address} is down: {reason}")]
    Down {
        /// Which server.
        address: String,
        /// What the last attempt said.
        reason: String,
    },
    /// The connection broke. Whether the command was carried out is not known.
    #[error("the connection to {address} broke: {source}")]
    Broken {
        /// Which server.
        address: String,
        /// What the connection said.
        source: RedisError,
    },
    /// No answer came in time. Whether the command was carried out is not known.
    #[error("{address} did not answer within {after:?}")]
    TimedOut {
        /// Which server.
        address: String,
        /// How long it was waited for.
        after: Duration,
    },
    /// The server refused the command.
    #[error("{address} refused: {reply}")]
    Refused {
        /// Which server.
        address: String,
        /// What it means.
        refusal: Refusal,
        /// What it said.
        reply: ServerError,
    },
    /// The answer is not what the command is answered with.
    #[error("{address} answered {found} where {expected} was expected")]
    Unexpected {
        /// Which server.
        address: String,
        /// What was expected.
        expected: &'static str,
        /// What came, cut short.
        found: String,
    },
    /// The slot is being moved, and what was not found may be in its other place.
    #[error("the slot of partition {partition} is being moved to {address}")]
    Moving {
        /// Where to.
        address: String,
        /// Whose slot.
        partition: u32,
    },
    /// It was written, but too few replicas have heard of it.
    #[error("{address}: {heard} of {wanted} replicas have heard of it")]
    Unheard {
        /// Which server.
        address: String,
        /// How many have.
        heard: i64,
        /// How many should have.
        wanted: u32,
    },
    /// Some partitions were not reached; the others were.
    #[error("partitions {partitions:?} were not reached: {first}")]
    Partly {
        /// Which ones.
        partitions: Vec<u32>,
        /// Why the first of them was not.
        first: Box<LinkError>,
    },
    /// It will repeat until somebody changes the configuration or the server.
    #[error("{address}: {reason}")]
    Lasting {
        /// Which server.
        address: String,
        /// What is wrong.
        reason: String,
    },
}

/// What a server's refusal asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The slot lives elsewhere now: learn the map again.
    Moved,
    /// The slot is being moved: ask that server, this once.
    Ask(Address),
    /// Nothing is wrong that will not pass in a moment.
    Again,
    /// The server is no longer who it was: find out who is.
    Demoted,
    /// The server does not have the script.
    NoScript,
    /// It may pass, but not in a moment.
    Passing,
    /// It will repeat.
    Lasting,
}

impl LinkError {
    /// The same, as the error of a port.
    pub fn at(self, port: &'static str, operation: &'static str) -> PortError {
        if self.is_lasting() {
            PortError::lasting(port, operation, self)
        } else {
            PortError::passing(port, operation, self)
        }
    }

    /// Whether trying again cannot help.
    pub fn is_lasting(&self) -> bool {
        match self {
            LinkError::Lasting { .. } | LinkError::Unexpected { .. } => true,
            LinkError::Refused { refusal, .. } => *refusal == Refusal::Lasting,
            LinkError::Partly { first, .. } => first.is_lasting(),
            LinkError::Down { .. }
            | LinkError::Broken { .. }
            | LinkError::TimedOut { .. }
            | LinkError::Moving { .. }
            | LinkError::Unheard { .. } => false,
        }
    }

    /// Whether it was the place that could not answer, so that nobody else gets an answer there just now.
    pub fn is_of_place(&self) -> bool {
        let refusal = match self {
            LinkError::Moving { .. } => return true,
            LinkError::Refused { refusal, .. } => refusal,
            _ => return false,
        };
        match refusal {
            Refusal::Moved | Refusal::Ask(_) | Refusal::Again | Refusal::Demoted => true,
            Refusal::NoScript | Refusal::Passing | Refusal::Lasting => false,
        }
    }

    /// Whether it was about the keys that were named, as while their slot is moved: others there may be answered.
    pub fn is_of_keys(&self) -> bool {
        match self {
            LinkError::Moving { .. } => true,
            LinkError::Refused { refusal: Refusal::Ask(_), .. } => true,
            LinkError::Refused { reply, .. } => reply.kind() == Some(ServerErrorKind::TryAgain),
            _ => false,
        }
    }

    /// Whether the command may have been carried out all the same.
    pub fn leaves_open(&self) -> bool {
        match self {
            LinkError::Broken { .. }
            | LinkError::TimedOut { .. }
            | LinkError::Unexpected { .. }
            | LinkError::Unheard { .. }
            | LinkError::Partly { .. } => true,
            LinkError::Down { .. }
            | LinkError::Refused { .. }
            | LinkError::Moving { .. }
            | LinkError::Lasting { .. } => false,
        }
    }

    /// The runtime ended before the answer.
    pub fn given_up() -> LinkError {
        let source = std::io::Error::from(std::io::ErrorKind::Interrupted).into();
        LinkError::Broken { address: "the server".to_owned(), source }
    }

    /// Who asks has no runtime, and the system gave no thread to drive one.
    pub fn homeless(error: &std::io::Error) -> LinkError {
        let reason = format!("no thread for connections could be started: {error}");
        LinkError::Down { address: "redis".to_owned(), reason }
    }

    /// An answer of the wrong kind.
    pub fn unexpected(address: &str, expected: &'static str, found: &redis::Value) -> LinkError {
        let found = format!("{found:?}").chars().take(80).collect();
        LinkError::Unexpected { address: address.to_owned(), expected, found }
    }
}

impl Refusal {
    /// What a reply means.
    pub fn of(reply: &ServerError) -> Refusal {
        match reply.kind() {
            Some(ServerErrorKind::Moved) => Refusal::Moved,
            Some(ServerErrorKind::Ask) => asked(reply.details()),
            Some(ServerErrorKind::NoScript) => Refusal::NoScript,
            Some(ServerErrorKind::ReadOnly) => Refusal::Demoted,
            Some(
                ServerErrorKind::TryAgain
                | ServerErrorKind::ClusterDown
                | ServerErrorKind::BusyLoading
                | ServerErrorKind::MasterDown,
            ) => Refusal::Again,
            _ if matches!(reply.code(), "BUSY" | "OOM" | "NOREPLICAS" | "MISCONF") => Refusal::Passing,
            _ => Refusal::Lasting,
        }
    }
}

/// `slot host:port`; what cannot be read is tried again where it was.
fn asked(details: Option<&str>) -> Refusal {
    let address = details.and_then(|details| details.split(' ').nth(1)).and_then(Address::parse);
    address.map_or(Refusal::Again, Refusal::Ask)
}
