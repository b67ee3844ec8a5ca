//! The other verbs: peek, put, load, refresh, invalidate, remove, and warming up.

use freshen_core::queue::Depth;
use freshen_core::{BuildError, Cache, Job, Jobs, Load, Loaded, Status, Strength};
use serde::{Deserialize, Serialize};

use crate::common::{Down, TTL, Truth, pass, stage, truth};
use crate::{SECOND, idle_stage};

#[tokio::test(start_paused = true)]
async fn a_peek_shows_the_record_and_asks_for_nothing() {
    let stage = idle_stage().await;
    assert!(stage.cache.peek(&truth("a")).await.unwrap().is_none());
    stage.value("a").await;
    pass(TTL).await;
    let peek = stage.cache.peek(&truth("a")).await.unwrap().unwrap();
    assert_eq!((*peek, peek.is_fresh(), peek.is_asked_for()), (1, false, false));
    stage.settle().await;
    assert_eq!((stage.source.reads(), stage.events.count("RefreshAsked")), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn a_put_replaces_the_value_and_is_fresh_for_the_ttl() {
    let stage = idle_stage().await;
    stage.value("a").await;
    pass(TTL / 2).await;
    stage.cache.put(&truth("a"), 7).await.unwrap();
    pass(TTL - SECOND).await;
    let answer = stage.get("a").await.unwrap();
    assert_eq!((*answer, answer.status()), (7, Status::Hit));
    pass(SECOND).await;
    assert_eq!(stage.get("a").await.unwrap().status(), Status::Stale);
}

#[tokio::test(start_paused = true)]
async fn removing_what_is_not_there_is_no_error() {
    let stage = idle_stage().await;
    stage.cache.remove(&truth("a")).await.unwrap();
    assert_eq!(stage.source.reads(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_demanded_load_replaces_what_is_fresh_and_returns_it() {
    let stage = idle_stage().await;
    stage.value("a").await;
    stage.source.write(2);
    let answer = stage.cache.load(&truth("a")).await.unwrap();
    assert_eq!((*answer, answer.status()), (2, Status::Loaded));
    let answer = stage.get("a").await.unwrap();
    assert_eq!((*answer, answer.status()), (2, Status::Hit));
}

#[tokio::test(start_paused = true)]
async fn ten_refreshes_outdate_the_value_and_ask_for_one_task() {
    let stage = idle_stage().await;
    stage.value("a").await;
    let mut asked = Vec::new();
    for _ in 0..10 {
        asked.push(stage.cache.refresh(&truth("a")).await.unwrap());
    }
    assert_eq!(asked.iter().filter(|asked| **asked).count(), 1);
    assert_eq!(stage.cache.queue_depth().await.unwrap().ready, 1);
    let answer = stage.get("a").await.unwrap();
    assert_eq!((*answer, answer.status()), (1, Status::Stale));
}

#[tokio::test(start_paused = true)]
async fn a_refresh_loads_what_was_still_fresh() {
    let stage = stage().await;
    stage.value("a").await;
    stage.source.write(2);
    assert!(stage.cache.refresh(&truth("a")).await.unwrap());
    pass(SECOND).await;
    let answer = stage.get("a").await.unwrap();
    assert_eq!((*answer, answer.status()), (2, Status::Hit));
}

#[tokio::test(start_paused = true)]
async fn an_invalidation_keeps_the_value_and_leaves_asking_to_the_next_read() {
    let stage = idle_stage().await;
    stage.value("a").await;
    stage.cache.invalidate(&truth("a"), Strength::Soft).await.unwrap();
    stage.settle().await;
    assert_eq!(stage.cache.queue_depth().await.unwrap(), Depth::default());
    let answer = stage.get("a").await.unwrap();
    assert_eq!((*answer, answer.status()), (1, Status::Stale));
    stage.settle().await;
    assert_eq!(stage.cache.queue_depth().await.unwrap().ready, 1);
}

#[tokio::test(start_paused = true)]
async fn invalidating_what_is_not_there_stores_and_asks_for_nothing() {
    let stage = idle_stage().await;
    stage.cache.invalidate(&truth("a"), Strength::Soft).await.unwrap();
    stage.settle().await;
    assert!(stage.cache.peek(&truth("a")).await.unwrap().is_none());
    assert_eq!(stage.cache.queue_depth().await.unwrap(), Depth::default());
}

#[tokio::test(start_paused = true)]
async fn a_schedule_keeps_values_fresh_without_a_reader() {
    let stage = stage().await;
    let _schedule = stage.cache.schedule(TTL / 2, || vec![truth("a"), truth("b")]).unwrap();
    for _ in 0..20 {
        pass(TTL / 4).await;
        for key in ["a", "b"] {
            assert!(stage.cache.peek(&truth(key)).await.unwrap().unwrap().is_fresh());
        }
    }
}

/// Another job under the name of [`Truth`].
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct Homonym;

impl Job for Homonym {
    type Output = ();
    type Error = Down;
    type State = ();
    const NAME: &'static str = Truth::NAME;
    const NAMESPACE: &'static str = Truth::NAMESPACE;

    async fn load(&self, _load: Load<'_, Self>) -> Result<Loaded<()>, Down> {
        Ok(().into())
    }
}

#[tokio::test(start_paused = true)]
async fn two_jobs_of_one_name_are_refused() {
    let jobs = Jobs::new().add::<Truth>().add::<Homonym>();
    let built = Cache::builder().state(crate::common::Source::new()).jobs(jobs).build().await;
    assert!(matches!(built, Err(BuildError::DuplicateJob { job, .. }) if job == "truth"));
}
