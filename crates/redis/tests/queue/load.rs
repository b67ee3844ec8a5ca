//! A backlog without workers, and then with one.

use std::collections::HashSet;
use std::time::Instant;

use freshen_core::queue::{Delivery, NewTask, Pushed, Queue, Settlement};
use freshen_redis::RedisQueue;

use super::{builder, names, pull, push, shared, task};

const BACKLOG: usize = 50_000;
const BATCH: usize = 100;

async fn settle_all(queue: &RedisQueue, batch: Vec<Delivery>) {
    let mut settling = tokio::task::JoinSet::new();
    for delivery in batch {
        let queue = queue.clone();
        settling.spawn(async move { queue.settle(&delivery.receipt, Settlement::Done).await.unwrap() });
    }
    assert!(settling.join_all().await.into_iter().all(|settled| settled));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backlog_stops_at_its_bound_and_one_worker_drains_it() {
    let server = shared(freshen_testkit::servers::Flavour::Redis).await;
    let visibility = std::time::Duration::from_secs(600);
    let queue = builder(server, "backlog").bound(BACKLOG).visibility(visibility).build().unwrap();
    let began = Instant::now();
    for start in (0..BACKLOG).step_by(BATCH) {
        let tasks: Vec<NewTask> = (start..start + BATCH).map(|number| task(&number.to_string())).collect();
        push(&queue, &tasks).await;
    }
    report("pushed", began);
    assert_eq!(queue.push(&[task("one too many")]).await.unwrap(), Pushed::Full);
    let (began, mut seen) = (Instant::now(), HashSet::new());
    loop {
        let batch = pull(&queue, BATCH).await;
        if batch.is_empty() {
            break;
        }
        seen.extend(names(&batch));
        settle_all(&queue, batch).await;
    }
    report("pulled and settled", began);
    assert_eq!(seen.len(), BACKLOG);
    let depth = queue.depth().await.unwrap();
    assert_eq!((depth.ready, depth.delayed, depth.held), (0, 0, 0));
}

fn report(what: &str, began: Instant) {
    println!("{what} {:.0} tasks a second, in batches of {BATCH}", BACKLOG as f64 / began.elapsed().as_secs_f64());
}
