//! Callers whom no runtime drives: they are answered, and nothing panics.

#![allow(clippy::unwrap_used)] // A test that cannot go on fails.

mod common;

use std::convert::Infallible;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::Duration;

use common::steps::{by_tag, fill, key_in};
use common::{builder, shared};
use freshen_core::bus::{Bus, Heard};
use freshen_core::queue::Queue;
use freshen_core::store::Store;
use freshen_core::{Cache, Clock, Job, Jobs, Load, Loaded, Policy, PolicyBuilder, Strength};
use freshen_redis::Redis;
use freshen_testkit::servers::Flavour;
use serde::{Deserialize, Serialize};

/// How often the source was read.
#[derive(Clone, Default)]
struct Reads(Arc<AtomicU64>);

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct Number {
    of: u32,
}

impl Job for Number {
    type Output = u64;
    type Error = Infallible;
    type State = (Reads,);
    const NAME: &'static str = "number";
    const NAMESPACE: &'static str = "tests";

    fn policy() -> PolicyBuilder {
        Policy::builder().ttl(Duration::from_secs(600))
    }

    async fn load(&self, load: Load<'_, Self>) -> Result<Loaded<u64>, Infallible> {
        Ok((load.state().0.0.fetch_add(1, Ordering::SeqCst) + 1).into())
    }

    fn tags(&self, _value: &u64) -> Vec<String> {
        vec!["all".into()]
    }
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// The plainest executor there is, on a thread of its own.
fn elsewhere<T: Send + 'static, F: Future<Output = T>>(make: impl FnOnce() -> F + Send + 'static) -> T {
    let (told, heard) = mpsc::channel();
    thread::spawn(move || {
        let mut future = pin!(make());
        let waker = Waker::from(Arc::new(Unpark(thread::current())));
        let mut context = Context::from_waker(&waker);
        loop {
            match future.as_mut().poll(&mut context) {
                Poll::Ready(answer) => return told.send(answer),
                Poll::Pending => thread::park(),
            }
        }
    });
    heard.recv_timeout(Duration::from_secs(60)).expect("it is answered, and does not panic")
}

#[test]
fn a_cache_answers_whom_no_runtime_drives() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (reads, prefix) = (Reads::default(), common::prefix());
    let cache = |reads: &Reads| {
        let (reads, prefix) = (reads.clone(), prefix.clone());
        async move {
            let url = shared(Flavour::Redis).await.url();
            let redis = builder(url).prefix(prefix).partitions(4).connect(Clock::runtime()).await.unwrap();
            let cache = Cache::builder().store(redis.store()).bus(redis.bus()).state(reads);
            cache.jobs(Jobs::new().add::<Number>()).build().await.unwrap()
        }
    };
    let (cache, other) = (runtime.block_on(cache(&reads)), runtime.block_on(cache(&reads)));
    elsewhere(move || async move {
        let number = Number { of: 1 };
        assert_eq!(*cache.get(&number).await.unwrap(), 1, "a load");
        assert_eq!(*other.get(&number).await.unwrap(), 1, "a hit of the store");
        let many: Vec<Number> = (0..300).map(|of| Number { of }).collect();
        assert!(other.get_many(&many).await.iter().all(Result::is_ok));
        // Together with others, from one thread.
        let gets = futures_util::future::join_all(many.iter().map(|number| cache.get(number))).await;
        assert!(gets.iter().all(Result::is_ok));
        assert_eq!(reads.0.load(Ordering::SeqCst), 300, "each was loaded once");
        cache.invalidate(&number, Strength::Hard).await.unwrap();
        cache.invalidate_tag("all", Strength::Hard).await.unwrap();
        assert_eq!(*cache.get(&number).await.unwrap(), 301);
        cache.put(&number, 7).await.unwrap();
        assert_eq!(*cache.get(&number).await.unwrap(), 7);
        cache.remove(&number).await.unwrap();
        cache.explain(&number).await.unwrap();
    });
}

/// One who finds no runtime, neither where the links were made nor where he is.
#[test]
fn without_any_runtime_each_step_is_answered() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let url = runtime.block_on(async { shared(Flavour::Redis).await.url() });
    let redis = builder(url).partitions(2).open(Clock::coarse()).unwrap();
    steps_are_answered(redis);
}

#[test]
fn whom_no_runtime_drives_is_answered_though_that_of_the_links_has_ended() {
    for ends in [tokio::runtime::Runtime::new(), tokio::runtime::Builder::new_current_thread().enable_all().build()] {
        let ends = ends.unwrap();
        let connect = async {
            let url = shared(Flavour::Redis).await.url();
            builder(url).partitions(2).connect(Clock::coarse()).await.unwrap()
        };
        let redis = ends.block_on(connect);
        drop(ends);
        steps_are_answered(redis);
    }
}

fn steps_are_answered(redis: Redis) {
    elsewhere(move || async move {
        let (store, bus, queue) = (redis.store(), redis.bus(), redis.queue().name("none").build().unwrap());
        let keys = [key_in(2, 0), key_in(2, 1)];
        fill(&store, &keys[0], b"one", &[]).await;
        for keys in [&keys[..1], &keys] {
            assert!(store.read(keys).await[0].as_ref().unwrap().entry.is_some());
        }
        store.invalidate(&[by_tag("a")], Strength::Soft).await.unwrap();
        let mut heard = bus.subscribe().await.unwrap();
        bus.beat(&[0]).await.unwrap();
        assert!(matches!(heard.next().await, Heard::Message(_)));
        assert_eq!(queue.depth().await.unwrap().ready, 0);
        assert!(queue.pull(1, Duration::from_millis(50)).await.unwrap().is_empty());
    });
}
