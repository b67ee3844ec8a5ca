//! What a visitor is shown: the page and `/state.json` are two forms of it.

use std::borrow::Cow;
use std::time::Duration;

use freshen::{Answer, GetError, Policy, Rule, Status};
use serde::{Deserialize, Serialize};

use crate::demo::burst::Burst;
use crate::demo::fetch::FetchError;
use crate::demo::hand::InHand;
use crate::demo::job::Kept;
use crate::demo::list_page::LastAnswer;
use crate::demo::listing::Listing;
use crate::demo::loads::{CutTold, LoadTold};
use crate::demo::names;
use crate::demo::place::Place;
use crate::demo::roll::Roll;
use crate::demo::stats::{Numbers, millis};
use crate::demo::switches::Standing;
use crate::demo::tasks::Tasks;
use crate::demo::timeline::Mark;
use crate::demo::words::Words;

/// What one caller got, and what happened so far. The names are those of `/state.json`.
#[derive(Debug, Serialize)]
pub struct View {
    /// Where the list comes from, without credentials and query.
    pub source: String,
    /// Whether that is the demo's own slow upstream.
    pub source_is_own: bool,
    pub policy: Times,
    /// `served` or `refused`.
    #[serde(flatten)]
    pub outcome: Outcome,
    /// How long this caller waited.
    pub waited_ms: f64,
    /// Which process answered.
    pub by: Option<&'static str>,
    /// Loads under way at this moment.
    pub loads_under_way: usize,
    /// Whether the store can be read at this moment; nothing where no process tells.
    pub store_answers: Option<bool>,
    /// The record's value at this moment; nothing where there is none, or it cannot be read.
    pub in_hand: Option<InHand>,
    /// How the list's own page was answered last; nothing before the first time.
    pub list_page: Option<LastAnswer>,
    /// What is in the queue; nothing where it cannot be reached.
    pub tasks: Option<Tasks>,
    pub near: Near,
    pub switches: Standing,
    /// Whether the workers take no tasks.
    pub workers_frozen: bool,
    /// The last 200 requests at once.
    pub burst: Option<Burst>,
    /// Pages that are open.
    pub viewers: usize,
    /// Tells one run of the binary from the next.
    pub run: String,
    pub numbers: Numbers,
    /// The newest answers, the oldest first.
    pub timeline: Vec<Mark>,
    /// The newest loads, the newest first.
    pub loads: Vec<LoadTold>,
    /// The newest load that was cut off with its process.
    pub cut: Option<CutTold>,
    /// The processes, where there are several.
    pub fleet: Option<Roll>,
    pub words: Words,
}

/// What the near tier holds.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Near {
    pub values: usize,
    pub bytes: u64,
}

/// The policy's times.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Times {
    pub ttl_ms: f64,
    pub stale_while_revalidate_ms: f64,
    pub stale_if_error_ms: f64,
    pub soft_timeout_ms: Option<f64>,
    pub load_timeout_ms: f64,
}

/// What a `get` ended with.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Served(Served),
    Refused(Refused),
}

/// A list, and why it was served.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Served {
    #[serde(with = "names::status")]
    pub status: Status,
    #[serde(with = "names::rule")]
    pub rule: Rule,
    /// Status and rule in words.
    pub why: Cow<'static, str>,
    pub age_ms: f64,
    /// Where it was loaded.
    pub loaded_by: Place,
    /// Its lines, and how many more there were. Viewers are sent it apart, when it has changed.
    #[serde(flatten)]
    pub list: Option<Listing>,
}

/// Why there is no list.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Refused {
    /// Which error, as one word.
    pub error: Cow<'static, str>,
    pub reason: String,
    /// When trying again helps.
    pub retry_after_ms: f64,
    /// Whether no process has answered at all; none says so of itself.
    #[serde(skip)]
    pub by_nobody: bool,
}

impl Times {
    /// Of this policy.
    pub fn of(policy: &Policy) -> Times {
        let windows = policy.windows();
        Times {
            ttl_ms: millis(windows.ttl),
            stale_while_revalidate_ms: millis(windows.stale_while_revalidate),
            stale_if_error_ms: millis(windows.stale_if_error),
            soft_timeout_ms: policy.soft_timeout().map(millis),
            load_timeout_ms: millis(policy.load_timeout()),
        }
    }
}

impl Outcome {
    /// Of a `get`.
    pub fn of(got: Result<Answer<Kept>, GetError<FetchError>>) -> Outcome {
        match got {
            Ok(answer) => Outcome::Served(Served {
                status: answer.status(),
                rule: answer.rule(),
                why: why(answer.status(), answer.rule()).into(),
                age_ms: millis(answer.age()),
                loaded_by: answer.by,
                list: Some(answer.list.clone()),
            }),
            Err(error) => Outcome::Refused(Refused::of(error)),
        }
    }

    /// The status, or `refused`.
    pub fn status(&self) -> &'static str {
        match self {
            Outcome::Served(served) => served.status.as_str(),
            Outcome::Refused(_) => "refused",
        }
    }

    /// Why no process answered, if none did.
    pub fn of_nobody(&self) -> Option<&str> {
        match self {
            Outcome::Refused(Refused { by_nobody: true, reason, .. }) => Some(reason),
            _ => None,
        }
    }

    /// The list, if there is one.
    pub fn list(&self) -> Option<&Listing> {
        match self {
            Outcome::Served(served) => served.list.as_ref(),
            Outcome::Refused(_) => None,
        }
    }
}

/// When it is worth another look, where nothing else is known.
const SOON: Duration = Duration::from_secs(1);

impl Refused {
    /// No process has answered.
    pub fn of_nobody(error: &'static str, reason: String) -> Refused {
        Refused { error: error.into(), reason, retry_after_ms: millis(SOON), by_nobody: true }
    }

    fn of(error: GetError<FetchError>) -> Refused {
        let (error, reason, retry_after) = match error {
            GetError::Load { source, .. } => ("load-failed", source.to_string(), SOON),
            GetError::TimedOut { after, .. } => (
                "timed-out",
                format!("the source did not send its whole answer within {after:?}; check that --source ends"),
                SOON,
            ),
            GetError::CoolingDown { reason, retry_after, .. } => ("cooling-down", reason, retry_after),
            GetError::Closed => ("closed", "the demo is ending".into(), SOON),
            GetError::Panicked { message, .. } => ("panicked", message, SOON),
            _ => ("other", "no value could be had".into(), SOON),
        };
        Refused { error: error.into(), reason, retry_after_ms: millis(retry_after), by_nobody: false }
    }

    /// In whole seconds, as the `Retry-After` header wants it.
    pub fn retry_after_secs(&self) -> u64 {
        (self.retry_after_ms / 1000.0).ceil().max(1.0) as u64
    }
}

/// Status and rule in words.
fn why(status: Status, rule: Rule) -> &'static str {
    match (status, rule) {
        (Status::Hit, _) => "it is within its ttl, so the source was not asked",
        (Status::Stale, Rule::WithinStale) => {
            "its ttl is over: it was served at once, and it is loaded again behind this request"
        }
        (Status::Stale, _) => "it was invalidated: it was served at once, and it is loaded again behind this request",
        (Status::Loaded, Rule::WithinStaleIfError) => {
            "the one in hand was too stale, so this request waited for the source"
        }
        (Status::Loaded, Rule::InvalidatedHard) => {
            "the one in hand was invalidated hard and is never served again, so this request waited for the source"
        }
        (Status::Loaded, Rule::StoreDown) => {
            "the store cannot be reached and this process had none, so this request waited for the source"
        }
        (Status::Loaded, _) => "nothing was in hand, so this request waited for the source",
        (Status::Fallback, Rule::SoftTimeout) => "the one in hand is very stale, but the source takes too long",
        (Status::Fallback, _) => "the one in hand is very stale, but the source fails",
        (Status::Empty, _) => "nothing is in hand yet, and the policy says not to wait",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_retry_is_never_in_zero_seconds() {
        let refused = Refused::of_nobody("x", String::new());
        let secs = |retry_after_ms| Refused { retry_after_ms, ..refused.clone() }.retry_after_secs();
        assert_eq!([secs(0.0), secs(1.0), secs(1000.0), secs(1000.1)], [1, 1, 1, 2]);
    }

    #[test]
    fn each_status_has_its_words() {
        let words: std::collections::HashSet<_> = Status::ALL.map(|status| why(status, Rule::WithinStale)).into();
        assert_eq!(words.len(), Status::ALL.len());
        assert_ne!(why(Status::Loaded, Rule::StoreDown), why(Status::Loaded, Rule::Missing));
        assert_ne!(why(Status::Fallback, Rule::SoftTimeout), why(Status::Fallback, Rule::LoadFailed));
    }
}
