//! Why a load gave no value, with the job's error type erased.

use std::any::Any;
use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use crate::error::{CacheError, GetError, KeyError};
use crate::event::LoadEnd;
use crate::key::Key;
use crate::store::cut_reason;

/// Why a load gave no value. Shared by all who followed it.
#[derive(Clone, Debug)]
pub(crate) enum Fault {
    Failed {
        source: Arc<dyn Any + Send + Sync>,
        reason: Arc<str>,
        /// Whether the source is in trouble, so that the next attempts wait.
        cools: bool,
    },
    TimedOut(Duration),
    Panicked(Arc<str>),
    Refused(Arc<str>),
    Cooling {
        retry_after: Duration,
        reason: Arc<str>,
    },
    Cycle(Arc<[Key]>),
    Key(KeyError),
    NotRegistered(&'static str),
    /// Nothing was in hand, and the policy says not to wait.
    Empty,
    Outdated,
    /// Another process holds the key: a task's turn ends here.
    Busy {
        retry_after: Duration,
    },
    Closed,
}

impl Fault {
    /// What to tell operators, at most [`REASON_BYTES_MAX`](crate::store::REASON_BYTES_MAX) bytes: it goes into records, tasks,
    /// events and logs, and an error may carry all that a source answered.
    pub fn reason(&self) -> String {
        cut_reason(&self.whole_reason()).into_owned()
    }

    fn whole_reason(&self) -> Cow<'_, str> {
        match self {
            Fault::Failed { reason, .. } | Fault::Cooling { reason, .. } => (&**reason).into(),
            Fault::TimedOut(after) => format!("did not end within {after:?}").into(),
            Fault::Panicked(message) => format!("panicked: {message}").into(),
            Fault::Refused(reason) => format!("refused: {reason}").into(),
            Fault::Cycle(_) => "waits for itself".into(),
            Fault::Key(error) => error.to_string().into(),
            Fault::NotRegistered(job) => format!("job {job} is not registered").into(),
            Fault::Empty => "nothing in hand".into(),
            Fault::Busy { .. } => "held by another process".into(),
            Fault::Outdated => "every load was outdated before it ended".into(),
            Fault::Closed => "the cache has been shut down".into(),
        }
    }

    /// How a load that ended so is told to observers.
    pub fn end(&self) -> LoadEnd {
        match self {
            Fault::TimedOut(_) => LoadEnd::TimedOut,
            Fault::Panicked(_) => LoadEnd::Panicked,
            Fault::Refused(_) => LoadEnd::Refused,
            Fault::Outdated => LoadEnd::Outdated,
            _ => LoadEnd::Failed,
        }
    }

    /// Gives the job's error its type back.
    pub fn typed<E: Send + Sync + 'static>(self, key: impl FnOnce() -> Option<Key>) -> GetError<E> {
        let fault = match self {
            Fault::Key(error) => return GetError::Key(error),
            Fault::NotRegistered(job) => return GetError::NotRegistered { job },
            Fault::Cycle(cycle) => return GetError::Cycle { cycle: cycle.to_vec() },
            Fault::Closed => return GetError::Closed,
            fault => fault,
        };
        // Everything below came from a load, which had a key.
        let Some(key) = key() else { return GetError::Closed };
        match fault {
            Fault::Failed { source, reason, .. } => match source.downcast::<E>() {
                Ok(source) => GetError::Load { key, source },
                Err(_) => GetError::Refused { key, reason: reason.to_string() },
            },
            Fault::TimedOut(after) => GetError::TimedOut { key, after },
            Fault::Panicked(message) => GetError::Panicked { key, message: message.to_string() },
            Fault::Refused(reason) => GetError::Refused { key, reason: reason.to_string() },
            Fault::Cooling { retry_after, reason } => {
                GetError::CoolingDown { key, retry_after, reason: reason.to_string() }
            }
            Fault::Empty => GetError::Empty { key },
            _ => GetError::Outdated { key },
        }
    }
}

impl Fault {
    /// A panic of the job's code.
    pub fn panicked(panic: &(dyn Any + Send)) -> Fault {
        Fault::Panicked(panic_text(panic))
    }
}

/// What a panic said.
pub(crate) fn panic_text(panic: &(dyn Any + Send)) -> Arc<str> {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("no message").into()
}

impl From<Fault> for CacheError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Key(error) => CacheError::Key(error),
            Fault::NotRegistered(job) => CacheError::NotRegistered { job },
            other => CacheError::Refused { reason: other.reason() },
        }
    }
}
