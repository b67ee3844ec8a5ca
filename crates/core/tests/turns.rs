//! What becomes of the tasks that a worker has in hand, of their places, and of what is told.
#![allow(clippy::unwrap_used)] // A test that cannot go on fails.

mod common;

use std::time::Duration;

use common::queued::{faulty_queue, key, task};
use common::tuned::{Kind, Told, Tuned, tuned};
use common::{Act, TTL, Truth, pass, stage_with};
use freshen_core::queue::{Depth, NewTask, Priority, Queue};
use freshen_core::store::REASON_BYTES_MAX;
use freshen_core::{Cache, Clock, Job, Jobs, Limit, Limits, Load, Loaded, PolicyBuilder, Status};
use serde::{Deserialize, Serialize};

const SECOND: Duration = Duration::from_secs(1);
const MILLISECOND: Duration = Duration::from_millis(1);

fn tasks(number: usize) -> Vec<NewTask> {
    (0..number).map(|n| task(key(&n.to_string()))).collect()
}

/// The queue takes its time for each settlement, and a whole backlog goes back: one after the other it would be gone for longer
/// than a shutdown waits.
#[tokio::test(start_paused = true)]
async fn what_was_pulled_ahead_goes_back_side_by_side() {
    let queue = faulty_queue(120);
    let given = queue.clone();
    let stage = stage_with(|builder| builder.queue(given).workers(1)).await;
    stage.source.hold();
    queue.push(&tasks(65)).await.unwrap();
    stage.source.read_by(1).await;
    pass(SECOND).await;
    assert_eq!(queue.depth().await.unwrap().held, 64);
    queue.switches.slow("settle", 80 * MILLISECOND);
    stage.cache.pause_workers();
    pass(100 * MILLISECOND).await;
    assert_eq!(queue.depth().await.unwrap().held, 1);
    stage.source.open();
}

/// Tasks are on their way back when the process is told to end. One that is forgotten there comes back after the visibility, and
/// is counted as if it had ended its holder.
#[tokio::test(start_paused = true)]
async fn a_shutdown_while_tasks_go_back_waits_for_all_of_them() {
    let queue = faulty_queue(120);
    let given = queue.clone();
    let stage = stage_with(|builder| builder.queue(given).workers(1)).await;
    stage.source.hold();
    queue.push(&tasks(65)).await.unwrap();
    stage.source.read_by(1).await;
    pass(SECOND).await;
    queue.switches.slow("settle", 500 * MILLISECOND);
    stage.cache.pause_workers();
    pass(250 * MILLISECOND).await;
    stage.source.open();
    assert!(stage.cache.shut_down(2 * SECOND).await);
    let depth = queue.depth().await.unwrap();
    assert_eq!((depth.ready, depth.held), (64, 0));
}

/// There is no room for anything, and the queue takes a minute for each settlement. Pulled on and on, more and more would be on
/// their way back.
#[tokio::test(start_paused = true)]
async fn what_is_on_its_way_back_counts_as_in_hand() {
    let queue = faulty_queue(3600);
    let (given, total) = (queue.clone(), Limit { per_second: Some(0.001), ..Limit::at_once(16) });
    let stage = stage_with(|builder| builder.queue(given).limits(Limits { total, ..Limits::default() })).await;
    queue.switches.slow("settle", 60 * SECOND);
    queue.push(&tasks(500)).await.unwrap();
    let mut most = 0;
    for _ in 0..300 {
        pass(SECOND).await;
        most = most.max(queue.depth().await.unwrap().held);
    }
    assert_eq!((stage.source.reads(), most), (1, 65), "a backlog, and the one that was loaded");
}

/// Tasks are repeated, and their keys are fresh. A refresh each five seconds is what the source can bear, and it bears none of
/// them: those behind them must not wait for a minute.
#[tokio::test(start_paused = true)]
async fn what_loads_nothing_leaves_its_rate_to_others() {
    let queue = faulty_queue(120);
    let (given, total) = (queue.clone(), Limit { per_second: Some(0.2), ..Limit::at_once(16) });
    let stage = stage_with(|builder| builder.queue(given).limits(Limits { total, ..Limits::default() })).await;
    stage.value("a").await;
    let mut repeated = vec![NewTask { priority: Priority::High, ..task(key("a")) }; 12];
    repeated.extend([task(key("b")), task(key("c"))]);
    queue.push(&repeated).await.unwrap();
    pass(SECOND).await;
    assert_eq!((stage.source.reads(), stage.events.count("end: Done")), (2, 13));
    pass(SECOND).await;
    assert_eq!(stage.source.reads(), 2, "a load keeps its rate");
    pass(4 * SECOND).await;
    assert_eq!(stage.source.reads(), 3);
}

/// A caller loads the key, slowly. Its task must not keep a place, and its delivery, from whoever could use them.
#[tokio::test(start_paused = true)]
async fn a_task_does_not_wait_for_a_callers_load() {
    let queue = faulty_queue(120);
    let (given, total) = (queue.clone(), Limit::at_once(1));
    let limits = Limits { total, ..Limits::default() };
    let stage = stage_with(|builder| builder.queue(given).workers(1).limits(limits)).await;
    stage.source.script([Act::Answer, Act::Hang]);
    stage.source.hold();
    let caller = stage.getting("a");
    stage.source.read_by(1).await;
    queue.push(&[task(key("a")), task(key("b"))]).await.unwrap();
    pass(SECOND).await;
    assert_eq!(stage.source.reads(), 2, "the other one has its place");
    stage.source.release(1);
    assert_eq!(caller.await.unwrap().unwrap().status(), Status::Loaded);
    pass(60 * SECOND).await;
    assert_eq!(stage.source.reads(), 3, "b timed out and is tried again; a is fresh, and its task found it so");
    assert_eq!(queue.switches.most_unsettled(), 0);
}

/// Fails with an error that carries what the source answered.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct Verbose;

#[derive(Debug, thiserror::Error)]
#[error("the source said {}", "ü".repeat(100_000))]
struct Said;

impl Job for Verbose {
    type Output = u64;
    type Error = Said;
    type State = ();
    const NAME: &'static str = "verbose";

    fn policy() -> PolicyBuilder {
        common::policy().attempts(2)
    }

    async fn load(&self, _load: Load<'_, Self>) -> Result<Loaded<u64>, Said> {
        Err(Said)
    }
}

/// A thousand tasks are set aside with what a source answered, a page each.
#[tokio::test(start_paused = true)]
async fn a_reason_of_any_length_is_cut_wherever_it_goes() {
    let events = common::Memory::default();
    let builder = Cache::builder().jobs(Jobs::new().add::<Verbose>()).clock(Clock::runtime()).observer(events.clone());
    let cache = builder.build().await.unwrap();
    assert!(cache.refresh(&Verbose).await.unwrap());
    pass(10 * SECOND).await;
    let reason = cache.quarantined(9).await.unwrap().remove(0).reason;
    assert!(reason.starts_with("gave up after 2 attempts: the source said ü"), "{reason}");
    assert!(reason.ends_with("ü…") && reason.len() <= REASON_BYTES_MAX, "{} bytes", reason.len());
    assert!(events.all().iter().all(|event| event.len() < 3 * REASON_BYTES_MAX));
}

/// A load takes longer than its task may be held: the queue has given it to another, who ends it.
#[tokio::test(start_paused = true)]
async fn a_turn_that_could_not_be_settled_is_not_told_as_ended() {
    let queue = faulty_queue(20);
    let given = queue.clone();
    let stage = stage_with(|builder| builder.queue(given).workers(1)).await;
    stage.source.hold();
    queue.push(&[task(key("a"))]).await.unwrap();
    stage.source.read_by(1).await;
    pass(25 * SECOND).await;
    stage.source.open();
    pass(SECOND).await;
    assert_eq!(queue.depth().await.unwrap(), Depth::default());
    assert_eq!((stage.events.count("end: Unsettled"), stage.events.count("end: Done")), (1, 1));
    queue.switches.down(["settle"]);
    queue.push(&[task(key("b"))]).await.unwrap();
    pass(SECOND).await;
    assert_eq!((stage.events.count("end: Unsettled"), stage.events.count("end: Done")), (2, 1));
    assert_eq!(stage.events.count("PortFailed"), 1);
}

/// Whoever looks at what was set aside reads how often it was tried, and counts the same.
#[tokio::test(start_paused = true)]
async fn a_task_that_is_set_aside_counts_its_last_attempt() {
    let jobs = Jobs::new().add::<Truth>().add::<Tuned>();
    let stage = stage_with(|builder| builder.state(Told::default()).jobs(jobs)).await;
    stage.source.script([Act::Fail; 3]);
    assert!(stage.cache.refresh(&tuned(Kind::ThreeAttempts)).await.unwrap());
    pass(TTL).await;
    let aside = stage.cache.quarantined(9).await.unwrap().remove(0);
    assert_eq!((&*aside.reason, aside.task.attempts), ("gave up after 3 attempts: the source is down", 3));
}
