//! Jobs that name their queue, and the workers of each queue.
#![allow(clippy::unwrap_used)] // A test that cannot go on fails.

mod common;

use std::sync::Arc;
use std::time::Duration;

use common::faults::{FaultyQueue, FaultyStore};
use common::foreign::Foreign;
use common::{Act, Down, Source, Stage, TTL, Truth, pass, policy, stage_on, stage_with, truth};
use freshen_core::bus::{Bus, MemoryBus};
use freshen_core::queue::{Depth, MemoryQueue, NewTask, Priority, Queue};
use freshen_core::store::{MemoryStore, Store};
use freshen_core::{
    Cache, CacheBuilder, Clock, Job, Jobs, Key, Limit, Limits, Load, Loaded, PolicyBuilder, QUEUES_MAX, Status,
};
use serde::{Deserialize, Serialize};

const SECOND: Duration = Duration::from_secs(1);

/// As [`Truth`], with a queue of its own and loads that may take ten seconds.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct Heavy {
    key: String,
}

fn heavy(key: &str) -> Heavy {
    Heavy { key: key.into() }
}

impl Job for Heavy {
    type Output = u64;
    type Error = Down;
    type State = (Source,);
    const NAME: &'static str = "heavy";
    const NAMESPACE: &'static str = "tests";
    const QUEUE: &'static str = "slow";

    fn policy() -> PolicyBuilder {
        policy().load_timeout(10 * SECOND)
    }

    async fn load(&self, load: Load<'_, Self>) -> Result<Loaded<u64>, Down> {
        load.state().0.load().await.map(Loaded::from)
    }
}

fn memory() -> MemoryQueue {
    MemoryQueue::builder(Clock::runtime()).build().unwrap()
}

fn task<J: Job>(job: &J) -> NewTask {
    NewTask { key: Key::new(J::NAMESPACE, J::NAME, job).unwrap(), delay: Duration::ZERO, priority: Priority::Normal }
}

fn both() -> Jobs {
    Jobs::new().add::<Truth>().add::<Heavy>()
}

/// A stage of both jobs.
async fn stage(change: impl FnOnce(CacheBuilder) -> CacheBuilder) -> Stage {
    stage_with(|builder| change(builder.jobs(both()))).await
}

/// What is ready in a queue of the cache.
async fn ready(cache: &Cache, queue: &str) -> usize {
    cache.queue_named(queue).unwrap().depth().await.unwrap().ready
}

async fn refusal(change: impl FnOnce(CacheBuilder) -> CacheBuilder) -> String {
    let builder = Cache::builder().jobs(both()).state(Source::new()).clock(Clock::runtime());
    change(builder).build().await.expect_err("it is refused").to_string()
}

/// Names of queues and how many workers each has.
fn workers(cache: &Cache) -> Vec<(String, usize)> {
    cache.workers().into_iter().map(|workers| (workers.queue, workers.at_once)).collect()
}

fn named(expected: &[(&str, usize)]) -> Vec<(String, usize)> {
    expected.iter().map(|(name, at_once)| ((*name).into(), *at_once)).collect()
}

#[tokio::test(start_paused = true)]
async fn a_task_is_pushed_on_the_queue_that_its_job_names() {
    let stage = stage(|builder| builder.workers(0)).await;
    assert_eq!(stage.cache.queues().map(|(name, _)| name.to_owned()).collect::<Vec<_>>(), ["default", "slow"]);
    stage.cache.get(&heavy("a")).await.unwrap();
    pass(TTL).await;
    assert_eq!(stage.cache.get(&heavy("a")).await.unwrap().status(), Status::Stale);
    stage.settle().await;
    assert_eq!((ready(&stage.cache, "default").await, ready(&stage.cache, "slow").await), (0, 1), "a stale read");
    assert!(stage.cache.refresh(&heavy("b")).await.unwrap());
    assert_eq!((ready(&stage.cache, "default").await, ready(&stage.cache, "slow").await), (0, 2), "a refresh");
    assert_eq!(stage.cache.warm_up(&[heavy("c"), heavy("d")]).await.unwrap(), 2);
    assert_eq!((ready(&stage.cache, "default").await, ready(&stage.cache, "slow").await), (0, 4), "a warm-up");
    assert!(stage.cache.refresh(&truth("a")).await.unwrap());
    assert_eq!((ready(&stage.cache, "default").await, ready(&stage.cache, "slow").await), (1, 4));
    assert_eq!(stage.cache.queue_depth().await.unwrap().ready, 1, "the one without a name is the default");
    assert!(stage.cache.queue_named("fast").is_none());
}

#[tokio::test(start_paused = true)]
async fn an_explanation_names_the_queue() {
    let stage = stage(|builder| builder.workers(0)).await;
    assert!(stage.cache.refresh(&heavy("a")).await.unwrap());
    let explanation = stage.cache.explain(&heavy("a")).await.unwrap();
    assert_eq!(explanation.queue, "slow");
    assert!(explanation.to_string().contains("on its way in queue slow, for"), "{explanation}");
    assert_eq!(stage.cache.explain(&truth("a")).await.unwrap().queue, "default");
}

#[tokio::test(start_paused = true)]
async fn with_nothing_said_each_queue_of_a_job_is_served() {
    let stage = stage(|builder| builder).await;
    assert_eq!(workers(&stage.cache), named(&[("default", 4), ("slow", 4)]));
    assert!(stage.cache.refresh(&heavy("a")).await.unwrap() && stage.cache.refresh(&truth("a")).await.unwrap());
    stage.settle().await;
    assert_eq!(stage.cache.get(&heavy("a")).await.unwrap().status(), Status::Hit);
    assert_eq!(stage.get("a").await.unwrap().status(), Status::Hit);
    assert_eq!(stage.events.count(r#"TaskEnded { queue: "slow""#), 1);
    assert_eq!(stage.events.count(r#"TaskEnded { queue: "default""#), 1);
}

type Change = fn(CacheBuilder) -> CacheBuilder;

#[tokio::test(start_paused = true)]
async fn each_queue_has_as_many_workers_as_it_was_given() {
    let cases: [(Change, &[(&str, usize)]); 6] = [
        (|builder| builder.workers(7), &[("default", 7), ("slow", 7)]),
        (|builder| builder.workers(7).workers_on("slow", 2), &[("default", 7), ("slow", 2)]),
        (|builder| builder.workers(0), &[]),
        (|builder| builder.workers(0).workers_on("slow", 2), &[("slow", 2)]),
        (|builder| builder.workers_on("slow", 0), &[("default", 4)]),
        (|builder| builder.workers_on("default", 3), &[("default", 3), ("slow", 4)]),
    ];
    for (number, (change, expected)) in cases.into_iter().enumerate() {
        assert_eq!(workers(&stage(change).await.cache), named(expected), "case {number}");
    }
}

/// The tasks of other processes' jobs could only be set aside here, so nobody pulls them unless told.
#[tokio::test(start_paused = true)]
async fn a_queue_that_no_job_names_is_left_alone_unless_workers_are_given_to_it() {
    let given = |builder: CacheBuilder| builder.queue(memory()).queue_named("mail", memory());
    let alone = stage_with(given).await;
    assert_eq!(workers(&alone.cache), named(&[("default", 4)]));
    let served = stage_with(|builder| given(builder).workers_on("mail", 2)).await;
    assert_eq!(workers(&served.cache), named(&[("default", 4), ("mail", 2)]));
    served.cache.queue_named("mail").unwrap().push(&[task(&heavy("a"))]).await.unwrap();
    served.settle().await;
    let set_aside = served.cache.queue_named("mail").unwrap().quarantined(10).await.unwrap();
    assert_eq!(&*set_aside[0].reason, "nobody registered job tests:heavy here");
}

#[tokio::test]
async fn a_queue_that_was_not_given_is_named_with_the_job() {
    let told = refusal(|builder| builder.queue(memory())).await;
    assert_eq!(told, "cache: job heavy names queue slow, which the builder was not given");
    let told = refusal(|builder| builder.queue_named("slow", memory())).await;
    assert_eq!(told, "cache: job truth names queue default, which the builder was not given");
    let told = refusal(|builder| builder.workers_on("slwo", 1)).await;
    assert_eq!(told, "cache: `workers_on` names queue slwo, which the builder was not given");
    let both = refusal(|builder| builder.queue(memory()).queue_named("slow", memory()).capacity(0)).await;
    assert_eq!(both, "cache: capacity must be above zero", "with both there is nothing wrong with queues");
}

/// A worker process may serve one queue only, and need not be given the other.
#[tokio::test(start_paused = true)]
async fn a_cache_whose_jobs_all_name_one_queue_needs_no_other() {
    let queue = memory();
    let slow = |builder: CacheBuilder| builder.jobs(Jobs::new().add::<Heavy>()).queue_named("slow", queue.clone());
    let stage = stage_with(|builder| slow(builder).workers(0).workers_on("slow", 1)).await;
    queue.push(&[task(&heavy("a"))]).await.unwrap();
    stage.settle().await;
    assert_eq!(stage.cache.get(&heavy("a")).await.unwrap().status(), Status::Hit);
    assert_eq!(stage.cache.queue_depth().await.unwrap(), Depth::default());
}

/// A job of a queue with this name.
macro_rules! named_job {
    ($name:ident, $queue:expr) => {
        #[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        struct $name;

        impl Job for $name {
            type Output = u64;
            type Error = Down;
            type State = ();
            const NAME: &'static str = stringify!($name);
            const QUEUE: &'static str = $queue;

            async fn load(&self, _load: Load<'_, Self>) -> Result<Loaded<u64>, Down> {
                Ok(1.into())
            }
        }
    };
}

named_job!(Capital, "Slow");
named_job!(Nameless, "");
named_job!(Longest, "0123456789012345678901234567890123456789012345678901234567_-azz0");
named_job!(TooLong, "0123456789012345678901234567890123456789012345678901234567_-azz01");

#[tokio::test]
async fn a_queue_that_cannot_be_named_so_is_refused() {
    let rule = "but a queue's name is 1 to 64 of a-z, 0-9, `-` and `_`";
    let told = refusal(|builder| builder.jobs(Jobs::new().add::<Capital>())).await;
    assert_eq!(told, format!(r#"cache: job Capital names a queue "Slow", {rule}"#));
    let told = refusal(|builder| builder.jobs(Jobs::new().add::<Nameless>())).await;
    assert_eq!(told, format!(r#"cache: job Nameless names a queue "", {rule}"#));
    let told = refusal(|builder| builder.jobs(Jobs::new().add::<TooLong>())).await;
    assert_eq!(told, format!(r#"cache: job TooLong names a queue "{}", {rule}"#, TooLong::QUEUE));
    let told = refusal(|builder| builder.queue_named("a b", memory())).await;
    assert_eq!(told, format!(r#"cache: `queue_named` names a queue "a b", {rule}"#));
    let told = refusal(|builder| builder.workers_on("ü", 1)).await;
    assert_eq!(told, format!(r#"cache: `workers_on` names a queue "ü", {rule}"#));
    let longest = Cache::builder().jobs(Jobs::new().add::<Longest>()).build().await.unwrap();
    assert_eq!(longest.queues().count(), 2);
}

#[tokio::test]
async fn more_queues_than_the_bound_are_refused() {
    let with = |queues: usize| {
        let builder = Cache::builder().queue(memory());
        (1..queues).fold(builder, |builder, number| builder.queue_named(format!("queue-{number}"), memory()))
    };
    assert_eq!(with(QUEUES_MAX).build().await.unwrap().queues().count(), QUEUES_MAX);
    let told = with(QUEUES_MAX + 1).build().await.unwrap_err().to_string();
    assert_eq!(told, "cache: queue_named makes more than 64 queues");
}

/// All workers of the slow queue are held by loads that hang, and its backlog is full. Quick jobs are refreshed as ever.
#[tokio::test(start_paused = true)]
async fn slow_jobs_do_not_take_the_places_of_quick_ones() {
    let stage = stage(|builder| builder.workers_on("slow", 2).workers(1)).await;
    stage.source.script([Act::Hang, Act::Hang]);
    let slow = stage.cache.queue_named("slow").unwrap();
    slow.push(&(0..100).map(|number| task(&heavy(&number.to_string()))).collect::<Vec<_>>()).await.unwrap();
    stage.source.read_by(2).await;
    for key in ["a", "b", "c"] {
        stage.cache.queue().push(&[task(&truth(key))]).await.unwrap();
        stage.settle().await;
        assert_eq!(stage.get(key).await.unwrap().status(), Status::Hit);
    }
    assert_eq!(stage.source.reads(), 5, "no third slow load has begun");
}

/// Two queues with two workers each would refresh four at once. The governor's bound is for both.
#[tokio::test(start_paused = true)]
async fn one_governor_bounds_the_workers_of_all_queues() {
    let limits = Limits { total: Limit::at_once(3), ..Limits::default() };
    let stage = stage(|builder| builder.limits(limits).workers(2).workers_on("slow", 2)).await;
    stage.source.hold();
    stage.cache.queue().push(&[task(&truth("a")), task(&truth("b"))]).await.unwrap();
    let slow = stage.cache.queue_named("slow").unwrap();
    slow.push(&[task(&heavy("a")), task(&heavy("b"))]).await.unwrap();
    pass(SECOND).await;
    assert_eq!(stage.source.reads(), 3);
    stage.source.open();
    pass(SECOND).await;
    assert_eq!(stage.source.reads(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_queue_that_is_down_holds_up_no_other() {
    let slow = FaultyQueue::new(Clock::runtime());
    let given = slow.clone();
    let stage = stage(|builder| builder.queue(memory()).queue_named("slow", given)).await;
    slow.switches.all_down();
    pass(10 * SECOND).await;
    assert!(stage.events.count("PortFailed") >= 5);
    assert!(stage.cache.refresh(&truth("a")).await.unwrap());
    stage.settle().await;
    assert_eq!(stage.get("a").await.unwrap().status(), Status::Hit);
    slow.switches.up();
    slow.push(&[task(&heavy("a"))]).await.unwrap();
    pass(2 * SECOND).await;
    assert_eq!(stage.cache.get(&heavy("a")).await.unwrap().status(), Status::Hit);
}

/// During a deploy the job was moved to a queue of its own, and a task of before waits in the old one. It is carried out, and
/// ended where it came from.
#[tokio::test(start_paused = true)]
async fn a_task_is_settled_on_the_queue_that_it_came_from() {
    let stage = stage(|builder| builder).await;
    stage.source.script([Act::Fail]);
    stage.cache.queue().push(&[task(&heavy("a"))]).await.unwrap();
    stage.settle().await;
    assert_eq!(stage.cache.queue_depth().await.unwrap().delayed, 1, "it failed, and goes back where it was");
    assert_eq!(stage.cache.queue_named("slow").unwrap().depth().await.unwrap(), Depth::default());
    pass(10 * SECOND).await;
    assert_eq!(stage.cache.get(&heavy("a")).await.unwrap().status(), Status::Hit);
    assert_eq!(stage.cache.queue_depth().await.unwrap(), Depth::default());
}

#[tokio::test(start_paused = true)]
async fn a_task_of_a_newer_format_is_set_aside_on_every_queue() {
    for queue in ["default", "slow"] {
        let inner = memory();
        inner.push(&[task(&heavy("a"))]).await.unwrap();
        let foreign = Foreign::new(inner, 2, task(&heavy("a")).key.as_bytes());
        let given = |builder: CacheBuilder| builder.queue(memory()).queue_named("slow", memory());
        let stage = stage(|builder| given(builder).queue_named(queue, foreign)).await;
        stage.settle().await;
        let set_aside = stage.cache.queue_named(queue).unwrap().quarantined(10).await.unwrap();
        let reason = "task format 2 is newer than 1, the newest that this version reads";
        assert_eq!(set_aside.iter().map(|task| &*task.reason).collect::<Vec<_>>(), [reason], "{queue}");
        assert_eq!(stage.source.reads(), 0, "{queue}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_puts_back_what_each_queue_had_pulled_ahead() {
    let stage = stage(|builder| builder.workers(1)).await;
    stage.source.hold();
    stage.cache.queue().push(&["a", "b", "c"].map(|of| task(&truth(of)))).await.unwrap();
    let slow = stage.cache.queue_named("slow").unwrap();
    slow.push(&["a", "b", "c", "d"].map(|of| task(&heavy(of)))).await.unwrap();
    stage.source.read_by(2).await;
    let cache = stage.cache.clone();
    let stopping = tokio::spawn(async move { cache.shut_down(30 * SECOND).await });
    stage.settle().await;
    let shape = |depth: Depth| (depth.ready, depth.delayed, depth.held);
    assert_eq!(shape(stage.cache.queue_depth().await.unwrap()), (2, 0, 1));
    assert_eq!(shape(slow.depth().await.unwrap()), (3, 0, 1));
    stage.source.open();
    assert!(stopping.await.unwrap());
    assert_eq!(stage.source.reads(), 2, "nothing new was begun");
}

/// How long the dispatchers are overdue, by queue.
fn overdue(cache: &Cache) -> Vec<u64> {
    cache.workers().into_iter().map(|workers| workers.overdue.as_secs()).collect()
}

#[tokio::test(start_paused = true)]
async fn workers_that_go_on_are_never_overdue() {
    let rare = Limit { at_once: 1, per_second: Some(1.0 / 3600.0) };
    let limits = Limits { job: rare, ..Limits::default() };
    let queue = FaultyQueue::new(Clock::runtime());
    let slow = queue.clone();
    let stage = stage(|builder| builder.limits(limits).queue(memory()).queue_named("slow", slow)).await;
    for key in ["a", "b", "c"] {
        stage.cache.queue().push(&[task(&truth(key))]).await.unwrap();
    }
    for minute in 0..30 {
        match minute {
            5 => stage.cache.pause_workers(),
            10 => stage.cache.resume_workers(),
            15 => queue.switches.all_down(),
            _ => {}
        }
        pass(60 * SECOND).await;
        assert_eq!(overdue(&stage.cache), [0, 0], "minute {minute}");
    }
    assert!(stage.cache.shut_down(SECOND).await);
    pass(60 * SECOND).await;
    assert_eq!(overdue(&stage.cache), [0, 0], "after the end nothing is expected");
}

/// A pull of one queue never answers. Its dispatcher shows as stuck, the other does not.
#[tokio::test(start_paused = true)]
async fn workers_whose_pull_never_answers_are_overdue() {
    let slow = FaultyQueue::new(Clock::runtime());
    let given = slow.clone();
    let stage = stage(|builder| builder.queue(memory()).queue_named("slow", given)).await;
    pass(20 * SECOND).await;
    slow.switches.late("pull", 3600 * SECOND);
    pass(100 * SECOND).await;
    let overdue = overdue(&stage.cache);
    assert_eq!(overdue[0], 0);
    assert!((90..=100).contains(&overdue[1]), "{overdue:?}");
}

/// The rate leaves no room for an hour, and meanwhile a pull never answers. Nobody waits an hour for that to show.
#[tokio::test(start_paused = true)]
async fn a_pull_that_never_answers_shows_though_there_is_no_room_for_long() {
    let limits = Limits { job: Limit { at_once: 1, per_second: Some(1.0 / 3600.0) }, ..Limits::default() };
    let queue = FaultyQueue::new(Clock::runtime());
    let given = queue.clone();
    let stage = stage_with(|builder| builder.limits(limits).queue(given)).await;
    queue.push(&[task(&truth("a")), task(&truth("b"))]).await.unwrap();
    pass(60 * SECOND).await;
    queue.switches.late("pull", 3600 * SECOND);
    pass(100 * SECOND).await;
    assert!(overdue(&stage.cache)[0] >= 85, "{:?}", overdue(&stage.cache));
}

/// Every place is held by a load that is awaited in vain. Up to its timeout that is as it should be; a load whose code holds
/// on beyond it shows.
#[tokio::test(start_paused = true)]
async fn workers_whose_places_are_all_held_are_overdue_only_past_the_load_timeout() {
    let store = FaultyStore::new(Clock::runtime());
    let given = store.clone();
    let stage = stage(|builder| builder.workers(1).store(given).near_bound(3600 * SECOND)).await;
    stage.source.script([Act::Hang]);
    stage.cache.queue_named("slow").unwrap().push(&[task(&heavy("a"))]).await.unwrap();
    stage.source.read_by(1).await;
    pass(9 * SECOND).await;
    assert_eq!(overdue(&stage.cache), [0, 0]);
    pass(30 * SECOND).await;
    assert_eq!(overdue(&stage.cache), [0, 0], "the load was timed out, and its place is free again");
    // A store that takes an hour to answer the commit holds the place as long.
    store.switches.late("commit", 3600 * SECOND);
    stage.cache.queue_named("slow").unwrap().push(&[task(&heavy("b"))]).await.unwrap();
    stage.source.read_by(2).await;
    pass(19 * SECOND).await;
    assert_eq!(overdue(&stage.cache), [0, 0]);
    pass(31 * SECOND).await;
    assert_eq!(overdue(&stage.cache)[0], 0);
    assert!(overdue(&stage.cache)[1] >= 25, "{:?}", overdue(&stage.cache));
}

#[tokio::test(start_paused = true)]
async fn a_store_or_a_queue_that_is_down_is_not_reachable() {
    let clock = Clock::runtime();
    let (store, slow) = (FaultyStore::new(clock.clone()), FaultyQueue::new(clock));
    let given = (store.clone(), slow.clone());
    let stage = stage(|builder| builder.store(given.0).queue(memory()).queue_named("slow", given.1)).await;
    stage.cache.reachable().await.unwrap();
    slow.switches.all_down();
    assert_eq!(stage.cache.reachable().await.unwrap_err().port, "queue");
    slow.switches.up();
    store.switches.all_down();
    assert_eq!(stage.cache.reachable().await.unwrap_err().port, "store");
    store.switches.up();
    stage.cache.reachable().await.unwrap();
}

/// What is chosen at run time is a `dyn`, and shared.
#[tokio::test(start_paused = true)]
async fn a_port_behind_an_arc_serves_as_itself() {
    let clock = Clock::runtime();
    let memory_bus = MemoryBus::new();
    let bus: Arc<dyn Bus> = Arc::new(memory_bus.clone());
    let store = MemoryStore::builder(clock.clone()).bus(memory_bus).build().unwrap();
    let store: Arc<dyn Store> = Arc::new(store);
    let queue: Arc<dyn Queue> = Arc::new(memory());
    let one = |builder: CacheBuilder| builder.store(store.clone()).queue(queue.clone()).bus(bus.clone());
    let web = stage_with(|builder| one(builder).workers(0)).await;
    let worker = stage_on(web.source.clone(), one).await;
    assert_eq!(web.value("a").await, 1);
    web.source.write(2);
    assert!(web.cache.refresh(&truth("a")).await.unwrap());
    pass(SECOND).await;
    assert_eq!((web.value("a").await, worker.value("a").await), (2, 2));
    web.cache.remove(&truth("a")).await.unwrap();
    assert!(web.cache.peek(&truth("a")).await.unwrap().is_none());
}
