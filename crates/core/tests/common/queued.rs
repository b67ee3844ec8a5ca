//! Tasks that tests put into a queue by themselves, and queues for them.

use std::time::Duration;

use freshen_core::queue::{MemoryQueue, NewTask, Priority, Queue};
use freshen_core::{Clock, Key};

use super::faults::FaultyQueue;
use super::{pass, truth};

/// The key of a truth.
pub fn key(of: &str) -> Key {
    Key::new("tests", "truth", &truth(of)).unwrap()
}

pub fn task(key: Key) -> NewTask {
    NewTask { key, delay: Duration::ZERO, priority: Priority::Normal }
}

pub fn faulty_queue(visibility_secs: u64) -> FaultyQueue {
    let inner = MemoryQueue::builder(Clock::runtime()).visibility(Duration::from_secs(visibility_secs));
    FaultyQueue::around(inner.build().unwrap())
}

/// So many holders in a row pull so many tasks, and settle none.
pub async fn leave_unsettled(queue: &MemoryQueue, tasks: usize, holders: u32) {
    for _ in 0..holders {
        assert_eq!(queue.pull(tasks, Duration::ZERO).await.unwrap().len(), tasks);
        pass(queue.traits().visibility).await;
    }
}
