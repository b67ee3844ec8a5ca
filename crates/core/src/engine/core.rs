//! The parts that every step of a walk needs, and the few effects that many of them share.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::AbortHandle;

use crate::bus::Bus;
use crate::engine::builder::Config;
use crate::engine::crew::Crew;
use crate::engine::fault::panic_text;
use crate::engine::flight::Flights;
use crate::engine::governor::Governor;
use crate::engine::heat::Heat;
use crate::engine::log::Log;
use crate::engine::near::Near;
use crate::engine::notices::Notices;
use crate::engine::queues::Queues;
use crate::engine::refresh::{ASKS_MOST, Filling};
use crate::engine::registry::Registry;
use crate::engine::running::Running;
use crate::engine::suspects::Suspects;
use crate::engine::work::Work;
use crate::entry::Strength;
use crate::event::{Event, Observer};
use crate::key::Key;
use crate::store::{Currency, Generations, Mark, Scope, Store, StoreTraits, Target};
use crate::time::{Clock, Timestamp};

/// What a cache is made of.
pub(crate) struct Parts {
    pub store: Arc<dyn Store>,
    pub traits: StoreTraits,
    pub queues: Queues,
    pub bus: Option<Arc<dyn Bus>>,
    pub clock: Clock,
    pub registry: Registry,
    pub near: Near,
    pub observers: Vec<Arc<dyn Observer>>,
    pub config: Config,
    pub runtime: Handle,
    pub seed: u64,
}

/// The engine: everything that does not depend on a job's type.
pub(crate) struct Engine {
    parts: Parts,
    flights: Arc<Flights>,
    notices: Notices,
    governor: Governor,
    suspects: Suspects,
    heat: Heat,
    filling: Arc<Filling>,
    asks: Arc<Semaphore>,
    chance: Mutex<fastrand::Rng>,
    log: Log,
    running: Arc<Running>,
    crew: Arc<Crew>,
    closing: watch::Sender<bool>,
    paused: watch::Sender<bool>,
}

impl Engine {
    pub fn new(parts: Parts) -> Self {
        Engine {
            governor: Governor::new(parts.config.governor.clone()),
            chance: Mutex::new(fastrand::Rng::with_seed(parts.seed)),
            log: Log::default(),
            flights: Arc::default(),
            notices: Notices::default(),
            suspects: Suspects::default(),
            heat: Heat::default(),
            filling: Arc::default(),
            asks: Arc::new(Semaphore::new(ASKS_MOST)),
            running: Arc::default(),
            crew: Arc::default(),
            closing: watch::Sender::new(false),
            paused: watch::Sender::new(false),
            parts,
        }
    }

    #[inline]
    pub fn now(&self) -> Timestamp {
        self.parts.clock.now()
    }

    pub fn store(&self) -> &dyn Store {
        &*self.parts.store
    }

    pub fn shares_values(&self) -> bool {
        self.parts.traits.shares_values
    }

    pub fn traits(&self) -> StoreTraits {
        self.parts.traits
    }

    pub fn queues(&self) -> &Queues {
        &self.parts.queues
    }

    pub fn bus(&self) -> Option<&Arc<dyn Bus>> {
        self.parts.bus.as_ref()
    }

    #[inline]
    pub fn registry(&self) -> &Registry {
        &self.parts.registry
    }

    #[inline]
    pub fn near(&self) -> &Near {
        &self.parts.near
    }

    pub fn config(&self) -> &Config {
        &self.parts.config
    }

    pub fn flights(&self) -> &Arc<Flights> {
        &self.flights
    }

    pub fn notices(&self) -> &Notices {
        &self.notices
    }

    pub fn governor(&self) -> &Governor {
        &self.governor
    }

    pub fn suspects(&self) -> &Suspects {
        &self.suspects
    }

    pub fn heat(&self) -> &Heat {
        &self.heat
    }

    /// A place for an ask behind a request, if there is one.
    pub fn place_to_ask(&self) -> Option<OwnedSemaphorePermit> {
        self.asks.clone().try_acquire_owned().ok()
    }

    pub fn filling(&self) -> &Arc<Filling> {
        &self.filling
    }

    /// A number in 0..1, from the cache's seed.
    pub fn chance(&self) -> f64 {
        self.chance.lock().unwrap_or_else(PoisonError::into_inner).f64()
    }

    #[inline]
    pub fn is_observed(&self) -> bool {
        !self.parts.observers.is_empty()
    }

    /// Tells observers and the log what happened. It is the only place that does.
    pub fn emit(&self, event: &Event<'_>) {
        for observer in &self.parts.observers {
            // An observer is a guest: its panic must end neither a caller's request nor the task that tells it something.
            if let Err(panic) = catch_unwind(AssertUnwindSafe(|| observer.observe(event))) {
                tracing::error!(target: "freshen", panic = &*panic_text(&*panic), "an observer panicked");
            }
        }
        self.log.tell(event, || self.now());
    }

    /// Outdates what this process keeps of a target. Called before an invalidation returns, whatever the bus does later.
    pub fn outdate_near(&self, target: &Target, strength: Strength, reached: &Generations) {
        for (partition, generation) in reached.as_slice() {
            self.near().enter(*partition, generation.epoch);
        }
        let scope = match target {
            Target::Key(key) => return self.strike(key, strength),
            Target::Tag(tag) => Scope::Tag(tag.clone()),
            Target::Namespace(name) => Scope::Namespace(name.clone()),
        };
        for (partition, generation) in reached.as_slice() {
            self.near().raise(*partition, &scope, Mark::of(strength, generation.number));
        }
    }

    /// Outdates one key in this process.
    pub fn strike(&self, key: &Key, strength: Strength) {
        // A key whose arguments do not decode here is in no near map of ours.
        let work = self.registry().open(key).ok().flatten();
        self.near().strike(key.hash(), strength, || work.and_then(|work| work.near_take()));
    }

    /// A newer value is in the store: what this process keeps of the key is dropped, if it is stale.
    pub fn drop_stale(&self, work: &dyn Work) {
        let Some(hand) = work.near_get() else { return };
        let (meta, now) = (hand.meta(), self.now());
        let fresh = self.near().judge(meta, now) == Some(Currency::Current) && now < meta.facts().fresh_until();
        if !fresh {
            work.near_take();
        }
    }

    /// Runs a future in the background; a shutdown waits for it.
    pub fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let guard = self.running.enter();
        self.crew.carry_out(&self.parts.runtime, Box::pin(task.map(move |()| drop(guard))));
    }

    /// As [`Engine::spawn`], in a task of its own with a handle that ends it.
    pub fn spawn_abortable(&self, task: impl Future<Output = ()> + Send + 'static) -> AbortHandle {
        let guard = self.running.enter();
        self.parts.runtime.spawn(task.map(move |()| drop(guard))).abort_handle()
    }

    /// Waits until the cache shuts down.
    pub async fn closed(&self) {
        // The sender lives as long as the engine, so the only end of this wait is the shutdown.
        let _ = self.closing.subscribe().wait_for(|closing| *closing).await;
    }

    pub fn is_closing(&self) -> bool {
        *self.closing.borrow()
    }

    /// Whether the workers of this process take no tasks for now.
    pub fn paused(&self) -> &watch::Sender<bool> {
        &self.paused
    }

    /// Begins the shutdown: no task is taken any more.
    pub fn close(&self) {
        self.closing.send_replace(true);
        self.crew.close();
    }

    /// Waits until everything in the background has ended; `false`: the deadline came first.
    pub async fn drained(&self, deadline: Duration) -> bool {
        self.within(deadline, self.running.idle()).await.is_some()
    }

    /// Waits for a future, but no longer than `span`. Whoever waits may be driven by no runtime; then the timer is the cache's.
    pub fn within<F: Future>(&self, span: Duration, future: F) -> impl Future<Output = Option<F::Output>> {
        let timed = {
            let runtime = Handle::try_current().unwrap_or_else(|_| self.parts.runtime.clone());
            let _entered = runtime.enter();
            tokio::time::timeout(span, future)
        };
        async move { timed.await.ok() }
    }
}
