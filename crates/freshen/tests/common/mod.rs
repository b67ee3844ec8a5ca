//! A source under the test's control, and a cache on the runtime's clock, which a test pauses.
#![allow(dead_code, clippy::unwrap_used)] // Each test file uses a part of it; a test that cannot go on fails.

use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use freshen::{Cache, CacheBuilder, Clock, Job, Jobs, Lookup, Status};

pub const SECOND: Duration = Duration::from_secs(1);

/// What a load fails with.
#[derive(Debug, PartialEq, Eq)]
pub struct Down;

impl fmt::Display for Down {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the source is down")
    }
}

impl std::error::Error for Down {}

/// What loads read: the number of the read. It may be down, and take its time.
#[derive(Clone, Default)]
pub struct Source(Arc<Mutex<State>>);

#[derive(Clone, Copy, Default)]
struct State {
    reads: u64,
    down: bool,
    takes: Duration,
}

impl Source {
    /// Reads, and answers how often it has been read.
    pub async fn read(&self) -> Result<u64, Down> {
        let now = {
            let mut state = self.0.lock().unwrap();
            state.reads += 1;
            *state
        };
        tokio::time::sleep(now.takes).await;
        if now.down { Err(Down) } else { Ok(now.reads) }
    }

    /// The same of a source that is never down.
    pub async fn count(&self) -> u64 {
        self.read().await.unwrap()
    }

    pub fn reads(&self) -> u64 {
        self.0.lock().unwrap().reads
    }

    pub fn down(&self, down: bool) {
        self.0.lock().unwrap().down = down;
    }

    pub fn takes(&self, takes: Duration) {
        self.0.lock().unwrap().takes = takes;
    }
}

/// A cache of one job, and the source that the job reads if it has one.
pub struct Stage {
    pub cache: Cache,
    pub source: Source,
}

pub async fn stage<J: Job>() -> Stage {
    stage_with::<J>(|builder| builder).await
}

pub async fn stage_with<J: Job>(change: impl FnOnce(CacheBuilder) -> CacheBuilder) -> Stage {
    let source = Source::default();
    let builder = Cache::builder().jobs(Jobs::new().add::<J>()).state(source.clone()).clock(Clock::runtime()).seed(7);
    Stage { cache: change(builder).build().await.unwrap(), source }
}

impl Stage {
    /// A job's value, and how it was served.
    pub async fn seen<L: Lookup>(&self, job: &L) -> (<L::Job as Job>::Output, Status)
    where
        <L::Job as Job>::Output: Clone,
    {
        let answer = self.cache.get(job).await.unwrap();
        ((*answer).clone(), answer.status())
    }
}

/// Lets time pass.
pub async fn pass(span: Duration) {
    tokio::time::sleep(span).await;
}

/// Lets everything run that needs no time to pass.
pub async fn settle() {
    for _ in 0..200 {
        tokio::task::yield_now().await;
    }
}
