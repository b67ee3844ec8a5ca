//! The tasks of the runtime that a cache keeps.

#![allow(clippy::unwrap_used)] // A test that cannot go on fails.

use std::convert::Infallible;
use std::time::Duration;

use freshen_core::{Cache, Job, Jobs, Load, Loaded};
use futures_util::future::join_all;
use serde::{Deserialize, Serialize};
use tokio::runtime::Handle;

/// Loads at once that leave a task behind, at most.
const KEPT: usize = 64;

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct Slow(usize);

impl Job for Slow {
    type Output = usize;
    type Error = Infallible;
    type State = ();
    const NAME: &'static str = "slow";

    async fn load(&self, _load: Load<'_, Self>) -> Result<Loaded<usize>, Infallible> {
        tokio::time::sleep(Duration::from_millis(10)).await;
        Ok(self.0.into())
    }
}

async fn cache() -> Cache {
    Cache::builder().jobs(Jobs::new().add::<Slow>()).workers(0).build().await.unwrap()
}

fn tasks() -> usize {
    Handle::current().metrics().num_alive_tasks()
}

/// Lets the tasks that have nothing left to do end.
async fn settle() {
    tokio::time::sleep(Duration::from_millis(1)).await;
}

#[tokio::test(start_paused = true)]
async fn loads_one_after_another_are_carried_out_by_one_task() {
    let cache = cache().await;
    let before = tasks();
    for n in 0..100 {
        cache.get(&Slow(n)).await.unwrap();
        settle().await;
        assert_eq!(tasks(), before + 1, "after {n} others");
    }
}

#[tokio::test(start_paused = true)]
async fn of_many_loads_at_once_few_tasks_stay_and_are_enough_for_as_many_again() {
    let cache = cache().await;
    let before = tasks();
    for wave in 0..3 {
        let jobs: Vec<Slow> = (0..300).map(|n| Slow(wave * 300 + n)).collect();
        let got = join_all(jobs.iter().map(|job| cache.get(job))).await;
        assert!(got.iter().zip(&jobs).all(|(got, job)| **got.as_ref().unwrap() == job.0));
        settle().await;
        assert_eq!(tasks(), before + KEPT);
    }
}

#[tokio::test(start_paused = true)]
async fn no_task_stays_when_a_cache_has_shut_down() {
    let before = tasks();
    let cache = cache().await;
    cache.get(&Slow(1)).await.unwrap();
    assert!(cache.shut_down(Duration::from_secs(1)).await);
    settle().await;
    assert_eq!(tasks(), before);
    cache.get(&Slow(2)).await.unwrap();
    settle().await;
    assert_eq!(tasks(), before, "nor after a load that came later");
}

#[tokio::test(start_paused = true)]
async fn no_task_waits_for_a_load_when_a_cache_is_gone() {
    let cache = cache().await;
    let before = tasks();
    cache.get(&Slow(1)).await.unwrap();
    settle().await;
    assert_eq!(tasks(), before + 1);
    drop(cache);
    settle().await;
    assert!(tasks() <= before);
}
