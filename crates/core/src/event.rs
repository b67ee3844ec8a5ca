//! What the engine decided, told to whoever observes it.

use std::time::Duration;

use crate::entry::Strength;
use crate::error::PortError;
use crate::key::Key;
use crate::scope::Target;

/// What a caller was served.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// A fresh value that was in hand.
    Hit,
    /// A stale value that was in hand; a refresh runs behind the request or was asked for.
    Stale,
    /// The value of a load that this caller waited for.
    Loaded,
    /// An older value, because the load it should have come from failed or took too long.
    Fallback,
    /// The job's empty value: nothing was in hand and the policy says not to wait.
    Empty,
}

impl Status {
    /// All of them.
    pub const ALL: [Status; 5] = [Status::Hit, Status::Stale, Status::Loaded, Status::Fallback, Status::Empty];

    /// Its name in metrics and logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Status::Hit => "hit",
            Status::Stale => "stale",
            Status::Loaded => "loaded",
            Status::Fallback => "fallback",
            Status::Empty => "empty",
        }
    }
}

/// The rule that decided an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Rule {
    /// Within its ttl, and nothing outdated it.
    Fresh,
    /// Within its ttl, but so near its end that it is refreshed early.
    EarlyRefresh,
    /// Past its ttl, within stale-while-revalidate.
    WithinStale,
    /// Softly invalidated, within stale-while-revalidate.
    Invalidated,
    /// Nothing under the key, or past its last window.
    Missing,
    /// Past stale-while-revalidate, within stale-if-error.
    WithinStaleIfError,
    /// Invalidated hard.
    InvalidatedHard,
    /// Staler than this caller accepts.
    TooStale,
    /// Not newer than the write that this caller wants to see.
    BehindWrite,
    /// Inside a load, where only what is fresh counts.
    Strict,
    /// The bytes in the store do not decode.
    Undecodable,
    /// The store could not be read.
    StoreDown,
    /// The caller asked for a load.
    Demanded,
    /// The load took longer than the soft timeout.
    SoftTimeout,
    /// The load failed.
    LoadFailed,
}

impl Rule {
    /// All of them.
    pub const ALL: [Rule; 15] = [
        Rule::Fresh,
        Rule::EarlyRefresh,
        Rule::WithinStale,
        Rule::Invalidated,
        Rule::Missing,
        Rule::WithinStaleIfError,
        Rule::InvalidatedHard,
        Rule::TooStale,
        Rule::BehindWrite,
        Rule::Strict,
        Rule::Undecodable,
        Rule::StoreDown,
        Rule::Demanded,
        Rule::SoftTimeout,
        Rule::LoadFailed,
    ];

    /// Its name in metrics and logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Rule::Fresh => "fresh",
            Rule::EarlyRefresh => "early-refresh",
            Rule::WithinStale => "within-stale",
            Rule::Invalidated => "invalidated",
            Rule::Missing => "missing",
            Rule::WithinStaleIfError => "within-stale-if-error",
            Rule::InvalidatedHard => "invalidated-hard",
            Rule::TooStale => "too-stale",
            Rule::BehindWrite => "behind-write",
            Rule::Strict => "strict",
            Rule::Undecodable => "undecodable",
            Rule::StoreDown => "store-down",
            Rule::Demanded => "demanded",
            Rule::SoftTimeout => "soft-timeout",
            Rule::LoadFailed => "load-failed",
        }
    }
}

/// How a load ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LoadEnd {
    /// Installed.
    Stored,
    /// Outdated while it ran.
    Outdated,
    /// Its lease was taken or voided: discarded.
    Lost,
    /// Served to those who waited, but not kept: the store was down, refuses the value, or keeps another version's.
    NotKept,
    /// The job's own error.
    Failed,
    /// Longer than the load timeout.
    TimedOut,
    /// The job's code panicked.
    Panicked,
    /// `validate` refused the value, or its tags or validators were out of bounds.
    Refused,
}

impl LoadEnd {
    /// All of them.
    pub const ALL: [LoadEnd; 8] = [
        LoadEnd::Stored,
        LoadEnd::Outdated,
        LoadEnd::Lost,
        LoadEnd::NotKept,
        LoadEnd::Failed,
        LoadEnd::TimedOut,
        LoadEnd::Panicked,
        LoadEnd::Refused,
    ];

    /// Its name in metrics and logs.
    pub fn as_str(self) -> &'static str {
        match self {
            LoadEnd::Stored => "stored",
            LoadEnd::Outdated => "outdated",
            LoadEnd::Lost => "lost",
            LoadEnd::NotKept => "not-kept",
            LoadEnd::Failed => "failed",
            LoadEnd::TimedOut => "timed-out",
            LoadEnd::Panicked => "panicked",
            LoadEnd::Refused => "refused",
        }
    }
}

/// How the turn of a task ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TaskEnd {
    /// The key is fresh.
    Done,
    /// To be tried again, one attempt counted.
    Retried,
    /// Not its turn: put back.
    PutBack,
    /// Set aside.
    Quarantined,
    /// The queue did not take how it ended: it could not be reached, or had given the task to another meanwhile. Unless that
    /// one ends it, it comes again.
    Unsettled,
}

impl TaskEnd {
    /// All of them.
    pub const ALL: [TaskEnd; 5] =
        [TaskEnd::Done, TaskEnd::Retried, TaskEnd::PutBack, TaskEnd::Quarantined, TaskEnd::Unsettled];

    /// Its name in metrics and logs.
    pub fn as_str(self) -> &'static str {
        match self {
            TaskEnd::Done => "done",
            TaskEnd::Retried => "retried",
            TaskEnd::PutBack => "put-back",
            TaskEnd::Quarantined => "quarantined",
            TaskEnd::Unsettled => "unsettled",
        }
    }
}

/// Why no refresh was asked for; the stale value was served all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dropped {
    /// The queue is at its bound.
    QueueFull,
    /// The queue or the store could not be reached.
    Unreachable,
    /// This process has no room for one more refresh, or makes none.
    Governor,
    /// The cache is shutting down.
    Closing,
}

impl Dropped {
    /// All of them.
    pub const ALL: [Dropped; 4] = [Dropped::QueueFull, Dropped::Unreachable, Dropped::Governor, Dropped::Closing];

    /// Its name in metrics and logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Dropped::QueueFull => "queue-full",
            Dropped::Unreachable => "unreachable",
            Dropped::Governor => "governor",
            Dropped::Closing => "closing",
        }
    }
}

/// Something the engine decided or met.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// A caller was answered.
    Answered {
        /// The job.
        job: &'static str,
        /// What it was served.
        status: Status,
        /// Why.
        rule: Rule,
        /// How old the value was.
        age: Duration,
        /// How long the caller waited; zero where it did not wait.
        waited: Duration,
    },
    /// A caller got an error instead.
    Refused {
        /// The job.
        job: &'static str,
        /// How long the caller waited.
        waited: Duration,
    },
    /// The job's code is about to run.
    LoadBegan {
        /// The key.
        key: &'a Key,
    },
    /// The job's code has run.
    LoadEnded {
        /// The key.
        key: &'a Key,
        /// How it ended.
        end: LoadEnd,
        /// How long it took.
        took: Duration,
        /// What an error said.
        reason: Option<&'a str>,
    },
    /// A refresh was asked of the store.
    RefreshAsked {
        /// The key.
        key: &'a Key,
        /// Whether it was granted; otherwise the key is fresh, or a refresh is on its way already.
        granted: bool,
    },
    /// A refresh that should have been asked for was not.
    RefreshDropped {
        /// The key.
        key: &'a Key,
        /// Why.
        dropped: Dropped,
    },
    /// A task had its turn.
    TaskEnded {
        /// The name of the queue that it came from.
        queue: &'a str,
        /// The key, if it could be read.
        key: Option<&'a Key>,
        /// How it ended.
        end: TaskEnd,
        /// Why, where it did not end well.
        reason: Option<&'a str>,
    },
    /// Something was invalidated by this process.
    Invalidated {
        /// What.
        target: &'a Target,
        /// How.
        strength: Strength,
    },
    /// A record was removed by this process.
    Removed {
        /// The key.
        key: &'a Key,
    },
    /// A scheduled warm-up enqueued nothing, because its list could not be had or names a job that makes no key.
    WarmUpFailed {
        /// The job.
        job: &'static str,
        /// Why.
        reason: &'a str,
    },
    /// A store, queue or bus failed, and the engine went on without it.
    PortFailed {
        /// What it said.
        error: &'a PortError,
    },
    /// A stored value does not decode into the job's type.
    Undecodable {
        /// The key.
        key: &'a Key,
        /// Why not.
        reason: &'a str,
    },
    /// The near tier stopped answering for the keys of a partition: messages of the bus were lost.
    NearDistrusted {
        /// Which of the store's partitions.
        partition: u32,
    },
    /// The near tier answers for the keys of a partition again.
    NearTrusted {
        /// Which of the store's partitions.
        partition: u32,
    },
}

/// Hears every [`Event`]. Called on the path of requests: it must be quick, and must not call back into the cache. A panic of it
/// is logged and harms nobody.
pub trait Observer: Send + Sync + 'static {
    /// Takes note of an event.
    fn observe(&self, event: &Event<'_>);
}

impl<O: Observer + ?Sized> Observer for std::sync::Arc<O> {
    fn observe(&self, event: &Event<'_>) {
        (**self).observe(event);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whoever counts by them keeps a place for each at its number.
    #[test]
    fn the_lists_are_whole_and_in_order() {
        let (statuses, rules) = (Status::ALL.map(|status| status as usize), Rule::ALL.map(|rule| rule as usize));
        let (loads, tasks) = (LoadEnd::ALL.map(|end| end as usize), TaskEnd::ALL.map(|end| end as usize));
        let dropped = Dropped::ALL.map(|dropped| dropped as usize);
        for (list, last) in [
            (&statuses[..], Status::Empty as usize),
            (&rules[..], Rule::LoadFailed as usize),
            (&loads[..], LoadEnd::Refused as usize),
            (&tasks[..], TaskEnd::Unsettled as usize),
            (&dropped[..], Dropped::Closing as usize),
        ] {
            assert_eq!(list, (0..=last).collect::<Vec<_>>());
        }
    }
}
