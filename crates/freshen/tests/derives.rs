//! `#[derive(Job)]` and `#[derive(Lookup)]`: for those who write the struct themselves.
#![cfg(feature = "macros")]
#![allow(clippy::unwrap_used)] // A test that cannot go on fails.

mod common;

use std::convert::Infallible;
use std::hash::{BuildHasher, RandomState};
use std::path::PathBuf;

use common::{Down, SECOND, Source, pass, stage, stage_with};
use freshen::{Job, Load, Loaded, Lookup, Policy, PolicyBuilder, Status, Strength};
use serde::{Deserialize, Serialize};

/// The tweets of a user.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, Job, Lookup)]
#[job(
    output = Vec<String>,
    error = Down,
    state = (Source, u8),
    load = load_tweets,
    ttl = "10s",
    jitter = 0.0,
    namespace = "social",
    tags = ["user:{user}"],
    absent = list if list.is_empty()
)]
struct UserTweets {
    user: String,
    page: u32,
}

async fn load_tweets(job: &UserTweets, load: Load<'_, UserTweets>) -> Result<Vec<String>, Down> {
    let (source, most) = load.state();
    source.read().await?;
    Ok((0..*most).map(|number| format!("{}{}{number}", job.user, job.page)).collect())
}

#[tokio::test(start_paused = true)]
async fn a_derived_job_is_served_as_its_attribute_says() {
    assert_eq!((UserTweets::NAME, UserTweets::NAMESPACE), ("user_tweets", "social"));
    assert_eq!(UserTweets::policy(), Policy::builder().ttl(10 * SECOND).jitter(0.0));
    let stage = stage_with::<UserTweets>(|builder| builder.state(1u8)).await;
    let job = UserTweets { user: "ann".into(), page: 2 };
    assert_eq!(stage.seen(&job).await, (vec!["ann20".to_owned()], Status::Loaded));
    assert_eq!(stage.seen(&UserTweets::of("ann", 2)).await.1, Status::Hit);
    stage.cache.invalidate_tag("user:ann", Strength::Soft).await.unwrap();
    assert_eq!(stage.seen(&job).await.1, Status::Stale);
    pass(20 * SECOND).await;
    stage.source.down(true);
    stage.cache.invalidate_tag("user:ann", Strength::Hard).await.unwrap();
    assert!(stage.cache.get(&job).await.is_err());
}

/// Only what must be given is.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize, Job)]
#[job(output = u64, load = Square::square, batch = squares, batch_max = 2, name = "squared", queue = "numbers")]
struct Square {
    of: u64,
}

impl Square {
    async fn square(&self, _load: Load<'_, Self>) -> Result<Loaded<u64>, Infallible> {
        Ok((self.of * self.of).into())
    }
}

async fn squares(jobs: &[Square], _load: Load<'_, Square>) -> Vec<Result<u64, Infallible>> {
    jobs.iter().map(|job| Ok(job.of * job.of + jobs.len() as u64 * 1000)).collect()
}

#[tokio::test(start_paused = true)]
async fn a_derived_job_may_load_in_batches_and_tell_what_was_loaded() {
    assert!(Square::policy() == PolicyBuilder::default() && Square::NAME == "squared" && Square::BATCH == 2);
    assert_eq!(Square::QUEUE, "numbers");
    let stage = stage::<Square>().await;
    assert_eq!(stage.seen(&Square { of: 3 }).await.0, 9);
    let answers = stage.cache.get_many(&[Square { of: 1 }, Square { of: 2 }]).await;
    assert_eq!(answers.into_iter().map(|answer| *answer.unwrap()).collect::<Vec<_>>(), [2001, 2004]);
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct Filter(u8);

/// One field of each form.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, Job, Lookup)]
#[job(output = u64, load = no_load)]
struct Forms {
    text: String,
    list: Vec<String>,
    path: PathBuf,
    filter: Filter,
    maybe: Option<String>,
    maybe_list: Option<Vec<u8>>,
    maybe_number: Option<u32>,
    maybe_filter: Option<Filter>,
    number: u8,
    letter: char,
}

async fn no_load(_job: &Forms, _load: Load<'_, Forms>) -> Result<u64, Infallible> {
    Ok(1)
}

#[tokio::test(start_paused = true)]
async fn a_derived_lookup_lends_what_is_not_a_plain_number() {
    let words = ["a".to_owned()];
    let filter = Filter(1);
    let path = PathBuf::from("/p");
    let of = |maybe_list, maybe_number| {
        Forms::of("t", &words, &path, &filter, Some("m"), maybe_list, maybe_number, Some(&filter), 1, 'x')
    };
    let lookup = of(Some(&[1, 2]), None);
    let hasher = RandomState::new();
    assert_eq!(hasher.hash_one(&lookup), hasher.hash_one(lookup.to_job()));
    let stage = stage::<Forms>().await;
    assert_eq!(stage.seen(&lookup.to_job()).await, (1, Status::Loaded));
    assert_eq!(stage.seen(&lookup).await, (1, Status::Hit));
    assert_eq!(stage.seen(&of(None, None)).await, (1, Status::Loaded));
    assert_eq!(stage.seen(&of(Some(&[1, 2]), Some(0))).await, (1, Status::Loaded));
}

/// Another name of the library.
mod renamed {
    pub use freshen as cache;

    #[derive(Clone, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize, cache::Job, cache::Lookup)]
    #[job(output = u64, load = load, on_miss = load, crate = crate::renamed::cache)]
    pub struct Renamed {
        pub text: String,
    }

    async fn load(job: &Renamed, _load: cache::Load<'_, Renamed>) -> Result<u64, std::convert::Infallible> {
        Ok(job.text.len() as u64)
    }

    #[cache::cached(on_miss = load, crate = self::cache, job = Twice)]
    pub async fn twice(text: &str) -> usize {
        text.len() * 2
    }
}

#[tokio::test(start_paused = true)]
async fn the_library_may_have_another_name() {
    assert_eq!(stage::<renamed::Renamed>().await.seen(&renamed::Renamed::of("abc")).await.0, 3);
    assert_eq!(stage::<renamed::Twice>().await.seen(&renamed::Twice::of("abc")).await.0, 6);
}
