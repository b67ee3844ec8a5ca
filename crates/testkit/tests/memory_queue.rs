//! The memory queue keeps the queue port's contract.

use freshen_core::Clock;
use freshen_core::queue::MemoryQueue;
use freshen_testkit::queue_suite;
use freshen_testkit::queue_suite::Fixture;

async fn fixture() -> Fixture {
    let queue = MemoryQueue::builder(Clock::runtime()).bound(8).quarantine_bound(3).build();
    Fixture::new(queue.expect("the bounds are positive")).bound(8).quarantine_bound(3)
}

queue_suite!(fixture);
