//! The queue port: hints that a key should be refreshed behind the requests.
//!
//! A queue may lose, repeat, delay and reorder tasks. That costs latency, never correctness: the record decides.

use std::sync::Arc;
use std::time::Duration;

use crate::BoxFuture;
use crate::error::PortError;
use crate::key::Key;
use crate::time::Timestamp;

mod backlog;
mod memory;
mod name;
mod quarantine;

pub use memory::{MemoryQueue, MemoryQueueBuilder};
pub use name::{DEFAULT_QUEUE, QUEUE_NAME_BYTES_MAX, is_queue_name};

/// The format of the tasks that this version writes and the newest it reads.
pub const TASK_FORMAT: u16 = 1;

/// A queue of refreshes.
///
/// The contract, each sentence a test in the testkit's `queue_suite!`:
///
/// **Pushing.** A push is taken whole or not at all. A push beyond the bound is [`Pushed::Full`] and changes nothing. A task
/// that was pushed with a delay is not pulled before it is due.
///
/// **Pulling.** `pull` waits up to `wait` for a first task and then takes what is there, at most `most`. It answers an empty batch when the wait is over.
/// A higher priority is pulled first; within one priority, where the queue keeps an order, the earlier is. A pulled task is not pulled again while it is held.
/// A task whose holder did not settle it within the queue's visibility is pulled again, with one more counted in [`Task::unsettled`]. A puller who leaves
/// takes no task with it, and that is not counted.
///
/// **Settling.** `Done` ends the task. `RetryAfter` brings it back when it is due, with one more attempt counted, at its old priority; `PutBack` brings it
/// back without counting an attempt. `RetryAfter` forgets how often it was not settled, for whoever settles so has carried it out and is still there; `PutBack`
/// remembers it. `Quarantine` sets it aside with its reason, with one more attempt counted. Settling a receipt twice, or one that was
/// redelivered to another, changes nothing. What is put back is taken beyond the bound: a task is never dropped.
///
/// **Quarantine.** It is bounded: the oldest makes room. `release` pushes a quarantined task as new, beyond the bound if need be; `discard` ends it.
/// Both answer whether it was there.
///
/// **Waiting.** `waiting` shows tasks that are ready or delayed, at most `most`, the ready ones first. It takes none.
///
/// **Depth.** `depth` counts ready, delayed, held and quarantined tasks, and tells the age of the oldest that waits.
pub trait Queue: Send + Sync + 'static {
    /// What this queue is able to do.
    fn traits(&self) -> QueueTraits;

    /// Pushes tasks.
    fn push<'a>(&'a self, tasks: &'a [NewTask]) -> BoxFuture<'a, Result<Pushed, PortError>>;

    /// Takes up to `most` tasks, waiting up to `wait` for the first.
    fn pull(&self, most: usize, wait: Duration) -> BoxFuture<'_, Result<Vec<Delivery>, PortError>>;

    /// Ends a delivery. `false`: the receipt was no longer valid, and nothing changed.
    fn settle<'a>(&'a self, receipt: &'a Receipt, settlement: Settlement) -> BoxFuture<'a, Result<bool, PortError>>;

    /// Counts what is there.
    fn depth(&self) -> BoxFuture<'_, Result<Depth, PortError>>;

    /// Up to `most` of the tasks that wait, for people who look.
    fn waiting(&self, most: usize) -> BoxFuture<'_, Result<Vec<Task>, PortError>>;

    /// The newest `most` quarantined tasks, the newest first.
    fn quarantined(&self, most: usize) -> BoxFuture<'_, Result<Vec<Quarantined>, PortError>>;

    /// Pushes a quarantined task as new.
    fn release(&self, id: u64) -> BoxFuture<'_, Result<bool, PortError>>;

    /// Ends a quarantined task.
    fn discard(&self, id: u64) -> BoxFuture<'_, Result<bool, PortError>>;
}

impl<Q: Queue + ?Sized> Queue for Arc<Q> {
    fn traits(&self) -> QueueTraits {
        (**self).traits()
    }

    fn push<'a>(&'a self, tasks: &'a [NewTask]) -> BoxFuture<'a, Result<Pushed, PortError>> {
        (**self).push(tasks)
    }

    fn pull(&self, most: usize, wait: Duration) -> BoxFuture<'_, Result<Vec<Delivery>, PortError>> {
        (**self).pull(most, wait)
    }

    fn settle<'a>(&'a self, receipt: &'a Receipt, settlement: Settlement) -> BoxFuture<'a, Result<bool, PortError>> {
        (**self).settle(receipt, settlement)
    }

    fn depth(&self) -> BoxFuture<'_, Result<Depth, PortError>> {
        (**self).depth()
    }

    fn waiting(&self, most: usize) -> BoxFuture<'_, Result<Vec<Task>, PortError>> {
        (**self).waiting(most)
    }

    fn quarantined(&self, most: usize) -> BoxFuture<'_, Result<Vec<Quarantined>, PortError>> {
        (**self).quarantined(most)
    }

    fn release(&self, id: u64) -> BoxFuture<'_, Result<bool, PortError>> {
        (**self).release(id)
    }

    fn discard(&self, id: u64) -> BoxFuture<'_, Result<bool, PortError>> {
        (**self).discard(id)
    }
}

/// What a queue is able to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueueTraits {
    /// Whether tasks outlive the process.
    pub durable: bool,
    /// Whether tasks can be delayed; without it a delay is as good as none.
    pub delays: bool,
    /// Whether, within one priority, the earlier task is pulled first.
    pub ordered: bool,
    /// How long a pulled task may be held before it is pulled again.
    pub visibility: Duration,
}

/// Which tasks are pulled first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Priority {
    /// Warm-ups: when nothing else waits.
    Idle,
    /// Cold keys that turned stale.
    Low,
    /// The usual.
    #[default]
    Normal,
    /// Hot, or nothing in hand: somebody is being served nothing, or the oldest.
    High,
}

impl Priority {
    /// All of them, the highest first.
    pub const ALL: [Priority; 4] = [Priority::High, Priority::Normal, Priority::Low, Priority::Idle];
}

/// A task to push: a key, and no code and no value.
#[derive(Clone, Debug)]
pub struct NewTask {
    /// What to refresh.
    pub key: Key,
    /// How long to wait before it may be pulled.
    pub delay: Duration,
    /// How urgent it is.
    pub priority: Priority,
}

/// The answer of [`Queue::push`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pushed {
    /// Taken.
    Taken,
    /// The backlog is at its bound: nothing was taken.
    Full,
}

/// A task in the hands of a worker.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// What to settle it by.
    pub receipt: Receipt,
    /// The task.
    pub task: Task,
}

/// Names one delivery of one task.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Receipt(pub Box<str>);

/// One queued refresh.
#[derive(Clone, Debug)]
pub struct Task {
    /// The format it was written in; newer ones than [`TASK_FORMAT`] are quarantined.
    pub format: u16,
    /// The key, as bytes: a task whose key cannot be read is still a task, to be quarantined.
    pub key: Box<[u8]>,
    /// How urgent it is.
    pub priority: Priority,
    /// Counted attempts that did not end it.
    pub attempts: u32,
    /// How often whoever held it did not settle it in time, because it died with it or was slower than the visibility. What ends
    /// the process that carries it out would be delivered for ever, and end one after the other. An attempt that failed, and was
    /// settled so, begins the count anew.
    pub unsettled: u32,
    /// When it was first pushed, by the queue's clock.
    pub pushed_at: Timestamp,
}

/// How a delivery ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Settlement {
    /// The key is fresh.
    Done,
    /// The attempt failed: again after this long, one attempt counted.
    RetryAfter(Duration),
    /// It was not its turn: again after this long, no attempt counted.
    PutBack(Duration),
    /// Never again by itself: set aside with the reason, one attempt counted.
    Quarantine(Box<str>),
}

/// A task that was set aside.
#[derive(Clone, Debug)]
pub struct Quarantined {
    /// What to release or discard it by.
    pub id: u64,
    /// The task.
    pub task: Task,
    /// Why.
    pub reason: Box<str>,
    /// When, by the queue's clock.
    pub at: Timestamp,
}

/// What is in a queue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Depth {
    /// Ready to be pulled.
    pub ready: usize,
    /// Not due yet.
    pub delayed: usize,
    /// Pulled and not settled.
    pub held: usize,
    /// Set aside.
    pub quarantined: usize,
    /// The age of the oldest task that is ready or delayed.
    pub oldest: Option<Duration>,
}
