//! What the log is told of events.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::error::PortError;
use crate::event::{Event, TaskEnd};
use crate::time::Timestamp;

/// How long failures of one kind are only counted after one of them was told.
const QUIET: Duration = Duration::from_secs(30);
/// Kinds of failures that are told apart at most; all others are one kind.
const KINDS_MAX: usize = 64;

/// What the log has been told. A store that is down fails at every request, and a line for each would hide all else.
#[derive(Debug, Default)]
pub(crate) struct Log(Mutex<HashMap<Kind, Told>>);

/// Failures that are told together: of one step of one port, whether or not they may pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Kind {
    Of { port: &'static str, operation: &'static str, retryable: bool },
    Other,
}

/// The last line of a kind, and how many came after it that had none.
#[derive(Clone, Copy, Debug)]
struct Told {
    at: Timestamp,
    untold: u64,
}

impl Log {
    /// Tells the log of an event: a warning for what somebody should look at.
    pub fn tell(&self, event: &Event<'_>, now: impl Fn() -> Timestamp) {
        match event {
            Event::LoadEnded { key, end, took, reason: Some(reason) } => {
                tracing::warn!(target: "freshen", %key, ?end, ?took, reason, "load ended without a value");
            }
            Event::LoadEnded { key, end, took, reason: None } => {
                tracing::debug!(target: "freshen", %key, ?end, ?took, "load ended")
            }
            Event::PortFailed { error } => {
                if let Some(untold) = self.untold(error, now()) {
                    tracing::warn!(target: "freshen", %error, untold, "going on without");
                }
            }
            Event::Undecodable { key, reason } => {
                tracing::warn!(target: "freshen", %key, reason, "a stored value does not decode")
            }
            // A retried task's load has been told already.
            Event::TaskEnded { key, end: TaskEnd::Quarantined, reason, queue } => {
                let key = key.map(tracing::field::display);
                tracing::warn!(target: "freshen", key, queue, reason, "task quarantined");
            }
            Event::WarmUpFailed { job, reason } => {
                tracing::warn!(target: "freshen", job, reason, "a scheduled warm-up enqueued nothing")
            }
            Event::NearDistrusted { .. } => {
                tracing::warn!(target: "freshen", "bus messages were lost: the near tier answers nothing")
            }
            // Hits are told to observers only: formatting them would cost more than they do.
            Event::Answered { .. } => {}
            event => tracing::debug!(target: "freshen", ?event),
        }
    }

    /// How many of its kind were not told before this one, which is; `None`: nor is this one.
    fn untold(&self, error: &PortError, now: Timestamp) -> Option<u64> {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let own = Kind::Of { port: error.port, operation: error.operation, retryable: error.retryable };
        let kind = if told.contains_key(&own) || told.len() < KINDS_MAX { own } else { Kind::Other };
        let last = told.get(&kind).copied();
        let (next, untold) = judge(last, now);
        told.insert(kind, next);
        untold
    }
}

/// Whether a failure is told, with how many before it that were not, and what is remembered then.
fn judge(last: Option<Told>, now: Timestamp) -> (Told, Option<u64>) {
    match last {
        Some(Told { at, untold }) if now.since(at) < QUIET => (Told { at, untold: untold.saturating_add(1) }, None),
        last => (Told { at: now, untold: 0 }, Some(last.map_or(0, |last| last.untold))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(secs: u64) -> Timestamp {
        Timestamp::from_micros(secs * 1_000_000)
    }

    fn down(port: &'static str, operation: &'static str) -> PortError {
        PortError::passing(port, operation, "down")
    }

    #[test]
    fn the_first_failure_of_a_kind_is_told_and_then_one_a_while_with_the_count_of_the_others() {
        let log = Log::default();
        let read = down("store", "read");
        let told: Vec<_> = [0, 1, 29, 30, 31, 100].map(|secs| log.untold(&read, at(secs))).into();
        assert_eq!(told, [Some(0), None, None, Some(2), None, Some(1)]);
        assert_eq!(log.untold(&read, at(1000)), Some(0), "nothing was left out");
    }

    #[test]
    fn a_failure_of_another_port_or_step_or_one_that_will_not_pass_is_a_kind_of_its_own() {
        let log = Log::default();
        let lasting = PortError::lasting("store", "read", "too large");
        for error in [down("store", "read"), down("store", "begin"), down("queue", "read"), lasting] {
            assert_eq!((log.untold(&error, at(0)), log.untold(&error, at(0))), (Some(0), None), "{error}");
        }
    }

    #[test]
    fn kinds_beyond_the_bound_are_told_as_one() {
        let log = Log::default();
        let names: Vec<&str> = (0..2 * KINDS_MAX).map(|number| &*number.to_string().leak()).collect();
        let told = names.iter().filter(|name| log.untold(&down("store", name), at(0)) == Some(0)).count();
        assert_eq!((told, log.0.lock().unwrap().len()), (KINDS_MAX + 1, KINDS_MAX + 1));
        assert_eq!(log.untold(&down("store", names[0]), at(30)), Some(0), "those within it as ever");
        assert_eq!(log.untold(&down("store", "new"), at(30)), Some(KINDS_MAX as u64 - 1));
    }
}
