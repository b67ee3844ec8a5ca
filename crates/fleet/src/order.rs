//! What a parent tells a member to do, and what it answers.

use std::time::Duration;

use freshen_core::Status;
use serde::{Deserialize, Serialize};

/// Something to do.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Order {
    /// Gets each key with so many callers at once. A strict caller takes only what is fresh.
    Get {
        /// The keys.
        keys: Vec<u32>,
        /// Callers of each.
        callers: usize,
        /// Whether only what is fresh will do.
        strict: bool,
    },
    /// Outdates.
    Invalidate(What, Force),
    /// Writes a key at the source and puts what was written.
    Put(u32),
    /// Deletes a key's record.
    Remove(u32),
    /// Lets the member's workers take tasks, or not.
    Work(bool),
    /// What is in the queue.
    Depth,
    /// What is known of a key.
    Explain(u32),
    /// Ends the member, when what is under way has ended.
    ShutDown,
}

/// What is outdated.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum What {
    /// One key.
    Key(u32),
    /// All keys with a tag.
    Tag(String),
    /// All keys.
    Namespace,
}

/// How it is outdated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Force {
    /// What is stale may be served.
    Soft,
    /// It may not.
    Hard,
}

/// What came of an order.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Reply {
    /// One for each caller, those of one key together.
    Served(Vec<Served>),
    /// It is done, or why not.
    Done(Result<(), String>),
    /// The version that was put, or why none was: the source may have been written.
    Put(Result<u64, String>),
    /// Tasks that are ready, delayed, held and in quarantine.
    Depth(Result<[u64; 4], String>),
    /// An explanation.
    Text(String),
}

/// What one caller was served.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Served {
    /// The key.
    pub key: u32,
    /// How, and the version; or the error.
    pub how: Result<(How, u64), String>,
    /// How long the caller waited.
    pub waited: Duration,
}

/// How a caller was served.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum How {
    /// Fresh, and in hand.
    Hit,
    /// Stale, and in hand.
    Stale,
    /// Waited for.
    Loaded,
    /// An older one, because the load failed or took too long.
    Fallback,
    /// The job's empty value.
    Empty,
}

impl How {
    /// Whether the cache calls it fresh.
    pub fn is_fresh(self) -> bool {
        matches!(self, How::Hit | How::Loaded)
    }
}

impl From<Status> for How {
    fn from(status: Status) -> How {
        match status {
            Status::Hit => How::Hit,
            Status::Stale => How::Stale,
            Status::Loaded => How::Loaded,
            Status::Fallback => How::Fallback,
            Status::Empty => How::Empty,
        }
    }
}
