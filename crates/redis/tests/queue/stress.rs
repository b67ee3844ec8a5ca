//! Many workers who do everything that may be done to a task, and leave and die at any time.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use freshen_core::queue::{Delivery, NewTask, Priority, Queue, Settlement};
use freshen_redis::RedisQueue;
use freshen_testkit::servers::Flavour;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

use super::{builder, name, names, push, shared, task};

const TASKS: usize = 2_000;
const WORKERS: u64 = 6;
const LONG: Duration = Duration::from_secs(120);

/// What the workers have ended.
type Ended = Arc<Mutex<HashSet<String>>>;

/// A pull that is left after a while, in most cases before it is answered.
async fn fickle_pull(queue: &RedisQueue, chance: &mut fastrand::Rng) -> Vec<Delivery> {
    if chance.u8(..4) > 0 {
        return queue.pull(chance.usize(1..20), Duration::from_millis(200)).await.unwrap();
    }
    let pulling = queue.pull(10, Duration::from_millis(200));
    timeout(Duration::from_millis(chance.u64(..3)), pulling).await.map_or_else(|_| Vec::new(), Result::unwrap)
}

/// Some end tasks, and all put them back, retry them, or forget them.
fn settlement(chance: &mut fastrand::Rng) -> Option<Settlement> {
    let delay = Duration::from_millis(chance.u64(..300));
    match chance.u8(..20) {
        0 => None,
        1..4 => Some(Settlement::RetryAfter(delay)),
        4..7 => Some(Settlement::PutBack(delay)),
        7 => Some(Settlement::PutBack(Duration::ZERO)),
        _ => Some(Settlement::Done),
    }
}

async fn works(queue: RedisQueue, seed: u64, ended: Ended) {
    let mut chance = fastrand::Rng::with_seed(seed);
    let deadline = Instant::now() + LONG;
    while ended.lock().unwrap().len() < TASKS {
        assert!(Instant::now() < deadline, "tasks are missing, seed {seed}");
        let batch = fickle_pull(&queue, &mut chance).await;
        for (name, delivery) in names(&batch).into_iter().zip(batch) {
            let Some(settlement) = settlement(&mut chance) else { continue };
            let done = settlement == Settlement::Done;
            if queue.settle(&delivery.receipt, settlement).await.unwrap() && done {
                assert!(ended.lock().unwrap().insert(name), "a task that was ended came again, seed {seed}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_workers_do_every_task_ends_once_and_nothing_is_left() {
    let (server, name) = (shared(Flavour::Valkey).await, name());
    let process = || builder(server, &name).visibility(Duration::from_secs(1)).build().unwrap();
    let ended = Ended::default();
    let mut workers = JoinSet::new();
    for seed in 0..WORKERS {
        workers.spawn(works(process(), seed, ended.clone()));
    }
    let front = process();
    let mut chance = fastrand::Rng::with_seed(WORKERS);
    for number in 0..TASKS {
        let delay = if chance.bool() { Duration::ZERO } else { Duration::from_millis(chance.u64(..300)) };
        let priority = Priority::ALL[chance.usize(..4)];
        push(&front, &[NewTask { delay, priority, ..task(&number.to_string()) }]).await;
    }
    workers.join_all().await;
    let deadline = Instant::now() + LONG;
    loop {
        let depth = front.depth().await.unwrap();
        if (depth.ready, depth.delayed, depth.held) == (0, 0, 0) {
            break;
        }
        assert!(Instant::now() < deadline, "{depth:?}");
        sleep(Duration::from_millis(50)).await;
    }
}
