//! The queue in this process: what the queue port means, and what serves where no other process has to work.

use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::timeout;

use super::backlog::Backlog;
use super::quarantine::Quarantine;
use super::{Delivery, Depth, NewTask, Pushed, Quarantined, Queue, QueueTraits, Receipt, Settlement, Task};
use crate::BoxFuture;
use crate::error::{BuildError, PortError};
use crate::time::{Clock, Timestamp};

/// A queue in this process's memory; its tasks end with the process. Cloning gives a handle to the same queue.
///
/// It keeps the contract of [`Queue`] to the letter: priorities, delays, order and redelivery. With a clock of
/// [`Clock::manual`], one who waits in `pull` learns that time has passed only when something is pushed or settled.
///
/// ```
/// use freshen_core::{Clock, queue::MemoryQueue};
///
/// # fn main() -> Result<(), freshen_core::BuildError> {
/// let queue = MemoryQueue::builder(Clock::coarse()).bound(10_000).build()?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct MemoryQueue(Arc<Shared>);

struct Shared {
    clock: Clock,
    visibility: Duration,
    /// Locked for one step at a time, never across an await.
    parts: Mutex<Parts>,
    /// Wakes all who wait in `pull`, whenever a task enters a line: each looks for itself, so a waiter who leaves at that very moment takes no
    /// wake-up with it that another needed.
    entered: Notify,
}

struct Parts {
    backlog: Backlog,
    quarantine: Quarantine,
}

impl MemoryQueue {
    /// Starts to configure a queue that tells its time by `clock`.
    pub fn builder(clock: Clock) -> MemoryQueueBuilder {
        MemoryQueueBuilder { clock, bound: 100_000, quarantine_bound: 1_000, visibility: Duration::from_secs(120) }
    }

    /// The parts, locked for one step, and the time of that step. No step panics half-way, so a poisoned lock still guards
    /// whole parts.
    fn parts(&self) -> (MutexGuard<'_, Parts>, Timestamp) {
        let parts = self.0.parts.lock().unwrap_or_else(PoisonError::into_inner);
        // Read under the lock, so that steps in a row see times in a row.
        (parts, self.0.clock.now())
    }

    fn push_now(&self, tasks: &[NewTask]) -> Pushed {
        let (mut parts, now) = self.parts();
        let pushed = parts.backlog.push(tasks, now);
        drop(parts);
        self.0.entered.notify_waiters();
        pushed
    }

    /// Takes what is there, or else waits for it without end.
    ///
    /// Dropping it takes no task: between taking tasks and handing them over there is no await.
    async fn first(&self, most: usize) -> Vec<Delivery> {
        loop {
            // Listens before it looks, so that nothing enters unheard between the two.
            let mut entered = pin!(self.0.entered.notified());
            entered.as_mut().enable();
            let (batch, next) = self.pull_now(most);
            match (batch.is_empty(), next) {
                (false, _) => return batch,
                (true, None) => entered.await,
                // Either way the next step is to look again.
                (true, Some(pause)) => drop(timeout(pause, entered).await),
            }
        }
    }

    /// What is there, and how long it is until a task becomes ready by itself.
    fn pull_now(&self, most: usize) -> (Vec<Delivery>, Option<Duration>) {
        let (mut parts, now) = self.parts();
        let batch = parts.backlog.pull(most, now);
        (batch, parts.backlog.next_ready().map(|at| now.until(at)))
    }

    fn settle_now(&self, receipt: &Receipt, settlement: Settlement) -> bool {
        let (mut parts, now) = self.parts();
        let Some(task) = parts.backlog.take_back(receipt, now) else { return false };
        match settlement {
            Settlement::Done => {}
            Settlement::RetryAfter(delay) => {
                let attempts = task.attempts.saturating_add(1);
                parts.backlog.put(Task { attempts, unsettled: 0, ..task }, delay, now);
            }
            Settlement::PutBack(delay) => parts.backlog.put(task, delay, now),
            Settlement::Quarantine(reason) => {
                let attempts = task.attempts.saturating_add(1);
                parts.quarantine.add(Task { attempts, ..task }, reason, now);
            }
        }
        drop(parts);
        self.0.entered.notify_waiters();
        true
    }

    fn depth_now(&self) -> Depth {
        let (mut parts, now) = self.parts();
        Depth { quarantined: parts.quarantine.len(), ..parts.backlog.depth(now) }
    }

    fn release_now(&self, id: u64) -> bool {
        let (mut parts, now) = self.parts();
        let Some(task) = parts.quarantine.remove(id) else { return false };
        parts.backlog.put(Task { attempts: 0, unsettled: 0, pushed_at: now, ..task }, Duration::ZERO, now);
        drop(parts);
        self.0.entered.notify_waiters();
        true
    }
}

impl Queue for MemoryQueue {
    fn traits(&self) -> QueueTraits {
        QueueTraits { durable: false, delays: true, ordered: true, visibility: self.0.visibility }
    }

    fn push<'a>(&'a self, tasks: &'a [NewTask]) -> BoxFuture<'a, Result<Pushed, PortError>> {
        Box::pin(async { Ok(self.push_now(tasks)) })
    }

    fn pull(&self, most: usize, wait: Duration) -> BoxFuture<'_, Result<Vec<Delivery>, PortError>> {
        Box::pin(async move {
            if most == 0 {
                return Ok(Vec::new());
            }
            // It looks at least once, even when `wait` is zero: a timeout asks its future before its timer.
            Ok(timeout(wait, self.first(most)).await.unwrap_or_default())
        })
    }

    fn settle<'a>(&'a self, receipt: &'a Receipt, settlement: Settlement) -> BoxFuture<'a, Result<bool, PortError>> {
        Box::pin(async { Ok(self.settle_now(receipt, settlement)) })
    }

    fn depth(&self) -> BoxFuture<'_, Result<Depth, PortError>> {
        Box::pin(async { Ok(self.depth_now()) })
    }

    fn waiting(&self, most: usize) -> BoxFuture<'_, Result<Vec<Task>, PortError>> {
        Box::pin(async move {
            let (mut parts, now) = self.parts();
            Ok(parts.backlog.waiting(most, now))
        })
    }

    fn quarantined(&self, most: usize) -> BoxFuture<'_, Result<Vec<Quarantined>, PortError>> {
        Box::pin(async move { Ok(self.parts().0.quarantine.newest(most)) })
    }

    fn release(&self, id: u64) -> BoxFuture<'_, Result<bool, PortError>> {
        Box::pin(async move { Ok(self.release_now(id)) })
    }

    fn discard(&self, id: u64) -> BoxFuture<'_, Result<bool, PortError>> {
        Box::pin(async move { Ok(self.parts().0.quarantine.remove(id).is_some()) })
    }
}

/// Configures a [`MemoryQueue`].
#[derive(Clone, Debug)]
pub struct MemoryQueueBuilder {
    clock: Clock,
    bound: usize,
    quarantine_bound: usize,
    visibility: Duration,
}

impl MemoryQueueBuilder {
    /// How many tasks may wait, ready and delayed (100,000). A push beyond it is [`Pushed::Full`]; what is put back or released
    /// exceeds it.
    pub fn bound(mut self, tasks: usize) -> Self {
        self.bound = tasks;
        self
    }

    /// How many tasks the quarantine keeps (1,000). The oldest makes room for a new one.
    pub fn quarantine_bound(mut self, tasks: usize) -> Self {
        self.quarantine_bound = tasks;
        self
    }

    /// How long a pulled task may be held before it is pulled again (120 s). Longer than a load may take, or it runs twice.
    pub fn visibility(mut self, span: Duration) -> Self {
        self.visibility = span;
        self
    }

    /// Makes the queue.
    ///
    /// # Errors
    /// [`BuildError::Config`] when a bound or the visibility is zero.
    pub fn build(self) -> Result<MemoryQueue, BuildError> {
        let MemoryQueueBuilder { clock, bound, quarantine_bound, visibility } = self;
        let positive =
            [("bound", bound > 0), ("quarantine_bound", quarantine_bound > 0), ("visibility", !visibility.is_zero())];
        if let Some((field, _)) = positive.into_iter().find(|(_, positive)| !positive) {
            return Err(BuildError::Config { field, reason: "of the memory queue is zero" });
        }
        let parts = Parts { backlog: Backlog::new(bound, visibility), quarantine: Quarantine::new(quarantine_bound) };
        Ok(MemoryQueue(Arc::new(Shared { clock, visibility, parts: Mutex::new(parts), entered: Notify::new() })))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::Key;

    fn task(name: &str, delay: Duration) -> NewTask {
        NewTask { key: Key::new("test", "job", &name).unwrap(), delay, priority: Default::default() }
    }

    fn queue() -> MemoryQueueBuilder {
        MemoryQueue::builder(Clock::runtime())
    }

    #[tokio::test(start_paused = true)]
    async fn a_bound_or_a_visibility_of_zero_is_refused_by_name() {
        let refused = |builder: MemoryQueueBuilder| builder.build().err().unwrap().to_string();
        assert_eq!(refused(queue().bound(0)), "cache: bound of the memory queue is zero");
        assert_eq!(refused(queue().quarantine_bound(0)), "cache: quarantine_bound of the memory queue is zero");
        assert_eq!(refused(queue().visibility(Duration::ZERO)), "cache: visibility of the memory queue is zero");
    }

    #[tokio::test(start_paused = true)]
    async fn a_clone_is_the_same_queue() {
        let queue = queue().build().unwrap();
        queue.clone().push(&[task("a", Duration::ZERO)]).await.unwrap();
        assert_eq!(queue.pull(1, Duration::ZERO).await.unwrap().len(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_pull_of_none_answers_at_once() {
        let queue = queue().build().unwrap();
        let asked = tokio::time::Instant::now();
        assert!(queue.pull(0, Duration::from_secs(60)).await.unwrap().is_empty());
        assert_eq!(asked.elapsed(), Duration::ZERO);
    }

    /// One waits for a task due in an hour. Another task, due in a second, comes in meanwhile: whoever still slept towards the first would be
    /// an hour late for it.
    #[tokio::test(start_paused = true)]
    async fn one_who_waits_for_a_late_task_wakes_for_an_earlier_one() {
        let queue = queue().build().unwrap();
        queue.push(&[task("late", Duration::from_secs(3600))]).await.unwrap();
        let waiting = tokio::spawn({
            let queue = queue.clone();
            async move { queue.pull(1, Duration::from_secs(7200)).await }
        });
        tokio::task::yield_now().await;
        let began = tokio::time::Instant::now();
        queue.push(&[task("early", Duration::from_secs(1))]).await.unwrap();
        assert_eq!(waiting.await.unwrap().unwrap().len(), 1);
        assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
    }
}
