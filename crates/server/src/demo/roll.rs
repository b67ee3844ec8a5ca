//! The fleet as it is shown: who is where, and what each did.

use serde::Serialize;

use crate::demo::fleet::Fleet;
use crate::demo::post::Post;
use crate::demo::process::Phase;
use crate::demo::stats::Stats;
use crate::demo::tally::Counts;

/// All processes of a fleet. The names are those of `/state.json`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Roll {
    /// Where the store is, without its password.
    pub store: String,
    /// What all names there begin with, for the commands of operators.
    pub prefix: String,
    /// The command that looks at the list there; nothing where the source makes no key.
    pub look: Option<String>,
    /// Requests that were answered, wherever.
    pub requests: u64,
    pub members: Vec<Entry>,
}

/// One place, who holds it, and what that process did. The names are those of `/state.json`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Entry {
    pub name: &'static str,
    /// The name in `/actions/kill-…`, `/actions/revive-…` and `/metrics/…`.
    pub slug: &'static str,
    /// The id of the process, or of the last one.
    pub pid: u32,
    /// `starting`, `alive`, `silent` where it gives no sign of life, `killed` or `ended`.
    pub state: &'static str,
    /// How it ended, where nobody killed it from the page.
    pub ended: Option<String>,
    pub serves: bool,
    pub hit: u64,
    pub stale: u64,
    /// Requests that waited, or got an error.
    pub missed: u64,
    /// Loads that were stored.
    pub loaded: u64,
    pub failed: u64,
}

impl Roll {
    /// Of a fleet; nothing of a process that is alone.
    pub fn of(fleet: &Fleet, stats: &Stats) -> Option<Roll> {
        let troupe = fleet.troupe()?;
        let members = fleet.posts().iter().map(|post| Entry::of(post, stats.of(post.place()))).collect();
        let requests = stats.counts().requests();
        let (store, prefix) = (troupe.store.clone(), troupe.part.prefix.clone());
        Some(Roll { store, prefix, look: troupe.look(), requests, members })
    }

    /// What those that refresh are doing: one who is alive is enough.
    pub fn workers(&self) -> &'static str {
        let workers: Vec<_> = self.members.iter().filter(|member| !member.serves).map(|member| member.state).collect();
        match workers {
            workers if workers.contains(&"alive") => "working",
            workers if workers.contains(&"starting") => "starting",
            workers if workers.contains(&"silent") => "not answering",
            workers if workers.iter().all(|state| *state == "killed") => "all killed",
            _ => "all gone",
        }
    }
}

impl Entry {
    /// Whether its process is gone.
    pub fn is_gone(&self) -> bool {
        matches!(self.state, "killed" | "ended")
    }

    fn of(post: &Post, counts: Counts) -> Entry {
        let place = post.place();
        let (state, ended) = match post.phase() {
            Phase::Starting => ("starting", None),
            Phase::Alive if post.is_silent() => ("silent", None),
            Phase::Alive => ("alive", None),
            Phase::Killed => ("killed", None),
            Phase::Ended(status) => ("ended", Some(status)),
        };
        Entry {
            name: place.name(),
            slug: place.slug(),
            pid: post.pid(),
            state,
            ended,
            serves: place.serves(),
            hit: counts.answers.hit,
            stale: counts.answers.stale,
            missed: counts.missed(),
            loaded: counts.loads.stored,
            failed: counts.loads.failed,
        }
    }
}
