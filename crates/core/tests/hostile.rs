//! Users' code that misbehaves: what it may harm, and what it may not.

#![allow(clippy::unwrap_used)] // A test that cannot go on fails.

mod common;

use std::sync::{Arc, Mutex, OnceLock, Weak};
use std::time::Duration;

use common::{TTL, Truth, pass, policy, stage_with, truth};
use freshen_core::store::MemoryStore;
use freshen_core::{
    Cache, Clock, Event, GetError, Job, Jobs, Limit, Limits, Load, Loaded, Local, Observer, Policy, PolicyBuilder,
    Status, Strength, Timestamp,
};
use serde::{Deserialize, Serialize, Serializer};

struct Panics;

impl Observer for Panics {
    fn observe(&self, _event: &Event<'_>) {
        panic!("an observer");
    }
}

/// An observer that panics harms nobody: neither the caller, nor the load, nor the workers.
#[tokio::test(start_paused = true)]
async fn an_observer_that_panics_harms_nobody() {
    let stage = stage_with(|builder| builder.observer(Panics)).await;
    assert_eq!(stage.value("a").await, 1);
    assert_eq!(stage.value("a").await, 1);
    pass(TTL).await;
    assert_eq!(stage.get("a").await.unwrap().status(), Status::Stale);
    stage.settle().await;
    assert_eq!(stage.get("a").await.unwrap().status(), Status::Hit);
}

/// A value whose serialization panics, which weighs nothing.
#[derive(Debug, Deserialize)]
struct Unwritable;

impl Serialize for Unwritable {
    fn serialize<S: Serializer>(&self, _serializer: S) -> Result<S::Ok, S::Error> {
        panic!("a serialization");
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct Write;

impl Job for Write {
    type Output = Unwritable;
    type Error = std::convert::Infallible;
    type State = ();
    const NAME: &'static str = "write";

    async fn load(&self, _load: Load<'_, Self>) -> Result<Loaded<Unwritable>, Self::Error> {
        Ok(Unwritable.into())
    }

    fn weigh(&self, _value: &Unwritable) -> usize {
        0
    }
}

/// The load gave a value, and writing it for the store panics: it is served and not kept, and the key is not held.
#[tokio::test(start_paused = true)]
async fn a_value_whose_serialization_panics_is_served_and_not_kept() {
    let clock = Clock::runtime();
    let store = MemoryStore::builder(clock.clone()).encoded().build().unwrap();
    let cache = Cache::builder().clock(clock).store(store).jobs(Jobs::new().add::<Write>()).build().await.unwrap();
    for _ in 0..2 {
        let began = tokio::time::Instant::now();
        assert_eq!(cache.get(&Write).await.unwrap().status(), Status::Loaded);
        assert_eq!(began.elapsed(), Duration::ZERO);
    }
}

/// A job whose policy panics for some arguments.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct Moody(bool);

impl Job for Moody {
    type Output = u64;
    type Error = std::convert::Infallible;
    type State = (Arc<Mutex<bool>>,);
    const NAME: &'static str = "moody";
    const NAMESPACE: &'static str = "tests";

    fn policy() -> PolicyBuilder {
        policy()
    }

    fn policy_for(&self, usual: &Arc<Policy>) -> Arc<Policy> {
        assert!(!MOODY.lock().unwrap().is_some_and(|moody| moody && self.0), "a policy");
        usual.clone()
    }

    async fn load(&self, _load: Load<'_, Self>) -> Result<Loaded<u64>, Self::Error> {
        Ok(1.into())
    }
}

static MOODY: Mutex<Option<bool>> = Mutex::new(None);

/// A task's arguments meet a policy that panics: that task is set aside, and the others have their turns.
#[tokio::test(start_paused = true)]
async fn a_policy_that_panics_ends_its_own_task_and_no_other() {
    let jobs = Jobs::new().add::<Truth>().add::<Moody>();
    let stage = stage_with(|builder| builder.state(Arc::new(Mutex::new(false))).jobs(jobs)).await;
    stage.cache.get(&Moody(true)).await.unwrap();
    stage.value("a").await;
    pass(TTL).await;
    stage.cache.get(&Moody(true)).await.unwrap();
    *MOODY.lock().unwrap() = Some(true);
    stage.settle().await;
    *MOODY.lock().unwrap() = None;
    assert_eq!(stage.get("a").await.unwrap().status(), Status::Stale);
    stage.settle().await;
    assert_eq!(stage.get("a").await.unwrap().status(), Status::Hit);
    assert_eq!(stage.cache.quarantined(9).await.unwrap().len(), 1);
}

/// A part of the arguments is left out of the key: an invalidation by the key would not find what is kept near.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct Partial {
    id: u64,
    #[serde(skip)]
    secret: String,
}

impl Job for Partial {
    type Output = u64;
    type Error = std::convert::Infallible;
    type State = ();
    const NAME: &'static str = "partial";

    async fn load(&self, _load: Load<'_, Self>) -> Result<Loaded<u64>, Self::Error> {
        Ok(1.into())
    }
}

#[tokio::test(start_paused = true)]
async fn a_job_that_its_key_does_not_name_is_refused() {
    let cache = Cache::builder().clock(Clock::runtime()).jobs(Jobs::new().add::<Partial>()).build().await.unwrap();
    let whole = Partial { id: 1, secret: String::new() };
    assert!(cache.get(&whole).await.is_ok());
    let partial = Partial { id: 1, secret: "x".into() };
    assert!(matches!(cache.get(&partial).await, Err(GetError::Key(_))));
    assert!(cache.invalidate(&partial, Strength::Hard).await.is_err());
    assert!(cache.put(&partial, 2).await.is_err());
}

/// Values that tell whether anybody still holds them.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct Held(u64);

type Holders = Arc<Mutex<Vec<Weak<u64>>>>;

impl Job for Held {
    type Output = Local<Arc<u64>>;
    type Error = std::convert::Infallible;
    type State = (Holders,);
    const NAME: &'static str = "held";

    fn policy() -> PolicyBuilder {
        policy()
    }

    async fn load(&self, load: Load<'_, Self>) -> Result<Loaded<Self::Output>, Self::Error> {
        let value = Arc::new(self.0);
        load.state().0.lock().unwrap().push(Arc::downgrade(&value));
        Ok(Local(value).into())
    }
}

/// A process without workers asks others to refresh: it never hears of the end of their tasks.
#[tokio::test(start_paused = true)]
async fn a_value_that_was_asked_for_is_not_kept_by_the_asking() {
    let holders = Holders::default();
    let builder = Cache::builder().clock(Clock::runtime()).workers(0).state(holders.clone());
    let cache = builder.jobs(Jobs::new().add::<Held>()).build().await.unwrap();
    for n in 0..10 {
        cache.get(&Held(n)).await.unwrap();
    }
    pass(TTL).await;
    for n in 0..10 {
        assert_eq!(cache.get(&Held(n)).await.unwrap().status(), Status::Stale);
    }
    for n in 0..10 {
        cache.remove(&Held(n)).await.unwrap();
    }
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    assert_eq!(holders.lock().unwrap().iter().filter(|value| value.strong_count() > 0).count(), 0);
}

/// A rate so low that its interval is no duration.
#[tokio::test]
async fn a_rate_that_cannot_be_kept_is_refused() {
    for rate in [1e-300, 1e-20, f64::MIN_POSITIVE] {
        let limits = Limits { total: Limit { at_once: 1, per_second: Some(rate) }, ..Limits::default() };
        assert!(Cache::builder().limits(limits).build().await.is_err(), "{rate}");
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct Late(u64);

impl Job for Late {
    type Output = u64;
    type Error = std::convert::Infallible;
    type State = ();
    const NAME: &'static str = "late";

    fn policy() -> PolicyBuilder {
        policy()
            .ttl(Duration::from_millis(1))
            .stale_while_revalidate(Duration::ZERO)
            .soft_timeout(Duration::from_millis(1))
    }

    async fn load(&self, _load: Load<'_, Self>) -> Result<Loaded<u64>, Self::Error> {
        tokio::time::sleep(Duration::from_millis(20)).await;
        Ok(1.into())
    }
}

/// A caller on a thread of its own, which no runtime drives.
#[test]
fn a_caller_needs_no_runtime_of_its_own() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let (clock, jobs) = (Clock::manual(Timestamp::from_micros(1_000_000)), Jobs::new().add::<Late>());
    let cache = runtime.block_on(Cache::builder().clock(clock.clone()).jobs(jobs).build()).unwrap();
    let statuses: Vec<_> = (0..2)
        .map(|_| {
            clock.advance(Duration::from_millis(2));
            wait(cache.get(&Late(1))).unwrap().status()
        })
        .collect();
    assert_eq!(statuses, [Status::Loaded, Status::Fallback]);
    assert!(cache.get_ready(&Late(2)).is_none());
    assert!(wait(cache.shut_down(Duration::from_secs(60))));
}

/// Drives a future on this thread alone.
fn wait<F: Future>(future: F) -> F::Output {
    struct Unpark(std::thread::Thread);
    impl std::task::Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Arc::new(Unpark(std::thread::current())).into();
    let mut context = std::task::Context::from_waker(&waker);
    let mut future = std::pin::pin!(future);
    loop {
        match future.as_mut().poll(&mut context) {
            std::task::Poll::Ready(output) => return output,
            std::task::Poll::Pending => std::thread::park_timeout(Duration::from_secs(10)),
        }
    }
}

/// A value that asks the cache when it is dropped.
struct Asking(u64, Arc<OnceLock<Cache>>);

impl Drop for Asking {
    fn drop(&mut self) {
        if let Some(cache) = self.1.get() {
            cache.get_ready(&Asks(self.0));
            cache.get_ready(&Asks(self.0 + 1));
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct Asks(u64);

impl Job for Asks {
    type Output = Local<Asking>;
    type Error = std::convert::Infallible;
    type State = (Arc<OnceLock<Cache>>,);
    const NAME: &'static str = "asks";

    async fn load(&self, load: Load<'_, Self>) -> Result<Loaded<Self::Output>, Self::Error> {
        Ok(Local(Asking(self.0, load.state().0.clone())).into())
    }
}

/// Values are dropped where they are replaced, evicted, removed: never under a lock that the cache takes.
#[test]
fn a_value_that_asks_the_cache_when_it_is_dropped_does_not_hang() {
    let (done, ended) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let known = Arc::new(OnceLock::new());
            let builder = Cache::builder().state(known.clone()).near_capacity(2_000).capacity(2_000);
            let cache = builder.jobs(Jobs::new().add::<Asks>()).build().await.unwrap();
            known.set(cache.clone()).ok().unwrap();
            for n in 0..50 {
                cache.get(&Asks(n % 7)).await.unwrap();
                cache.load(&Asks(n % 7)).await.unwrap();
                cache.invalidate(&Asks(n % 7), Strength::Hard).await.unwrap();
                cache.get(&Asks(n % 5)).await.unwrap();
                cache.remove(&Asks(n % 5)).await.unwrap();
            }
        });
        done.send(()).unwrap();
    });
    ended.recv_timeout(Duration::from_secs(20)).unwrap();
}

/// A closure that reads the same key in the middle of a read.
#[tokio::test(start_paused = true)]
async fn a_reader_may_read_the_same_key_while_it_reads() {
    let stage = stage_with(|builder| builder).await;
    stage.value("a").await;
    let read = |value: &u64| *value + *stage.cache.get_ready(&truth("a")).unwrap();
    assert_eq!(stage.cache.get_with(&truth("a"), read).await.unwrap(), 2);
}
