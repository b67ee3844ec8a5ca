//! The queue on Redis Streams: tasks that every process of a fleet may pull.

use std::sync::Arc;
use std::time::Duration;

use freshen_core::queue::{
    Delivery, Depth, NewTask, Pushed, Quarantined, Queue, QueueTraits, Receipt, Settlement, Task,
};
use freshen_core::{BoxFuture, PortError};

mod answer;
mod builder;
mod caught;
mod lines;
mod pulling;
mod receipt;
mod scripts;
mod settling;
mod steps;
mod watch;

pub use builder::RedisQueueBuilder;

use crate::link::LinkError;
use crate::party::{self, Party};
use receipt::Held;
use settling::{Settled, Settler};
use steps::Steps;
use watch::Watch;

/// The name in errors.
const PORT: &str = "queue (redis)";
/// Tasks that go in one push. More would keep the server from everybody else for too long.
const PUSH_MOST: usize = 10_000;

/// A queue on Redis or Valkey: its tasks outlive the process, and every process that names it alike shares them.
/// Cloning gives a handle to the same queue.
///
/// It keeps order within one priority, but for tasks that come back, which stand behind the others.
///
/// # What lies on the server
///
/// All keys of a queue share one hash tag, the prefix and the queue's name, so a step is one script on one server of a
/// Cluster. For the prefix `freshen` and the name `default`:
///
/// | key | what it is |
/// |---|---|
/// | `{freshen:q:default}:high`, `:normal`, `:low`, `:idle` | four streams, a task each entry: what is ready, and what is held |
/// | `{freshen:q:default}:later` | a stream: what is not due yet |
/// | `{freshen:q:default}:due` | a sorted set: the priority (1 is `high`) and the id in `later`, by the time when it is due, in microseconds |
/// | `{freshen:q:default}:quarantine` | a stream: what was set aside. The first part of an id is the time, in microseconds |
/// | `{freshen:q:default}:bell` | a stream of one entry, which wakes those who wait when nothing else would |
/// | `{freshen:q:default}:state` | a hash: `look`, the time when a task may have been held for too long |
///
/// An entry has the fields `format`, `key` (bytes), `attempts` and `pushed` (microseconds of the server's clock), in
/// quarantine `priority` and `reason` besides, and `unsettled` where it came back after deliveries that nobody settled.
/// How often its own entry was delivered, the group knows. Fields that this version does not know stay as they are. An entry
/// without a key, or with fields that cannot be read, is delivered all the same, for the engine to set aside: its
/// format is 0, or its key the fields as they were found.
///
/// The four streams have one consumer group, `workers`, with a consumer for each process: what `XPENDING` shows is
/// held. `XLEN` less that is ready. A task that ended is deleted. Consumers that hold nothing and were not seen for as
/// long as the visibility are removed.
///
/// # How it behaves
///
/// A pull looks once, with one script: what is due enters its line, what was held for too long is taken over, then the
/// lines are read, the highest priority first. If there is nothing, it waits without asking: one connection of each
/// process listens to the streams by a blocking `XREAD`, outside the group, so that what it hears of stays there for
/// whoever takes it. Settlements that come together go by one script, each answered by itself.
///
/// Times are the server's: delays, ages and the visibility do not depend on the processes' clocks. All processes have
/// to agree on the visibility. What a server forgets is lost, and costs latency: the record decides. At `maxmemory`
/// with `noeviction` a push is an error that may pass, while pulling and settling go on; a server that evicts may evict
/// a queue. What cannot be brought back or set aside is an error, and still held.
///
/// # Limits
///
/// Besides those of the [builder](RedisQueueBuilder): a push takes at most 10,000 tasks, and more are an error; a pull
/// hands out at most 1,000, and lets at most 500 that are due enter their lines. The oldest that waits is looked for
/// among the first 100 of each line.
///
/// # Cancellation
///
/// A pull that is dropped takes nothing with it: what its look took goes back to its place. What was taken by an answer
/// that was lost on its way comes back after the visibility. A push or a settlement that is dropped, or whose answer is
/// lost, may have been carried out.
#[derive(Clone)]
pub struct RedisQueue(Arc<Shared>);

struct Shared {
    steps: Steps,
    watch: Watch,
    settlements: Party<Settler>,
    visibility: Duration,
}

impl RedisQueue {
    async fn push_all(&self, tasks: &[NewTask]) -> Result<Pushed, PortError> {
        if tasks.len() > PUSH_MOST {
            let reason = format!("{} tasks in one push; at most {PUSH_MOST} are taken", tasks.len());
            return Err(PortError::lasting(PORT, "push", reason));
        }
        if tasks.is_empty() {
            return Ok(Pushed::Taken);
        }
        self.0.steps.push(tasks).await.map_err(failed("push"))
    }

    async fn settle_one(&self, receipt: &Receipt, settlement: Settlement) -> Result<bool, PortError> {
        // A receipt of another queue is as good as one that is no longer valid.
        let Some(held) = Held::of(receipt) else { return Ok(false) };
        party::ask(Settler(self.0.clone()), Settled { held, settlement }).await.map_err(failed("settle"))
    }
}

impl Queue for RedisQueue {
    fn traits(&self) -> QueueTraits {
        QueueTraits { durable: true, delays: true, ordered: true, visibility: self.0.visibility }
    }

    fn push<'a>(&'a self, tasks: &'a [NewTask]) -> BoxFuture<'a, Result<Pushed, PortError>> {
        Box::pin(self.push_all(tasks))
    }

    fn pull(&self, most: usize, wait: Duration) -> BoxFuture<'_, Result<Vec<Delivery>, PortError>> {
        let pulled = self.0.steps.links.host(pulling::pull(&self.0, most, wait));
        Box::pin(async move { pulled.await.map_err(failed("pull")) })
    }

    fn settle<'a>(&'a self, receipt: &'a Receipt, settlement: Settlement) -> BoxFuture<'a, Result<bool, PortError>> {
        Box::pin(self.settle_one(receipt, settlement))
    }

    fn depth(&self) -> BoxFuture<'_, Result<Depth, PortError>> {
        Box::pin(async { self.0.steps.depth().await.map_err(failed("depth")) })
    }

    fn waiting(&self, most: usize) -> BoxFuture<'_, Result<Vec<Task>, PortError>> {
        Box::pin(async move { self.0.steps.waiting(most).await.map_err(failed("waiting")) })
    }

    fn quarantined(&self, most: usize) -> BoxFuture<'_, Result<Vec<Quarantined>, PortError>> {
        Box::pin(async move { self.0.steps.quarantined(most).await.map_err(failed("quarantined")) })
    }

    fn release(&self, id: u64) -> BoxFuture<'_, Result<bool, PortError>> {
        Box::pin(async move { self.0.steps.free(id, "release").await.map_err(failed("release")) })
    }

    fn discard(&self, id: u64) -> BoxFuture<'_, Result<bool, PortError>> {
        Box::pin(async move { self.0.steps.free(id, "discard").await.map_err(failed("discard")) })
    }
}

fn failed(operation: &'static str) -> impl Fn(LinkError) -> PortError {
    move |error| error.at(PORT, operation)
}
