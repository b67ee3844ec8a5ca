//! A fresh hit allocates nothing, by whichever of its roads.

#![allow(clippy::unwrap_used)] // A test that cannot go on fails.

use std::convert::Infallible;
use std::hint::black_box;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use freshen_core::{Cache, Clock, Job, Jobs, Load, Loaded, Lookup, Policy, PolicyBuilder, Strength, Timestamp};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct Length {
    of: String,
}

impl Job for Length {
    type Output = Vec<usize>;
    type Error = Infallible;
    type State = ();
    const NAME: &'static str = "length";

    fn policy() -> PolicyBuilder {
        Policy::builder().ttl(Duration::from_secs(60))
    }

    async fn load(&self, _load: Load<'_, Self>) -> Result<Loaded<Vec<usize>>, Infallible> {
        Ok(vec![self.of.len()].into())
    }

    fn tags(&self, _value: &Vec<usize>) -> Vec<String> {
        vec![self.of.clone()]
    }
}

/// `Length`, by a borrowed text.
#[derive(Hash)]
struct LengthOf<'a> {
    of: &'a str,
}

impl equivalent::Equivalent<Length> for LengthOf<'_> {
    fn equivalent(&self, job: &Length) -> bool {
        self.of == job.of
    }
}

impl Lookup for LengthOf<'_> {
    type Job = Length;

    fn to_job(&self) -> Length {
        Length { of: self.of.into() }
    }
}

const TEXT: &str = "a text";

fn length() -> Length {
    Length { of: TEXT.into() }
}

/// A cache on a clock that stands still, with one fresh value.
async fn warm() -> Cache {
    let cache = Cache::builder().jobs(Jobs::new().add::<Length>()).clock(Clock::manual(Timestamp::from_micros(1)));
    let cache = cache.build().await.unwrap();
    cache.load(&length()).await.unwrap();
    cache.get(&length()).await.unwrap();
    cache
}

/// What a future gives that is ready at its first poll. Nothing but the poll and the future itself is measured with it.
fn ready<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("a hit waits for nothing"),
    }
}

fn allocations(hit: impl FnOnce()) -> u64 {
    allocation_counter::measure(hit).count_total
}

#[tokio::test]
async fn a_fresh_hit_allocates_nothing() {
    let (cache, job) = (warm().await, length());
    let roads: [(&str, &dyn Fn()); 4] = [
        ("get", &|| drop(black_box(ready(cache.get(&job)).unwrap()))),
        ("get by a borrowed lookup", &|| drop(black_box(ready(cache.get(&LengthOf { of: TEXT })).unwrap()))),
        ("get_with", &|| assert_eq!(ready(cache.get_with(&job, |value| value[0])).unwrap(), TEXT.len())),
        ("get_ready", &|| drop(black_box(cache.get_ready(&job).unwrap()))),
    ];
    for (road, hit) in roads {
        assert_eq!(allocations(hit), 0, "{road}");
    }
}

/// Something else was outdated since the value was judged, so the hit judges it again.
#[tokio::test]
async fn a_fresh_hit_that_is_judged_again_allocates_nothing() {
    let (cache, job) = (warm().await, length());
    cache.invalidate_tag("another text", Strength::Hard).await.unwrap();
    assert_eq!(allocations(|| drop(black_box(ready(cache.get(&job)).unwrap()))), 0);
}

#[tokio::test]
async fn an_allocation_is_noticed() {
    let (cache, job) = (warm().await, length());
    assert_eq!(allocations(|| drop(black_box(Box::new(1)))), 1);
    let copied = allocations(|| drop(black_box(ready(cache.get(&job)).unwrap().to_vec())));
    assert_eq!(copied, 1);
    cache.invalidate(&job, Strength::Soft).await.unwrap();
    assert!(allocations(|| drop(black_box(cache.get_ready(&job)))) > 0);
}

/// What is kept for an entry: the slot, the record, and both their places in tables. Twice as much would be kept where slots
/// had nothing in common, or where the record had the facts once more.
#[test]
fn an_entry_takes_few_bytes_beside_its_value() {
    const ENTRIES: u64 = 10_000;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let cache = runtime.block_on(async { Cache::builder().jobs(Jobs::new().add::<Square>()).build().await.unwrap() });
    let kept = allocation_counter::measure(|| {
        for of in 0..ENTRIES {
            runtime.block_on(cache.get(&Square { of })).unwrap();
        }
    });
    let bytes = kept.bytes_current / ENTRIES as i64;
    assert!((150..300).contains(&bytes), "{bytes}");
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct Square {
    of: u64,
}

impl Job for Square {
    type Output = u64;
    type Error = Infallible;
    type State = ();
    const NAME: &'static str = "square";

    fn policy() -> PolicyBuilder {
        Policy::builder().ttl(Duration::from_secs(3600))
    }

    async fn load(&self, _load: Load<'_, Self>) -> Result<Loaded<u64>, Infallible> {
        Ok((self.of * self.of).into())
    }

    fn tags(&self, _value: &u64) -> Vec<String> {
        vec!["squares".into()]
    }
}
