//! Whole walks of a `get` with memory parts. Time is the runtime's, paused: nothing sleeps.

#![allow(clippy::unwrap_used)] // A test that cannot go on fails.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use freshen_core::{Cache, Clock, GetError, Job, Jobs, Load, Loaded, Policy, PolicyBuilder, Status, Strength};
use serde::{Deserialize, Serialize};

#[derive(Clone, Default)]
struct Source(Arc<AtomicU64>);

#[derive(Debug, thiserror::Error)]
#[error("down")]
struct Down;

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct Count {
    of: String,
}

impl Job for Count {
    type Output = u64;
    type Error = Down;
    type State = (Source,);
    const NAME: &'static str = "count";

    fn policy() -> PolicyBuilder {
        Policy::builder().ttl(Duration::from_secs(60)).stale_while_revalidate(Duration::from_secs(600)).jitter(0.0)
    }

    async fn load(&self, load: Load<'_, Self>) -> Result<Loaded<u64>, Down> {
        tokio::time::sleep(Duration::from_millis(800)).await;
        if self.of == "bad" {
            return Err(Down);
        }
        Ok((load.state().0.0.fetch_add(1, Ordering::Relaxed) + 1).into())
    }

    fn tags(&self, _value: &u64) -> Vec<String> {
        vec![format!("of:{}", self.of)]
    }
}

async fn cache() -> (Cache, Source) {
    let source = Source::default();
    let cache = Cache::builder().state(source.clone()).jobs(Jobs::new().add::<Count>()).clock(Clock::runtime()).seed(1);
    (cache.build().await.unwrap(), source)
}

fn count(of: &str) -> Count {
    Count { of: of.into() }
}

#[tokio::test(start_paused = true)]
async fn a_walk_through_all_windows() {
    let (cache, _source) = cache().await;
    let job = count("a");
    let answer = cache.get(&job).await.unwrap();
    assert_eq!((*answer, answer.status()), (1, Status::Loaded));
    let answer = cache.get(&job).await.unwrap();
    assert_eq!((*answer, answer.status()), (1, Status::Hit));
    tokio::time::advance(Duration::from_secs(61)).await;
    let answer = cache.get(&job).await.unwrap();
    assert_eq!((*answer, answer.status()), (1, Status::Stale));
    tokio::time::sleep(Duration::from_secs(2)).await;
    let answer = cache.get(&job).await.unwrap();
    assert_eq!((*answer, answer.status()), (2, Status::Hit));
    cache.invalidate_tag("of:a", Strength::Soft).await.unwrap();
    let answer = cache.get(&job).await.unwrap();
    assert_eq!((*answer, answer.status()), (2, Status::Stale));
    tokio::time::sleep(Duration::from_secs(2)).await;
    let answer = cache.get(&job).await.unwrap();
    assert_eq!((*answer, answer.status()), (3, Status::Hit));
    cache.invalidate(&job, Strength::Hard).await.unwrap();
    let answer = cache.get(&job).await.unwrap();
    assert_eq!((*answer, answer.status()), (4, Status::Loaded));
    cache.put(&job, 77).await.unwrap();
    let answer = cache.get(&job).await.unwrap();
    assert_eq!((*answer, answer.status()), (77, Status::Hit));
    cache.remove(&job).await.unwrap();
    assert!(cache.peek(&job).await.unwrap().is_none());
    let answer = cache.get(&job).await.unwrap();
    assert_eq!((*answer, answer.status()), (5, Status::Loaded));
    assert!(cache.shut_down(Duration::from_secs(5)).await);
}

#[tokio::test(start_paused = true)]
async fn a_failed_load_gives_its_own_error_and_then_a_pause() {
    let (cache, _source) = cache().await;
    assert!(matches!(cache.get(&count("bad")).await, Err(GetError::Load { .. })));
    assert!(matches!(cache.get(&count("bad")).await, Err(GetError::CoolingDown { .. })));
}
