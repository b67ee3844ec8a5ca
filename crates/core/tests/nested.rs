//! Loads that use the cache themselves.

#![allow(clippy::unwrap_used)] // A test that cannot go on fails.

mod common;

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use common::{Act, Source, Stage, TTL, Truth, pass, stage_with, truth};
use freshen_core::{
    Answer, CacheBuilder, GetError, Job, Jobs, Key, Limit, Limits, Load, Loaded, PolicyBuilder, Status, Strength,
};
use serde::{Deserialize, Serialize};

const SECOND: Duration = Duration::from_secs(1);

/// The truth, and to it what its recipe says.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct Sum(String);

/// What a [`Sum`] adds.
#[derive(Clone)]
enum Part {
    /// Another sum.
    Sum(&'static str),
    /// The same, or nothing where it cannot be had.
    Perhaps(&'static str),
    /// Several at once.
    Sums(&'static [&'static str]),
    /// A plain truth, whose status is noted.
    Truth(&'static str),
    /// A plain truth, if one is ready.
    Ready(&'static str),
}

#[derive(Clone, Default)]
struct Recipes(Arc<Mutex<HashMap<String, Vec<Part>>>>, Arc<Mutex<Vec<Option<Status>>>>);

impl Recipes {
    fn write(&self, sum: &str, parts: &[Part]) {
        self.0.lock().unwrap().insert(sum.into(), parts.into());
    }

    fn noted(&self) -> Vec<Option<Status>> {
        self.1.lock().unwrap().clone()
    }
}

#[derive(Debug, thiserror::Error)]
enum SumError {
    #[error(transparent)]
    Source(#[from] common::Down),
    #[error("a cycle of {0:?}")]
    Cycle(Vec<Key>),
    #[error("below: {0}")]
    Below(String),
}

fn below<E: std::error::Error>(error: GetError<E>) -> SumError {
    match error {
        GetError::Cycle { cycle } => SumError::Cycle(cycle),
        other => SumError::Below(other.to_string()),
    }
}

impl Job for Sum {
    type Output = u64;
    type Error = SumError;
    type State = (Source, Recipes);
    const NAME: &'static str = "sum";
    const NAMESPACE: &'static str = "tests";

    fn policy() -> PolicyBuilder {
        common::policy()
    }

    async fn load(&self, load: Load<'_, Self>) -> Result<Loaded<u64>, SumError> {
        let (source, recipes) = load.state();
        let mut sum = source.load().await?;
        let parts = recipes.0.lock().unwrap().get(&self.0).cloned().unwrap_or_default();
        for part in parts {
            sum += part.add(&load, recipes).await?;
        }
        Ok(sum.into())
    }
}

impl Part {
    async fn add(self, load: &Load<'_, Sum>, recipes: &Recipes) -> Result<u64, SumError> {
        let cache = load.cache();
        match self {
            Part::Sum(of) => cache.get(&Sum(of.into())).await.map(|answer| *answer).map_err(below),
            Part::Perhaps(of) => Ok(cache.get(&Sum(of.into())).await.map_or(0, |answer| *answer)),
            Part::Sums(all) => {
                let sums: Vec<Sum> = all.iter().map(|of| Sum((*of).into())).collect();
                let mut total = 0;
                for got in cache.get_many(&sums).await {
                    total += *got.map_err(below)?;
                }
                Ok(total)
            }
            Part::Truth(of) => {
                let answer = cache.get(&truth(of)).await.map_err(below)?;
                recipes.1.lock().unwrap().push(Some(answer.status()));
                Ok(*answer)
            }
            Part::Ready(of) => {
                let answer = cache.get_ready(&truth(of));
                recipes.1.lock().unwrap().push(answer.as_ref().map(Answer::status));
                Ok(answer.map_or(0, |answer| *answer))
            }
        }
    }
}

async fn kitchen_with(change: impl FnOnce(CacheBuilder) -> CacheBuilder) -> (Stage, Recipes) {
    let recipes = Recipes::default();
    let known = recipes.clone();
    let jobs = Jobs::new().add::<Truth>().add::<Sum>();
    (stage_with(|builder| change(builder.state(known).jobs(jobs))).await, recipes)
}

async fn kitchen() -> (Stage, Recipes) {
    kitchen_with(|builder| builder).await
}

type Got = Result<Answer<u64>, GetError<SumError>>;

async fn get(stage: &Stage, of: &str) -> Got {
    stage.cache.get(&Sum(of.into())).await
}

fn getting(stage: &Stage, of: &str) -> tokio::task::JoinHandle<Got> {
    let (cache, job) = (stage.cache.clone(), Sum(of.into()));
    tokio::spawn(async move { cache.get(&job).await })
}

fn key(of: &str) -> Key {
    Key::new("tests", "sum", &Sum(of.into())).unwrap()
}

/// The cycle that a load met, if it did.
fn cycle_of(got: Got) -> Option<Vec<Key>> {
    match got {
        Err(GetError::Load { source, .. }) => match &*source {
            SumError::Cycle(cycle) => Some(cycle.clone()),
            _ => None,
        },
        _ => None,
    }
}

/// A value is made of another, which is stale. Outside of a load it would be served; inside it is loaded, for what is built on it would look fresh.
#[tokio::test(start_paused = true)]
async fn inside_a_load_what_is_stale_is_loaded() {
    for invalidated in [false, true] {
        let (stage, recipes) = kitchen().await;
        recipes.write("a", &[Part::Truth("b")]);
        stage.value("b").await;
        if invalidated {
            stage.cache.invalidate(&truth("b"), Strength::Soft).await.unwrap();
        } else {
            pass(TTL).await;
        }
        stage.source.write(2);
        assert_eq!(*get(&stage, "a").await.unwrap(), 4);
        assert_eq!(recipes.noted(), [Some(Status::Loaded)]);
    }
}

/// The opposite: what is fresh is a hit inside a load too, and is not loaded again.
#[tokio::test(start_paused = true)]
async fn inside_a_load_what_is_fresh_is_a_hit() {
    let (stage, recipes) = kitchen().await;
    recipes.write("a", &[Part::Truth("b")]);
    stage.value("b").await;
    assert_eq!(*get(&stage, "a").await.unwrap(), 2);
    assert_eq!((recipes.noted(), stage.source.reads()), (vec![Some(Status::Hit)], 2));
}

/// Inside a load somebody asks only for what is ready. What is stale is not, for the same reason; what is fresh is.
#[tokio::test(start_paused = true)]
async fn inside_a_load_what_is_stale_is_not_ready() {
    let (stage, recipes) = kitchen_with(|builder| builder.workers(0)).await;
    recipes.write("a", &[Part::Ready("fresh"), Part::Ready("stale")]);
    stage.value("stale").await;
    stage.cache.invalidate(&truth("stale"), Strength::Soft).await.unwrap();
    stage.value("fresh").await;
    assert_eq!(*get(&stage, "a").await.unwrap(), 2);
    assert_eq!(recipes.noted(), [Some(Status::Hit), None]);
    assert_eq!(stage.cache.get_ready(&truth("stale")).unwrap().status(), Status::Stale, "outside it is ready");
}

/// What is stale and cannot be loaded is no fallback inside a load: the outer load fails.
#[tokio::test(start_paused = true)]
async fn inside_a_load_there_is_no_fallback() {
    let (stage, recipes) = kitchen().await;
    recipes.write("a", &[Part::Truth("b")]);
    stage.value("b").await;
    pass(TTL).await;
    stage.source.script([Act::Answer, Act::Fail]);
    assert!(matches!(get(&stage, "a").await, Err(GetError::Load { .. })));
    assert_eq!(stage.get("b").await.unwrap().status(), Status::Stale, "outside it is served");
}

/// A job asks for itself. It is told at once, with the key, and nothing is left behind.
#[tokio::test(start_paused = true)]
async fn a_job_that_asks_for_itself_is_told_of_the_cycle() {
    for part in [Part::Sum("a"), Part::Sums(&["a", "b"])] {
        let (stage, recipes) = kitchen().await;
        recipes.write("a", &[part]);
        let began = tokio::time::Instant::now();
        assert_eq!(cycle_of(get(&stage, "a").await), Some(vec![key("a"), key("a")]));
        assert_eq!((began.elapsed(), stage.cache.loads_under_way()), (Duration::ZERO, 0));
        recipes.write("a", &[]);
        pass(SECOND).await;
        assert_eq!(*get(&stage, "a").await.unwrap(), 1);
    }
}

/// Three jobs ask for one another in a ring. The error names them in their order, the first one again at the end.
#[tokio::test(start_paused = true)]
async fn a_ring_of_jobs_is_named_in_order() {
    let (stage, recipes) = kitchen().await;
    recipes.write("a", &[Part::Sum("b")]);
    recipes.write("b", &[Part::Sum("c")]);
    recipes.write("c", &[Part::Sum("a")]);
    let _outer = get(&stage, "a").await.unwrap_err();
    let reason =
        stage.events.all().into_iter().find(|event| event.contains("LoadEnded") && event.contains("a cycle of"));
    let named = format!("{:?}", [key("a"), key("b"), key("c"), key("a")]);
    assert!(reason.as_ref().unwrap().contains(&named.replace('"', "\\\"")), "{reason:?}");
    assert_eq!(stage.cache.loads_under_way(), 0);
}

/// One caller loads A, which needs B, while another loads B, which needs A. One of the two is told of the cycle, and nobody hangs.
#[tokio::test(start_paused = true)]
async fn a_cycle_through_another_callers_load_is_found() {
    let (stage, recipes) = kitchen().await;
    recipes.write("a", &[Part::Sum("b")]);
    recipes.write("b", &[Part::Sum("a")]);
    stage.source.hold();
    let (one, two) = (getting(&stage, "a"), getting(&stage, "b"));
    stage.source.read_by(2).await;
    let began = tokio::time::Instant::now();
    stage.source.open();
    let cycles: Vec<_> = [one.await.unwrap(), two.await.unwrap()].into_iter().filter_map(cycle_of).collect();
    assert!(cycles.len() == 1 && cycles[0].len() == 3 && cycles[0][0] == cycles[0][2], "{cycles:?}");
    assert_eq!((began.elapsed(), stage.cache.loads_under_way()), (Duration::ZERO, 0));
}

/// The same, and the one who is told can do without. Then both have a value.
#[tokio::test(start_paused = true)]
async fn who_is_told_of_a_cycle_may_go_on_without() {
    let (stage, recipes) = kitchen().await;
    recipes.write("a", &[Part::Perhaps("b")]);
    recipes.write("b", &[Part::Perhaps("a")]);
    stage.source.hold();
    let (one, two) = (getting(&stage, "a"), getting(&stage, "b"));
    stage.source.read_by(2).await;
    stage.source.open();
    let mut sums = [*one.await.unwrap().unwrap(), *two.await.unwrap().unwrap()];
    sums.sort_unstable();
    assert_eq!(sums, [1, 2]);
}

/// Two loads need the same third one. That is no cycle: it is loaded once for both.
#[tokio::test(start_paused = true)]
async fn two_loads_that_need_the_same_key_share_its_load() {
    let (stage, recipes) = kitchen().await;
    recipes.write("a", &[Part::Sum("c"), Part::Sum("b")]);
    recipes.write("b", &[Part::Sum("c")]);
    let (one, two) = (getting(&stage, "a"), getting(&stage, "b"));
    assert_eq!((*one.await.unwrap().unwrap(), *two.await.unwrap().unwrap()), (4, 2));
    assert_eq!(stage.source.reads(), 3);
}

/// A refresh needs a value that has to be loaded, and only one place is to be had. The inner load takes none, or both would wait for ever.
#[tokio::test(start_paused = true)]
async fn a_load_inside_a_refresh_takes_no_second_place() {
    let limits = Limits { total: Limit::at_once(1), ..Limits::default() };
    let (stage, recipes) = kitchen_with(|builder| builder.workers(1).limits(limits)).await;
    recipes.write("a", &[Part::Truth("b")]);
    get(&stage, "a").await.unwrap();
    stage.source.write(2);
    pass(TTL).await;
    assert_eq!(get(&stage, "a").await.unwrap().status(), Status::Stale);
    stage.settle().await;
    let answer = get(&stage, "a").await.unwrap();
    assert_eq!((*answer, answer.status()), (4, Status::Hit));
    assert_eq!(recipes.noted(), [Some(Status::Loaded), Some(Status::Loaded)]);
}

/// The worker's task of A needs B, whose own task waits behind it. B is loaded once, and its task then finds it fresh.
#[tokio::test(start_paused = true)]
async fn what_a_refresh_has_loaded_is_not_loaded_again_by_its_own_task() {
    let (stage, recipes) = kitchen_with(|builder| builder.workers(1)).await;
    recipes.write("a", &[Part::Truth("b")]);
    get(&stage, "a").await.unwrap();
    pass(TTL).await;
    get(&stage, "a").await.unwrap();
    stage.settle().await;
    assert_eq!(stage.get("b").await.unwrap().status(), Status::Hit);
    stage.settle().await;
    assert_eq!(stage.source.reads(), 4);
    assert_eq!(stage.cache.queue_depth().await.unwrap(), freshen_core::queue::Depth::default());
}
