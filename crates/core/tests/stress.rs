//! Many tasks on many threads, against the one promise that matters: after an invalidation has returned, no answer that
//! claims to be fresh is older than what it invalidated. A short round always runs, a long one with `FRESHEN_LONG=1`.

#![allow(clippy::unwrap_used)] // A test that cannot go on fails.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::SeqCst};
use std::time::{Duration, Instant};

use freshen_core::store::MemoryStore;
use freshen_core::{
    Answer, Cache, CacheBuilder, Clock, Job, Jobs, Limit, Limits, Load, Loaded, Policy, PolicyBuilder, Status, Strength,
};
use serde::{Deserialize, Serialize};

const KEYS: usize = 6;

/// A version per key, which only grows.
#[derive(Default)]
struct Versions([AtomicU64; KEYS]);

impl Versions {
    fn now(&self) -> [u64; KEYS] {
        std::array::from_fn(|key| self.0[key].load(SeqCst))
    }

    fn raise(&self, key: usize, version: u64) {
        self.0[key].fetch_max(version, SeqCst);
    }
}

/// The source, and how often its loads go wrong.
#[derive(Clone)]
struct Source {
    versions: Arc<Versions>,
    chaos: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct Version {
    key: usize,
}

#[derive(Debug, thiserror::Error)]
#[error("the source is down")]
struct Down;

impl Job for Version {
    type Output = u64;
    type Error = Down;
    type State = (Source,);
    const NAME: &'static str = "version";
    const NAMESPACE: &'static str = "stress";
    const BATCH: usize = 16;

    fn policy() -> PolicyBuilder {
        Policy::builder()
            .ttl(Duration::from_millis(20))
            .stale_while_revalidate(Duration::from_millis(30))
            .stale_if_error(Duration::from_millis(30))
            .early_refresh(1.0)
            .lease(Duration::from_millis(100))
            .load_timeout(Duration::from_millis(50))
            .soft_timeout(Duration::from_millis(2))
            .backoff(Duration::from_millis(1), Duration::from_millis(2))
    }

    async fn load(&self, load: Load<'_, Self>) -> Result<Loaded<u64>, Down> {
        let source = &load.state().0;
        let version = source.versions.0[self.key].load(SeqCst);
        match fastrand::u32(..100) {
            0..3 if source.chaos => return Err(Down),
            3..5 if source.chaos => std::panic::resume_unwind(Box::new("scripted")),
            5 if source.chaos => std::future::pending().await,
            6..50 => tokio::task::yield_now().await,
            50..60 => tokio::time::sleep(Duration::from_millis(1)).await,
            _ => {}
        }
        Ok(version.into())
    }

    fn tags(&self, _value: &u64) -> Vec<String> {
        vec!["all".into(), format!("key:{}", self.key)]
    }
}

/// One cache and what its own calls have invalidated.
struct Stage {
    cache: Cache,
    source: Source,
    /// What no fresh answer may be older than, and what no answer at all may be older than.
    outdated: Versions,
    outdated_hard: Versions,
    answers: AtomicUsize,
}

impl Stage {
    async fn new(source: &Source, builder: CacheBuilder) -> Arc<Self> {
        let limits = Limits { ramp: Duration::from_millis(2), job: Limit::at_once(3), ..Limits::default() };
        let builder = builder.state(source.clone()).jobs(Jobs::new().add::<Version>()).limits(limits);
        let cache = builder.heartbeat(Duration::from_millis(20)).build().await.unwrap();
        let (outdated, outdated_hard) = Default::default();
        Arc::new(Stage { cache, source: source.clone(), outdated, outdated_hard, answers: AtomicUsize::new(0) })
    }

    fn check(&self, key: usize, before: (u64, u64), answer: &Answer<u64>) {
        let least = match answer.status() {
            Status::Hit | Status::Loaded => before.0,
            _ => before.1,
        };
        assert!(**answer >= least, "key {key}: {answer:?} is older than {least}");
        self.answers.fetch_add(1, SeqCst);
    }

    fn before(&self, key: usize) -> (u64, u64) {
        (self.outdated.0[key].load(SeqCst), self.outdated_hard.0[key].load(SeqCst))
    }

    async fn read(self: &Arc<Self>) {
        let key = fastrand::usize(..KEYS);
        let (job, before) = (Version { key }, self.before(key));
        match fastrand::u32(..20) {
            0..12 => {
                if let Ok(answer) = self.cache.get(&job).await {
                    self.check(key, before, &answer);
                }
            }
            12..14 => {
                let keys: Vec<_> = (0..4).map(|_| fastrand::usize(..KEYS)).collect();
                let before: Vec<_> = keys.iter().map(|key| self.before(*key)).collect();
                let jobs: Vec<_> = keys.iter().map(|key| Version { key: *key }).collect();
                for (at, answer) in self.cache.get_many(&jobs).await.iter().enumerate() {
                    if let Ok(answer) = answer {
                        self.check(keys[at], before[at], answer);
                    }
                }
            }
            14..16 => {
                if let Some(answer) = self.cache.get_ready(&job) {
                    self.check(key, before, &answer);
                }
            }
            16 => {
                if let Ok(answer) = self.cache.load(&job).await {
                    self.check(key, before, &answer);
                }
            }
            _ => {
                let stage = self.clone();
                let leaving = tokio::spawn(async move { stage.cache.get(&job).await.map(|answer| *answer) });
                tokio::task::yield_now().await;
                leaving.abort();
            }
        }
    }

    async fn write(&self) {
        let (cache, key) = (&self.cache, fastrand::usize(..KEYS));
        let job = Version { key };
        let put = if fastrand::u32(..5) == 0 { Some(cache.begin_put(&job).await.unwrap()) } else { None };
        let written = self.source.versions.0[key].fetch_add(1, SeqCst) + 1;
        if let Some(put) = put {
            put.commit(written).await.unwrap();
            self.outdated.raise(key, written);
            return;
        }
        let strength = if fastrand::bool() { Strength::Hard } else { Strength::Soft };
        let all = self.source.versions.now();
        let (whole, hard) = match fastrand::u32(..12) {
            0..5 => (cache.invalidate(&job, strength).await.map(|_| false), strength == Strength::Hard),
            5..8 => {
                (cache.invalidate_tag(&format!("key:{key}"), strength).await.map(|_| false), strength == Strength::Hard)
            }
            8 => (cache.invalidate_tag("all", strength).await.map(|_| true), strength == Strength::Hard),
            9 => (cache.invalidate_namespace("stress", strength).await.map(|_| true), strength == Strength::Hard),
            10 => (cache.remove(&job).await.map(|_| false), true),
            _ => (cache.refresh(&job).await.map(|_| false), false),
        };
        for (at, version) in all.into_iter().enumerate().filter(|(at, _)| whole.as_ref().unwrap() | (*at == key)) {
            self.outdated.raise(at, version);
            if hard {
                self.outdated_hard.raise(at, version);
            }
        }
    }
}

/// Answers of each cache in one run, at least.
const ANSWERS_LEAST: usize = 100;

async fn stress(stages: Vec<Arc<Stage>>, span: Duration) {
    let until = Instant::now() + span;
    let mut tasks = Vec::new();
    for stage in &stages {
        for n in 0..12 {
            let stage = stage.clone();
            tasks.push(tokio::spawn(async move {
                // A busy machine takes longer for as much.
                while Instant::now() < until || stage.answers.load(SeqCst) <= ANSWERS_LEAST {
                    if n < 3 {
                        stage.write().await
                    } else {
                        stage.read().await
                    }
                    if fastrand::u32(..16) == 0 {
                        tokio::task::yield_now().await;
                    }
                }
            }));
        }
    }
    for task in tasks {
        task.await.unwrap();
    }
    for stage in stages {
        assert!(stage.cache.shut_down(Duration::from_secs(10)).await);
        assert_eq!(stage.cache.loads_under_way(), 0);
    }
}

fn run(chaos: bool, caches: usize, builder: impl Fn(&Clock, &MemoryStore) -> CacheBuilder) {
    let long = std::env::var_os("FRESHEN_LONG").is_some_and(|long| long == "1");
    let span = if long { Duration::from_secs(5) } else { Duration::from_millis(150) };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build().unwrap();
    runtime.block_on(async {
        let (clock, source) = (Clock::coarse(), Source { versions: Arc::default(), chaos });
        let store = MemoryStore::builder(clock.clone()).capacity(200_000).marks(5).build().unwrap();
        let mut stages = Vec::new();
        for _ in 0..caches {
            stages.push(Stage::new(&source, builder(&clock, &store)).await);
        }
        stress(stages, span).await;
    });
}

#[test]
fn one_cache_of_its_own_keeps_its_promise() {
    run(false, 1, |clock, _| Cache::builder().clock(clock.clone()));
}

#[test]
fn a_cache_whose_loads_go_wrong_keeps_its_promise() {
    run(true, 1, |clock, _| Cache::builder().clock(clock.clone()));
}

#[test]
fn a_cache_that_has_room_for_two_values_keeps_its_promise() {
    run(true, 1, |clock, _| Cache::builder().clock(clock.clone()).near_capacity(1_800).capacity(1_800));
}

#[test]
fn two_caches_on_one_store_keep_their_promises() {
    run(true, 2, |clock, store| Cache::builder().clock(clock.clone()).store(store.clone()).bus(store.bus()));
}

#[test]
fn a_store_of_bytes_keeps_the_promise() {
    run(true, 2, |clock, _| {
        let store = MemoryStore::builder(clock.clone()).encoded().marks(4).build().unwrap();
        Cache::builder().clock(clock.clone()).bus(store.bus()).store(store)
    });
}

/// Ten thousand callers of one key, cold and then stale.
#[test]
fn a_crowd_is_served_by_one_load() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build().unwrap();
    runtime.block_on(async {
        let clock = Clock::manual(freshen_core::Timestamp::from_micros(1_000_000));
        let (counted, source) = crowd_source();
        let cache = Cache::builder().clock(clock.clone()).state(source).jobs(Jobs::new().add::<Crowded>());
        let cache = cache.build().await.unwrap();
        for (loads, status) in [(1, Status::Loaded), (2, Status::Stale)] {
            let callers: Vec<_> = (0..10_000)
                .map(|_| {
                    let cache = cache.clone();
                    tokio::spawn(async move { cache.get(&Crowded).await.unwrap().status() })
                })
                .collect();
            let mut seen = 0;
            for caller in callers {
                seen += usize::from(caller.await.unwrap() == status);
            }
            assert!(seen > 0, "{status:?}");
            while counted.load(SeqCst) < loads {
                tokio::task::yield_now().await;
            }
            assert!(cache.loads_under_way() <= 1);
            assert_eq!(counted.load(SeqCst), loads);
            clock.advance(Duration::from_secs(61));
        }
        assert!(cache.shut_down(Duration::from_secs(10)).await);
    });
}

fn crowd_source() -> (Arc<AtomicUsize>, Crowd) {
    let counted = Arc::new(AtomicUsize::new(0));
    (counted.clone(), Crowd(counted))
}

#[derive(Clone)]
struct Crowd(Arc<AtomicUsize>);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct Crowded;

impl Job for Crowded {
    type Output = ();
    type Error = Down;
    type State = (Crowd,);
    const NAME: &'static str = "crowded";

    fn policy() -> PolicyBuilder {
        Policy::builder().ttl(Duration::from_secs(60)).jitter(0.0)
    }

    async fn load(&self, load: Load<'_, Self>) -> Result<Loaded<()>, Down> {
        load.state().0.0.fetch_add(1, SeqCst);
        tokio::time::sleep(Duration::from_millis(5)).await;
        Ok(().into())
    }
}

/// Far more tags are invalidated than the store keeps marks of: what it forgets counts as invalidated.
#[tokio::test]
async fn more_marks_than_are_kept_outdate_too_much_and_never_too_little() {
    let clock = Clock::coarse();
    let store = MemoryStore::builder(clock.clone()).marks(100).build().unwrap();
    let source = Source { versions: Arc::default(), chaos: false };
    let builder = Cache::builder().clock(clock).store(store.clone()).bus(store.bus());
    let stage = Stage::new(&source, builder).await;
    for key in 0..KEYS {
        stage.cache.get(&Version { key }).await.unwrap();
        source.versions.raise(key, 1);
        stage.cache.invalidate_tag(&format!("key:{key}"), Strength::Hard).await.unwrap();
    }
    for n in 0..1_000 {
        stage.cache.invalidate_tag(&format!("other:{n}"), Strength::Soft).await.unwrap();
    }
    assert_eq!(store.marks_len(), 100);
    for key in 0..KEYS {
        assert_eq!(*stage.cache.get(&Version { key }).await.unwrap(), 1);
    }
}
