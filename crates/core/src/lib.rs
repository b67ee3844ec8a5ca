//! Freshen's core: the vocabulary, the ports and the engine. It knows no network, no database and no HTTP.
//!
//! Read it in this order: what things are called and how they are judged (ring 1), what a store, a queue and a bus promise
//! (ring 2), and the engine that walks a `get` through them (ring 3).

// Ring 1: pure.
mod sync;
mod time;
mod key;
mod policy;
mod entry;
mod scope;
pub mod wire;
mod error;
mod event;

// Ring 2: ports.
pub mod store;
pub mod queue;
pub mod bus;

// Ring 3: the engine, and the port by which it calls users' code.
mod job;
mod engine;

pub use engine::{
    Answer, Cache, CacheBuilder, Explanation, Jobs, Limit, Limits, Peek, Put, QUEUES_MAX, Request, Schedule,
    TokenError, Workers, WriteToken,
};
pub use entry::{
    Bare, Described, Description, Entry, Facts, Generation, Strength, TAG_BYTES_MAX, TAGS_MAX, Tag, Tags,
    VALIDATORS_BYTES_MAX, Value,
};
pub use error::{BoxError, BuildError, CacheError, GetError, KeyError, PortError, TagError};
pub use event::{Dropped, Event, LoadEnd, Observer, Rule, Status, TaskEnd};
pub use job::{Cacheable, Job, Load, Loaded, Local, Lookup, Previous, State, States};
pub use key::{ARGUMENTS_BYTES_MAX, ARGUMENTS_DEPTH_MAX, JOB_NAME_BYTES_MAX, Key, KeyHash, NAMESPACE_BYTES_MAX};
pub use policy::{Backoff, OnMiss, Policy, PolicyBuilder, PolicyError, WINDOWS_MAX, Windows};
pub use time::{COARSE_TICK, Clock, Timestamp};

/// The parts of an [`Explanation`].
pub mod explain {
    pub use crate::engine::explanation::{Action, Held, Holder, Stored};
}

/// A boxed future, as ports return it: ports are used as `dyn`.
pub type BoxFuture<'a, T> = std::pin::Pin<Box<dyn Future<Output = T> + Send + 'a>>;
