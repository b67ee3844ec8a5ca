//! What a caller may wish for besides a plain `get`.

#![allow(clippy::unwrap_used)] // A test that cannot go on fails.

mod common;

use std::time::Duration;

use common::tuned::{Kind, tuned, tuned_stage};
use common::{Act, ERROR, STALE, Stage, TTL, Truth, pass, stage, stage_with, truth};
use freshen_core::store::MemoryStore;
use freshen_core::{Cache, CacheError, Clock, GetError, Lookup, Rule, Status, Strength, Tag};

const SECOND: Duration = Duration::from_secs(1);

async fn hit(stage: &Stage, key: &str) -> (u64, Status) {
    let answer = stage.get(key).await.unwrap();
    (*answer, answer.status())
}

/// Two caches on one store, each with its own source.
async fn two() -> (Stage, Stage) {
    let clock = Clock::runtime();
    let store = MemoryStore::builder(clock.clone()).build().unwrap();
    let one = stage_with(|builder| builder.clock(clock.clone()).store(store.clone())).await;
    let two = stage_with(|builder| builder.clock(clock).store(store)).await;
    (one, two)
}

/// A caller accepts ten seconds of staleness. Up to then it is served at once, and one moment later it waits for a load.
#[tokio::test(start_paused = true)]
async fn what_is_staler_than_the_caller_accepts_is_loaded() {
    let stage = stage().await;
    let job = truth("a");
    stage.value("a").await;
    stage.source.write(2);
    let request = |most| stage.cache.request(&job).max_stale(most);
    assert_eq!(request(Duration::ZERO).get().await.unwrap().status(), Status::Hit, "fresh is good enough for zero");
    stage.source.hold();
    pass(TTL + 10 * SECOND).await;
    let answer = request(10 * SECOND).get().await.unwrap();
    assert_eq!((*answer, answer.status()), (1, Status::Stale));
    stage.source.open();
    stage.settle().await;
    stage.source.write(3);
    pass(TTL + 10 * SECOND + Duration::from_millis(1)).await;
    let answer = request(10 * SECOND).get().await.unwrap();
    assert_eq!((*answer, answer.status(), answer.rule()), (3, Status::Loaded, Rule::TooStale));
}

/// The value is too stale for the caller and the source is down. It is no fallback for this caller, but it is for others.
#[tokio::test(start_paused = true)]
async fn what_is_too_stale_is_no_fallback() {
    let stage = stage().await;
    let job = truth("a");
    stage.value("a").await;
    pass(TTL + STALE).await;
    stage.source.script([Act::Fail]);
    let error = stage.cache.request(&job).max_stale(SECOND).get().await.unwrap_err();
    assert!(matches!(error, GetError::Load { .. }), "{error}");
    assert_eq!(hit(&stage, "a").await, (1, Status::Fallback));
}

/// Zero accepts only what is fresh: what was invalidated softly a moment ago is not.
#[tokio::test(start_paused = true)]
async fn zero_staleness_refuses_what_was_just_invalidated() {
    let stage = stage().await;
    let job = truth("a");
    stage.value("a").await;
    stage.source.write(2);
    stage.cache.invalidate(&job, Strength::Soft).await.unwrap();
    assert_eq!(*stage.cache.request(&job).max_stale(Duration::ZERO).get().await.unwrap(), 2);
}

/// Somebody writes and then reads through another process, which has the old value at hand. With the write's token it sees its write.
#[tokio::test(start_paused = true)]
async fn a_reader_with_the_token_of_a_write_sees_the_write() {
    for what in ["key", "tag", "namespace", "put", "remove"] {
        let (one, two) = two().await;
        let job = truth("a");
        one.value("a").await;
        assert_eq!(hit(&two, "a").await, (1, Status::Hit));
        two.source.write(2);
        let token = match what {
            "key" => one.cache.invalidate(&job, Strength::Soft).await.unwrap(),
            "tag" => one.cache.invalidate_tag("key:a", Strength::Soft).await.unwrap(),
            "namespace" => one.cache.invalidate_namespace("tests", Strength::Soft).await.unwrap(),
            "put" => one.cache.put(&job, 2).await.unwrap(),
            _ => one.cache.remove(&job).await.unwrap(),
        };
        assert_eq!(hit(&two, "a").await, (1, Status::Hit), "{what}: without the token it has not heard");
        let answer = two.cache.request(&job).after(&token).get().await.unwrap();
        assert_eq!(*answer, 2, "{what}");
        assert_eq!(two.source.reads(), usize::from(what != "put"), "{what}: what was put is read, the rest is loaded");
        let again = two.cache.request(&job).after(&token).get().await.unwrap();
        assert_eq!((*again, again.status()), (2, Status::Hit), "{what}");
    }
}

/// The write is of another key. What is newer than it is a hit; what is older is loaded, though nothing outdated it.
#[tokio::test(start_paused = true)]
async fn a_token_asks_for_nothing_that_is_newer_already() {
    let stage = stage().await;
    stage.value("old").await;
    let token = stage.cache.invalidate(&truth("other"), Strength::Soft).await.unwrap();
    stage.value("new").await;
    let (old, new) = (truth("old"), truth("new"));
    let answer = stage.cache.request(&new).after(&token).get().await.unwrap();
    assert_eq!(answer.status(), Status::Hit);
    let answer = stage.cache.request(&old).after(&token).get().await.unwrap();
    assert_eq!((answer.status(), answer.rule()), (Status::Loaded, Rule::BehindWrite));
    assert_eq!(stage.source.reads(), 3);
}

/// A user brings the token of a write for a day, and the store loses its clock. What is loaded after that shows the write: without
/// this each read of that user would be a load.
#[tokio::test(start_paused = true)]
async fn a_token_of_a_lost_clock_is_satisfied_by_what_is_loaded_under_the_next() {
    let clock = Clock::runtime();
    let store = MemoryStore::builder(clock.clone()).build().unwrap();
    let given = store.clone();
    let stage = stage_with(|builder| builder.clock(clock).store(given)).await;
    stage.value("a").await;
    stage.source.write(2);
    let token = stage.cache.invalidate_tag("another", Strength::Soft).await.unwrap();
    store.forget_clock();
    let mut seen = Vec::new();
    for _ in 0..5 {
        let answer = stage.cache.request(&truth("a")).after(&token).get().await.unwrap();
        seen.push((*answer, answer.status()));
    }
    assert_eq!(seen, [&[(2, Status::Loaded)][..], &[(2, Status::Hit); 4]].concat());
    assert_eq!(stage.source.reads(), 2, "what was loaded under the lost clock did not show the write");
    // A write of this clock is not shown by what was loaded before it.
    stage.source.write(3);
    let token = stage.cache.invalidate_tag("another", Strength::Soft).await.unwrap();
    let answer = stage.cache.request(&truth("a")).after(&token).get().await.unwrap();
    assert_eq!((*answer, answer.rule()), (3, Rule::BehindWrite));
}

/// A value of a lost clock is still in hand when the token of a new write is brought.
#[tokio::test(start_paused = true)]
async fn a_token_is_not_satisfied_by_what_was_loaded_under_a_lost_clock() {
    let clock = Clock::runtime();
    let store = MemoryStore::builder(clock.clone()).build().unwrap();
    let given = store.clone();
    let stage = stage_with(|builder| builder.clock(clock).store(given)).await;
    stage.value("a").await;
    store.forget_clock();
    stage.source.write(2);
    let token = stage.cache.invalidate_tag("another", Strength::Soft).await.unwrap();
    let answer = stage.cache.request(&truth("a")).after(&token).get().await.unwrap();
    assert_eq!((*answer, answer.status()), (2, Status::Loaded));
}

/// A load began before the write and ends after it. Whoever holds the write's token flies again.
#[tokio::test(start_paused = true)]
async fn a_load_that_began_before_the_write_does_not_answer_its_writer() {
    let stage = stage().await;
    stage.source.hold();
    let early = stage.getting("a");
    stage.source.read_by(1).await;
    stage.source.write(2);
    let token = stage.cache.invalidate_tag("another", Strength::Soft).await.unwrap();
    let cache = stage.cache.clone();
    let late = tokio::spawn(async move { cache.request(&truth("a")).after(&token).get().await });
    stage.settle().await;
    stage.source.open();
    assert_eq!(*early.await.unwrap().unwrap(), 1);
    assert_eq!(*late.await.unwrap().unwrap(), 2);
}

/// A page asks what is there, now. What the store has is given, stale or fresh; where there is nothing, nothing is waited for.
#[tokio::test(start_paused = true)]
async fn what_is_ready_is_given_and_what_is_not_is_begun() {
    let (one, two) = two().await;
    let job = truth("a");
    assert!(two.cache.get_ready(&job).is_none());
    two.settle().await;
    let answer = two.cache.get_ready(&job).unwrap();
    assert_eq!((*answer, answer.status()), (1, Status::Hit));
    assert!(one.cache.near_size().0 == 0);
    let answer = one.cache.get_ready(&job).unwrap();
    assert_eq!((*answer, answer.status()), (1, Status::Hit), "from the store");
    assert_eq!(one.source.reads() + two.source.reads(), 1);
    pass(TTL).await;
    let answer = one.cache.get_ready(&job).unwrap();
    assert_eq!((*answer, answer.status()), (1, Status::Stale));
    pass(STALE + ERROR).await;
    one.cache.invalidate(&job, Strength::Hard).await.unwrap();
    assert!(one.cache.get_ready(&job).is_none());
}

/// The value may only be served when a load fails. Nobody has tried, so nothing is ready.
#[tokio::test(start_paused = true)]
async fn what_is_kept_for_errors_is_not_ready() {
    let stage = stage().await;
    stage.value("a").await;
    pass(TTL + STALE).await;
    assert!(stage.cache.get_ready(&truth("a")).is_none());
    stage.settle().await;
    assert_eq!(stage.cache.get_ready(&truth("a")).unwrap().status(), Status::Hit);
}

/// An operator looks at a key that is not there, and at one that is stale. Neither is loaded, refreshed or outdated by it.
#[tokio::test(start_paused = true)]
async fn a_peek_has_no_effect() {
    let stage = stage().await;
    assert!(stage.cache.peek(&truth("a")).await.unwrap().is_none());
    stage.settle().await;
    assert_eq!((stage.source.reads(), stage.events.all()), (0, vec![]));
    stage.value("a").await;
    pass(TTL).await;
    let events = stage.events.all();
    let peek = stage.cache.peek(&truth("a")).await.unwrap().unwrap();
    assert_eq!((*peek, peek.is_fresh(), peek.age(), peek.is_asked_for()), (1, false, TTL, false));
    assert_eq!(peek.tags().collect::<Vec<_>>(), ["all", "key:a"]);
    assert_eq!((peek.lease(), peek.trouble()), (None, None));
    stage.settle().await;
    assert_eq!((stage.source.reads(), stage.events.all()), (1, events));
}

/// What goes on with a key can be seen: the lease of its load, the task on its way, what went wrong.
#[tokio::test(start_paused = true)]
async fn a_peek_shows_the_lease_the_marker_and_the_trouble() {
    let stage = stage_with(|builder| builder.workers(0)).await;
    stage.value("a").await;
    pass(TTL).await;
    stage.value("a").await;
    stage.settle().await;
    assert!(stage.cache.peek(&truth("a")).await.unwrap().unwrap().is_asked_for());
    stage.source.hold();
    stage.source.script([Act::Fail]);
    let (cache, job) = (stage.cache.clone(), truth("a"));
    let loading = tokio::spawn(async move { cache.load(&job).await });
    stage.source.read_by(2).await;
    assert_eq!(stage.cache.peek(&truth("a")).await.unwrap().unwrap().lease(), Some(60 * SECOND));
    stage.source.open();
    loading.await.unwrap().unwrap_err();
    let peek = stage.cache.peek(&truth("a")).await.unwrap().unwrap();
    let trouble = peek.trouble().unwrap();
    assert_eq!((trouble.failures, &*trouble.reason, peek.lease()), (1, "the source is down", None));
}

#[tokio::test(start_paused = true)]
async fn a_value_can_be_read_in_place() {
    let stage = stage().await;
    for _ in 0..2 {
        assert_eq!(stage.cache.get_with(&truth("a"), |value| value + 41).await.unwrap(), 42);
    }
    stage.source.script([Act::Fail]);
    let error = stage.cache.get_with(&truth("b"), |value| value + 41).await.unwrap_err();
    assert!(matches!(error, GetError::Load { .. }));
    assert_eq!(stage.source.reads(), 2);
}

/// `Truth`, by a borrowed key.
#[derive(Hash)]
struct TruthOf<'a> {
    key: &'a str,
}

impl equivalent::Equivalent<Truth> for TruthOf<'_> {
    fn equivalent(&self, job: &Truth) -> bool {
        self.key == job.key
    }
}

impl Lookup for TruthOf<'_> {
    type Job = Truth;

    fn to_job(&self) -> Truth {
        truth(self.key)
    }
}

/// A handler has its argument as a `&str`. By it the same value is found, loaded, invalidated and removed.
#[tokio::test(start_paused = true)]
async fn a_borrowed_lookup_names_the_same_job() {
    let stage = stage().await;
    let lookup = TruthOf { key: "a" };
    assert_eq!(stage.cache.get(&lookup).await.unwrap().status(), Status::Loaded);
    assert_eq!(stage.get("a").await.unwrap().status(), Status::Hit);
    assert_eq!(stage.cache.get(&lookup).await.unwrap().status(), Status::Hit);
    assert_eq!(stage.cache.get(&TruthOf { key: "b" }).await.unwrap().status(), Status::Loaded);
    stage.cache.invalidate(&lookup, Strength::Soft).await.unwrap();
    assert_eq!(stage.get("a").await.unwrap().status(), Status::Stale);
    stage.cache.remove(&lookup).await.unwrap();
    assert!(stage.cache.peek(&lookup).await.unwrap().is_none());
}

/// Somebody knows that the source has changed and wants no reader to wait. What is in hand is served as stale until the refresh has landed.
#[tokio::test(start_paused = true)]
async fn a_refresh_loads_again_behind_the_readers() {
    let stage = stage().await;
    stage.value("a").await;
    stage.source.write(2);
    stage.source.hold();
    assert!(stage.cache.refresh(&truth("a")).await.unwrap());
    assert_eq!(hit(&stage, "a").await, (1, Status::Stale));
    assert!(!stage.cache.refresh(&truth("a")).await.unwrap(), "it is on its way");
    stage.source.open();
    pass(SECOND).await;
    assert_eq!(hit(&stage, "a").await, (2, Status::Hit));
    assert!(stage.cache.refresh(&truth("never loaded")).await.unwrap());
    stage.settle().await;
    assert_eq!(hit(&stage, "never loaded").await, (2, Status::Hit));
}

/// Somebody wants the newest value and waits for it, though a fresh one is in hand and the key cools down.
#[tokio::test(start_paused = true)]
async fn a_demanded_load_is_made_whatever_is_in_hand() {
    let stage = stage().await;
    stage.value("a").await;
    stage.source.write(2);
    let answer = stage.cache.load(&truth("a")).await.unwrap();
    assert_eq!((*answer, answer.status(), answer.rule()), (2, Status::Loaded, Rule::Demanded));
    assert_eq!(hit(&stage, "a").await, (2, Status::Hit));
    stage.source.script([Act::Fail]);
    assert!(matches!(stage.cache.load(&truth("a")).await, Err(GetError::Load { .. })), "there is no fallback");
    stage.source.write(3);
    assert_eq!(*stage.cache.load(&truth("a")).await.unwrap(), 3, "it heeds no back-off");
}

/// The single writer of a key writes the source and puts the value. It is served at once, nothing is loaded, and its policy holds.
#[tokio::test(start_paused = true)]
async fn what_was_put_is_served_without_a_load() {
    let (stage, _told) = tuned_stage().await;
    stage.cache.put(&truth("a"), 7).await.unwrap();
    assert_eq!(hit(&stage, "a").await, (7, Status::Hit));
    stage.cache.put(&truth("a"), 8).await.unwrap();
    assert_eq!(hit(&stage, "a").await, (8, Status::Hit));
    stage.cache.put(&tuned(Kind::Short), 9).await.unwrap();
    pass(5 * SECOND).await;
    assert_eq!(stage.cache.get(&tuned(Kind::Short)).await.unwrap().status(), Status::Stale);
    assert_eq!(*stage.cache.get(&tuned(Kind::Short)).await.unwrap(), 9);
    stage.cache.invalidate_tag("key:a", Strength::Hard).await.unwrap();
    assert_eq!(hit(&stage, "a").await, (1, Status::Loaded), "its tags hold too");
}

/// A record is removed and the next reader loads. Removing what is not there does nothing.
#[tokio::test(start_paused = true)]
async fn what_was_removed_is_loaded_by_the_next_reader() {
    let stage = stage().await;
    stage.cache.remove(&truth("a")).await.unwrap();
    stage.value("a").await;
    stage.source.write(2);
    stage.cache.remove(&truth("a")).await.unwrap();
    assert_eq!(hit(&stage, "a").await, (2, Status::Loaded));
}

/// The job was never registered with this cache. Everything says so by its name, and nothing panics.
#[tokio::test(start_paused = true)]
async fn a_job_that_is_not_registered_is_an_error() {
    let cache = Cache::builder().clock(Clock::runtime()).build().await.unwrap();
    let job = truth("a");
    assert!(matches!(cache.get(&job).await, Err(GetError::NotRegistered { job: "truth" })));
    assert!(matches!(cache.peek(&job).await, Err(CacheError::NotRegistered { job: "truth" })));
    assert!(matches!(cache.put(&job, 1).await, Err(CacheError::NotRegistered { job: "truth" })));
    assert!(matches!(cache.remove(&job).await, Err(CacheError::NotRegistered { job: "truth" })));
    assert!(cache.get_ready(&job).is_none());
    assert!(matches!(cache.get_many(&[job]).await[..], [Err(GetError::NotRegistered { job: "truth" })]));
}

/// A value in each of its windows, outdated softly and hard, and nothing: what is in hand is told, and nothing is loaded for it.
#[tokio::test(start_paused = true)]
async fn what_is_in_hand_is_given_without_any_effect() {
    let stage = stage().await;
    let job = truth("a");
    let in_hand = async || {
        let answer = stage.cache.request(&job).in_hand().await.unwrap();
        answer.map(|answer| (*answer, answer.status(), answer.rule()))
    };
    assert_eq!(in_hand().await, None, "nothing was there");
    stage.value("a").await;
    stage.source.write(2);
    assert_eq!(in_hand().await, Some((1, Status::Hit, Rule::Fresh)));
    pass(TTL).await;
    assert_eq!(in_hand().await, Some((1, Status::Stale, Rule::WithinStale)));
    assert!(stage.cache.request(&job).max_stale(Duration::ZERO).in_hand().await.unwrap().is_none(), "it is too stale");
    pass(STALE).await;
    assert_eq!(in_hand().await, Some((1, Status::Stale, Rule::WithinStaleIfError)));
    pass(ERROR).await;
    assert_eq!(in_hand().await, None, "its last window has ended");
    assert_eq!(stage.source.reads(), 1, "nothing was loaded for a look");
    assert_eq!(stage.value("a").await, 2);
    let token = stage.cache.invalidate(&job, Strength::Soft).await.unwrap();
    assert_eq!(in_hand().await, Some((2, Status::Stale, Rule::Invalidated)));
    assert!(stage.cache.request(&job).after(&token).in_hand().await.unwrap().is_none(), "it does not show the write");
    stage.cache.invalidate(&job, Strength::Hard).await.unwrap();
    assert_eq!(in_hand().await, None);
    stage.settle().await;
    assert_eq!(stage.source.reads(), 2, "nor was a task asked for");
}

/// What another cache stored is in hand here too, and is kept near.
#[tokio::test(start_paused = true)]
async fn what_the_store_has_is_in_hand() {
    let (one, two) = two().await;
    one.value("a").await;
    let (job, reads) = (truth("a"), two.source.reads());
    for _ in 0..2 {
        let answer = two.cache.request(&job).in_hand().await.unwrap().expect("the store has it");
        assert_eq!((*answer, answer.status()), (1, Status::Hit));
    }
    assert_eq!(two.source.reads(), reads);
}

/// The count of what was heard moves with each invalidation, and with nothing else.
#[tokio::test(start_paused = true)]
async fn the_raises_count_invalidations() {
    let stage = stage().await;
    let before = stage.cache.raises();
    stage.value("a").await;
    assert_eq!(stage.cache.raises(), before);
    stage.cache.invalidate_tags(&[Tag::new("t").unwrap()], Strength::Soft).await.unwrap();
    let by_tag = stage.cache.raises();
    assert_ne!(by_tag, before);
    stage.cache.invalidate(&truth("a"), Strength::Soft).await.unwrap();
    assert_ne!(stage.cache.raises(), by_tag);
}
