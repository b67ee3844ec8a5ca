//! Opening what settings name.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use freshen_core::queue::{DEFAULT_QUEUE, MemoryQueue, MemoryQueueBuilder, Queue};
use freshen_core::store::Store;
use freshen_core::{BoxError, Cache, CacheBuilder, Clock};

#[cfg(feature = "redis")]
use super::redis::{self, Way};
use super::{Settings, SettingsError, Url};

/// The store, the queue and the bus that settings name, open. A clone is the same ones.
#[derive(Clone)]
pub struct Backends {
    settings: Settings,
    clock: Clock,
    store: OpenStore,
    /// By their names.
    queues: BTreeMap<String, OpenQueue>,
}

/// Without an adapter there is no way to any server.
#[cfg(not(feature = "redis"))]
type Way = std::convert::Infallible;

#[derive(Clone)]
enum OpenStore {
    /// Each cache's own.
    Memory,
    #[cfg(feature = "redis")]
    Redis(freshen_redis::RedisStore, freshen_redis::RedisBus),
}

#[derive(Clone)]
enum OpenQueue {
    /// Each cache's own, as the store is.
    Memory(MemoryQueueBuilder),
    Shared(Arc<dyn Queue>),
}

impl OpenQueue {
    fn of_one_cache(&self) -> Arc<dyn Queue> {
        match self {
            OpenQueue::Memory(builder) => Arc::new(builder.clone().build().expect("it was tried when it was opened")),
            OpenQueue::Shared(queue) => queue.clone(),
        }
    }
}

/// Why what settings name could not be opened.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The settings are wrong: trying again does not help.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// A server cannot be reached, or will not do.
    #[error("cannot open the {what} at {url}: {source}")]
    Server {
        /// `store` or `queue`.
        what: &'static str,
        /// Where it is; the password is masked.
        url: Url,
        /// What it said.
        source: BoxError,
    },
    /// There is no store where one was expected.
    #[error("no process has made a store with the prefix `{prefix}` at {url} yet; is the prefix another one?")]
    Absent {
        /// Where it was looked for; the password is masked.
        url: Url,
        /// Under which prefix.
        prefix: String,
    },
}

/// As people read it, causes included: a program that returns the error from `main` prints this.
impl fmt::Debug for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Settings {
    /// Opens the store, the queue and the bus. Where store and queue have one URL they share their connections.
    ///
    /// With `degraded`, servers that cannot be reached are no error: each step fails until they can be.
    ///
    /// # Errors
    /// [`OpenError`] tells what is wrong with the settings, or which server cannot be reached.
    ///
    /// # Cancellation
    /// Dropping the future closes what was opened.
    pub async fn open(&self) -> Result<Backends, OpenError> {
        self.check()?;
        let clock = Clock::coarse();
        let (store, way) = self.open_store(&clock).await?;
        let mut queues = BTreeMap::new();
        for name in self.queues.keys().map(String::as_str).chain([DEFAULT_QUEUE]) {
            let own = matches!(store, OpenStore::Memory) && self.queue().is_memory();
            let queue = match own {
                true => OpenQueue::Memory(self.memory_queue(&clock)?),
                false => OpenQueue::Shared(self.open_queue(name, &clock, way.as_ref()).await?),
            };
            queues.insert(name.to_owned(), queue);
        }
        Ok(Backends { settings: self.clone(), clock, store, queues })
    }

    /// Opens the store alone, for a program that only looks; `None` where it is in each process's memory.
    ///
    /// It has to be there: a mistyped prefix makes no store. It has as many partitions as it was made with, whatever
    /// `partitions` says.
    ///
    /// # Errors
    /// As [`Settings::open`], and [`OpenError::Absent`].
    pub async fn shared_store(&self) -> Result<Option<Arc<dyn Store>>, OpenError> {
        self.check()?;
        #[cfg(feature = "redis")]
        if !self.store.is_memory() {
            let redis = redis::existing(self, &Clock::coarse()).await?;
            return Ok(Some(Arc::new(redis.store())));
        }
        Ok(None)
    }

    /// Opens one queue alone, by its name; `None` where it is in each process's memory.
    ///
    /// # Errors
    /// As [`Settings::open`].
    pub async fn shared_queue(&self, name: &str) -> Result<Option<Arc<dyn Queue>>, OpenError> {
        self.check()?;
        if self.queue().is_memory() {
            return Ok(None);
        }
        self.open_queue(name, &Clock::coarse(), None).await.map(Some)
    }

    #[cfg_attr(not(feature = "redis"), expect(unused_variables, reason = "there is no server to open"))]
    async fn open_store(&self, clock: &Clock) -> Result<(OpenStore, Option<Way>), OpenError> {
        #[cfg(feature = "redis")]
        if !self.store.is_memory() {
            let way = redis::store(self, clock).await?;
            return Ok((OpenStore::Redis(way.store(), way.bus()), Some(way)));
        }
        Ok((OpenStore::Memory, None))
    }

    /// A queue, over the way to the store where it has the store's URL.
    #[cfg_attr(not(feature = "redis"), expect(unused_variables, reason = "there is no server to open"))]
    async fn open_queue(&self, name: &str, clock: &Clock, way: Option<&Way>) -> Result<Arc<dyn Queue>, OpenError> {
        #[cfg(feature = "redis")]
        if !self.queue().is_memory() {
            return Ok(Arc::new(redis::queue(self, name, way, clock).await?));
        }
        Ok(OpenQueue::Memory(self.memory_queue(clock)?).of_one_cache())
    }

    fn memory_queue(&self, clock: &Clock) -> Result<MemoryQueueBuilder, SettingsError> {
        let queue = MemoryQueue::builder(clock.clone())
            .bound(self.queue_limit)
            .quarantine_bound(self.quarantine_limit)
            .visibility(self.visibility);
        match queue.clone().build() {
            Ok(_) => Ok(queue),
            Err(error) => Err(SettingsError::of_field(self, "queue", &error.to_string())),
        }
    }
}

impl Backends {
    /// Begins a cache on these, with all numbers as the settings have them; what is changed on the builder wins.
    ///
    /// Several may be begun. They share what lies on a server, as several processes do; where the store is in memory each has
    /// one of its own, with queues of its own, for a task is of no use to a cache that has another store.
    pub fn builder(&self) -> CacheBuilder {
        let settings = &self.settings;
        let builder = Cache::builder()
            .clock(self.clock.clone())
            .capacity(settings.capacity)
            .near_capacity(settings.near_capacity)
            .workers(settings.workers)
            .task_deadline(settings.task_deadline)
            .heartbeat(settings.heartbeat)
            .limits(settings.limits.clone());
        let builder = match settings.near_bound {
            Some(bound) => builder.near_bound(bound),
            None => builder,
        };
        let builder = match &self.store {
            OpenStore::Memory => builder,
            #[cfg(feature = "redis")]
            OpenStore::Redis(store, bus) if settings.bus => builder.store(store.clone()).bus(bus.clone()),
            #[cfg(feature = "redis")]
            OpenStore::Redis(store, _) => builder.store(store.clone()),
        };
        let queues = self.queues.iter();
        let builder = queues.fold(builder, |builder, (name, queue)| builder.queue_named(name, queue.of_one_cache()));
        settings.queues.iter().fold(builder, |builder, (name, workers)| builder.workers_on(name, *workers))
    }

    /// The settings that they were opened by.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }
}

impl fmt::Debug for Backends {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Backends").field("settings", &self.settings).finish_non_exhaustive()
    }
}
