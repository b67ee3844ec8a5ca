//! Errors, told apart by what the caller can do about them.

use std::error::Error as StdError;
use std::sync::Arc;
use std::time::Duration;

use crate::entry::{TAG_BYTES_MAX, TAGS_MAX};
use crate::key::Key;
use crate::policy::PolicyError;
use crate::wire::WireError;

/// An error of any kind, kept with its source.
pub type BoxError = Box<dyn StdError + Send + Sync>;

/// Arguments or names that make no key. Trying again does not help.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// A name is empty.
    #[error("key: the {what} is empty")]
    Empty {
        /// Which name.
        what: &'static str,
    },
    /// A part exceeds its bound.
    #[error("key: the {what} has {bytes} bytes, more than {most}")]
    TooLong {
        /// Which part.
        what: &'static str,
        /// How long it is.
        bytes: usize,
        /// How long it may be.
        most: usize,
    },
    /// The arguments are nested too deeply.
    #[error("key: the arguments are nested more than {most} deep")]
    TooDeep {
        /// How deep they may be.
        most: usize,
    },
    /// The arguments' own serialization failed.
    #[error("key: the arguments cannot be encoded: {reason}")]
    Encode {
        /// What it said.
        reason: String,
    },
    /// The key's arguments do not fit the job's type.
    #[error("key: the arguments do not fit the job: {reason}")]
    Decode {
        /// What did not fit.
        reason: String,
    },
    /// The arguments that are read back from the key are not equal to those it was made from: a field is left out, or written
    /// as less than it is. `Eq`, `Hash` and serialization must agree on every field.
    #[error("key: the arguments of {job} do not come back from their key as they were")]
    Unequal {
        /// The job's name.
        job: &'static str,
    },
    /// A text that is no key.
    #[error("key: the text cannot be read at character {at}: {reason}")]
    Text {
        /// At which character reading stopped, from 1.
        at: usize,
        /// What is wrong there.
        reason: Box<str>,
    },
    /// Bytes that are no key.
    #[error("key: malformed at byte {at}")]
    Malformed {
        /// Where reading stopped.
        at: usize,
    },
    /// A key of a format that this version does not know.
    #[error("key: format {format} is newer than this version reads")]
    Format {
        /// The format found.
        format: u8,
    },
}

/// A tag, or a number of tags, out of bounds.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TagError {
    /// Empty or too long.
    #[error("tag: {bytes} bytes, but a tag has 1 to {TAG_BYTES_MAX}")]
    Length {
        /// How long it is.
        bytes: usize,
    },
    /// Too many on one entry.
    #[error("tags: {tags} on one entry, but at most {TAGS_MAX} are kept")]
    TooMany {
        /// How many.
        tags: usize,
    },
}

/// A store, queue or bus that did not do what it was asked.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{port}: {operation} failed: {source}")]
pub struct PortError {
    /// `store`, `queue` or `bus`, with the adapter's name.
    pub port: &'static str,
    /// Which step.
    pub operation: &'static str,
    /// Whether the same call may succeed later.
    pub retryable: bool,
    /// What the adapter met.
    #[source]
    pub source: Arc<dyn StdError + Send + Sync>,
}

impl PortError {
    /// A failure that may pass, such as a lost connection.
    pub fn passing(port: &'static str, operation: &'static str, source: impl Into<BoxError>) -> PortError {
        PortError { port, operation, retryable: true, source: Arc::from(source.into()) }
    }

    /// A failure that will repeat, such as a value over its bound.
    pub fn lasting(port: &'static str, operation: &'static str, source: impl Into<BoxError>) -> PortError {
        PortError { port, operation, retryable: false, source: Arc::from(source.into()) }
    }
}

/// Why a cache could not be built. Each names what is at fault.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// Two jobs of one name: one would read the other's values.
    #[error("cache: two jobs are named {namespace}:{job}")]
    DuplicateJob {
        /// Their namespace.
        namespace: String,
        /// Their name.
        job: String,
    },
    /// A job's namespace or name is out of bounds.
    #[error("cache: job {job}: {source}")]
    Name {
        /// The job's name.
        job: String,
        /// What is wrong with it.
        source: KeyError,
    },
    /// A job's policy contradicts itself.
    #[error("cache: job {job}: {source}")]
    Policy {
        /// The job's name.
        job: String,
        /// The field at fault.
        source: PolicyError,
    },
    /// A job needs a state that the builder was not given.
    #[error("cache: job {job} needs a state of type {state}, which `state` was not given")]
    MissingState {
        /// The job's name.
        job: String,
        /// The missing state's type.
        state: &'static str,
    },
    /// Two states of one type: a job finds its state by the type alone, so one of them would be found by none.
    #[error("cache: `state` was given two of type {state}; wrap one in a type of its own")]
    DuplicateState {
        /// Their type.
        state: &'static str,
    },
    /// A job's values cannot be encoded, and the store cannot hold them as they are.
    #[error("cache: job {job} keeps its values in this process, but the store needs them encoded")]
    NotEncodable {
        /// The job's name.
        job: String,
    },
    /// A queue's name is out of bounds.
    #[error("cache: {asked_by} names a queue {queue:?}, but a queue's name is 1 to 64 of a-z, 0-9, `-` and `_`")]
    QueueName {
        /// The job, or the builder's method.
        asked_by: String,
        /// The name.
        queue: String,
    },
    /// Queues were given, and this one was not: nobody would look for its tasks.
    #[error("cache: {asked_by} names queue {queue}, which the builder was not given")]
    MissingQueue {
        /// The job, or the builder's method.
        asked_by: String,
        /// The queue's name.
        queue: String,
    },
    /// The configuration is out of range.
    #[error("cache: {field} {reason}")]
    Config {
        /// The builder's method.
        field: &'static str,
        /// What is wrong.
        reason: &'static str,
    },
    /// The cache must be built inside a Tokio runtime, which runs its loads.
    #[error("cache: built outside a Tokio runtime, which its loads need")]
    NoRuntime,
}

/// Why a `get` has no answer.
///
/// Followers of one load get the same error: the job's own error is shared, not copied.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GetError<E> {
    /// The job's load failed with its own error, and nothing was in hand. Trying again helps when the source does.
    #[error("load of {key} failed: {source}")]
    Load {
        /// The key.
        key: Key,
        /// The job's error.
        source: Arc<E>,
    },
    /// The load did not end within the policy's load timeout, and nothing was in hand.
    #[error("load of {key} did not end within {after:?}")]
    TimedOut {
        /// The key.
        key: Key,
        /// The load timeout.
        after: Duration,
    },
    /// The job's code panicked; the panic is an error of that load and harms no other.
    #[error("load of {key} panicked: {message}")]
    Panicked {
        /// The key.
        key: Key,
        /// The panic's message.
        message: String,
    },
    /// `validate` refused the loaded value, and nothing was in hand.
    #[error("load of {key} was refused: {reason}")]
    Refused {
        /// The key.
        key: Key,
        /// Why.
        reason: String,
    },
    /// The last load failed a moment ago and nothing is in hand; the next attempt is made after `retry_after`.
    #[error("load of {key} failed a moment ago ({reason}); the next attempt is in {retry_after:?}")]
    CoolingDown {
        /// The key.
        key: Key,
        /// When trying again helps.
        retry_after: Duration,
        /// What the failed load said.
        reason: String,
    },
    /// The job asks for itself, directly or through others, and would wait for ever.
    #[error("a load waits for itself: {}", cycle.iter().map(ToString::to_string).collect::<Vec<_>>().join(" -> "))]
    Cycle {
        /// The keys, the first one again at the end.
        cycle: Vec<Key>,
    },
    /// Nothing is in hand, the policy says not to wait, and the job has no empty value. A refresh was asked for.
    #[error("nothing is in hand for {key} yet")]
    Empty {
        /// The key.
        key: Key,
    },
    /// The job's arguments make no key.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The job was not registered when the cache was built.
    #[error("job {job} is not registered with this cache")]
    NotRegistered {
        /// Its name.
        job: &'static str,
    },
    /// The value was invalidated each time it was loaded, or no value newer than the token asked for could be had.
    #[error("every load of {key} was outdated before it ended")]
    Outdated {
        /// The key.
        key: Key,
    },
    /// The cache has been shut down.
    #[error("the cache has been shut down")]
    Closed,
}

impl<E> Clone for GetError<E> {
    fn clone(&self) -> Self {
        match self {
            GetError::Load { key, source } => GetError::Load { key: key.clone(), source: source.clone() },
            GetError::TimedOut { key, after } => GetError::TimedOut { key: key.clone(), after: *after },
            GetError::Panicked { key, message } => GetError::Panicked { key: key.clone(), message: message.clone() },
            GetError::Refused { key, reason } => GetError::Refused { key: key.clone(), reason: reason.clone() },
            GetError::CoolingDown { key, retry_after, reason } => {
                GetError::CoolingDown { key: key.clone(), retry_after: *retry_after, reason: reason.clone() }
            }
            GetError::Cycle { cycle } => GetError::Cycle { cycle: cycle.clone() },
            GetError::Empty { key } => GetError::Empty { key: key.clone() },
            GetError::Key(error) => GetError::Key(error.clone()),
            GetError::NotRegistered { job } => GetError::NotRegistered { job },
            GetError::Outdated { key } => GetError::Outdated { key: key.clone() },
            GetError::Closed => GetError::Closed,
        }
    }
}

/// Why a command to the cache was not carried out.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CacheError {
    /// The job makes no key.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The tag is out of bounds.
    #[error(transparent)]
    Tag(#[from] TagError),
    /// The job was not registered when the cache was built.
    #[error("job {job} is not registered with this cache")]
    NotRegistered {
        /// Its name.
        job: &'static str,
    },
    /// The store keeps no marks, so tags and namespaces cannot be invalidated.
    #[error("this store cannot invalidate tags and namespaces")]
    NoMarks,
    /// The job refuses the value that was put.
    #[error("the value was refused: {reason}")]
    Refused {
        /// Why.
        reason: String,
    },
    /// The store failed. Whether the command was carried out is not known; repeating it is safe.
    #[error(transparent)]
    Port(#[from] PortError),
}

impl From<WireError> for CacheError {
    fn from(error: WireError) -> Self {
        let error: BoxError = Box::new(error);
        CacheError::Port(PortError::lasting("store", "read", error))
    }
}
