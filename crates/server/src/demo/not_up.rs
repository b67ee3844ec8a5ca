//! Why a fleet has not done something.

use std::time::Duration;

use crate::demo::place::Place;
use crate::demo::wire::NoAnswer;

/// Why something was not done.
#[derive(Debug, thiserror::Error)]
pub enum NotUp {
    /// Nobody is there to ask.
    #[error("no web process is up; revive one")]
    NoWeb,
    /// Those that are up give no sign of life.
    #[error("{} does not answer; kill it and revive it", place.name())]
    Silent {
        /// One of them.
        place: Place,
    },
    /// They have enough to do.
    #[error("too many requests are under way")]
    TooMany,
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
    /// It was killed, and is there all the same.
    #[error("{} was killed, and is not gone after {after:?}", place.name())]
    NotGone {
        /// Where.
        place: Place,
        /// How long it was waited for.
        after: Duration,
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

impl NotUp {
    /// Why a process at a place has not answered.
    pub fn of(error: NoAnswer, place: Place) -> NotUp {
        match error {
            NoAnswer::Silent => NotUp::Silent { place },
            NoAnswer::TooMany => NotUp::TooMany,
        }
    }

    /// As one word, where nobody answers.
    pub fn word(&self) -> &'static str {
        match self {
            NotUp::Silent { .. } => "no-answer",
            NotUp::TooMany => "too-many",
            _ => "no-web",
        }
    }
}
