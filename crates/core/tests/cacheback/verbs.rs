//! The other verbs, as far as they have no test elsewhere.

use freshen_core::queue::Depth;
use freshen_core::{BuildError, Cache, Job, Jobs, Load, Loaded, Status, Strength};
use serde::{Deserialize, Serialize};

use crate::common::{Down, Truth, truth};
use crate::idle_stage;

#[tokio::test(start_paused = true)]
async fn ten_refreshes_ask_for_one_task() {
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
