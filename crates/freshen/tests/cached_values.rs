//! What `#[cached]` lets a job say of its values: tags, windows, which are refused and absent, weight, and how many load at once.
#![cfg(feature = "macros")]
#![allow(clippy::unwrap_used)] // A test that cannot go on fails.

mod common;

use std::fmt;

use common::{Down, SECOND, Source, Stage, pass, stage, stage_with};
use freshen::{Job, Loaded, Policy, Status, Strength, Windows, cached};
use serde::{Deserialize, Serialize};

#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct Page {
    site: String,
    at: (u8, u8),
}

#[cached(tags = ["user:{user}", "all", "{page.site}/{page.at.1}{{}}", "{ number }"], value_tags = initials)]
async fn tagged(user: &str, page: &Page, number: i64, list: Option<&str>) -> Vec<String> {
    vec![user.to_uppercase(), page.site.clone(), list.unwrap_or("?").into(), number.to_string()]
}

fn initials(value: &[String]) -> Vec<String> {
    value.iter().map(|text| format!("initial:{}", &text[..1])).collect()
}

async fn tags_of<J: Job>(stage: &Stage, job: &J) -> Vec<String> {
    stage.cache.peek(job).await.unwrap().unwrap().tags().map(str::to_owned).collect()
}

#[tokio::test(start_paused = true)]
async fn tags_are_made_of_arguments_and_of_the_value() {
    let stage = stage::<Tagged>().await;
    let page = Page { site: "home".into(), at: (1, 2) };
    let job = Tagged::from(Tagged::of("ann", &page, -3, None));
    stage.cache.get(&job).await.unwrap();
    let expected = ["-3", "all", "home/2{}", "initial:-", "initial:?", "initial:A", "initial:h", "user:ann"];
    assert_eq!(tags_of(&stage, &job).await, expected);
    for tag in expected {
        assert_eq!(stage.cache.get(&job).await.unwrap().status(), Status::Hit);
        stage.cache.invalidate_tag(tag, Strength::Hard).await.unwrap();
        assert_eq!(stage.cache.get(&job).await.unwrap().status(), Status::Loaded, "{tag}");
    }
}

/// A user's number, which has a text of its own.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct UserId(u64);

impl fmt::Display for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "u{}", self.0)
    }
}

#[cached(tags = ["{id}"])]
async fn by_id(id: UserId) -> u64 {
    id.0
}

#[cached(value_tags = texts)]
async fn by_value() -> Vec<String> {
    vec!["a".into(), "b".into()]
}

fn texts(value: &[String]) -> Vec<String> {
    value.to_vec()
}

#[tokio::test(start_paused = true)]
async fn a_tag_is_written_as_its_argument_displays() {
    let stage = stage::<ById>().await;
    stage.seen(&ById::of(UserId(7))).await;
    assert_eq!(tags_of(&stage, &ById::of(UserId(7))).await, ["u7"]);
    let stage = common::stage::<ByValue>().await;
    stage.seen(&ByValue::of()).await;
    assert_eq!(tags_of(&stage, &ByValue::of()).await, ["a", "b"]);
}

#[cached(ttl = "10s", jitter = 0.0, validate = is_odd)]
async fn odd(#[state] source: &Source) -> u64 {
    source.count().await
}

fn is_odd(value: &u64) -> Result<(), String> {
    if value % 2 == 1 { Ok(()) } else { Err(format!("{value} is even")) }
}

#[tokio::test(start_paused = true)]
async fn a_refused_value_leaves_the_last_good_one() {
    let (stage, job) = (stage::<Odd>().await, Odd::of());
    stage.seen(&job).await;
    pass(10 * SECOND).await;
    assert_eq!(stage.seen(&job).await, (1, Status::Stale));
    common::settle().await;
    assert_eq!((stage.seen(&job).await, stage.source.reads()), ((1, Status::Stale), 2));
    pass(5 * SECOND).await;
    assert_eq!(stage.seen(&job).await, (3, Status::Hit));
}

#[cached(absent = None | Some(0))]
async fn patterned(number: u64) -> Option<u64> {
    number.checked_sub(1)
}

#[cached(absent = list if list.is_empty())]
async fn guarded(most: u8) -> Vec<u8> {
    (0..most).collect()
}

#[tokio::test(start_paused = true)]
async fn a_value_is_absent_where_it_matches_the_pattern() {
    let stage = stage::<Patterned>().await;
    for (number, absent) in [(0, true), (1, true), (2, false)] {
        assert_eq!(stage.cache.get(&Patterned::of(number)).await.unwrap().is_absent(), absent, "{number}");
    }
    let stage = common::stage::<Guarded>().await;
    for (most, absent) in [(0, true), (1, false)] {
        assert_eq!(stage.cache.get(&Guarded::of(most)).await.unwrap().is_absent(), absent, "{most}");
    }
}

#[cached(weigh = heavy)]
async fn weighed(number: u64) -> u64 {
    number
}

fn heavy(_value: &u64) -> usize {
    1_000_000
}

#[cached]
async fn light(number: u64) -> u64 {
    number
}

/// How many of ten values stay near, where three megabytes fit.
async fn near<J: Job<Output = u64>>(of: impl Fn(u64) -> J) -> usize {
    let stage = stage_with::<J>(|builder| builder.near_capacity(3_500_000)).await;
    for number in 0..10 {
        stage.seen(&of(number)).await;
    }
    stage.cache.near_size().0
}

#[tokio::test(start_paused = true)]
async fn a_value_weighs_what_its_job_says() {
    assert!(near(Weighed::of).await <= 3);
    assert_eq!(near(Light::of).await, 10);
}

#[cached(windows = as_long_as_it_says, jitter = 0.0)]
async fn self_timed(seconds: u64) -> u64 {
    seconds
}

fn as_long_as_it_says(value: &u64, policy: &Policy) -> Windows {
    Windows { ttl: *value as u32 * SECOND, ..policy.windows() }
}

#[tokio::test(start_paused = true)]
async fn a_value_may_tell_its_own_windows() {
    let stage = stage::<SelfTimed>().await;
    stage.seen(&SelfTimed::of(5)).await;
    stage.seen(&SelfTimed::of(50)).await;
    pass(5 * SECOND).await;
    assert_eq!(stage.seen(&SelfTimed::of(5)).await.1, Status::Stale);
    assert_eq!(stage.seen(&SelfTimed::of(50)).await.1, Status::Hit);
}

#[cached(batch = many, batch_max = 3)]
async fn one(
    number: u64,
    #[state] source: &Source,
    #[skip] more: u64,
    #[state] factor: u64,
) -> Result<(u64, u64), Down> {
    Ok((number * factor + more, source.read().await?))
}

async fn many(jobs: &[One], source: &Source, factor: u64) -> Vec<Result<(u64, u64), Down>> {
    let read = source.read().await;
    let value = |job: &One| match &read {
        Ok(read) if job.number != 13 => Ok((job.number * factor, *read)),
        _ => Err(Down),
    };
    jobs.iter().map(value).collect()
}

#[cached(batch = many_plain)]
async fn one_plain(number: u64) -> usize {
    number as usize
}

async fn many_plain(jobs: &[OnePlain]) -> Vec<usize> {
    jobs.iter().map(|_| jobs.len()).collect()
}

#[cached(batch = many_loaded)]
async fn one_loaded(number: u8) -> Result<Loaded<u8>, Down> {
    Ok(number.into())
}

async fn many_loaded(jobs: &[OneLoaded]) -> Vec<Result<Loaded<u8>, Down>> {
    jobs.iter().map(|job| Ok(Loaded::new(job.number))).collect()
}

#[tokio::test(start_paused = true)]
async fn what_is_missing_together_is_loaded_by_one_call() {
    let stage = stage_with::<One>(|builder| builder.state(10u64)).await;
    let answers = stage.cache.get_many(&[1, 2, 13, 4].map(One::of)).await;
    let values: Vec<_> = answers.into_iter().map(|answer| answer.ok().map(|answer| *answer)).collect();
    assert_eq!(values, [Some((10, 1)), Some((20, 1)), None, Some((40, 2))], "three keys in the first batch");
    assert_eq!(stage.seen(&One::of(5)).await.0, (50, 3), "one key alone is loaded by the function");
    assert_eq!((One::BATCH, OnePlain::BATCH, OneLoaded::BATCH), (3, 100, 100));
    let plain = common::stage::<OnePlain>().await.cache.get_many(&[1, 2].map(OnePlain::of)).await;
    assert!(plain.into_iter().all(|answer| *answer.unwrap() == 2));
    let loaded = common::stage::<OneLoaded>().await.cache.get_many(&[1, 2].map(OneLoaded::of)).await;
    assert_eq!(loaded.into_iter().map(|answer| *answer.unwrap()).collect::<Vec<_>>(), [1, 2]);
}
