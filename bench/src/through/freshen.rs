//! Freshen: `get`, with a stale window after the ttl; outdated hard, by key.

use std::convert::Infallible;
use std::time::Duration;

use freshen::{Cache, Job, Jobs, Load, Loaded, Policy, PolicyBuilder, Strength, Windows};
use serde::{Deserialize, Serialize};

use super::{HOUR, KEY, Through};
use crate::source::Source;

#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct Number {
    key: u64,
    ttl: Duration,
}

impl Job for Number {
    type Output = u64;
    type Error = Infallible;
    type State = (Source,);
    const NAME: &'static str = "number";

    fn policy() -> PolicyBuilder {
        Policy::builder().jitter(0.0)
    }

    async fn load(&self, load: Load<'_, Self>) -> Result<Loaded<u64>, Infallible> {
        Ok(load.state().0.load().await.into())
    }

    fn windows(&self, _value: &u64, policy: &Policy) -> Windows {
        Windows { ttl: self.ttl, stale_while_revalidate: HOUR, ..policy.windows() }
    }
}

pub struct Get {
    cache: Cache,
    job: Number,
}

impl Through for Get {
    const NAME: &'static str = "freshen";
    const EXPIRES: bool = true;

    async fn over(source: Source, ttl: Duration) -> Self {
        let cache = Cache::builder().state(source).jobs(Jobs::new().add::<Number>()).build().await;
        Get { cache: cache.expect("the configuration is fixed"), job: Number { key: KEY, ttl } }
    }

    async fn get(&self) -> Result<u64, String> {
        self.cache.get(&self.job).await.map(|answer| *answer).map_err(|error| error.to_string())
    }

    async fn outdate(&self) {
        self.cache.invalidate(&self.job, Strength::Hard).await.expect("a store in memory takes every invalidation");
    }

    async fn put(&self, number: u64) -> bool {
        self.cache.put(&self.job, number).await.expect("a store in memory takes every put");
        true
    }
}
