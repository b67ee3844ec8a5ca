//! A worker in a program that says itself when it ends.
#![allow(clippy::unwrap_used)] // A test that cannot go on fails.

use std::convert::Infallible;
use std::net::TcpListener;
use std::time::Duration;

use freshen_core::{Cache, CacheBuilder, Clock, Job, Jobs, Load, Loaded, Status};
use freshen_worker::{Worker, WorkerError};
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, sleep};

const SECOND: Duration = Duration::from_secs(1);

/// Takes as many seconds as it says, and is its own value.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct Nap(u64);

impl Job for Nap {
    type Output = u64;
    type Error = Infallible;
    type State = ();
    const NAME: &'static str = "nap";
    const QUEUE: &'static str = "naps";

    async fn load(&self, _load: Load<'_, Self>) -> Result<Loaded<u64>, Infallible> {
        sleep(Duration::from_secs(self.0)).await;
        Ok(self.0.into())
    }
}

async fn cache(change: impl FnOnce(CacheBuilder) -> CacheBuilder) -> Cache {
    change(Cache::builder().jobs(Jobs::new().add::<Nap>()).clock(Clock::runtime())).build().await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn it_works_until_it_is_told_and_finishes_what_runs() {
    let cache = cache(|builder| builder).await;
    cache.refresh(&Nap(10)).await.unwrap();
    let began = Instant::now();
    Worker::new(cache.clone()).run_until(sleep(5 * SECOND)).await.unwrap();
    assert_eq!(began.elapsed().as_secs(), 10);
    assert_eq!(cache.get(&Nap(10)).await.unwrap().status(), Status::Hit);
}

#[tokio::test(start_paused = true)]
async fn what_outlasts_the_drain_is_counted_in_the_error() {
    let cache = cache(|builder| builder).await;
    for seconds in [30, 40] {
        cache.refresh(&Nap(seconds)).await.unwrap();
    }
    let began = Instant::now();
    let ended = Worker::new(cache).drain(7 * SECOND).run_until(sleep(SECOND)).await;
    assert!(
        matches!(ended, Err(WorkerError::CutOff { loads_under_way: 2, drain }) if drain == 7 * SECOND),
        "{ended:?}"
    );
    assert_eq!(began.elapsed().as_secs(), 8);
}

#[tokio::test(start_paused = true)]
async fn workers_on_one_queue_suffice() {
    let slow = cache(|builder| builder.workers(0).workers_on("naps", 1)).await;
    assert!(Worker::new(slow).run_until(std::future::ready(())).await.is_ok());
    let none = cache(|builder| builder.workers(0)).await;
    let refused = Worker::new(none).run_until(std::future::pending()).await;
    assert!(matches!(refused, Err(WorkerError::NoWorkers)), "{refused:?}");
}

#[tokio::test]
async fn after_its_end_the_port_is_free() {
    for attempt in 1.. {
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
        let worker = Worker::new(cache(|builder| builder).await).health(&*address);
        match worker.run_until(std::future::ready(())).await {
            // Somebody else took it just now.
            Err(WorkerError::Listen { .. }) if attempt < 10 => continue,
            ended => ended.unwrap(),
        }
        TcpListener::bind(&*address).unwrap();
        return;
    }
}
