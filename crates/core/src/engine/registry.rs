//! The jobs of a cache, found by their type on a `get` and by their name for a task.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};

use crate::engine::fault::Fault;
use crate::engine::near::NearMap;
use crate::engine::queues::{JobQueue, NamedQueue, Queues};
use crate::engine::work::{TypedWork, Work};
use crate::entry::Tags;
use crate::error::{BuildError, KeyError};
use crate::job::{Cacheable, Job, State, States};
use crate::key::Key;
use crate::policy::Policy;

/// The explicit list of the jobs that a cache serves.
///
/// ```
/// # use freshen_core::{Job, Jobs, Load, Loaded};
/// # #[derive(Clone, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
/// # struct Square { of: u64 }
/// # impl Job for Square {
/// #     type Output = u64;
/// #     type Error = std::convert::Infallible;
/// #     type State = ();
/// #     const NAME: &'static str = "square";
/// #     async fn load(&self, _load: Load<'_, Self>) -> Result<Loaded<u64>, Self::Error> { Ok(1.into()) }
/// # }
/// let jobs = Jobs::new().add::<Square>();
/// ```
#[derive(Default)]
#[must_use]
pub struct Jobs(Vec<Candidate>);

struct Candidate {
    type_id: TypeId,
    names: JobQueue,
    near_capacity: Option<u64>,
    register: Register,
}

/// Registers one job, with its part of the near tier.
type Register = fn(&Setting<'_>, u64) -> Result<Arc<dyn AnyRegistered>, BuildError>;

/// What the registration of a job is checked against.
pub(crate) struct Setting<'a> {
    pub states: &'a States,
    pub shares_values: bool,
    pub queues: &'a Queues,
}

impl Jobs {
    /// No jobs yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a job; it gets an even part of the near tier's capacity.
    pub fn add<J: Job>(self) -> Self {
        self.push::<J>(None)
    }

    /// Adds a job whose part of the near tier holds `bytes`.
    pub fn add_with_near_capacity<J: Job>(self, bytes: u64) -> Self {
        self.push::<J>(Some(bytes))
    }

    fn push<J: Job>(mut self, near_capacity: Option<u64>) -> Self {
        self.0.push(Candidate {
            type_id: TypeId::of::<J>(),
            names: (J::NAME, J::QUEUE),
            near_capacity,
            register: register::<J>,
        });
        self
    }

    /// The jobs' names, and those of their queues.
    pub(crate) fn queues(&self) -> Vec<JobQueue> {
        self.0.iter().map(|candidate| candidate.names).collect()
    }
}

impl fmt::Debug for Jobs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Jobs({})", self.0.len())
    }
}

fn register<J: Job>(setting: &Setting<'_>, near_capacity: u64) -> Result<Arc<dyn AnyRegistered>, BuildError> {
    let job = || J::NAME.to_owned();
    Key::new(J::NAMESPACE, J::NAME, &()).map_err(|source| BuildError::Name { job: job(), source })?;
    let policy = J::policy().build().map_err(|source| BuildError::Policy { job: job(), source })?;
    let state = J::State::collect(setting.states).map_err(|state| BuildError::MissingState { job: job(), state })?;
    if !setting.shares_values && !J::Output::ENCODABLE {
        return Err(BuildError::NotEncodable { job: job() });
    }
    let missing = || BuildError::MissingQueue { asked_by: format!("job {}", J::NAME), queue: J::QUEUE.to_owned() };
    let queue = setting.queues.named(J::QUEUE).ok_or_else(missing)?.clone();
    Ok(Arc::new(Registered::<J> {
        queue,
        policy: Arc::new(policy),
        state,
        near: NearMap::new(near_capacity),
        last_tags: Mutex::new(Tags::NONE),
    }))
}

/// A job as a cache knows it.
pub(crate) struct Registered<J: Job> {
    pub queue: Arc<NamedQueue>,
    pub policy: Arc<Policy>,
    pub state: J::State,
    pub near: NearMap<J>,
    /// The tags of the last load: jobs whose tags do not change keep them once.
    last_tags: Mutex<Tags>,
}

impl<J: Job> Registered<J> {
    /// The same tags, held once where they are the last load's.
    pub fn shared_tags(&self, tags: Tags) -> Tags {
        let mut last = self.last_tags.lock().unwrap_or_else(PoisonError::into_inner);
        if *last != tags {
            *last = tags;
        }
        last.clone()
    }

    /// The work of a job, with its key.
    pub fn work(self: &Arc<Self>, job: J) -> Result<Arc<dyn Work>, Fault> {
        let key = Key::new(J::NAMESPACE, J::NAME, &job).map_err(Fault::Key)?;
        // Invalidations and tasks name the job by its key alone: one that does not come back from it equal would be kept near
        // where no invalidation finds it, and refreshed as another.
        if key.decode::<J>().map_err(Fault::Key)? != job {
            return Err(Fault::Key(KeyError::Unequal { job: J::NAME }));
        }
        Ok(self.work_of(job, key))
    }

    fn work_of(self: &Arc<Self>, job: J, key: Key) -> Arc<dyn Work> {
        let policy = job.policy_for(&self.policy);
        Arc::new(TypedWork { job, key, policy, registered: self.clone() })
    }
}

/// A [`Registered`] job whose type is not known here.
pub(crate) trait AnyRegistered: Any + Send + Sync {
    fn names(&self) -> (&'static str, &'static str);
    /// Builds the work that a key names.
    fn open(self: Arc<Self>, key: &Key) -> Result<Arc<dyn Work>, KeyError>;
    /// Slots and bytes of its near map.
    fn near_size(&self) -> (usize, u64);
}

impl<J: Job> AnyRegistered for Registered<J> {
    fn names(&self) -> (&'static str, &'static str) {
        (J::NAMESPACE, J::NAME)
    }

    fn open(self: Arc<Self>, key: &Key) -> Result<Arc<dyn Work>, KeyError> {
        // A task or a message of another process names the arguments: where the job's own code panics for them, they do not fit it.
        let opened = catch_unwind(AssertUnwindSafe(|| Ok(self.work_of(key.decode()?, key.clone()))));
        opened.unwrap_or_else(|panic| Err(KeyError::Decode { reason: Fault::panicked(&*panic).reason() }))
    }

    fn near_size(&self) -> (usize, u64) {
        (self.near.len(), self.near.weight())
    }
}

/// The jobs of a cache.
pub(crate) struct Registry {
    /// Sorted: jobs are few, and a few comparisons are quicker than a hash.
    by_type: Vec<(TypeId, Arc<dyn AnyRegistered>)>,
    by_name: HashMap<(&'static str, &'static str), Arc<dyn AnyRegistered>>,
}

impl Registry {
    pub fn new(jobs: Jobs, setting: &Setting<'_>, near_capacity: u64) -> Result<Self, BuildError> {
        let mut registry = Registry { by_type: Vec::new(), by_name: HashMap::new() };
        let part = near_capacity / (jobs.0.len().max(1) as u64);
        for candidate in jobs.0 {
            let registered = (candidate.register)(setting, candidate.near_capacity.unwrap_or(part))?;
            let names = registered.names();
            if registry.by_name.insert(names, registered.clone()).is_some() {
                return Err(BuildError::DuplicateJob { namespace: names.0.into(), job: names.1.into() });
            }
            registry.by_type.push((candidate.type_id, registered));
        }
        registry.by_type.sort_by_key(|(type_id, _)| *type_id);
        Ok(registry)
    }

    #[inline]
    pub fn of<J: Job>(&self) -> Option<&Registered<J>> {
        let registered: &dyn Any = &**self.find(TypeId::of::<J>())?;
        registered.downcast_ref()
    }

    pub fn shared<J: Job>(&self) -> Result<Arc<Registered<J>>, Fault> {
        let registered: Option<Arc<dyn Any + Send + Sync>> = match self.find(TypeId::of::<J>()) {
            Some(registered) => Some(registered.clone()),
            None => None,
        };
        registered.and_then(|registered| registered.downcast().ok()).ok_or(Fault::NotRegistered(J::NAME))
    }

    #[inline]
    fn find(&self, wanted: TypeId) -> Option<&Arc<dyn AnyRegistered>> {
        let at = self.by_type.binary_search_by(|(type_id, _)| type_id.cmp(&wanted)).ok()?;
        Some(&self.by_type[at].1)
    }

    /// The work that a key names; `Ok(None)`: nobody registered its job.
    pub fn open(&self, key: &Key) -> Result<Option<Arc<dyn Work>>, KeyError> {
        match self.by_name.get(&(key.namespace(), key.job())) {
            Some(registered) => registered.clone().open(key).map(Some),
            None => Ok(None),
        }
    }

    /// Slots and bytes of the near tier.
    pub fn near_size(&self) -> (usize, u64) {
        let sizes = self.by_type.iter().map(|(_, registered)| registered.near_size());
        sizes.fold((0, 0), |sum, size| (sum.0 + size.0, sum.1 + size.1))
    }
}
