//! Where a cached function may stand, and what its arguments and its job may be called.
#![cfg(feature = "macros")]
#![allow(clippy::unwrap_used)] // A test that cannot go on fails.

mod common;

use common::{Down, SECOND, Source, pass, stage};
use freshen::{Cache, Job, Previous, Status, cached};

struct Timeline;

#[cached]
impl Timeline {
    const GREETING: &'static str = "hello";

    /// Greets from within.
    #[cached(job = Tweets, tags = ["user:{user}"], ttl = Self::TTL, jitter = 0.0)]
    async fn tweets(user: &str, #[state] source: &Source) -> Vec<String> {
        source.count().await;
        vec![format!("{}, {user}", Self::GREETING)]
    }

    const TTL: std::time::Duration = SECOND;

    fn untouched() -> u8 {
        1
    }

    #[freshen::cached]
    async fn own(number: u8) -> Result<Vec<Self>, Down> {
        Ok((0..number).map(|_| Self).collect())
    }
}

impl serde::Serialize for Timeline {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_unit()
    }
}

impl<'de> serde::Deserialize<'de> for Timeline {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        <()>::deserialize(deserializer).map(|()| Timeline)
    }
}

#[tokio::test(start_paused = true)]
async fn a_method_that_takes_no_self_has_its_job_beside_the_impl() {
    assert_eq!(Timeline::tweets("ann", &Source::default()).await, ["hello, ann"]);
    assert_eq!(Timeline::untouched(), 1);
    let stage = stage::<Tweets>().await;
    assert_eq!(stage.seen(&Tweets::of("ann")).await, (vec!["hello, ann".to_owned()], Status::Loaded));
    pass(SECOND).await;
    assert_eq!(stage.seen(&Tweets::of("ann")).await.1, Status::Stale);
    stage.cache.invalidate_tag("user:ann", freshen::Strength::Hard).await.unwrap();
    assert_eq!(stage.seen(&Tweets::of("ann")).await.1, Status::Loaded);
    assert_eq!(Own::of(2), Own { number: 2 });
    let _: Option<<Own as Job>::Output> = None::<Vec<Timeline>>;
}

/// Arguments that are named as what the expansion uses itself.
#[cached(tags = ["{load}:{value}:{type}"], value_tags = tags)]
#[allow(clippy::too_many_arguments)]
async fn names(
    load: &str,
    jobs: &str,
    self_: u8,
    value: u8,
    r#type: &str,
    results: u8,
    formatter: u8,
    #[state] state: &Source,
    #[cache] cache: &Cache,
    #[previous] previous: Option<Previous<'_, String>>,
    #[skip] given: u8,
) -> String {
    let (reads, near) = (state.count().await, cache.near_size().0);
    format!("{load}{jobs}{self_}{value}{type}{results}{formatter}{reads}{near}{given}{}", previous.is_none())
}

fn tags(value: &str) -> Vec<String> {
    vec![value.to_owned()]
}

#[tokio::test(start_paused = true)]
async fn no_name_of_an_argument_collides() {
    let (stage, job) = (stage::<Names>().await, Names::of("a", "b", 1, 2, "c", 3, 4));
    assert_eq!(stage.seen(&job).await.0, "ab12c34100true");
    let peek = stage.cache.peek(&job).await.unwrap().unwrap();
    assert_eq!(peek.tags().collect::<Vec<_>>(), ["a:2:c", "ab12c34100true"]);
}

macro_rules! cached_functions {
    ($($name:ident($ty:ty, $inner:ty) ttl $ttl:literal -> $out:ty;)*) => {$(
        #[cached(ttl = $ttl, tags = ["{value}"])]
        async fn $name(value: $ty, mut other: Option<$inner>) -> $out {
            other.take().map_or(0, |other| other.len()) + value.to_string().len()
        }
    )*};
}

cached_functions! {
    of_text(&str, &str) ttl "10s" -> usize;
    of_number(u32, &[u8]) ttl "1h" -> usize;
}

#[tokio::test(start_paused = true)]
async fn a_macro_may_write_the_function() {
    assert_eq!(stage::<OfText>().await.seen(&OfText::of("ab", Some("c"))).await.0, 3);
    assert_eq!(stage::<OfNumber>().await.seen(&OfNumber::of(12, Some(&[1, 2]))).await.0, 4);
    assert_eq!(OfText::policy(), freshen::Policy::builder().ttl(10 * SECOND));
}

#[cached]
#[cfg(any())]
async fn left_out(argument: NoSuchType) -> NoSuchType {
    argument
}

#[cached(job = FromNamed)]
#[deprecated(note = "to see that its job may still call it")]
async fn old(number: u8) -> u8 {
    number
}

/// What is written in a function's body is a job too.
#[tokio::test(start_paused = true)]
async fn attributes_of_the_function_hold_for_its_job_and_it_may_stand_anywhere() {
    #[cached]
    async fn local(text: &str) -> String {
        text.to_uppercase()
    }
    assert_eq!(stage::<Local>().await.seen(&Local::of("a")).await.0, "A");
    assert_eq!(stage::<FromNamed>().await.seen(&FromNamed::of(1)).await.0, 1);
    let job: FromNamed = FromNamed::of(1);
    assert_eq!(job.number, 1);
}
