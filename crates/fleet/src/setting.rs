//! What a member is told when it starts.

use std::net::SocketAddr;
use std::time::Duration;

use freshen_core::{Policy, PolicyBuilder};
use serde::{Deserialize, Serialize};

/// The settings of a member. All members of a fleet agree on the servers and the prefix.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Setting {
    /// Where the servers are, as the adapter reads it.
    pub url: String,
    /// What its keys begin with.
    pub prefix: String,
    /// Tasks that it refreshes at once; none leaves refreshing to others.
    pub workers: usize,
    /// How long a value is fresh.
    pub ttl: Duration,
    /// How long after that it is served while it is refreshed.
    pub stale: Duration,
    /// How long after both it is served when a load fails.
    pub on_error: Duration,
    /// How long a load may hold a key.
    pub lease: Duration,
    /// How long a load may run.
    pub load_timeout: Duration,
    /// How long the near tier answers without a look at the store.
    pub near_bound: Duration,
    /// The time between heartbeats.
    pub heartbeat: Duration,
    /// How long a server may take to connect and to answer, and for how long a command is tried again.
    pub patience: Duration,
    /// How long a task that was pulled may be held.
    pub visibility: Duration,
    /// How long a task that was asked for keeps others from asking.
    pub task_deadline: Duration,
    /// Tasks that may wait.
    pub queue_bound: usize,
    /// By how many minutes its clock is ahead.
    pub minutes_ahead: i64,
    /// Bytes that a value has besides its version.
    pub filler_bytes: usize,
    /// Whether its values have a field more than those of the others.
    pub newer: bool,
    /// Whether what is lost reads as invalidated hard.
    pub lost_hard: bool,
    /// What is wrong with it.
    pub defect: Option<Defect>,
    /// Where the source is; the fleet fills it in.
    pub source: Option<SocketAddr>,
}

/// What may be wrong with a member, so that a test can see that it is found, or has it where it wants it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Defect {
    /// It announces each commit and never makes it.
    HoldsCommits,
    /// Its store installs what was loaded without the lease in force.
    IgnoresTokens,
    /// Its store loses marks that it was asked to set.
    LosesMarks,
    /// Its bus loses messages, and closes up the numbers of those that follow.
    LosesMessages,
}

impl Setting {
    /// A member without workers of a fleet on these servers.
    pub fn new(url: impl Into<String>, prefix: impl Into<String>) -> Setting {
        let second = Duration::from_secs(1);
        Setting {
            url: url.into(),
            prefix: prefix.into(),
            workers: 0,
            ttl: 600 * second,
            stale: 3600 * second,
            on_error: 3600 * second,
            lease: 2 * second,
            load_timeout: Duration::from_millis(1900),
            near_bound: second,
            heartbeat: Duration::from_millis(200),
            patience: second,
            visibility: 3 * second,
            task_deadline: 60 * second,
            queue_bound: 100_000,
            minutes_ahead: 0,
            filler_bytes: 16,
            newer: false,
            lost_hard: true,
            defect: None,
            source: None,
        }
    }

    /// The same with so many workers.
    #[must_use]
    pub fn workers(&self, workers: usize) -> Setting {
        Setting { workers, ..self.clone() }
    }

    pub(crate) fn policy(&self) -> PolicyBuilder {
        let moment = Duration::from_millis(100);
        Policy::builder()
            .ttl(self.ttl)
            .stale_while_revalidate(self.stale)
            .stale_if_error(self.on_error)
            .jitter(0.0)
            .lease(self.lease)
            .load_timeout(self.load_timeout)
            .backoff(moment, 5 * moment)
            .attempts(1000)
    }
}
