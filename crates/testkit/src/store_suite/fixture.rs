//! A store under test: the store itself, its time, and where it differs from others.

use std::sync::Arc;
use std::time::Duration;

use freshen_core::bus::Bus;
use freshen_core::store::Store;
use freshen_core::{BoxFuture, Clock, Key, Strength};

/// How a test lets time pass for the store.
#[derive(Clone, Debug)]
pub enum TestTime {
    /// The store's clock is a manual one: a test waits by moving it. The unit is a second.
    Manual(Clock),
    /// The store has a clock of its own: a test waits in earnest, in units of this length.
    Real(Duration),
}

/// The bounds that the store under test was given, small enough to be reached.
#[derive(Clone, Copy, Debug, Default)]
pub struct Bounds {
    /// How many bytes of records it keeps, if it keeps such a bound itself; at least 16 KiB.
    pub capacity: Option<u64>,
    /// What a value may weigh, if it refuses heavier ones; at most a quarter of the capacity.
    pub value: Option<usize>,
    /// How many marks it keeps, if it drops any; at least 4.
    pub marks: Option<usize>,
}

type Lose = Arc<dyn Fn() -> BoxFuture<'static, ()> + Send + Sync>;
type Evict = Arc<dyn Fn(Key) -> BoxFuture<'static, ()> + Send + Sync>;

/// A store under test. Each test gets a new one, empty.
#[derive(Clone)]
pub struct StoreFixture {
    /// The store.
    pub store: Arc<dyn Store>,
    /// The bus on which its steps are published.
    pub bus: Arc<dyn Bus>,
    /// The bounds that it was given.
    pub bounds: Bounds,
    /// How it treats what a lost clock made.
    pub lost: Strength,
    time: TestTime,
    lose_clock: Option<Lose>,
    evict: Option<Evict>,
}

impl StoreFixture {
    /// A store with its bus and its time, without bounds and faults.
    pub fn new(store: Arc<dyn Store>, bus: Arc<dyn Bus>, time: TestTime) -> StoreFixture {
        let (bounds, lost) = (Bounds::default(), Strength::Hard);
        StoreFixture { store, bus, bounds, lost, time, lose_clock: None, evict: None }
    }

    /// Declares the bounds that the store was given.
    #[must_use]
    pub fn bounded(self, bounds: Bounds) -> Self {
        StoreFixture { bounds, ..self }
    }

    /// Declares how the store treats what a lost clock made.
    #[must_use]
    pub fn when_lost(self, lost: Strength) -> Self {
        StoreFixture { lost, ..self }
    }

    /// Tells how to make the store lose its clock and its marks.
    #[must_use]
    pub fn losing_clock(self, lose: impl Fn() -> BoxFuture<'static, ()> + Send + Sync + 'static) -> Self {
        StoreFixture { lose_clock: Some(Arc::new(lose)), ..self }
    }

    /// Tells how to make the store lose the record of a key.
    #[must_use]
    pub fn evicting(self, evict: impl Fn(Key) -> BoxFuture<'static, ()> + Send + Sync + 'static) -> Self {
        StoreFixture { evict: Some(Arc::new(evict)), ..self }
    }

    /// Puts something in front of the store, such as a mutant.
    #[must_use]
    pub fn behind(self, wrap: impl FnOnce(Arc<dyn Store>) -> Arc<dyn Store>) -> Self {
        StoreFixture { store: wrap(self.store), ..self }
    }

    /// `units` times the shortest span that tests tell apart.
    pub fn span(&self, units: u32) -> Duration {
        match self.time {
            TestTime::Manual(_) => Duration::from_secs(1) * units,
            TestTime::Real(unit) => unit * units,
        }
    }

    /// Lets so many units pass.
    pub async fn wait(&self, units: u32) {
        match &self.time {
            TestTime::Manual(clock) => {
                clock.advance(self.span(units));
            }
            TestTime::Real(_) => tokio::time::sleep(self.span(units)).await,
        }
    }

    /// Sets the store's clock back by so many units. `false`: it cannot be had.
    pub fn set_back(&self, units: u32) -> bool {
        let TestTime::Manual(clock) = &self.time else { return false };
        let micros = u64::try_from(self.span(units).as_micros()).unwrap_or(u64::MAX);
        clock.set(freshen_core::Timestamp::from_micros(clock.now().as_micros().saturating_sub(micros)))
    }

    /// Makes the store lose its clock and its marks. `false`: it cannot be had.
    pub async fn lose_clock(&self) -> bool {
        let Some(lose) = &self.lose_clock else { return false };
        lose().await;
        true
    }

    /// Makes the store lose the record of a key. `false`: it cannot be had.
    pub async fn evict(&self, key: &Key) -> bool {
        let Some(evict) = &self.evict else { return false };
        evict(key.clone()).await;
        true
    }
}
