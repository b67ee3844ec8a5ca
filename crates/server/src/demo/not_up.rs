//! Why a fleet has not done something.

use crate::demo::place::Place;
use crate::demo::wire::NoAnswer;

/// Why something was not done.
#[derive(Debug, thiserror::Error)]
pub enum NotUp {
    /// Nobody is there to ask.
    #[error("no web process is up; revive one")]
    NoWeb,
    /// It cannot do it now.
    #[error("{0}")]
    Refused(String),
    /// There are no children.
    #[error(
        "the demo runs in one process, which serves this page: start it with --store redis://127.0.0.1:6379 for four"
    )]
    Alone,
    /// What was wanted is so already.
    #[error("{} is {is} already", place.name())]
    Already {
        /// Where.
        place: Place,
        /// What it is.
        is: &'static str,
    },
    /// There is no new process.
    #[error("{} does not start: {reason}", place.name())]
    NotStarted {
        /// Where.
        place: Place,
        /// Why.
        reason: String,
    },
}

impl From<NoAnswer> for NotUp {
    fn from(error: NoAnswer) -> NotUp {
        NotUp::Refused(error.to_string())
    }
}
