//! What a cache is built from, and the checks before it is.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;

use crate::bus::Bus;
use crate::engine::cache::Cache;
use crate::engine::core::{Engine, Parts};
use crate::engine::governor::Limits;
use crate::engine::near::Near;
use crate::engine::queues::Wanted;
use crate::engine::registry::{Jobs, Registry, Setting};
use crate::engine::{dispatcher, follow};
use crate::error::BuildError;
use crate::event::Observer;
use crate::job::{Job, States};
use crate::queue::{DEFAULT_QUEUE, Queue};
use crate::store::{MemoryStore, Store};
use crate::time::Clock;

/// The numbers of a cache, with their defaults.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    pub near_capacity: u64,
    pub near_bound: Option<Duration>,
    pub task_deadline: Duration,
    pub heartbeat: Duration,
    pub governor: Limits,
}

/// The heartbeats that make sense: more often is a load for everybody, and more seldom no heartbeat.
const HEARTBEATS: RangeInclusive<Duration> = Duration::from_millis(10)..=Duration::from_secs(3_600);
/// Most tasks of one queue that a process refreshes at once.
const WORKERS_MAX: usize = 65_536;

/// Collects what a [`Cache`] is made of. Everything has a default: with nothing but jobs it runs embedded, in memory.
#[must_use]
pub struct CacheBuilder {
    jobs: Jobs,
    states: States,
    store: Option<Arc<dyn Store>>,
    queues: Wanted,
    bus: Option<Arc<dyn Bus>>,
    clock: Option<Clock>,
    observers: Vec<Arc<dyn Observer>>,
    capacity: u64,
    seed: Option<u64>,
    config: Config,
}

impl CacheBuilder {
    pub(crate) fn new() -> Self {
        CacheBuilder {
            jobs: Jobs::new(),
            states: States::default(),
            store: None,
            queues: Wanted { queues: BTreeMap::new(), workers: 4, workers_on: BTreeMap::new() },
            bus: None,
            clock: None,
            observers: Vec::new(),
            capacity: 256 << 20,
            seed: None,
            config: Config {
                near_capacity: 128 << 20,
                near_bound: None,
                task_deadline: Duration::from_secs(120),
                heartbeat: Duration::from_secs(1),
                governor: Limits::default(),
            },
        }
    }

    /// The jobs that the cache serves.
    pub fn jobs(mut self, jobs: Jobs) -> Self {
        self.jobs = jobs;
        self
    }

    /// One job more: for whoever adds a job of its own to a cache that its user is building.
    pub fn job<J: Job>(mut self) -> Self {
        self.jobs = self.jobs.add::<J>();
        self
    }

    /// Gives jobs something they need to do their work, one per type: a pool, a client. Of two of
    /// one type, wrap one in a type of its own.
    pub fn state<T: Clone + Send + Sync + 'static>(mut self, state: T) -> Self {
        self.states.insert(state);
        self
    }

    /// The store of the records. Default: memory, of the size that [`CacheBuilder::capacity`] says.
    pub fn store(mut self, store: impl Store) -> Self {
        self.store = Some(Arc::new(store));
        self
    }

    /// The queue of the refreshes of jobs that name none: `default`. Where no queue is given at all, each that a job names is
    /// in memory.
    pub fn queue(self, queue: impl Queue) -> Self {
        self.queue_named(DEFAULT_QUEUE, queue)
    }

    /// The queue of the jobs that name it, by [`Job::QUEUE`](crate::Job::QUEUE) or `#[cached(queue = "…")]`. As soon as one
    /// queue is given, each that a job names must be; more may be given than jobs name. At most 64.
    pub fn queue_named(mut self, name: impl Into<String>, queue: impl Queue) -> Self {
        self.queues.queues.insert(name.into(), Arc::new(queue));
        self
    }

    /// The bus on which the store publishes, when several processes or caches share it. Default: none.
    pub fn bus(mut self, bus: impl Bus) -> Self {
        self.bus = Some(Arc::new(bus));
        self
    }

    /// The clock. Default: [`Clock::coarse`]. It must be the one that a memory store was given.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = Some(clock);
        self
    }

    /// Somebody who hears every event. Several may be added.
    pub fn observer(mut self, observer: impl Observer) -> Self {
        self.observers.push(Arc::new(observer));
        self
    }

    /// How many bytes the default memory store holds. Default: 256 MiB.
    pub fn capacity(mut self, bytes: u64) -> Self {
        self.capacity = bytes;
        self
    }

    /// How many bytes the near tier holds, all jobs together. Values that a memory store shares are counted in both, but
    /// held once; what the store lets go of may stay near. Default: 128 MiB.
    pub fn near_capacity(mut self, bytes: u64) -> Self {
        self.config.near_capacity = bytes;
        self
    }

    /// How long the near tier answers without a look at the store, counted from the start of the last look. Default: no
    /// bound where the store is this process's own, else 10 s.
    pub fn near_bound(mut self, bound: Duration) -> Self {
        self.config.near_bound = Some(bound);
        self
    }

    /// How many tasks of the queue `default` this process refreshes at once, and as many of each other queue that its jobs
    /// name and [`CacheBuilder::workers_on`] does not; zero leaves refreshing to other processes. Default: 4.
    pub fn workers(mut self, workers: usize) -> Self {
        self.queues.workers = workers;
        self
    }

    /// How many tasks of one queue this process refreshes at once, whatever [`CacheBuilder::workers`] says. The places of one
    /// queue are never taken by another's tasks; the limits on refreshing are for all together.
    pub fn workers_on(mut self, queue: impl Into<String>, workers: usize) -> Self {
        self.queues.workers_on.insert(queue.into(), workers);
        self
    }

    /// The bounds on refreshing. Default: 16 at once in all.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.config.governor = limits;
        self
    }

    /// How long a queued task keeps others from asking for the same key: after that it counts as lost. Default: 120 s.
    pub fn task_deadline(mut self, deadline: Duration) -> Self {
        self.config.task_deadline = deadline;
        self
    }

    /// How long a partition may be quiet on the bus until one of the listening processes sends a heartbeat; three times as long
    /// ends the near tier's trust. Default: 1 s.
    pub fn heartbeat(mut self, span: Duration) -> Self {
        self.config.heartbeat = span;
        self
    }

    /// The seed of all chance: jitter, early refreshes, tokens. Default: random.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// Checks everything and starts the cache: its workers, and its listener where there is a bus.
    ///
    /// # Errors
    /// [`BuildError`] names the first thing that is wrong or missing.
    pub async fn build(self) -> Result<Cache, BuildError> {
        let runtime = Handle::try_current().map_err(|_| BuildError::NoRuntime)?;
        self.check()?;
        if let Some(state) = self.states.twice() {
            return Err(BuildError::DuplicateState { state });
        }
        let clock = self.clock.unwrap_or_else(Clock::coarse);
        let seed = self.seed.unwrap_or_else(|| fastrand::u64(..));
        let private = self.store.is_none();
        let store = match self.store {
            Some(store) => store,
            None => Arc::new(MemoryStore::builder(clock.clone()).capacity(self.capacity).seed(seed).build()?),
        };
        let queues = self.queues.build(&self.jobs.queues(), &clock)?;
        let traits = store.traits();
        let setting = Setting { states: &self.states, shares_values: traits.shares_values, queues: &queues };
        let registry = Registry::new(self.jobs, &setting, self.config.near_capacity)?;
        let mut config = self.config;
        if config.near_bound.is_none() && !private {
            config.near_bound = Some(Duration::from_secs(10));
        }
        let near = Near::new(traits.partitions, config.near_bound, self.bus.is_none());
        let observers = self.observers;
        let parts =
            Parts { store, traits, queues, bus: self.bus, clock, registry, near, observers, config, runtime, seed };
        let cache = Cache::start(Engine::new(parts));
        follow::start(&cache).await;
        dispatcher::start(&cache);
        Ok(cache)
    }

    fn check(&self) -> Result<(), BuildError> {
        let zero = |wrong: bool, field| {
            if wrong { Err(BuildError::Config { field, reason: "must be above zero" }) } else { Ok(()) }
        };
        zero(self.capacity == 0, "capacity")?;
        zero(self.config.near_capacity == 0, "near_capacity")?;
        zero(self.config.near_bound.is_some_and(|bound| bound.is_zero()), "near_bound")?;
        zero(self.config.task_deadline.is_zero(), "task_deadline")?;
        zero(self.config.heartbeat.is_zero(), "heartbeat")?;
        if !HEARTBEATS.contains(&self.config.heartbeat) {
            return Err(BuildError::Config { field: "heartbeat", reason: "must be from 10 ms to 1 h" });
        }
        if self.queues.most_workers() > WORKERS_MAX {
            return Err(BuildError::Config { field: "workers", reason: "must be at most 65,536 on a queue" });
        }
        self.config.governor.check()
    }
}

impl fmt::Debug for CacheBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CacheBuilder")
            .field("jobs", &self.jobs)
            .field("queues", &self.queues)
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}
