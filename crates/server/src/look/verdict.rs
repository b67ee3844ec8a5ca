//! Whether what is stored is fresh, and which rule says so.

use freshen::store::{Currency, Mark, Snapshot};
use freshen::{Entry, Generation};

use crate::output::rough;

/// The judgement of one record.
#[derive(Debug, PartialEq, Eq)]
pub struct Verdict {
    pub state: State,
    /// Why, for people.
    pub because: String,
}

/// How a reader would find it. Whether a job answers with it is the job's policy's business.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Nothing,
    Fresh,
    Stale,
    ForErrors,
    OutdatedHard,
}

impl State {
    pub fn as_str(self) -> &'static str {
        match self {
            State::Nothing => "nothing",
            State::Fresh => "fresh",
            State::Stale => "stale",
            State::ForErrors => "for-errors",
            State::OutdatedHard => "outdated-hard",
        }
    }
}

impl Verdict {
    pub fn of(found: &Snapshot) -> Verdict {
        let Some(entry) = &found.entry else {
            return Verdict { state: State::Nothing, because: "no value is stored, or its last window is over".into() };
        };
        let (facts, now) = (entry.facts, found.now);
        let state = match found.currency {
            Currency::OutdatedHard => State::OutdatedHard,
            Currency::Current if now < facts.fresh_until() => State::Fresh,
            _ if now < facts.stale_until() => State::Stale,
            _ => State::ForErrors,
        };
        let because = match found.currency {
            Currency::Current if state == State::Fresh => format!("for {} more", rough(now.until(facts.fresh_until()))),
            Currency::Current => format!("its ttl ended {} ago", rough(now.since(facts.fresh_until()))),
            _ => format!("outdated {}", outdated_by(found, entry)),
        };
        Verdict { state, because }
    }
}

/// What outdated an entry as it is: marks of that strength tell it, and where none does it was the record's own flag. What
/// outdated it softly is not why it is outdated hard.
fn outdated_by(found: &Snapshot, entry: &Entry) -> String {
    let generation = entry.facts.generation;
    if found.newest_mark.is_some_and(|mark| mark.epoch != generation.epoch) {
        return "because the store has lost its clock since, and with it the marks".into();
    }
    let tick = |mark: &Mark| if found.currency == Currency::OutdatedHard { mark.hard } else { mark.soft };
    let marks = found.marks.iter().filter(|(_, mark)| outdates(generation, tick(mark)));
    let scopes: Vec<String> = marks.map(|(scope, _)| scope.to_string()).collect();
    if scopes.is_empty() { "by its key".into() } else { format!("by the mark of {}", scopes.join(" and of ")) }
}

/// An equal tick outdates.
pub fn outdates(generation: Generation, tick: u64) -> bool {
    tick >= generation.number
}
