//! Caches on a server, whose near tier answers nothing: every read goes to the store.

use std::convert::Infallible;
use std::time::Duration;

use clap::Args;
use freshen::{Cache, CacheBuilder, Clock, Job, Jobs, Load, Loaded, Policy, PolicyBuilder};
use freshen_redis::{Redis, RedisBuilder};
use serde::{Deserialize, Serialize};

use crate::Failure;

/// Where a process finds its store.
#[derive(Args, Clone)]
pub struct Line {
    /// The server
    #[arg(long)]
    pub url: String,
    /// What the keys begin with
    #[arg(long)]
    pub prefix: String,
}

/// The value: as many bytes as the bare client gets.
pub const VALUE_BYTES: usize = 1024;

/// A value that is fresh for an hour, with no tag.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Plain {
    pub key: u64,
}

/// The same with two tags, which only the value tells.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Tagged {
    pub key: u64,
}

/// A value without tags that is stale as soon as it is stored.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Stale {
    pub key: u64,
}

fn policy() -> PolicyBuilder {
    Policy::builder().ttl(Duration::from_secs(3_600))
}

fn value(key: u64) -> String {
    format!("{key:0width$}", width = VALUE_BYTES)
}

impl Job for Plain {
    type Output = String;
    type Error = Infallible;
    type State = ();
    const NAME: &'static str = "plain";

    fn policy() -> PolicyBuilder {
        policy()
    }

    async fn load(&self, _: Load<'_, Self>) -> Result<Loaded<String>, Infallible> {
        Ok(value(self.key).into())
    }
}

impl Job for Stale {
    type Output = String;
    type Error = Infallible;
    type State = ();
    const NAME: &'static str = "stale";

    fn policy() -> PolicyBuilder {
        Policy::builder().ttl(Duration::from_millis(1)).stale_while_revalidate(Duration::from_secs(3_600))
    }

    async fn load(&self, _: Load<'_, Self>) -> Result<Loaded<String>, Infallible> {
        Ok(value(self.key).into())
    }
}

impl Job for Tagged {
    type Output = String;
    type Error = Infallible;
    type State = ();
    const NAME: &'static str = "tagged";

    fn policy() -> PolicyBuilder {
        policy()
    }

    async fn load(&self, _: Load<'_, Self>) -> Result<Loaded<String>, Infallible> {
        Ok(value(self.key).into())
    }

    fn tags(&self, _: &String) -> Vec<String> {
        vec!["all".into(), format!("shelf:{}", self.key % 10)]
    }
}

/// The way to a server.
pub fn way(url: &str, prefix: &str) -> RedisBuilder {
    Redis::builder(url).prefix(prefix)
}

/// A cache of these jobs that keeps nothing near and refreshes nothing.
pub async fn far(way: RedisBuilder) -> Result<Cache, Failure> {
    let jobs = Jobs::new().add::<Plain>().add::<Tagged>().add::<Stale>();
    built(way, Cache::builder().jobs(jobs).near_bound(Duration::from_nanos(1)).workers(0)).await
}

/// A cache on a server, with its bus.
pub async fn built(way: RedisBuilder, cache: CacheBuilder) -> Result<Cache, Failure> {
    let clock = Clock::coarse();
    let redis = way.connect(clock.clone()).await?;
    Ok(cache.clock(clock).store(redis.store()).bus(redis.bus()).build().await?)
}
