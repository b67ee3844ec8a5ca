//! A source under the test's control, a job that reads it, and an observer that remembers.
#![allow(dead_code, clippy::unwrap_used)] // Each test file uses a part of it; a test that cannot go on fails.

pub mod faults;
pub mod foreign;
pub mod queued;
pub mod tuned;

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use freshen_core::{
    Answer, Cache, CacheBuilder, Clock, Event, GetError, Job, Jobs, Load, Loaded, Observer, Policy, PolicyBuilder,
};
use serde::{Deserialize, Serialize};
use tokio::sync::{Notify, Semaphore};

pub const TTL: Duration = Duration::from_secs(60);
pub const STALE: Duration = Duration::from_secs(600);
pub const ERROR: Duration = Duration::from_secs(3600);

/// What one load is to do. Loads take the next of the script, and `Answer` when it is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    Answer,
    Fail,
    Panic,
    Hang,
}

/// The truth that loads read: a number that the test writes. A load reads it first, then waits where the test holds it.
#[derive(Clone)]
pub struct Source(Arc<Inner>);

struct Inner {
    truth: AtomicU64,
    reads: AtomicUsize,
    batches: AtomicUsize,
    script: Mutex<VecDeque<Act>>,
    /// Closed while loads are held after their read.
    gate: Semaphore,
    held: AtomicUsize,
    arrived: Notify,
}

const OPEN: usize = 1_000_000;

impl Source {
    pub fn new() -> Self {
        Source(Arc::new(Inner {
            truth: AtomicU64::new(1),
            reads: AtomicUsize::new(0),
            batches: AtomicUsize::new(0),
            script: Mutex::default(),
            gate: Semaphore::new(OPEN),
            held: AtomicUsize::new(0),
            arrived: Notify::new(),
        }))
    }

    /// Writes the truth.
    pub fn write(&self, value: u64) {
        self.0.truth.store(value, Ordering::SeqCst);
    }

    /// What the next loads are to do.
    pub fn script(&self, acts: impl IntoIterator<Item = Act>) {
        self.0.script.lock().unwrap().extend(acts);
    }

    /// How many loads have read the truth.
    pub fn reads(&self) -> usize {
        self.0.reads.load(Ordering::SeqCst)
    }

    /// How many batch loads there were.
    pub fn batches(&self) -> usize {
        self.0.batches.load(Ordering::SeqCst)
    }

    /// From now on loads wait after they have read.
    pub fn hold(&self) {
        self.0.gate.forget_permits(OPEN);
    }

    /// Lets `loads` of the held ones go on.
    pub fn release(&self, loads: usize) {
        self.0.gate.add_permits(loads);
    }

    /// Lets all go on, the coming ones too.
    pub fn open(&self) {
        self.0.gate.add_permits(OPEN);
    }

    /// Waits until `loads` loads have read the truth, since the beginning.
    pub async fn read_by(&self, loads: usize) {
        loop {
            let arrived = self.0.arrived.notified();
            if self.reads() >= loads {
                return;
            }
            arrived.await;
        }
    }

    /// Reads the truth as the next of the script says.
    pub async fn load(&self) -> Result<u64, Down> {
        let act = self.0.script.lock().unwrap().pop_front().unwrap_or(Act::Answer);
        let truth = self.0.truth.load(Ordering::SeqCst);
        self.0.reads.fetch_add(1, Ordering::SeqCst);
        self.0.arrived.notify_waiters();
        self.0.held.fetch_add(1, Ordering::SeqCst);
        self.0.gate.acquire().await.expect("the gate is never closed for good").forget();
        match act {
            Act::Answer => Ok(truth),
            Act::Fail => Err(Down),
            Act::Panic => panic!("scripted"),
            Act::Hang => std::future::pending().await,
        }
    }
}

/// What a scripted failure fails with.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("the source is down")]
pub struct Down;

/// Reads the truth. Fresh for [`TTL`], stale for [`STALE`], kept for errors for [`ERROR`], tagged `all` and `key:KEY`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Truth {
    pub key: String,
}

pub fn truth(key: &str) -> Truth {
    Truth { key: key.into() }
}

pub fn policy() -> PolicyBuilder {
    Policy::builder().ttl(TTL).stale_while_revalidate(STALE).stale_if_error(ERROR).jitter(0.0)
}

impl Job for Truth {
    type Output = u64;
    type Error = Down;
    type State = (Source,);
    const NAME: &'static str = "truth";
    const NAMESPACE: &'static str = "tests";
    const BATCH: usize = 100;

    fn policy() -> PolicyBuilder {
        policy()
    }

    async fn load(&self, load: Load<'_, Self>) -> Result<Loaded<u64>, Down> {
        load.state().0.load().await.map(Loaded::from)
    }

    async fn load_many(jobs: &[Self], load: Load<'_, Self>) -> Vec<Result<Loaded<u64>, Down>> {
        let source = &load.state().0;
        source.0.batches.fetch_add(1, Ordering::SeqCst);
        let result = source.load().await;
        jobs.iter().map(|_| result.as_ref().map(|value| (*value).into()).map_err(|_| Down)).collect()
    }

    fn tags(&self, _value: &u64) -> Vec<String> {
        vec!["all".into(), format!("key:{}", self.key)]
    }
}

/// Remembers events as text, in order.
#[derive(Clone, Default)]
pub struct Memory(Arc<Mutex<Vec<String>>>);

impl Observer for Memory {
    fn observe(&self, event: &Event<'_>) {
        self.0.lock().unwrap().push(format!("{event:?}"));
    }
}

impl Memory {
    pub fn all(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }

    pub fn count(&self, needle: &str) -> usize {
        self.all().iter().filter(|event| event.contains(needle)).count()
    }
}

/// A cache on the runtime's clock, its source, and what it tells.
pub struct Stage {
    pub cache: Cache,
    pub source: Source,
    pub events: Memory,
}

pub async fn stage() -> Stage {
    stage_with(|builder| builder).await
}

pub async fn stage_with(change: impl FnOnce(CacheBuilder) -> CacheBuilder) -> Stage {
    stage_on(Source::new(), change).await
}

/// A stage on a source that others may read too.
pub async fn stage_on(source: Source, change: impl FnOnce(CacheBuilder) -> CacheBuilder) -> Stage {
    let events = Memory::default();
    let builder = Cache::builder().state(source.clone()).jobs(Jobs::new().add::<Truth>());
    let builder = builder.clock(Clock::runtime()).observer(events.clone()).seed(7);
    Stage { cache: change(builder).build().await.unwrap(), source, events }
}

impl Stage {
    pub async fn get(&self, key: &str) -> Result<Answer<u64>, GetError<Down>> {
        self.cache.get(&truth(key)).await
    }

    /// The value of a key that is there.
    pub async fn value(&self, key: &str) -> u64 {
        *self.get(key).await.unwrap()
    }

    /// A `get` that runs beside the test.
    pub fn getting(&self, key: &str) -> tokio::task::JoinHandle<Result<Answer<u64>, GetError<Down>>> {
        let (cache, job) = (self.cache.clone(), truth(key));
        tokio::spawn(async move { cache.get(&job).await })
    }

    /// Lets everything that can run without time passing run.
    pub async fn settle(&self) {
        for _ in 0..200 {
            tokio::task::yield_now().await;
        }
    }
}

/// Lets time pass.
pub async fn pass(span: Duration) {
    tokio::time::sleep(span).await;
}
