//! The job port: a named, keyed computation whose result is cached.
//!
//! It stands beside the engine, not under it: a load is handed the cache itself.

use std::hash::Hash;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use equivalent::Equivalent;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::engine::Cache;
use crate::policy::{Policy, PolicyBuilder, Windows};
use crate::queue::DEFAULT_QUEUE;

mod cacheable;
mod state;

pub use cacheable::{Cacheable, Local};
pub use state::{State, States};

/// A named, keyed computation whose result is cached. The struct itself is its arguments, and with its name they are the key.
///
/// ```
/// use freshen_core::{Job, Load, Loaded};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
/// struct Square {
///     of: u64,
/// }
///
/// impl Job for Square {
///     type Output = u64;
///     type Error = std::convert::Infallible;
///     type State = ();
///     const NAME: &'static str = "square";
///
///     async fn load(&self, _load: Load<'_, Self>) -> Result<Loaded<u64>, Self::Error> {
///         Ok((self.of * self.of).into())
///     }
/// }
/// ```
///
/// `Eq`, `Hash` and serialization must agree on every field: no `#[serde(skip)]`, no field that `Eq` leaves out. What a load
/// needs besides, such as a client or a token, belongs into [`Job::State`].
///
/// Only `load` and what it is made of must be given. Sets and maps in the arguments must have an order (`BTreeSet`, `BTreeMap`):
/// `Hash` sees to it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no job",
    label = "neither a job nor a way to name one",
    note = "a job is a struct with `impl Job`, or what `#[cached]` writes beside a function: `cache.get(&Tweets::of(\"ann\"))`"
)]
pub trait Job: Clone + Eq + Hash + Serialize + DeserializeOwned + Send + Sync + Sized + 'static {
    /// What is cached.
    type Output: Cacheable;
    /// What a load fails with.
    type Error: std::error::Error + Send + Sync + 'static;
    /// What a load needs besides its arguments: `()`, or a tuple of things given to the builder's `state`, such as
    /// `(Client, Pool)`. What is missing is an error when the cache is built.
    type State: State;

    /// The job's stable name, in stores, queues and metrics.
    const NAME: &'static str;
    /// What is invalidated together, and governed together.
    const NAMESPACE: &'static str = "default";
    /// The queue of its refreshes, by the name that the builder was given it under. Jobs that are slow have one of their own, so
    /// that they do not take the workers of those that are quick.
    const QUEUE: &'static str = DEFAULT_QUEUE;
    /// How many keys one [`Job::load_many`] takes at most. Above one, keys that are missing together are loaded together.
    const BATCH: usize = 1;

    /// The job's policy, checked when the cache is built.
    fn policy() -> PolicyBuilder {
        Policy::builder()
    }

    /// The policy for these arguments; by default the job's.
    fn policy_for(&self, usual: &Arc<Policy>) -> Arc<Policy> {
        usual.clone()
    }

    /// Computes the value. It may use the cache through [`Load::cache`].
    ///
    /// # Cancellation
    /// It runs in a task of its own: a caller who leaves does not end it. The load timeout and a shutdown whose deadline
    /// has passed drop the future at an await.
    fn load(&self, load: Load<'_, Self>) -> impl Future<Output = Result<Loaded<Self::Output>, Self::Error>> + Send;

    /// Computes the values of several keys at once, one result per job in their order. Used where [`Job::BATCH`] is above one.
    fn load_many(
        jobs: &[Self],
        load: Load<'_, Self>,
    ) -> impl Future<Output = Vec<Result<Loaded<Self::Output>, Self::Error>>> + Send {
        async move {
            let mut results = Vec::with_capacity(jobs.len());
            for job in jobs {
                results.push(job.load(load.clone()).await);
            }
            results
        }
    }

    /// The tags of a value: those that follow from the arguments and those that only the value tells.
    fn tags(&self, value: &Self::Output) -> Vec<String> {
        let _ = value;
        Vec::new()
    }

    /// The windows of a value: a policy may depend on what was loaded.
    fn windows(&self, value: &Self::Output, policy: &Policy) -> Windows {
        let _ = value;
        policy.windows()
    }

    /// Refuses a value that must not be cached, with the reason; the last good one stays.
    fn validate(&self, value: &Self::Output) -> Result<(), String> {
        let _ = value;
        Ok(())
    }

    /// Whether an error tells that the source is in trouble, so that the next attempts wait for the policy's back-off. `false`: the
    /// load was in vain for another reason, and the next one begins at once.
    fn cools(&self, error: &Self::Error) -> bool {
        let _ = error;
        true
    }

    /// Whether a value says "there is none": a real answer, kept for the policy's negative ttl.
    fn absent(&self, value: &Self::Output) -> bool {
        let _ = value;
        false
    }

    /// What a `get` answers at once when nothing is in hand and the policy says not to wait.
    fn empty(&self) -> Option<Self::Output> {
        None
    }

    /// What a value weighs in memory, in bytes.
    fn weigh(&self, value: &Self::Output) -> usize {
        value.weigh()
    }
}

/// A way to name a job without building it: the job itself, or a borrowed form, so that `&str` costs no `String`.
///
/// A borrowed form must hash and compare exactly as the job does: same fields, same order, `derive(Hash)` on both.
///
/// ```
/// # use freshen_core::{Job, Load, Loaded, Lookup};
/// # use serde::{Deserialize, Serialize};
/// # #[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
/// struct Length {
///     of: String,
/// }
/// # impl Job for Length {
/// #     type Output = usize;
/// #     type Error = std::convert::Infallible;
/// #     type State = ();
/// #     const NAME: &'static str = "length";
/// #     async fn load(&self, _load: Load<'_, Self>) -> Result<Loaded<usize>, Self::Error> { Ok(self.of.len().into()) }
/// # }
///
/// #[derive(Hash)]
/// struct LengthOf<'a> {
///     of: &'a str,
/// }
///
/// impl equivalent::Equivalent<Length> for LengthOf<'_> {
///     fn equivalent(&self, job: &Length) -> bool {
///         self.of == job.of
///     }
/// }
///
/// impl Lookup for LengthOf<'_> {
///     type Job = Length;
///     fn to_job(&self) -> Length {
///         Length { of: self.of.into() }
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` names no job",
    label = "neither a job nor a borrowed form of one",
    note = "give the job itself, or what its `of` makes: `cache.get(&Tweets::of(\"ann\"))`"
)]
pub trait Lookup: Hash + Equivalent<Self::Job> + Sync {
    /// The job it names.
    type Job: Job;

    /// Builds the job, on a near miss.
    fn to_job(&self) -> Self::Job;
}

impl<J: Job> Lookup for J {
    type Job = J;

    fn to_job(&self) -> J {
        self.clone()
    }
}

/// What a load gets besides its arguments.
#[derive(Debug)]
pub struct Load<'a, J: Job> {
    pub(crate) state: &'a J::State,
    pub(crate) cache: &'a Cache,
    pub(crate) previous: Option<Previous<'a, J::Output>>,
}

impl<J: Job> Clone for Load<'_, J> {
    fn clone(&self) -> Self {
        Load { state: self.state, cache: self.cache, previous: self.previous }
    }
}

impl<'a, J: Job> Load<'a, J> {
    /// The job's state.
    pub fn state(&self) -> &'a J::State {
        self.state
    }

    /// The cache itself. Inside a load a `get` answers only what is fresh, and loads it otherwise: a value must not be built
    /// on one that an invalidation under way is just outdating. A job that comes to wait for itself gets an error.
    pub fn cache(&self) -> &'a Cache {
        self.cache
    }

    /// The value that this load replaces, if one is in hand: to ask the source "has it changed?" with. Not given to
    /// [`Job::load_many`].
    pub fn previous(&self) -> Option<Previous<'a, J::Output>> {
        self.previous
    }
}

/// The value that a load replaces.
#[derive(Debug)]
pub struct Previous<'a, V> {
    pub(crate) value: &'a V,
    pub(crate) validators: Option<&'a Bytes>,
    pub(crate) age: Duration,
}

impl<V> Copy for Previous<'_, V> {}

impl<V> Clone for Previous<'_, V> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<'a, V> Previous<'a, V> {
    /// The value.
    pub fn value(&self) -> &'a V {
        self.value
    }

    /// What [`Loaded::validators`] kept with it, such as an entity tag.
    pub fn validators(&self) -> Option<&'a [u8]> {
        self.validators.map(|bytes| &bytes[..])
    }

    /// How long ago its load began.
    pub fn age(&self) -> Duration {
        self.age
    }
}

/// What a load gives.
#[derive(Debug)]
pub struct Loaded<V> {
    pub(crate) content: Content<V>,
    pub(crate) validators: Option<Bytes>,
}

/// A new value, or the word that the previous one still holds.
#[derive(Debug)]
pub(crate) enum Content<V> {
    New(V),
    Unchanged,
}

impl<V> Loaded<V> {
    /// A new value; `value.into()` does the same.
    pub fn new(value: V) -> Self {
        Loaded { content: Content::New(value), validators: None }
    }

    /// The source says that the previous value has not changed: it is fresh again. Without a previous value it is
    /// refused as an error of the load.
    pub fn unchanged() -> Self {
        Loaded { content: Content::Unchanged, validators: None }
    }

    /// Keeps what the source gave to ask "has it changed?" with, up to 1024 bytes; an unchanged value keeps its own unless told.
    #[must_use]
    pub fn validators(mut self, validators: impl Into<Bytes>) -> Self {
        self.validators = Some(validators.into());
        self
    }
}

impl<V> From<V> for Loaded<V> {
    fn from(value: V) -> Self {
        Loaded::new(value)
    }
}
