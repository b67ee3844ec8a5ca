//! The queue against real servers: the port's suite, and what the suite does not ask.

#![allow(clippy::unwrap_used)] // A test that cannot go on fails.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use freshen_core::queue::{Delivery, NewTask, Priority, Pushed, Queue};
use freshen_core::{BoxFuture, Clock, Key};
use freshen_redis::{Redis, RedisQueue, RedisQueueBuilder};
use freshen_testkit::queue_suite::Fixture;
use freshen_testkit::servers::{Flavour, Server};
use tokio::sync::OnceCell;

mod access;
#[path = "../common/at_once.rs"]
mod at_once;
mod engine;
mod entries;
mod failing;
mod load;
mod mutants;
mod stress;
mod suite;
mod together;
mod waiting;

/// Long enough for a slow machine to tell them apart.
const SPAN: Duration = Duration::from_millis(500);
const VISIBILITY: Duration = Duration::from_secs(2);

/// The server of a flavour that all tests share, each with a queue of its own name.
async fn shared(flavour: Flavour) -> &'static Server {
    static SERVERS: [OnceCell<Server>; 2] = [OnceCell::const_new(), OnceCell::const_new()];
    let [redis, valkey] = &SERVERS;
    let cell = if flavour == Flavour::Redis { redis } else { valkey };
    cell.get_or_init(|| Server::redis(flavour).start()).await
}

/// A name that no other test has.
fn name() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("test-{}", NEXT.fetch_add(1, Ordering::Relaxed))
}

/// The way of one process to these servers. The times are generous, for the machine may be slow.
fn redis(url: String) -> Redis {
    let patient = Duration::from_secs(10);
    let builder = Redis::builder(url).connect_timeout(patient).response_timeout(patient).patience(patient);
    builder.open(Clock::runtime()).unwrap()
}

/// A queue of this name, as one process has it.
fn builder(server: &Server, name: &str) -> RedisQueueBuilder {
    redis(server.url()).queue().name(name).visibility(VISIBILITY)
}

/// A new queue on the server that all share.
async fn queue() -> (RedisQueue, &'static Server, String) {
    let (server, name) = (shared(Flavour::Redis).await, name());
    (builder(server, &name).build().unwrap(), server, name)
}

/// What the suite wants to know of a queue, with some text of its scripts replaced.
async fn fixture(flavour: Flavour, patches: &[(&'static str, &'static str)]) -> Fixture {
    let (server, name) = (shared(flavour).await, name());
    let builder = builder(server, &name).bound(8).quarantine_bound(3);
    let builder = patches.iter().fold(builder, |builder, (from, to)| builder.patch(from, to));
    let reopened = builder.clone();
    let reopen = move || -> BoxFuture<'static, Arc<dyn Queue>> {
        let queue: Arc<dyn Queue> = Arc::new(reopened.clone().build().unwrap());
        Box::pin(async { queue })
    };
    let fixture = Fixture::new(builder.build().unwrap()).bound(8).quarantine_bound(3);
    fixture.span(SPAN).reopen(reopen)
}

fn key(name: &str) -> Key {
    Key::new("test", "job", &name).unwrap()
}

fn task(name: &str) -> NewTask {
    NewTask { key: key(name), delay: Duration::ZERO, priority: Priority::default() }
}

async fn push(queue: &RedisQueue, tasks: &[NewTask]) {
    assert_eq!(queue.push(tasks).await.unwrap(), Pushed::Taken);
}

/// What is there now.
async fn pull(queue: &RedisQueue, most: usize) -> Vec<Delivery> {
    queue.pull(most, Duration::ZERO).await.unwrap()
}

fn names(batch: &[Delivery]) -> Vec<String> {
    batch.iter().map(|delivery| Key::from_bytes(&delivery.task.key).unwrap().decode().unwrap()).collect()
}
