//! The queue under the engine: one process answers, another refreshes.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use freshen_core::queue::Queue;
use freshen_core::{Cache, Clock, Job, Jobs, Load, Loaded, Policy, PolicyBuilder, Strength};
use freshen_redis::{Redis, RedisQueue};
use freshen_testkit::servers::{Flavour, Server};
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, sleep};

use super::{VISIBILITY, name, shared};

const LONG: Duration = Duration::from_secs(40);

/// What one process reads, and how often it did.
#[derive(Clone, Default)]
struct Source(Arc<(AtomicU64, AtomicU64)>);

impl Source {
    fn write(&self, value: u64) {
        self.0.0.store(value, Ordering::SeqCst);
    }

    fn reads(&self) -> u64 {
        self.0.1.load(Ordering::SeqCst)
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct Number {
    name: String,
}

impl Job for Number {
    type Output = u64;
    type Error = Infallible;
    type State = (Source,);
    const NAME: &'static str = "number";
    const NAMESPACE: &'static str = "tests";

    fn policy() -> PolicyBuilder {
        Policy::builder().ttl(Duration::from_secs(600)).stale_while_revalidate(Duration::from_secs(600))
    }

    async fn load(&self, load: Load<'_, Self>) -> Result<Loaded<u64>, Infallible> {
        let source = &load.state().0;
        source.0.1.fetch_add(1, Ordering::SeqCst);
        Ok(source.0.0.load(Ordering::SeqCst).into())
    }
}

/// One process: its cache, its source, and its hand on the queue.
struct Process {
    cache: Cache,
    source: Source,
    queue: RedisQueue,
}

async fn process(server: &Server, prefix: &str, workers: usize) -> Process {
    let (clock, source) = (Clock::coarse(), Source::default());
    let patient = Duration::from_secs(10);
    let redis = Redis::builder(server.url()).prefix(prefix).connect_timeout(patient).response_timeout(patient);
    let redis = redis.connect(clock.clone()).await.unwrap();
    let queue = redis.queue().visibility(VISIBILITY).build().unwrap();
    let cache = Cache::builder().store(redis.store()).bus(redis.bus()).clock(clock).queue(queue.clone());
    let cache = cache.state(source.clone()).jobs(Jobs::new().add::<Number>()).workers(workers);
    Process { cache: cache.build().await.unwrap(), source, queue }
}

async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + LONG;
    while !holds().await {
        assert!(Instant::now() < deadline, "never: {what}");
        sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn one_process_answers_at_once_and_another_refreshes() {
    for flavour in Flavour::ALL {
        let (server, prefix) = (shared(flavour).await, name());
        let (front, back) = (process(server, &prefix, 0).await, process(server, &prefix, 2).await);
        let numbers: Vec<Number> = (0..20).map(|number| Number { name: number.to_string() }).collect();
        front.source.write(1);
        back.source.write(2);
        for number in &numbers {
            assert_eq!(*front.cache.get(number).await.unwrap(), 1);
        }
        front.cache.invalidate_namespace("tests", Strength::Soft).await.unwrap();
        for number in &numbers {
            front.cache.get(number).await.unwrap();
        }
        for number in &numbers {
            until("refreshed", async || *front.cache.get(number).await.unwrap() == 2).await;
        }
        assert_eq!(front.source.reads(), 20, "who answers loads only what nobody has");
        assert_eq!(back.source.reads(), 20, "one task for each key");
        until("the queue is empty", async || {
            let depth = front.queue.depth().await.unwrap();
            (depth.ready, depth.delayed, depth.held) == (0, 0, 0)
        })
        .await;
    }
}

#[tokio::test]
async fn a_worker_sets_aside_what_it_cannot_read() {
    let (server, prefix) = (shared(Flavour::Redis).await, name());
    let line = format!("{{{prefix}:q:default}}:normal");
    server.command(&["XADD", &line, "*", "foo", "bar"]).await;
    server.command(&["XADD", &line, "*", "format", "9", "key", "from tomorrow"]).await;
    let back = process(server, &prefix, 1).await;
    until("both are set aside", async || back.queue.depth().await.unwrap().quarantined == 2).await;
    let aside = back.queue.quarantined(2).await.unwrap();
    let of = |key: &[u8]| aside.iter().find(|one| *one.task.key == *key).map(|one| one.reason.to_string());
    assert!(of(b"from tomorrow").unwrap().contains("format 9 is newer"), "{aside:?}");
    assert!(of(b"foo bar").is_some(), "{aside:?}");
}
