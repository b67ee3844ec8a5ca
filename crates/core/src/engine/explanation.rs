//! Why a job would be answered as it would: what is stored, and what a `get` would do now.

use std::fmt;
use std::time::Duration;

use crate::entry::{Facts, Generation, Tag};
use crate::event::Rule;
use crate::key::Key;
use crate::policy::Windows;
use crate::store::{Currency, Mark, Scope, Trouble};
use crate::time::Timestamp;

/// What is known about one job, and what a `get` without wishes would do at this moment. Its text is for people; see
/// [`Cache::explain`](crate::Cache::explain).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Explanation {
    /// The job's key.
    pub key: Key,
    /// The store's clock, or this process's where the store cannot be read. All spans are counted from here.
    pub now: Timestamp,
    /// What this process's near tier holds.
    pub near: Option<Held>,
    /// What the store has.
    pub stored: Stored,
    /// The marks of the value's tags and namespace, each joined with the floor: one that is not below the value's generation
    /// outdates it.
    pub marks: Vec<(Scope, Mark)>,
    /// The lease in force: for how long, and who has it.
    pub lease: Option<(Duration, Holder)>,
    /// The queue of the job's refreshes.
    pub queue: String,
    /// For how long a queued task keeps others from asking.
    pub asked_for: Option<Duration>,
    /// What went wrong since the last stored load.
    pub trouble: Option<Trouble>,
    /// What a `get` would do.
    pub action: Action,
    /// The rule by which it would.
    pub rule: Rule,
}

/// A value that is held somewhere, without the value.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Held {
    /// What it is judged by.
    pub facts: Facts,
    /// Whether anything outdated it, apart from its age. `None`: the near tier may not answer with it.
    pub currency: Option<Currency>,
    /// Its tags.
    pub tags: Vec<Tag>,
}

/// What the store has under a key.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Stored {
    /// Nothing, or nothing that has not ended.
    Nothing,
    /// A value.
    Value(Held),
    /// Bytes of another version of the job, of this generation.
    Undecodable(Generation, String),
    /// It could not be read.
    Unreachable(String),
}

/// Who holds a lease.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Holder {
    /// A load is under way in this process; it may itself be waiting for another one.
    ThisProcess,
    /// Nobody loads it here: another process has it, one that has died, or a put. It has a name where the store keeps one.
    AnotherProcess(Option<Box<str>>),
}

/// What a `get` would do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Action {
    /// Serve what is in hand.
    Serve,
    /// Serve what is in hand, and have it refreshed.
    ServeAndRefresh,
    /// Answer with the job's empty value, and have it loaded.
    AnswerEmpty,
    /// Load it, and wait.
    Load,
    /// Wait for a load that is under way, here or in another process.
    Follow,
    /// Load nothing, because a load failed a moment ago: serve the fallback if one is in hand, else the error.
    CoolDown,
}

impl Action {
    fn as_str(self) -> &'static str {
        match self {
            Action::Serve => "serve it",
            Action::ServeAndRefresh => "serve it and have it refreshed",
            Action::AnswerEmpty => "answer with the empty value and have it loaded",
            Action::Load => "load it and wait",
            Action::Follow => "wait for the load that is under way",
            Action::CoolDown => "not load, because a load failed a moment ago",
        }
    }
}

impl Explanation {
    /// The marks that outdate what the store has.
    fn outdating(&self) -> impl Iterator<Item = &(Scope, Mark)> {
        let generation = match &self.stored {
            Stored::Value(held) => Some(held.facts.generation.number),
            _ => None,
        };
        self.marks.iter().filter(move |(_, mark)| generation.is_some_and(|number| mark.newest() >= number))
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.key)?;
        match &self.near {
            Some(held) => writeln!(f, "near    {}", held.text(self.now))?,
            None => writeln!(f, "near    nothing")?,
        }
        match &self.stored {
            Stored::Nothing => writeln!(f, "store   nothing")?,
            Stored::Value(held) => writeln!(f, "store   {}", held.text(self.now))?,
            Stored::Undecodable(_, reason) => writeln!(f, "store   bytes that do not decode: {reason}")?,
            Stored::Unreachable(reason) => writeln!(f, "store   cannot be read: {reason}")?,
        }
        for (scope, mark) in self.outdating() {
            writeln!(f, "mark    {scope}: soft at {}, hard at {}", mark.soft, mark.hard)?;
        }
        if let Some((left, holder)) = &self.lease {
            writeln!(f, "lease   held by {holder} for {left:?} more")?;
        }
        if let Some(left) = self.asked_for {
            writeln!(f, "task    on its way in queue {}, for {left:?} more nobody else asks", self.queue)?;
        }
        if let Some(Trouble { failures, retry_at, reason }) = &self.trouble {
            let retry = self.now.until(*retry_at);
            writeln!(f, "trouble {failures} failed in a row, next attempt in {retry:?}: {reason}")?;
        }
        write!(f, "get     would {} ({})", self.action.as_str(), self.rule.as_str())
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Holder::ThisProcess => f.write_str("this process"),
            Holder::AnotherProcess(None) => f.write_str("another process"),
            // It was read from a store: no order to a terminal.
            Holder::AnotherProcess(Some(name)) => write!(f, "{}", name.escape_debug()),
        }
    }
}

impl Held {
    fn text(&self, now: Timestamp) -> String {
        let Facts { loaded_at, generation, windows, absent, .. } = self.facts;
        let Windows { ttl, stale_while_revalidate, stale_if_error } = windows;
        let mut text =
            format!("loaded {:?} ago at generation {}, fresh for {ttl:?}", now.since(loaded_at), generation.number);
        for (window, name) in [(stale_while_revalidate, "stale"), (stale_if_error, "for errors")] {
            if !window.is_zero() {
                text += &format!(", then {name} for {window:?}");
            }
        }
        text += match self.currency {
            Some(Currency::Current) => ", outdated by nothing",
            Some(Currency::OutdatedSoft) => ", invalidated softly",
            Some(Currency::OutdatedHard) => ", invalidated hard",
            None => ", not to be trusted here",
        };
        text += if absent { ", absent" } else { "" };
        for (at, tag) in self.tags.iter().enumerate() {
            text += if at == 0 { ", tags " } else { " " };
            text += tag.as_str();
        }
        text
    }
}
