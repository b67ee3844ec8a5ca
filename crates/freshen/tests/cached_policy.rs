//! Each argument for a job's policy, and what it does to a cache.
#![cfg(feature = "macros")]
#![allow(clippy::unwrap_used)] // A test that cannot go on fails.

mod common;

use std::time::Duration;

use common::{Down, SECOND, Source, Stage, pass, settle, stage};
use freshen::{GetError, Job, OnMiss, Policy, Rule, Status, cached};

const LEASE: Duration = Duration::from_secs(120);
const JITTER: f64 = 0.25;

#[cached(
    ttl = "15m",
    stale_while_revalidate = "1h 30m",
    stale_if_error = Duration::from_secs(7),
    on_miss = empty,
    empty = 0,
    lease = LEASE,
    renewing_lease,
    load_timeout = "10m",
    soft_timeout = "500ms",
    jitter = JITTER,
    early_refresh = 1,
    absent = 404,
    negative_ttl = "2d",
    backoff = ("1500us", "1w"),
    attempts = 3
)]
async fn everything() -> u64 {
    1
}

#[cached(on_miss = load, renewing_lease = false)]
async fn usual() -> u64 {
    1
}

#[test]
fn every_argument_reaches_the_policy() {
    let (secs, minute) = (Duration::from_secs, 60);
    let expected = Policy::builder()
        .ttl(secs(15 * minute))
        .stale_while_revalidate(secs(90 * minute))
        .stale_if_error(secs(7))
        .on_miss(OnMiss::Empty)
        .lease(LEASE)
        .renewing_lease()
        .load_timeout(secs(10 * minute))
        .soft_timeout(Duration::from_millis(500))
        .jitter(0.25)
        .early_refresh(1.0)
        .negative_ttl(secs(2 * 24 * 60 * minute))
        .backoff(Duration::from_micros(1500), secs(7 * 24 * 60 * minute))
        .attempts(3);
    assert_eq!(Everything::policy(), expected);
    assert_eq!(Usual::policy(), Policy::builder());
}

#[cached(ttl = "10s", stale_while_revalidate = "20s", stale_if_error = "30s", jitter = 0.0)]
async fn windowed(#[state] source: &Source) -> Result<u64, Down> {
    source.read().await
}

#[tokio::test(start_paused = true)]
async fn the_three_windows_follow_each_other() {
    let (stage, job) = (stage::<Windowed>().await, Windowed::of());
    assert_eq!(stage.seen(&job).await, (1, Status::Loaded));
    pass(10 * SECOND - Duration::from_millis(1)).await;
    assert_eq!(stage.seen(&job).await, (1, Status::Hit));
    stage.source.down(true);
    pass(Duration::from_millis(1)).await;
    assert_eq!(stage.seen(&job).await, (1, Status::Stale));
    pass(20 * SECOND).await;
    assert_eq!(stage.seen(&job).await, (1, Status::Fallback));
    pass(30 * SECOND).await;
    assert!(matches!(stage.cache.get(&job).await, Err(GetError::Load { .. } | GetError::CoolingDown { .. })));
}

#[cached(on_miss = empty, empty = 77)]
async fn unawaited(#[state] source: &Source) -> u64 {
    source.count().await
}

#[tokio::test(start_paused = true)]
async fn on_a_miss_the_empty_value_may_be_answered_at_once() {
    let (stage, job) = (stage::<Unawaited>().await, Unawaited::of());
    assert_eq!(stage.seen(&job).await, (77, Status::Empty));
    settle().await;
    pass(SECOND).await;
    assert_eq!(stage.seen(&job).await, (1, Status::Hit));
}

#[cached(load_timeout = "3s")]
async fn bounded(#[state] source: &Source) -> u64 {
    source.count().await
}

#[tokio::test(start_paused = true)]
async fn a_load_ends_at_its_timeout() {
    let stage = stage::<Bounded>().await;
    stage.source.takes(4 * SECOND);
    let result = stage.cache.get(&Bounded::of()).await;
    assert!(matches!(result, Err(GetError::TimedOut { after, .. }) if after == 3 * SECOND));
}

#[cached(lease = "5s", load_timeout = "4s", ttl = "10s", jitter = 0.0)]
async fn leased(#[state] source: &Source) -> u64 {
    source.count().await
}

#[cached(lease = "5s", load_timeout = "60s", renewing_lease, ttl = "10s", jitter = 0.0)]
async fn renewing(#[state] source: &Source) -> u64 {
    source.count().await
}

/// The lease of a refresh that began a moment ago, as another would find it.
async fn lease_during_refresh<J: Job<Output = u64>>(stage: &Stage, job: &J, after: Duration) -> Option<Duration> {
    stage.cache.get(job).await.unwrap();
    stage.source.takes(30 * SECOND);
    stage.cache.refresh(job).await.unwrap();
    settle().await;
    pass(after).await;
    stage.cache.peek(job).await.unwrap().unwrap().lease()
}

#[tokio::test(start_paused = true)]
async fn a_load_holds_its_key_for_the_lease_and_may_renew_it() {
    let after = Duration::from_millis(100);
    let lease = lease_during_refresh(&stage::<Leased>().await, &Leased::of(), after).await;
    assert!(lease.is_some_and(|lease| lease <= 5 * SECOND), "{lease:?}");
    assert_eq!(lease_during_refresh(&stage::<Leased>().await, &Leased::of(), SECOND * 9 / 2).await, None);
    let renewed = stage::<Renewing>().await;
    assert!(lease_during_refresh(&renewed, &Renewing::of(), 20 * SECOND).await.is_some());
    pass(15 * SECOND).await;
    assert_eq!(renewed.seen(&Renewing::of()).await.0, 2);
}

#[cached(ttl = "10s", stale_while_revalidate = "0s", stale_if_error = "1h", soft_timeout = "2s", jitter = 0.0)]
async fn impatient(#[state] source: &Source) -> u64 {
    source.count().await
}

#[tokio::test(start_paused = true)]
async fn with_a_fallback_in_hand_a_caller_waits_for_the_soft_timeout() {
    let (stage, job) = (stage::<Impatient>().await, Impatient::of());
    stage.seen(&job).await;
    pass(10 * SECOND).await;
    stage.source.takes(5 * SECOND);
    let began = tokio::time::Instant::now();
    assert_eq!(stage.seen(&job).await, (1, Status::Fallback));
    assert_eq!(began.elapsed().as_secs(), 2);
    pass(4 * SECOND).await;
    assert_eq!(stage.seen(&job).await, (2, Status::Hit));
}

#[cached(ttl = "100s", jitter = 0.5)]
async fn jittered(number: u64, #[state] source: &Source) -> u64 {
    source.count().await + number
}

#[cached(ttl = "100s", jitter = 0.0)]
async fn regular(number: u64, #[state] source: &Source) -> u64 {
    source.count().await + number
}

#[tokio::test(start_paused = true)]
async fn jitter_ends_some_values_before_their_ttl() {
    let (some, none) = (stage::<Jittered>().await, stage::<Regular>().await);
    for number in 0..50 {
        some.seen(&Jittered::of(number)).await;
        none.seen(&Regular::of(number)).await;
    }
    pass(75 * SECOND).await;
    let (mut early, mut late) = (0, 0);
    for number in 0..50 {
        early += usize::from(some.seen(&Jittered::of(number)).await.1 == Status::Stale);
        late += usize::from(none.seen(&Regular::of(number)).await.1 == Status::Stale);
    }
    assert!((5..45).contains(&early), "{early}");
    assert_eq!(late, 0);
}

#[cached(ttl = "100s", jitter = 0.0, early_refresh = 1.0)]
async fn eager(#[state] source: &Source) -> u64 {
    source.count().await
}

#[cached(ttl = "100s", jitter = 0.0)]
async fn unhurried(#[state] source: &Source) -> u64 {
    source.count().await
}

/// How often a source that takes 20 s is read within a ttl of 100 s by one reader a second.
async fn reads_within_ttl<J: Job<Output = u64>>(job: J) -> u64 {
    let stage = stage::<J>().await;
    stage.source.takes(20 * SECOND);
    stage.seen(&job).await;
    for _ in 0..79 {
        pass(SECOND).await;
        stage.seen(&job).await;
    }
    stage.source.reads()
}

#[tokio::test(start_paused = true)]
async fn an_early_refresh_comes_before_the_ttl_has_ended() {
    assert!(reads_within_ttl(Eager::of()).await > 1);
    assert_eq!(reads_within_ttl(Unhurried::of()).await, 1);
}

#[cached(ttl = "100s", negative_ttl = "5s", absent = None, jitter = 0.0)]
async fn found(number: u64) -> Option<u64> {
    (number > 0).then_some(number)
}

#[tokio::test(start_paused = true)]
async fn what_is_absent_has_a_ttl_of_its_own() {
    let stage = stage::<Found>().await;
    stage.seen(&Found::of(0)).await;
    stage.seen(&Found::of(1)).await;
    assert!(stage.cache.get(&Found::of(0)).await.unwrap().is_absent());
    pass(5 * SECOND).await;
    assert_eq!(stage.seen(&Found::of(0)).await, (None, Status::Stale));
    assert_eq!(stage.seen(&Found::of(1)).await, (Some(1), Status::Hit));
}

#[cached(ttl = "10s", jitter = 0.0, backoff = ("20s", "20s"), attempts = 2)]
async fn cautious(#[state] source: &Source) -> Result<u64, Down> {
    source.read().await
}

#[tokio::test(start_paused = true)]
async fn a_failed_load_is_followed_by_the_pause_of_the_back_off() {
    let (stage, job) = (stage::<Cautious>().await, Cautious::of());
    stage.source.down(true);
    assert!(matches!(stage.cache.get(&job).await, Err(GetError::Load { .. })));
    stage.source.down(false);
    pass(15 * SECOND).await;
    assert!(stage.cache.get(&job).await.is_err());
    assert_eq!(stage.source.reads(), 1);
    pass(6 * SECOND).await;
    assert_eq!(stage.cache.get(&job).await.unwrap().rule(), Rule::Missing);
}

#[tokio::test(start_paused = true)]
async fn a_task_is_set_aside_after_its_attempts() {
    let (stage, job) = (stage::<Cautious>().await, Cautious::of());
    stage.seen(&job).await;
    stage.source.down(true);
    pass(10 * SECOND).await;
    assert_eq!(stage.seen(&job).await, (1, Status::Stale));
    pass(60 * SECOND).await;
    let reasons: Vec<_> = stage.cache.quarantined(10).await.unwrap().into_iter().map(|one| one.reason).collect();
    assert_eq!(reasons.len(), 1);
    assert_eq!(&*reasons[0], "gave up after 2 attempts: the source is down");
}
