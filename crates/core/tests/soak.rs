//! Two caches on one store under everything at once, for a while: keys and tags that come and go, invalidations soft and
//! hard, puts, failures, callers who leave. What the process holds must stay flat, and its tables must be empty at the end.
//! Two seconds always run, ten minutes with `FRESHEN_LONG=1`.

#![allow(clippy::unwrap_used)] // A test that cannot go on fails.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use freshen_core::store::MemoryStore;
use freshen_core::{Cache, Clock, Job, Jobs, Limit, Limits, Load, Loaded, Policy, PolicyBuilder, Strength};
use serde::{Deserialize, Serialize};

/// Keys in use at one time; the window of them moves on, so that every key and every tag is used for a while only.
const WINDOW: u64 = 2_000;
const KEYS_PER_TAG: u64 = 20;
const CAPACITY: u64 = 1 << 20;
const NEAR_CAPACITY: u64 = 512 << 10;
const MARKS: usize = 500;
/// Threads, and so how many steps of the store are between their write and making room for it.
const THREADS: usize = 4;
/// More than one record takes.
const RECORD: u64 = 4 << 10;

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct Page {
    key: u64,
}

#[derive(Debug, thiserror::Error)]
#[error("the source is down")]
struct Down;

impl Job for Page {
    type Output = Vec<u8>;
    type Error = Down;
    type State = ();
    const NAME: &'static str = "page";
    const NAMESPACE: &'static str = "soak";
    const BATCH: usize = 16;

    fn policy() -> PolicyBuilder {
        Policy::builder()
            .ttl(Duration::from_millis(20))
            .stale_while_revalidate(Duration::from_millis(40))
            .stale_if_error(Duration::from_millis(40))
            .lease(Duration::from_millis(100))
            .load_timeout(Duration::from_millis(50))
            .soft_timeout(Duration::from_millis(2))
            .backoff(Duration::from_millis(1), Duration::from_millis(2))
    }

    async fn load(&self, _load: Load<'_, Self>) -> Result<Loaded<Vec<u8>>, Down> {
        match fastrand::u32(..100) {
            0..3 => return Err(Down),
            3..5 => std::panic::resume_unwind(Box::new("scripted")),
            5 => std::future::pending().await,
            6..20 => tokio::time::sleep(Duration::from_millis(1)).await,
            20..50 => tokio::task::yield_now().await,
            _ => {}
        }
        Ok(vec![1; fastrand::usize(16..2_048)].into())
    }

    fn tags(&self, _value: &Vec<u8>) -> Vec<String> {
        vec!["all".into(), tag(self.key)]
    }
}

fn tag(key: u64) -> String {
    format!("tag:{}", key / KEYS_PER_TAG)
}

/// What the tasks share.
struct Soak {
    caches: Vec<Cache>,
    over: AtomicBool,
    acts: AtomicU64,
}

impl Soak {
    async fn new(clock: &Clock, store: &MemoryStore) -> Arc<Self> {
        let mut caches = Vec::new();
        for _ in 0..2 {
            let limits = Limits { ramp: Duration::from_millis(5), total: Limit::at_once(8), ..Limits::default() };
            let cache = Cache::builder().clock(clock.clone()).store(store.clone()).bus(store.bus()).limits(limits);
            let cache = cache.near_capacity(NEAR_CAPACITY).heartbeat(Duration::from_millis(50));
            caches.push(cache.jobs(Jobs::new().add::<Page>()).build().await.unwrap());
        }
        Arc::new(Soak { caches, over: AtomicBool::new(false), acts: AtomicU64::new(0) })
    }

    /// A page of the window as it stands.
    fn page(&self) -> Page {
        Page { key: self.acts.load(Relaxed) / 64 + fastrand::u64(..WINDOW) }
    }

    async fn work(self: Arc<Self>) {
        while !self.over.load(Relaxed) {
            let cache = &self.caches[fastrand::usize(..self.caches.len())];
            self.act(cache).await;
            if self.acts.fetch_add(1, Relaxed).is_multiple_of(16) {
                tokio::task::yield_now().await;
            }
        }
    }

    async fn act(&self, cache: &Cache) {
        let page = self.page();
        let strength = if fastrand::bool() { Strength::Soft } else { Strength::Hard };
        match fastrand::u32(..1_000) {
            0..40 => drop(cache.invalidate(&page, strength).await.unwrap()),
            40..60 => drop(cache.invalidate_tag(&tag(page.key), strength).await.unwrap()),
            60 => drop(cache.invalidate_tag("all", strength).await.unwrap()),
            61 => drop(cache.invalidate_namespace(Page::NAMESPACE, strength).await.unwrap()),
            62..80 => drop(cache.remove(&page).await.unwrap()),
            80..120 => drop(cache.put(&page, vec![2; 64]).await.unwrap()),
            120..140 => drop(cache.begin_put(&page).await.unwrap()),
            140..180 => drop(cache.get_many(&[page, self.page(), self.page(), self.page()]).await),
            180..240 => self.leave(cache, page).await,
            // A load may fail: that is what it is told to do.
            _ => drop(cache.get(&page).await),
        }
    }

    /// A caller who leaves before there is an answer.
    async fn leave(&self, cache: &Cache, page: Page) {
        let cache = cache.clone();
        let leaving = tokio::spawn(async move { cache.get(&page).await.map(drop) });
        tokio::task::yield_now().await;
        leaving.abort();
    }
}

/// What the process holds: resident bytes where the system tells them.
fn resident_bytes() -> Option<u64> {
    let statm = fs::read_to_string("/proc/self/statm").ok()?;
    // Pages are 4 KiB or larger: where they are larger, this counts too little, and growth shows all the same.
    Some(statm.split_whitespace().nth(1)?.parse::<u64>().ok()? * 4_096)
}

/// The most that was held in a third of the span.
#[derive(Clone, Copy, Debug, Default)]
struct Peak {
    resident: u64,
    entries: usize,
}

async fn watch(soak: &Soak, store: &MemoryStore, span: Duration) -> Peak {
    let (begun, mut peak) = (Instant::now(), Peak::default());
    while begun.elapsed() < span {
        tokio::time::sleep(span / 50).await;
        let near: usize = soak.caches.iter().map(|cache| cache.near_size().0).sum();
        peak.resident = peak.resident.max(resident_bytes().unwrap_or(0));
        peak.entries = peak.entries.max(near + store.len());
        assert!(store.weight() <= CAPACITY + THREADS as u64 * RECORD, "{}", store.weight());
    }
    peak
}

/// The number after this name in what a cache tells of itself.
fn told(cache: &Cache, name: &str) -> usize {
    let text = format!("{cache:?}");
    let (_, rest) = text.split_once(&format!("{name}: ")).unwrap();
    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().unwrap()
}

/// Whoever was left behind has ended by then.
async fn ended(cache: &Cache) {
    let begun = Instant::now();
    while told(cache, "pins") + cache.loads_under_way() > 0 && begun.elapsed() < Duration::from_secs(5) {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[test]
fn what_a_cache_holds_stays_flat_and_its_tables_are_empty_at_the_end() {
    let long = std::env::var_os("FRESHEN_LONG").is_some_and(|long| long == "1");
    let third = if long { Duration::from_secs(200) } else { Duration::from_millis(600) };
    // What an allocator may still take after the warm-up, in bytes. Ten minutes have 300 times the acts of the short form, so
    // a leak that hides here is found there.
    let slack: u64 = if long { 8 << 20 } else { 3 << 19 };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(THREADS).enable_all().build().unwrap();
    runtime.block_on(async {
        let clock = Clock::coarse();
        let store = MemoryStore::builder(clock.clone()).capacity(CAPACITY).marks(MARKS).build().unwrap();
        let soak = Soak::new(&clock, &store).await;
        let tasks: Vec<_> = (0..64).map(|_| tokio::spawn(soak.clone().work())).collect();
        watch(&soak, &store, third).await;
        let warm = watch(&soak, &store, third).await;
        let last = watch(&soak, &store, third).await;
        soak.over.store(true, Relaxed);
        for task in tasks {
            task.await.unwrap();
        }

        println!("{} acts; warm: {warm:?}, last: {last:?}; {soak:?}", soak.acts.load(Relaxed), soak = soak.caches);
        assert!(soak.acts.load(Relaxed) > 100, "{}", soak.acts.load(Relaxed));
        assert!(last.resident <= warm.resident + slack, "{last:?} after {warm:?}");
        assert!(last.entries <= warm.entries * 2, "{last:?} after {warm:?}");
        assert!(store.weight() <= CAPACITY, "{}", store.weight());
        for cache in &soak.caches {
            assert!(cache.shut_down(Duration::from_secs(10)).await);
            ended(cache).await;
            assert_eq!((cache.loads_under_way(), told(cache, "pins")), (0, 0), "{cache:?}");
            // Cells of slots that are gone are swept when as many again have come; there are never few enough for less.
            let live = cache.near_size().0;
            assert!(told(cache, "cells") <= 1_024.max(4 * live + 8), "{cache:?}");
        }
    });
}
