//! Tasks that several holders did not settle: carrying them out may be what ended those.
#![allow(clippy::unwrap_used)] // A test that cannot go on fails.

mod common;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use common::faults::FaultyQueue;
use common::queued::{faulty_queue, key, leave_unsettled, task};
use common::{Stage, pass, policy, stage_with};
use freshen_core::queue::{Depth, NewTask, Priority, Queue, Settlement};
use freshen_core::{Cache, Clock, Job, Jobs, Key, Limit, Limits, Load, Loaded, PolicyBuilder};
use serde::{Deserialize, Serialize};

const SECOND: Duration = Duration::from_secs(1);

/// Takes its time, on a queue of its own.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct Long {
    key: String,
    secs: u32,
}

/// What was loaded, in order.
#[derive(Clone, Default)]
struct Begun(Arc<Mutex<Vec<String>>>);

impl Begun {
    fn count(&self, of: &str) -> usize {
        self.0.lock().unwrap().iter().filter(|key| key.starts_with(of)).count()
    }
}

impl Job for Long {
    type Output = u64;
    type Error = std::convert::Infallible;
    type State = (Begun,);
    const NAME: &'static str = "long";
    const NAMESPACE: &'static str = "tests";
    const QUEUE: &'static str = "long";

    fn policy() -> PolicyBuilder {
        policy().lease(110 * SECOND).load_timeout(100 * SECOND)
    }

    async fn load(&self, load: Load<'_, Self>) -> Result<Loaded<u64>, Self::Error> {
        load.state().0.0.lock().unwrap().push(self.key.clone());
        pass(self.secs * SECOND).await;
        Ok(1.into())
    }
}

fn long(key: &str, secs: u32) -> NewTask {
    task(Key::new("tests", "long", &Long { key: key.into(), secs }).unwrap())
}

/// A worker with that queue, and a suspect in it.
async fn worker_with_a_suspect(queue: &FaultyQueue, workers: usize, per_second: Option<f64>) -> (Cache, Begun) {
    let begun = Begun::default();
    let builder = Cache::builder().state(begun.clone()).jobs(Jobs::new().add::<Long>()).clock(Clock::runtime());
    let limits = Limits { total: Limit { per_second, ..Limit::at_once(16) }, ..Limits::default() };
    let cache = builder.queue_named("long", queue.clone()).workers_on("long", workers).limits(limits);
    let cache = cache.build().await.unwrap();
    cache.pause_workers();
    pass(Duration::from_millis(1)).await;
    queue.push(&[long("suspect", 1)]).await.unwrap();
    leave_unsettled(&queue.inner, 1, 2).await;
    (cache, begun)
}

/// There is always a load under way that takes longer than a suspect may wait to be alone. Waiting for its end, the suspect
/// would never be carried out, and would hold up the others whenever it is delivered.
#[tokio::test(start_paused = true)]
async fn a_suspect_behind_long_loads_waits_once_and_then_runs_beside_them() {
    let queue = faulty_queue(120);
    let (cache, begun) = worker_with_a_suspect(&queue, 4, Some(1.0)).await;
    queue.push(&[long("other first", 70)]).await.unwrap();
    cache.resume_workers();
    for number in 0..180 {
        pass(20 * SECOND).await;
        queue.push(&[long(&format!("other {number}"), 70)]).await.unwrap();
        assert!(number < 2 || begun.count("suspect") == 1, "after {number} times 20 s");
    }
    pass(100 * SECOND).await;
    assert_eq!((begun.count("suspect"), begun.count("other")), (1, 181));
    assert_eq!(queue.switches.most_unsettled(), 2, "while it waited nobody lost it");
}

/// Two queues, each with two workers and so many suspects. The sources of both are the same, and held.
async fn two_queues(suspects: usize) -> (Stage, [FaultyQueue; 2]) {
    let queues = [faulty_queue(120), faulty_queue(120)];
    let [one, other] = queues.clone();
    let stage =
        stage_with(|builder| builder.queue(one).queue_named("other", other).workers(2).workers_on("other", 2)).await;
    stage.cache.pause_workers();
    stage.settle().await;
    for (at, queue) in queues.iter().enumerate() {
        let named = |number: usize| task(key(&format!("{at} {number}")));
        queue.push(&(0..suspects).map(named).collect::<Vec<_>>()).await.unwrap();
    }
    for _ in 0..2 {
        for queue in &queues {
            assert_eq!(queue.inner.pull(9, Duration::ZERO).await.unwrap().len(), suspects);
        }
        pass(120 * SECOND).await;
    }
    stage.source.hold();
    (stage, queues)
}

/// A task that ends its process is in one queue, and a long one in the other. Side by side, both would come to be set aside.
#[tokio::test(start_paused = true)]
async fn suspects_of_two_queues_are_neither_carried_out_nor_held_together() {
    let (stage, queues) = two_queues(2).await;
    stage.cache.resume_workers();
    for reads in 1..=4 {
        stage.source.read_by(reads).await;
        pass(20 * SECOND).await;
        let mut held = 0;
        for queue in &queues {
            held += queue.depth().await.unwrap().held;
        }
        assert_eq!((stage.source.reads(), held), (reads, 1));
        stage.source.release(1);
    }
    pass(SECOND).await;
    for queue in &queues {
        assert_eq!((queue.depth().await.unwrap(), queue.switches.most_unsettled()), (Depth::default(), 2));
    }
}

/// The opposite: what nobody suspects goes on, on every other queue.
#[tokio::test(start_paused = true)]
async fn a_suspect_of_one_queue_holds_up_no_other_queue() {
    let (stage, [one, other]) = two_queues(1).await;
    stage.cache.resume_workers();
    stage.source.read_by(1).await;
    one.push(&[task(key("usual"))]).await.unwrap();
    other.push(&[task(key("usual too"))]).await.unwrap();
    pass(10 * SECOND).await;
    assert_eq!(stage.source.reads(), 2, "one beside the suspect, on the queue that is not its own");
    stage.source.open();
}

/// A queue has a suspect in hand behind a place that is taken when one of another queue begins. Held on, it would be counted
/// with the other.
#[tokio::test(start_paused = true)]
async fn what_waits_for_a_place_goes_back_when_a_suspect_begins_elsewhere() {
    let (stage, [one, other]) = two_queues(1).await;
    let first = one.inner.pull(1, Duration::ZERO).await.unwrap().remove(0);
    other.push(&[task(key("usual")), task(key("usual too"))]).await.unwrap();
    stage.cache.resume_workers();
    stage.source.read_by(2).await;
    stage.settle().await;
    assert_eq!(other.depth().await.unwrap().held, 3, "its suspect is in hand");
    one.inner.settle(&first.receipt, Settlement::PutBack(Duration::ZERO)).await.unwrap();
    stage.source.read_by(3).await;
    stage.settle().await;
    assert_eq!(other.depth().await.unwrap().held, 2, "the two that run");
    stage.source.open();
}

/// A suspect waits for another load to end when the workers are paused: for a migration, or because the source must be spared.
#[tokio::test(start_paused = true)]
async fn a_pause_gives_back_a_suspect_that_waits_to_be_alone_and_its_right_to_a_refresh() {
    let queue = faulty_queue(120);
    let (cache, begun) = worker_with_a_suspect(&queue, 2, Some(0.02)).await;
    let first = queue.inner.pull(1, Duration::ZERO).await.unwrap().remove(0);
    cache.resume_workers();
    queue.push(&[NewTask { priority: Priority::High, ..long("other", 90) }]).await.unwrap();
    pass(55 * SECOND).await;
    let back = Settlement::PutBack(Duration::ZERO);
    queue.inner.settle(&first.receipt, back).await.unwrap();
    pass(5 * SECOND).await;
    assert_eq!((queue.depth().await.unwrap().held, begun.count("suspect")), (2, 0), "it waits for the other's end");
    cache.pause_workers();
    pass(Duration::from_millis(1)).await;
    assert_eq!(queue.depth().await.unwrap().held, 1);
    cache.resume_workers();
    pass(40 * SECOND).await;
    assert_eq!(begun.count("suspect"), 1, "the refresh that it had a right to is not lost");
}
