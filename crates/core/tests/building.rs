//! What is wrong with a cache is said when it is built, by an error that names what and where.
#![allow(clippy::unwrap_used)] // A test that cannot go on fails.

mod common;

use std::convert::Infallible;
use std::time::Duration;

use common::{Source, Truth};
use freshen_core::store::MemoryStore;
use freshen_core::{
    BuildError, Cache, CacheBuilder, Clock, GetError, Job, Jobs, KeyError, Limit, Limits, Load, Loaded, Local, Policy,
    PolicyBuilder,
};
use serde::{Deserialize, Serialize};

/// A job whose one thing is wrong.
macro_rules! job {
    ($name:ident, $stable:expr, $namespace:expr, $output:ty, $policy:expr) => {
        #[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        struct $name;

        impl Job for $name {
            type Output = $output;
            type Error = Infallible;
            type State = ();
            const NAME: &'static str = $stable;
            const NAMESPACE: &'static str = $namespace;

            fn policy() -> PolicyBuilder {
                $policy
            }

            async fn load(&self, _load: Load<'_, Self>) -> Result<Loaded<$output>, Infallible> {
                Ok(Loaded::new(Default::default()))
            }
        }
    };
}

job!(Nameless, "", "tests", u64, Policy::builder());
job!(
    Endless,
    "endless",
    "a namespace that is much longer than the sixty-four bytes it may have",
    u64,
    Policy::builder()
);
job!(Momentary, "momentary", "tests", u64, Policy::builder().ttl(Duration::ZERO));
job!(Slow, "slow", "tests", u64, Policy::builder().lease(Duration::from_secs(5)));
job!(Homely, "homely", "tests", Local<u64>, Policy::builder());
job!(Plain, "plain", "tests", u64, Policy::builder());

async fn refusal(builder: CacheBuilder) -> String {
    let clock = Clock::runtime();
    builder.clock(clock).build().await.expect_err("it is refused").to_string()
}

fn with(jobs: Jobs) -> CacheBuilder {
    Cache::builder().jobs(jobs)
}

#[tokio::test]
async fn a_job_that_cannot_be_served_is_named_with_the_reason() {
    let cases = [
        (with(Jobs::new().add::<Nameless>()), "cache: job : key: the job name is empty"),
        (with(Jobs::new().add::<Endless>()), "cache: job endless: key: the namespace has 69 bytes, more than 64"),
        (with(Jobs::new().add::<Momentary>()), "cache: job momentary: policy: ttl must be longer than zero"),
        (
            with(Jobs::new().add::<Slow>()),
            "cache: job slow: policy: load_timeout must be shorter than the lease, unless the lease is renewed",
        ),
        (with(Jobs::new().add::<Plain>().add::<Plain>()), "cache: two jobs are named tests:plain"),
    ];
    for (builder, expected) in cases {
        assert_eq!(refusal(builder).await, expected);
    }
}

#[tokio::test]
async fn a_state_that_a_job_needs_and_was_not_given_is_named() {
    let told = refusal(with(Jobs::new().add::<Truth>())).await;
    assert!(told.starts_with("cache: job truth needs a state of type ") && told.contains("Source"), "{told}");
    let cache = with(Jobs::new().add::<Truth>()).state(Source::new()).clock(Clock::runtime()).build().await;
    assert!(cache.is_ok());
}

#[tokio::test]
async fn two_states_of_one_type_are_refused_by_the_type() {
    let told = refusal(with(Jobs::new().add::<Plain>()).state(7_u32).state(8_u32)).await;
    assert_eq!(told, "cache: `state` was given two of type u32; wrap one in a type of its own");
}

#[tokio::test]
async fn values_that_stay_in_this_process_need_a_store_in_it() {
    let far = MemoryStore::builder(Clock::runtime()).encoded().build().unwrap();
    let told = refusal(with(Jobs::new().add::<Homely>()).store(far)).await;
    assert_eq!(told, "cache: job homely keeps its values in this process, but the store needs them encoded");
    let near = with(Jobs::new().add::<Homely>()).clock(Clock::runtime()).build().await.unwrap();
    assert_eq!(**near.get(&Homely).await.unwrap(), 0);
}

#[tokio::test]
async fn a_bound_that_makes_no_sense_is_refused_by_its_name() {
    let builder = || with(Jobs::new().add::<Plain>());
    let slow = Limits { job: Limit { at_once: 1, per_second: Some(0.0) }, ..Limits::default() };
    let none = Limits { total: Limit::at_once(0), ..Limits::default() };
    let cases = [
        (builder().capacity(0), "cache: capacity must be above zero"),
        (builder().near_capacity(0), "cache: near_capacity must be above zero"),
        (builder().near_bound(Duration::ZERO), "cache: near_bound must be above zero"),
        (builder().task_deadline(Duration::ZERO), "cache: task_deadline must be above zero"),
        (builder().heartbeat(Duration::ZERO), "cache: heartbeat must be above zero"),
        (builder().heartbeat(Duration::from_millis(9)), "cache: heartbeat must be from 10 ms to 1 h"),
        (builder().heartbeat(Duration::MAX), "cache: heartbeat must be from 10 ms to 1 h"),
        (builder().workers(65_537), "cache: workers must be at most 65,536 on a queue"),
        (builder().workers_on("default", usize::MAX), "cache: workers must be at most 65,536 on a queue"),
        (builder().limits(none), "cache: limits.total must let at least one refresh run"),
        (builder().limits(slow), "cache: limits.job must have a rate of at least one in ten years"),
    ];
    for (builder, expected) in cases {
        assert_eq!(refusal(builder).await, expected);
    }
}

#[test]
fn without_a_runtime_nothing_is_built() {
    let mut building = Box::pin(with(Jobs::new().add::<Plain>()).build());
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    let std::task::Poll::Ready(built) = building.as_mut().poll(&mut context) else { panic!("it waits for nothing") };
    assert!(matches!(built, Err(BuildError::NoRuntime)));
}

/// Arguments as long as they like.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct Long(String);

impl Job for Long {
    type Output = u64;
    type Error = Infallible;
    type State = ();
    const NAME: &'static str = "long";

    async fn load(&self, _load: Load<'_, Self>) -> Result<Loaded<u64>, Infallible> {
        Ok(1.into())
    }

    fn tags(&self, _value: &u64) -> Vec<String> {
        vec![self.0.clone()]
    }
}

#[tokio::test]
async fn arguments_and_tags_beyond_their_bounds_are_errors_of_the_call() {
    let cache = with(Jobs::new().add::<Long>()).clock(Clock::runtime()).build().await.unwrap();
    let error = cache.get(&Long("x".repeat(70_000))).await.unwrap_err();
    assert!(matches!(&error, GetError::Key(KeyError::TooLong { what: "encoding of the arguments", .. })), "{error}");
    let error = cache.get(&Long("x".repeat(300))).await.unwrap_err();
    assert!(error.to_string().contains("tag: 300 bytes, but a tag has 1 to 256"), "{error}");
    assert_eq!(*cache.get(&Long("x".repeat(256))).await.unwrap(), 1);
}

#[tokio::test]
async fn a_job_that_was_not_registered_is_named() {
    let cache = with(Jobs::new().add::<Plain>()).clock(Clock::runtime()).build().await.unwrap();
    assert!(matches!(cache.get(&Homely).await, Err(GetError::NotRegistered { job: "homely" })));
}
