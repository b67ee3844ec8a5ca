//! A queue that keeps the contract but for one sentence.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use freshen_core::queue::{
    Delivery, Depth, NewTask, Priority, Pushed, Quarantined, Queue, QueueTraits, Receipt, Settlement, Task,
};
use freshen_core::{BoxFuture, Key, PortError};

/// What is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flaw {
    None,
    LosesTheLastOfAPush,
    ForgetsPriority,
    LosesHalfABatchOnFull,
    TakesHalfABatchOnFull,
    SaysTakenWhenFull,
    IgnoresDelay,
    NeverDue,
    ForgetsAtReopen,
    NeverWaits,
    WaitsForAFullBatch,
    IgnoresMost,
    FailsWhenEmpty,
    ReversesPriority,
    ReversesOrder,
    GivesWhatIsHeld,
    GivesTheSameToTwo,
    NeverRedelivers,
    RedeliversUncounted,
    RedeliversAsAttempt,
    PullerLeavesWithTasks,
    RedeliversWhatIsDone,
    RetryEnds,
    RetriesAtOnce,
    RetriesUncounted,
    RetryKeepsUnsettled,
    PutBackEnds,
    PutsBackAtOnce,
    PutBackCounts,
    ComesBackAsUsual,
    SettlesTwice,
    LateHolderSettles,
    PutBackPushes,
    QuarantineEnds,
    QuarantineForgetsReason,
    QuarantineForgetsAttempt,
    QuarantineListsOldestFirst,
    QuarantineRefusesNewest,
    ReleaseEnds,
    ReleaseKeepsAttempts,
    ReleaseKeepsUnsettled,
    ReleaseObeysBound,
    DiscardReleases,
    ReleaseSaysTrue,
    DiscardSaysTrue,
    ShowsWhatIsHeld,
    ShowsNoDelayed,
    ShowsDelayedFirst,
    ShowsAll,
    ShowingTakes,
    CountsHeldAsReady,
    ForgetsDelayedInDepth,
    TellsNoAge,
    TellsAgeOfTheYoungest,
}

/// Wraps any queue. What it remembers beside it serves the flaws alone.
pub(super) struct Flawed {
    inner: Arc<dyn Queue>,
    flaw: Flaw,
    traits: QueueTraits,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    /// Every task that was ever pulled, by its receipts.
    pulled: HashMap<Receipt, Task>,
    /// The newest receipt of each key.
    newest: HashMap<Box<[u8]>, Receipt>,
    /// What was pulled and not settled.
    held: HashSet<Box<[u8]>>,
    last_batch: Vec<Delivery>,
    /// What was taken from the inner queue and is still to be given.
    buffer: Vec<Delivery>,
    attempts_at_release: HashMap<Box<[u8]>, u32>,
    unsettled_before: HashMap<Box<[u8]>, u32>,
}

type Answer<T> = Result<T, PortError>;

impl Flawed {
    pub fn new(inner: impl Queue, flaw: Flaw) -> Flawed {
        let traits = inner.traits();
        Flawed { inner: Arc::new(inner), flaw, traits, seen: Mutex::default() }
    }

    /// Declares other traits than those of the queue inside.
    pub fn declared(self, traits: QueueTraits) -> Flawed {
        Flawed { traits, ..self }
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap()
    }

    async fn push_flawed(&self, tasks: &[NewTask]) -> Answer<Pushed> {
        let mut tasks: Vec<NewTask> = tasks.iter().cloned().map(|task| self.altered(task)).collect();
        match self.flaw {
            Flaw::LosesTheLastOfAPush if tasks.len() > 1 => {
                tasks.pop();
                self.inner.push(&tasks).await
            }
            Flaw::LosesHalfABatchOnFull | Flaw::TakesHalfABatchOnFull => {
                for task in tasks {
                    if self.inner.push(&[task]).await? == Pushed::Full {
                        let lost = self.flaw == Flaw::LosesHalfABatchOnFull;
                        return Ok(if lost { Pushed::Taken } else { Pushed::Full });
                    }
                }
                Ok(Pushed::Taken)
            }
            Flaw::SaysTakenWhenFull => self.inner.push(&tasks).await.map(|_| Pushed::Taken),
            _ => self.inner.push(&tasks).await,
        }
    }

    fn altered(&self, task: NewTask) -> NewTask {
        match (self.flaw, task.priority) {
            (Flaw::IgnoresDelay, _) => NewTask { delay: Duration::ZERO, ..task },
            (Flaw::NeverDue, _) if !task.delay.is_zero() => NewTask { delay: Duration::MAX, ..task },
            (Flaw::ForgetsPriority, _) => NewTask { priority: Priority::Normal, ..task },
            (Flaw::ReversesPriority, Priority::High) => NewTask { priority: Priority::Low, ..task },
            (Flaw::ReversesPriority, Priority::Low) => NewTask { priority: Priority::High, ..task },
            _ => task,
        }
    }

    async fn pull_flawed(&self, most: usize, wait: Duration) -> Answer<Vec<Delivery>> {
        let mut batch = match self.flaw {
            Flaw::NeverWaits => self.inner.pull(most, Duration::ZERO).await?,
            Flaw::IgnoresMost => self.inner.pull(100, wait).await?,
            Flaw::WaitsForAFullBatch => self.pull_full(most, wait).await?,
            Flaw::PullerLeavesWithTasks => {
                let inner = self.inner.clone();
                tokio::spawn(async move { inner.pull(most, wait).await }).await.unwrap()?
            }
            Flaw::GivesTheSameToTwo => self.pull_shared(most, wait).await?,
            _ => self.inner.pull(most, wait).await?,
        };
        let mut seen = self.seen();
        match self.flaw {
            Flaw::FailsWhenEmpty if batch.is_empty() => {
                return Err(PortError::passing("queue", "pull", "nothing there"));
            }
            Flaw::ReversesOrder => batch.reverse(),
            Flaw::GivesWhatIsHeld if batch.is_empty() => batch.clone_from(&seen.last_batch),
            Flaw::NeverRedelivers => batch.retain(|delivery| !seen.held.contains(&delivery.task.key)),
            _ => {}
        }
        for delivery in &mut batch {
            let task = &mut delivery.task;
            task.attempts += seen.attempts_at_release.remove(&task.key).unwrap_or(0);
            task.unsettled += seen.unsettled_before.remove(&task.key).unwrap_or(0);
            match self.flaw {
                Flaw::RedeliversUncounted => task.unsettled = 0,
                Flaw::RedeliversAsAttempt => task.attempts += std::mem::take(&mut task.unsettled),
                _ => {}
            }
            seen.held.insert(delivery.task.key.clone());
            seen.newest.insert(delivery.task.key.clone(), delivery.receipt.clone());
            seen.pulled.insert(delivery.receipt.clone(), delivery.task.clone());
        }
        seen.last_batch.clone_from(&batch);
        Ok(batch)
    }

    async fn pull_full(&self, most: usize, wait: Duration) -> Answer<Vec<Delivery>> {
        let ends = tokio::time::Instant::now() + wait;
        let mut batch = Vec::new();
        while batch.len() < most {
            let rest = ends.saturating_duration_since(tokio::time::Instant::now());
            batch.extend(self.inner.pull(most - batch.len(), rest).await?);
            if rest.is_zero() {
                break;
            }
        }
        Ok(batch)
    }

    /// Looks at what there is, lets others look too, and only then takes it away.
    async fn pull_shared(&self, most: usize, wait: Duration) -> Answer<Vec<Delivery>> {
        if self.seen().buffer.is_empty() {
            let batch = self.inner.pull(100, wait).await?;
            self.seen().buffer.extend(batch);
        }
        let batch: Vec<Delivery> = self.seen().buffer.iter().take(most).cloned().collect();
        tokio::task::yield_now().await;
        self.seen().buffer.retain(|left| batch.iter().all(|taken| taken.receipt != left.receipt));
        Ok(batch)
    }

    async fn settle_flawed(&self, receipt: &Receipt, settlement: Settlement) -> Answer<bool> {
        let Some(task) = self.seen().pulled.get(receipt).cloned() else {
            return self.inner.settle(receipt, settlement).await;
        };
        let settlement = match (self.flaw, settlement) {
            (Flaw::RedeliversWhatIsDone, Settlement::Done) => Settlement::PutBack(self.traits.visibility),
            (Flaw::RetryEnds, Settlement::RetryAfter(_)) => Settlement::Done,
            (Flaw::RetriesAtOnce, Settlement::RetryAfter(_)) => Settlement::RetryAfter(Duration::ZERO),
            (Flaw::RetriesUncounted, Settlement::RetryAfter(delay)) => Settlement::PutBack(delay),
            (Flaw::PutBackEnds, Settlement::PutBack(_)) => Settlement::Done,
            (Flaw::PutsBackAtOnce, Settlement::PutBack(_)) => Settlement::PutBack(Duration::ZERO),
            (Flaw::PutBackCounts, Settlement::PutBack(delay)) => Settlement::RetryAfter(delay),
            (Flaw::QuarantineEnds, Settlement::Quarantine(_)) => Settlement::Done,
            (Flaw::QuarantineForgetsReason, Settlement::Quarantine(_)) => Settlement::Quarantine("".into()),
            (_, settlement) => settlement,
        };
        self.seen().held.remove(&task.key);
        match (self.flaw, &settlement) {
            (Flaw::PutBackPushes, Settlement::PutBack(delay) | Settlement::RetryAfter(delay)) => {
                self.push_instead(receipt, &task, *delay, task.priority).await
            }
            (Flaw::ComesBackAsUsual, Settlement::PutBack(delay) | Settlement::RetryAfter(delay)) => {
                self.push_instead(receipt, &task, *delay, Priority::Normal).await
            }
            (Flaw::SettlesTwice, Settlement::PutBack(delay))
                if !self.inner.settle(receipt, settlement.clone()).await? =>
            {
                self.push_instead(receipt, &task, *delay, task.priority).await?;
                Ok(false)
            }
            (Flaw::SettlesTwice, Settlement::PutBack(_)) => Ok(true),
            (Flaw::RetryKeepsUnsettled, Settlement::RetryAfter(_)) => {
                self.seen().unsettled_before.insert(task.key, task.unsettled);
                self.inner.settle(receipt, settlement).await
            }
            (Flaw::LateHolderSettles, _) => {
                let newest = self.seen().newest[&task.key].clone();
                self.inner.settle(&newest, settlement).await
            }
            (Flaw::QuarantineRefusesNewest, Settlement::Quarantine(_)) => {
                self.set_aside_if_room(receipt, settlement).await
            }
            _ => self.inner.settle(receipt, settlement).await,
        }
    }

    /// Ends the delivery and pushes its task anew.
    async fn push_instead(&self, receipt: &Receipt, task: &Task, delay: Duration, priority: Priority) -> Answer<bool> {
        let settled = self.inner.settle(receipt, Settlement::Done).await?;
        self.inner.push(&[NewTask { key: Key::from_bytes(&task.key).unwrap(), delay, priority }]).await?;
        Ok(settled)
    }

    async fn set_aside_if_room(&self, receipt: &Receipt, settlement: Settlement) -> Answer<bool> {
        let before = self.inner.quarantined(100).await?.len();
        let settled = self.inner.settle(receipt, settlement).await?;
        let after = self.inner.quarantined(100).await?;
        if after.len() == before {
            self.inner.discard(after[0].id).await?;
        }
        Ok(settled)
    }

    async fn depth_flawed(&self) -> Answer<Depth> {
        let depth = self.inner.depth().await?;
        let youngest = depth.oldest.map(|_| Duration::ZERO);
        Ok(match self.flaw {
            Flaw::CountsHeldAsReady => Depth { ready: depth.ready + depth.held, held: 0, ..depth },
            Flaw::ForgetsDelayedInDepth => Depth { delayed: 0, ..depth },
            Flaw::TellsNoAge => Depth { oldest: None, ..depth },
            Flaw::TellsAgeOfTheYoungest => Depth { oldest: youngest, ..depth },
            _ => depth,
        })
    }

    async fn waiting_flawed(&self, most: usize) -> Answer<Vec<Task>> {
        let most = if self.flaw == Flaw::ShowsAll { 100 } else { most };
        let mut waiting = self.inner.waiting(most).await?;
        match self.flaw {
            Flaw::ShowsWhatIsHeld => waiting.extend(self.seen().last_batch.iter().map(|held| held.task.clone())),
            Flaw::ShowsNoDelayed => waiting.truncate(self.inner.depth().await?.ready),
            Flaw::ShowsDelayedFirst => waiting.reverse(),
            Flaw::ShowingTakes => drop(self.inner.pull(most, Duration::ZERO).await?),
            _ => {}
        }
        Ok(waiting)
    }

    async fn quarantined_flawed(&self, most: usize) -> Answer<Vec<Quarantined>> {
        let mut aside = self.inner.quarantined(most).await?;
        match self.flaw {
            Flaw::QuarantineListsOldestFirst => aside.reverse(),
            Flaw::QuarantineForgetsAttempt => aside.iter_mut().for_each(|quarantined| quarantined.task.attempts -= 1),
            _ => {}
        }
        Ok(aside)
    }

    async fn release_flawed(&self, id: u64) -> Answer<bool> {
        let aside = self.inner.quarantined(100).await?;
        let task = aside.into_iter().find(|quarantined| quarantined.id == id).map(|quarantined| quarantined.task);
        match (self.flaw, task) {
            (Flaw::ReleaseEnds, _) => self.inner.discard(id).await,
            (Flaw::ReleaseKeepsAttempts, Some(task)) => {
                self.seen().attempts_at_release.insert(task.key, task.attempts);
                self.inner.release(id).await
            }
            (Flaw::ReleaseKeepsUnsettled, Some(task)) => {
                self.seen().unsettled_before.insert(task.key, task.unsettled);
                self.inner.release(id).await
            }
            (Flaw::ReleaseObeysBound, Some(task)) => {
                self.inner.discard(id).await?;
                let key = Key::from_bytes(&task.key).unwrap();
                let pushed =
                    self.inner.push(&[NewTask { key, delay: Duration::ZERO, priority: task.priority }]).await?;
                Ok(pushed == Pushed::Taken)
            }
            (Flaw::ReleaseSaysTrue, _) => self.inner.release(id).await.map(|_| true),
            _ => self.inner.release(id).await,
        }
    }

    async fn discard_flawed(&self, id: u64) -> Answer<bool> {
        match self.flaw {
            Flaw::DiscardReleases => self.inner.release(id).await,
            Flaw::DiscardSaysTrue => self.inner.discard(id).await.map(|_| true),
            _ => self.inner.discard(id).await,
        }
    }
}

impl Queue for Flawed {
    fn traits(&self) -> QueueTraits {
        self.traits
    }

    fn push<'a>(&'a self, tasks: &'a [NewTask]) -> BoxFuture<'a, Answer<Pushed>> {
        Box::pin(self.push_flawed(tasks))
    }

    fn pull(&self, most: usize, wait: Duration) -> BoxFuture<'_, Answer<Vec<Delivery>>> {
        Box::pin(self.pull_flawed(most, wait))
    }

    fn settle<'a>(&'a self, receipt: &'a Receipt, settlement: Settlement) -> BoxFuture<'a, Answer<bool>> {
        Box::pin(self.settle_flawed(receipt, settlement))
    }

    fn depth(&self) -> BoxFuture<'_, Answer<Depth>> {
        Box::pin(self.depth_flawed())
    }

    fn waiting(&self, most: usize) -> BoxFuture<'_, Answer<Vec<Task>>> {
        Box::pin(self.waiting_flawed(most))
    }

    fn quarantined(&self, most: usize) -> BoxFuture<'_, Answer<Vec<Quarantined>>> {
        Box::pin(self.quarantined_flawed(most))
    }

    fn release(&self, id: u64) -> BoxFuture<'_, Answer<bool>> {
        Box::pin(self.release_flawed(id))
    }

    fn discard(&self, id: u64) -> BoxFuture<'_, Answer<bool>> {
        Box::pin(self.discard_flawed(id))
    }
}
