//! One task's turn: down the one road, and then done, back into the queue, or set aside.

use std::sync::Arc;
use std::time::Duration;

use tracing::Instrument;

use crate::engine::cache::Cache;
use crate::engine::core::Engine;
use crate::engine::demand::Demand;
use crate::engine::fault::Fault;
use crate::engine::flight::{Done, Unkept};
use crate::engine::governor::Place;
use crate::engine::passage::fly;
use crate::engine::queues::NamedQueue;
use crate::engine::spans;
use crate::engine::work::Work;
use crate::event::{Event, TaskEnd};
use crate::key::Key;
use crate::queue::{Delivery, Priority, Settlement, TASK_FORMAT, Task};
use crate::store::{Role, cut_reason};
use crate::time::Timestamp;

/// The shortest pause of a task whose value was outdated while it was loaded.
const AGAIN_PAUSE: Duration = Duration::from_millis(100);
/// The longest pause of a task whose key another process holds, or whose value the store did not take.
const BUSY_PAUSE_MAX: Duration = Duration::from_secs(5);

/// Holders that may leave a task unsettled: it may be what ends them.
const UNSETTLED_MAX: u32 = 5;
/// So many of them make it a suspect. One worker that is killed leaves many that are innocent.
const SUSPECT_FROM: u32 = 2;

/// A task in the hands of this process, and the work that it names, or why there is none.
pub(crate) struct Turn {
    cache: Cache,
    queue: Arc<NamedQueue>,
    delivery: Delivery,
    pulled: Timestamp,
    work: Result<Arc<dyn Work>, String>,
}

impl Turn {
    /// Of what was pulled just now.
    pub fn new(cache: Cache, queue: Arc<NamedQueue>, delivery: Delivery) -> Self {
        let work = open(cache.engine(), &delivery.task);
        let pulled = cache.engine().now();
        Turn { cache, queue, delivery, pulled, work }
    }

    /// The work, if the task names one.
    pub fn work(&self) -> Option<&Arc<dyn Work>> {
        self.work.as_ref().ok()
    }

    /// How long it takes at most, but for what the store and the queue take: what was outdated while it was loaded is loaded
    /// once more.
    pub fn longest(&self) -> Duration {
        self.work().map_or(Duration::ZERO, |work| 2 * work.policy().load_timeout())
    }

    pub fn priority(&self) -> Priority {
        self.delivery.task.priority
    }

    /// How long this process has had it in hand.
    pub fn waited(&self, now: Timestamp) -> Duration {
        now.since(self.pulled)
    }

    /// Whether several holders did not settle it: carrying it out may be what ended them.
    pub fn is_suspect(&self) -> bool {
        self.work.is_ok() && self.delivery.task.unsettled >= SUSPECT_FROM
    }

    /// Leaves the task for later, or for others.
    pub async fn put_back(self, pause: Duration) {
        self.settle(Settlement::PutBack(pause)).await;
    }

    /// Takes the turn. A task without a work needs no place.
    pub async fn take(self, place: Option<Place>) {
        match (&self.work, place) {
            (Ok(work), Some(place)) => {
                let span = spans::task(work.key(), &self.queue.name, self.delivery.task.attempts);
                let (end, reason) = self.carry_out(work, place).instrument(span.clone()).await;
                spans::task_ended(&span, end, reason.as_deref());
            }
            (Ok(_), None) => self.put_back(AGAIN_PAUSE).await,
            (Err(reason), _) => {
                // Whoever is able to carry it out may be asked again. What ends its holders keeps its marker up to the deadline:
                // the next reader would have more of them ended.
                if self.delivery.task.unsettled < UNSETTLED_MAX
                    && let Ok(key) = Key::from_bytes(&self.delivery.task.key)
                {
                    self.cache.unask(&key).await;
                }
                let (settlement, reason) = set_aside(reason);
                self.end(None, settlement, reason.as_deref()).await;
            }
        }
    }

    async fn carry_out(&self, work: &Arc<dyn Work>, place: Place) -> (TaskEnd, Option<String>) {
        let (settlement, reason) = self.refresh(work, place).await;
        let key = work.key();
        if matches!(settlement, Settlement::Quarantine(_)) {
            self.cache.unask(key).await;
        }
        if !matches!(settlement, Settlement::RetryAfter(_) | Settlement::PutBack(_)) {
            self.cache.engine().heat().forget(key.hash());
        }
        (self.end(Some(key), settlement, reason.as_deref()).await, reason)
    }

    /// Takes the key down the road, or follows whoever does already.
    async fn refresh(&self, work: &Arc<dyn Work>, place: Place) -> (Settlement, Option<String>) {
        let engine = self.cache.engine();
        let reading = engine.read(std::slice::from_ref(work)).await.pop();
        let (at_least, near_only) = reading.as_ref().map_or((None, false), |found| (found.newest, found.bytes_stay()));
        let (mut seat, lead) = engine.flights().join(work.key());
        let Some(lead) = lead else {
            // A caller's load is under way, perhaps for longer than a task may be held, and waiting for it would keep others from
            // their places. When it has landed, the task's own begin finds the key fresh.
            place.unused();
            return (Settlement::PutBack(self.busy_pause(BUSY_PAUSE_MAX)), None);
        };
        let demand = Demand {
            role: Role::Task { deadline: engine.config().task_deadline },
            at_least,
            previous: reading.and_then(|found| found.hand).map(|(hand, _)| hand),
            heeds_backoff: true,
            near_only,
            batch: None,
        };
        fly(self.cache.clone(), work.clone(), lead, demand).await;
        let done = seat.landed().await;
        if done.has_loaded() {
            drop(place);
        } else {
            place.unused();
        }
        self.judge(work, &done).await
    }

    /// What a flight that ended so means for the task.
    async fn judge(&self, work: &Arc<dyn Work>, done: &Done) -> (Settlement, Option<String>) {
        let engine = self.cache.engine();
        match (&done.result, &done.unkept) {
            // Whoever had the key instead has not cleared the marker. The task's next begin does, where the key is still fresh.
            (Ok(_), Some(Unkept::Lost)) if done.is_current(engine.near()) => {
                (Settlement::PutBack(Duration::ZERO), None)
            }
            (Ok(hand), _) if done.is_current(engine.near()) => {
                // What was stale already when it was stored, because its load took longer than its ttl, has not cleared the
                // marker.
                if engine.now() >= hand.meta().facts().fresh_until() {
                    self.cache.unask(work.key()).await;
                }
                (Settlement::Done, None)
            }
            // Its source did what it could. Each try reads it, so the pauses grow to their longest.
            (Ok(_), Some(Unkept::StoreFailed)) => (Settlement::PutBack(self.busy_pause(BUSY_PAUSE_MAX)), None),
            (Ok(_), Some(Unkept::Refused(reason))) => self.again(work, reason, self.back_off(work)),
            (Ok(_), _) => self.again(work, "outdated while it was loaded", AGAIN_PAUSE),
            (Err(Fault::Busy { retry_after }), _) => (Settlement::PutBack(self.busy_pause(*retry_after)), None),
            (Err(Fault::Cooling { retry_after, .. }), _) => (Settlement::PutBack(*retry_after), None),
            (Err(Fault::Closed), _) => (Settlement::PutBack(Duration::ZERO), None),
            (Err(fault), _) => self.again(work, &fault.reason(), self.back_off(work)),
        }
    }

    /// The job's own pause after as many attempts.
    fn back_off(&self, work: &Arc<dyn Work>) -> Duration {
        work.policy().backoff().pause(self.delivery.task.attempts.saturating_add(1))
    }

    /// At the lease's end, or after a pause that grows with the task's age, whichever is sooner.
    fn busy_pause(&self, until: Duration) -> Duration {
        let age = self.cache.engine().now().since(self.delivery.task.pushed_at);
        until.min((age / 4).clamp(AGAIN_PAUSE, BUSY_PAUSE_MAX))
    }

    /// One attempt more, or quarantine.
    fn again(&self, work: &Arc<dyn Work>, reason: &str, pause: Duration) -> (Settlement, Option<String>) {
        let attempts = self.delivery.task.attempts.saturating_add(1);
        if attempts >= work.policy().attempts() {
            return set_aside(&format!("gave up after {attempts} attempts: {reason}"));
        }
        (Settlement::RetryAfter(pause), Some(cut_reason(reason).into_owned()))
    }

    async fn end(&self, key: Option<&Key>, settlement: Settlement, reason: Option<&str>) -> TaskEnd {
        let end = match settlement {
            Settlement::Done => TaskEnd::Done,
            Settlement::RetryAfter(_) => TaskEnd::Retried,
            Settlement::PutBack(_) => TaskEnd::PutBack,
            Settlement::Quarantine(_) => TaskEnd::Quarantined,
        };
        let (end, reason) = match self.settle(settlement).await {
            Settled::Well => (end, reason),
            Settled::Late => (TaskEnd::Unsettled, Some("the queue had given it to another meanwhile")),
            Settled::Failed => (TaskEnd::Unsettled, Some("the queue could not be told")),
        };
        self.cache.engine().emit(&Event::TaskEnded { queue: &self.queue.name, key, end, reason });
        end
    }

    /// On the queue that the task came from, whatever queue its job names by now. A delivery that cannot be settled is delivered
    /// again by the queue: late, never lost.
    async fn settle(&self, settlement: Settlement) -> Settled {
        match self.queue.queue.settle(&self.delivery.receipt, settlement).await {
            Ok(true) => Settled::Well,
            Ok(false) => Settled::Late,
            Err(error) => {
                self.cache.engine().emit(&Event::PortFailed { error: &error });
                Settled::Failed
            }
        }
    }
}

/// What the queue made of a settlement.
enum Settled {
    Well,
    /// The delivery was not in force any more.
    Late,
    Failed,
}

/// Never again by itself. The queue keeps the reasons of many, so an error may not bring a page with it.
fn set_aside(reason: &str) -> (Settlement, Option<String>) {
    let reason = cut_reason(reason);
    (Settlement::Quarantine((*reason).into()), Some(reason.into_owned()))
}

/// The work that a task names, or why it is not carried out.
fn open(engine: &Engine, task: &Task) -> Result<Arc<dyn Work>, String> {
    let (format, unsettled) = (task.format, task.unsettled);
    if unsettled >= UNSETTLED_MAX {
        return Err(format!("its holder did not settle it {unsettled} times"));
    }
    if format > TASK_FORMAT {
        return Err(format!("task format {format} is newer than {TASK_FORMAT}, the newest that this version reads"));
    }
    let key = Key::from_bytes(&task.key).map_err(|error| error.to_string())?;
    let opened = engine.registry().open(&key).map_err(|error| error.to_string())?;
    opened.ok_or_else(|| format!("nobody registered job {}:{} here", key.namespace(), key.job()))
}
