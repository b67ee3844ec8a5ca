//! The bounds in bytes hold, by what the allocator was asked for and not by the estimate that keeps them.

#![allow(clippy::unwrap_used)] // A test that cannot go on fails.

use std::convert::Infallible;
use std::time::Duration;

use freshen_core::{Cache, Clock, Job, Jobs, Load, Loaded, Policy, PolicyBuilder, Timestamp};
use serde::{Deserialize, Serialize};

/// Bytes that the near tier may hold, and the store.
const BOUND: u64 = 2 << 20;
/// What the other tier may hold then.
const LITTLE: u64 = 4 << 10;
const ENTRIES: u64 = 12_000;
/// What an allocator adds to each allocation: a header of 8 bytes, and half of what rounding to 16 may cost.
const ADDED: u64 = 16;

/// What an entry is large by.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
enum Shape {
    Number,
    Text,
    Arguments(String),
    Validators,
    Tag,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct Shaped {
    of: u64,
    shape: Shape,
}

impl Job for Shaped {
    type Output = String;
    type Error = Infallible;
    type State = ();
    const NAME: &'static str = "shaped";

    fn policy() -> PolicyBuilder {
        Policy::builder().ttl(Duration::from_secs(3600))
    }

    async fn load(&self, _load: Load<'_, Self>) -> Result<Loaded<String>, Infallible> {
        Ok(match self.shape {
            Shape::Text => Loaded::from("x".repeat(500)),
            Shape::Validators => Loaded::from(String::new()).validators(vec![0; 1000]),
            _ => Loaded::from(String::new()),
        })
    }

    fn tags(&self, _value: &String) -> Vec<String> {
        let own = (self.shape == Shape::Tag).then(|| self.of.to_string());
        own.into_iter().chain(["all".into()]).collect()
    }
}

/// Bytes that are held by a near tier and a store of these bounds, after so many entries have come that most are gone.
fn held(shape: &Shape, near: u64, store: u64) -> u64 {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let cache = Cache::builder().jobs(Jobs::new().add::<Shaped>()).clock(Clock::manual(Timestamp::from_micros(1)));
    let cache = runtime.block_on(cache.capacity(store).near_capacity(near).workers(0).build()).unwrap();
    let held = allocation_counter::measure(|| {
        for of in 0..ENTRIES {
            runtime.block_on(cache.get(&Shaped { of, shape: shape.clone() })).unwrap();
        }
    });
    u64::try_from(held.bytes_current).unwrap() + u64::try_from(held.count_current).unwrap() * ADDED
}

/// How much of what it may hold the near tier holds, and how much of it the store.
fn parts(shape: &Shape) -> [f64; 2] {
    [held(shape, BOUND, LITTLE), held(shape, 1, BOUND)].map(|held| held as f64 / BOUND as f64)
}

#[test]
fn a_tier_holds_what_it_may_and_little_more_whatever_its_entries_are_large_by() {
    for shape in [Shape::Number, Shape::Text, Shape::Arguments("x".repeat(500)), Shape::Validators, Shape::Tag] {
        let parts = parts(&shape);
        assert!(parts.iter().all(|part| (0.9..1.05).contains(part)), "near tier and store: {parts:?} by {shape:?}");
    }
}
