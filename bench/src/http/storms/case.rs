//! The cases of a storm.

use std::time::Duration;

use clap::ValueEnum;

use super::{AT_ONCE, FRESH, ORIGIN_TIMEOUT, TAKES};

/// What a crowd meets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Case {
    Cold,
    Expired,
    Outdated,
    Killed,
    Hung,
    HungCold,
    Unstorable,
    KnownUnstorable,
}

/// What happens to the origin before the crowd comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    Killed,
    /// SIGSTOP: it takes connections, and answers nothing.
    Hung,
}

impl Case {
    pub fn title(self) -> &'static str {
        match self {
            Case::Cold => "cold",
            Case::Expired => "expired",
            Case::Outdated => "outdated by a generation",
            Case::Killed => "expired, origin killed, twice",
            Case::Hung => "expired, origin hung, twice",
            Case::HungCold => "cold, origin hung",
            Case::Unstorable => "unstorable",
            Case::KnownUnstorable => "unstorable, and known to be",
        }
    }

    /// The page, which has the name of what its origin says of it.
    pub fn path(self) -> String {
        match self {
            Case::Unstorable | Case::KnownUnstorable => "/no-store".to_owned(),
            Case::Outdated => "/max-age=3600,stale-while-revalidate=60".to_owned(),
            _ => format!("/max-age={},stale-while-revalidate=60,stale-if-error=60", FRESH.as_secs()),
        }
    }

    /// Whether somebody has asked for it before.
    pub fn finds_a_page(self) -> bool {
        !matches!(self, Case::Cold | Case::HungCold | Case::Unstorable)
    }

    pub fn waits_until_stale(self) -> bool {
        matches!(self, Case::Expired | Case::Killed | Case::Hung)
    }

    pub fn trouble(self) -> Option<Trouble> {
        match self {
            Case::Killed => Some(Trouble::Killed),
            Case::Hung | Case::HungCold => Some(Trouble::Hung),
            _ => None,
        }
    }

    /// How long a visitor of ours may wait.
    pub fn longest(self) -> Duration {
        match self {
            Case::Cold | Case::KnownUnstorable => TAKES + AT_ONCE,
            // For the answer that says so, and then for each one's own.
            Case::Unstorable => 2 * TAKES + AT_ONCE,
            Case::HungCold => ORIGIN_TIMEOUT + AT_ONCE,
            Case::Expired | Case::Outdated | Case::Killed | Case::Hung => AT_ONCE,
        }
    }

    /// What all visitors are answered with.
    pub fn status(self) -> u16 {
        if self == Case::HungCold { 504 } else { 200 }
    }

    /// What is wanted of the origin, in words.
    pub fn aim(self) -> &'static str {
        match self {
            Case::Cold | Case::Expired | Case::Outdated | Case::HungCold => "one request reaches the origin",
            Case::Hung => "at most one for each crowd reaches the origin",
            Case::Killed => "all are served",
            Case::Unstorable | Case::KnownUnstorable => "each has an answer of its own",
        }
    }
}
