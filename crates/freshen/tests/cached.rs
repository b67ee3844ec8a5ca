//! `#[cached]`: a job beside an async function, with its arguments, its output and what else its load is given.
#![cfg(feature = "macros")]
#![allow(clippy::unwrap_used)] // A test that cannot go on fails.

mod common;

use std::any::TypeId;
use std::convert::Infallible;

use common::{Down, SECOND, Source, pass, stage, stage_with};
use freshen::{Cache, GetError, Job, Loaded, Previous, Status, cached};

/// Greets.
#[cached(job = Greeting)]
async fn greeting(name: &str, times: u32) -> String {
    format!("hello, {name}").repeat(times as usize)
}

#[tokio::test(start_paused = true)]
async fn the_function_stays_callable_and_its_job_is_served_from_the_cache() {
    assert_eq!(greeting("ann", 2).await, "hello, annhello, ann");
    let stage = stage::<Greeting>().await;
    assert_eq!(stage.seen(&Greeting::of("ann", 1)).await, ("hello, ann".into(), Status::Loaded));
    assert_eq!(stage.seen(&Greeting { name: "ann".into(), times: 1 }).await, ("hello, ann".into(), Status::Hit));
    assert_eq!(stage.seen(&Greeting::of("ann", 2)).await.1, Status::Loaded);
    assert_eq!(Greeting::from(Greeting::of("ann", 1)), Greeting { name: "ann".into(), times: 1 });
}

#[cached]
async fn words_of_text(text: String) -> Vec<String> {
    text.split(' ').map(str::to_owned).collect()
}

#[tokio::test(start_paused = true)]
async fn the_job_is_named_after_the_function_and_shows_its_key() {
    assert_eq!((WordsOfText::NAME, WordsOfText::NAMESPACE), ("words_of_text", "default"));
    let job: WordsOfText = WordsOfText::of("a b".into());
    assert_eq!(*stage::<WordsOfText>().await.cache.get(&job).await.unwrap(), ["a", "b"]);
    assert_eq!(format!("{job:?}"), r#"default:words_of_text{text: "a b"}"#);
    assert_eq!(format!("{:?}", Greeting::of("ann", 1)), r#"default:greeting{name: "ann", times: 1}"#);
}

const NAME: &str = "text.length";

#[cached(name = NAME, namespace = "texts")]
async fn length(text: &str) -> usize {
    text.len()
}

#[tokio::test(start_paused = true)]
async fn a_job_may_have_another_name_and_a_namespace() {
    assert_eq!(format!("{:?}", Length::of("abc")), r#"texts:text.length{text: "abc"}"#);
    let stage = stage::<Length>().await;
    assert_eq!(stage.seen(&Length::of("abc")).await, (3, Status::Loaded));
    stage.cache.invalidate_namespace("texts", freshen::Strength::Hard).await.unwrap();
    assert_eq!(stage.seen(&Length::of("abc")).await, (3, Status::Loaded));
}

#[cached(queue = "slow")]
async fn report(month: u32) -> u32 {
    month
}

const ELSEWHERE: &str = "elsewhere";

#[cached(queue = ELSEWHERE)]
async fn archive(year: u32) -> u32 {
    year
}

#[tokio::test(start_paused = true)]
async fn a_job_may_name_its_queue() {
    assert_eq!((Report::QUEUE, Archive::QUEUE, Length::QUEUE), ("slow", "elsewhere", "default"));
    let stage = stage_with::<Report>(|builder| builder.workers(0)).await;
    assert!(stage.cache.refresh(&Report::of(1)).await.unwrap());
    assert_eq!(stage.cache.queue_named("slow").unwrap().depth().await.unwrap().ready, 1);
}

#[cached(error = std::io::Error)]
async fn aliased(bytes: u8) -> std::io::Result<u8> {
    if bytes == 0 { Err(std::io::Error::other("none")) } else { Ok(bytes) }
}

#[cached]
async fn fails(code: u8) -> Result<Loaded<u8>, Down> {
    if code == 0 { Err(Down) } else { Ok(code.into()) }
}

#[cached]
async fn ready_made() -> Loaded<u8> {
    Loaded::new(7)
}

fn same<T: 'static, U: 'static>() -> bool {
    TypeId::of::<T>() == TypeId::of::<U>()
}

#[tokio::test(start_paused = true)]
async fn an_output_is_taken_apart_into_value_and_error() {
    assert!(same::<<Greeting as Job>::Error, Infallible>());
    assert!(same::<<Aliased as Job>::Output, u8>() && same::<<Aliased as Job>::Error, std::io::Error>());
    assert!(same::<<Fails as Job>::Output, u8>() && same::<<Fails as Job>::Error, Down>());
    assert_eq!(stage::<ReadyMade>().await.seen(&ReadyMade::of()).await.0, 7);
    let stage = stage::<Fails>().await;
    assert_eq!(stage.seen(&Fails::of(7)).await.0, 7);
    assert!(matches!(stage.cache.get(&Fails::of(0)).await, Err(GetError::Load { source, .. }) if *source == Down));
}

#[derive(Clone)]
struct Suffix(&'static str);

#[cached]
async fn with_states(word: &str, #[state] suffix: &Suffix, page: u8, #[state] source: Source) -> (String, u64) {
    (format!("{word}{}{page}", suffix.0), source.count().await)
}

#[tokio::test(start_paused = true)]
async fn states_are_given_by_type_and_are_no_part_of_the_key() {
    assert!(same::<<WithStates as Job>::State, (Suffix, Source)>());
    let stage = stage_with::<WithStates>(|builder| builder.state(Suffix("-"))).await;
    assert_eq!(stage.seen(&WithStates::of("a", 1)).await, (("a-1".into(), 1), Status::Loaded));
    assert_eq!(stage.seen(&WithStates { word: "a".into(), page: 1 }).await, (("a-1".into(), 1), Status::Hit));
}

#[cached]
async fn six_states(
    #[state] a: &bool,
    #[state] b: u8,
    #[state] c: &str,
    #[state] d: &[u8],
    #[state] e: Option<&str>,
    #[state] f: &Source,
) -> (bool, u8, String, Vec<u8>, Option<String>, u64) {
    (*a, b, c.into(), d.into(), e.map(str::to_owned), f.count().await)
}

#[tokio::test(start_paused = true)]
async fn a_load_may_have_six_states() {
    let stage = stage_with::<SixStates>(|builder| {
        builder.state(true).state(2u8).state("c".to_owned()).state(vec![4u8]).state(Some("e".to_owned()))
    });
    assert_eq!(stage.await.seen(&SixStates::of()).await.0, (true, 2, "c".into(), vec![4], Some("e".into()), 1));
}

#[cached]
async fn skipping(
    word: &str,
    #[skip] times: Option<&str>,
    #[skip("!".len() + 1)] more: usize,
    #[skip] list: &[u8],
) -> String {
    format!("{word}{times:?}{more}{list:?}")
}

#[tokio::test(start_paused = true)]
async fn a_skipped_argument_is_given_by_the_caller_and_by_the_cache_as_it_was_told() {
    assert_eq!(skipping("a", Some("b"), 3, &[1]).await, "aSome(\"b\")3[1]");
    assert_eq!(stage::<Skipping>().await.seen(&Skipping::of("a")).await.0, "aNone2[]");
}

#[cached(job = Doubled)]
async fn doubled(number: u64) -> u64 {
    number * 2
}

#[cached]
async fn quadrupled(number: u64, #[cache] cache: &Cache) -> Result<u64, GetError<Infallible>> {
    Ok(*cache.get(&Doubled::of(number)).await? * 2)
}

#[tokio::test(start_paused = true)]
async fn a_load_may_use_the_cache() {
    let stage =
        stage_with::<Quadrupled>(|builder| builder.jobs(freshen::Jobs::new().add::<Quadrupled>().add::<Doubled>()));
    let stage = stage.await;
    assert_eq!(stage.seen(&Quadrupled::of(2)).await, (8, Status::Loaded));
    assert_eq!(stage.seen(&Doubled::of(2)).await, (4, Status::Hit));
}

#[cached(ttl = "10s", jitter = 0.0)]
async fn revised(
    #[state] source: &Source,
    #[previous] previous: Option<Previous<'_, Vec<u64>>>,
) -> Result<Loaded<Vec<u64>>, Down> {
    let read = source.read().await?;
    match previous {
        Some(previous) if read < 3 => Ok(Loaded::new(previous.value().iter().copied().chain([read]).collect())),
        Some(_) => Ok(Loaded::unchanged()),
        None => Ok(vec![read].into()),
    }
}

#[tokio::test(start_paused = true)]
async fn a_load_is_told_of_the_value_that_it_replaces() {
    let (stage, job) = (stage::<Revised>().await, Revised::of());
    let mut seen = Vec::new();
    for _ in 0..4 {
        seen.push(stage.seen(&job).await);
        pass(10 * SECOND).await;
    }
    let stale = |value| (value, Status::Stale);
    assert_eq!(seen, [(vec![1], Status::Loaded), stale(vec![1]), stale(vec![1, 2]), stale(vec![1, 2])]);
}
