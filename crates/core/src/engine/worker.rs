//! Workers: they pull tasks and take each down the one road, as many at once as the governor lets.

use std::sync::Arc;
use std::time::Duration;

use crate::engine::cache::Cache;
use crate::engine::core::Engine;
use crate::engine::fault::Fault;
use crate::engine::governor::Place;
use crate::engine::passage::{Demand, fly};
use crate::engine::work::Work;
use crate::error::PortError;
use crate::event::{Event, TaskEnd};
use crate::key::Key;
use crate::queue::{Delivery, Settlement, TASK_FORMAT, Task};
use crate::store::Role;

/// Tasks that are pulled ahead of their turn at most, so that the hottest of them goes first.
const AHEAD: usize = 64;
/// How long one pull waits for a task; an idle worker asks again after it.
const PULL_WAIT: Duration = Duration::from_secs(5);
/// The pause after the queue could not be reached.
const QUEUE_DOWN_PAUSE: Duration = Duration::from_secs(1);
/// The shortest pause of a task whose value was outdated while it was loaded.
const AGAIN_PAUSE: Duration = Duration::from_millis(100);
/// The longest pause of a task whose key another process holds.
const BUSY_PAUSE_MAX: Duration = Duration::from_secs(5);

/// Starts the dispatcher of a cache that has workers.
pub(crate) fn start(cache: &Cache) {
    if cache.engine().config().workers > 0 {
        let own = cache.for_task();
        cache.engine().spawn(async move { Dispatcher::new(own).run().await });
    }
}

/// Pulls tasks and gives them places. It alone holds the backlog.
struct Dispatcher {
    cache: Cache,
    places: Arc<tokio::sync::Semaphore>,
    backlog: Vec<Delivery>,
}

impl Dispatcher {
    fn new(cache: Cache) -> Self {
        let places = Arc::new(tokio::sync::Semaphore::new(cache.engine().config().workers));
        Dispatcher { cache, places, backlog: Vec::new() }
    }

    async fn run(mut self) {
        let cache = self.cache.clone();
        loop {
            tokio::select! {
                biased;
                () = cache.engine().closed() => break,
                () = self.turn() => {}
            }
        }
        // What was pulled ahead goes back: another process takes it at once.
        for delivery in std::mem::take(&mut self.backlog) {
            settle(self.cache.engine(), &delivery, Settlement::PutBack(Duration::ZERO)).await;
        }
    }

    /// Pulls what is there and starts what has its turn. Dropping it between two awaits loses no task: what was pulled stands
    /// in the backlog.
    async fn turn(&mut self) {
        let Ok(permit) = self.places.clone().acquire_owned().await else { return };
        let wait = if self.backlog.is_empty() { PULL_WAIT } else { Duration::ZERO };
        match self.cache.engine().queue().pull(AHEAD - self.backlog.len().min(AHEAD - 1), wait).await {
            Ok(pulled) => self.backlog.extend(pulled),
            Err(error) => {
                self.cache.engine().emit(&Event::PortFailed { error: &error });
                tokio::time::sleep(QUEUE_DOWN_PAUSE).await;
            }
        }
        let Some(delivery) = self.hottest() else { return };
        let turn = Turn { cache: self.cache.clone(), delivery };
        self.cache.engine().spawn(async move {
            turn.take().await;
            drop(permit);
        });
    }

    /// The next task: the highest priority, then the most wanted, then the first.
    fn hottest(&mut self) -> Option<Delivery> {
        let engine = self.cache.engine();
        let now = engine.now();
        let score = |delivery: &Delivery| {
            let key = Key::from_bytes(&delivery.task.key).ok();
            (delivery.task.priority, key.map_or(0.0, |key| engine.heat().score(key.hash(), now)))
        };
        let mut best = None;
        for (at, delivery) in self.backlog.iter().enumerate() {
            let scored = score(delivery);
            if best.is_none_or(|(_, top)| scored > top) {
                best = Some((at, scored));
            }
        }
        best.map(|(at, _)| self.backlog.remove(at))
    }
}

/// One task's turn.
struct Turn {
    cache: Cache,
    delivery: Delivery,
}

impl Turn {
    async fn take(self) {
        let engine = self.cache.engine();
        let work = match self.work() {
            Ok(work) => work,
            Err(reason) => {
                // Whoever is able to carry it out may be asked again.
                if let Ok(key) = Key::from_bytes(&self.delivery.task.key) {
                    self.cache.unask(&key).await;
                }
                self.end(None, Settlement::Quarantine(reason.as_str().into()), Some(&reason)).await;
                return;
            }
        };
        let key = work.key();
        match engine.governor().admit(work.namespace(), work.job_name(), engine.now()) {
            Ok(place) => {
                let (settlement, reason) = self.refresh(&work, place).await;
                let ended = !matches!(settlement, Settlement::RetryAfter(_) | Settlement::PutBack(_));
                if matches!(settlement, Settlement::Quarantine(_)) {
                    self.cache.unask(key).await;
                }
                if ended {
                    engine.heat().forget(key.hash());
                }
                self.end(Some(key), settlement, reason.as_deref()).await;
            }
            Err(wait) => self.end(Some(key), Settlement::PutBack(wait), Some("no room")).await,
        }
    }

    /// The work that the task names, or why there is none.
    fn work(&self) -> Result<Arc<dyn Work>, String> {
        let Task { format, key, .. } = &self.delivery.task;
        if *format > TASK_FORMAT {
            return Err(format!(
                "task format {format} is newer than {TASK_FORMAT}, the newest that this version reads"
            ));
        }
        let key = Key::from_bytes(key).map_err(|error| error.to_string())?;
        let opened = self.cache.engine().registry().open(&key).map_err(|error| error.to_string())?;
        opened.ok_or_else(|| format!("nobody registered job {}:{} here", key.namespace(), key.job()))
    }

    /// Takes the key down the road, or follows whoever does already.
    async fn refresh(&self, work: &Arc<dyn Work>, place: Place) -> (Settlement, Option<String>) {
        let engine = self.cache.engine();
        let reading = engine.read(std::slice::from_ref(work)).await.pop();
        let (at_least, undecodable) = reading.as_ref().map_or((None, false), |found| (found.newest, found.undecodable));
        let (mut seat, lead) = engine.flights().join(work.key());
        let Some(lead) = lead else {
            // A foreground load is under way. When it has landed, the task's own begin finds the key fresh.
            seat.landed().await;
            return (Settlement::PutBack(Duration::ZERO), None);
        };
        let demand = Demand {
            role: Role::Task { deadline: engine.config().task_deadline },
            at_least,
            previous: reading.and_then(|found| found.hand).map(|(hand, _)| hand),
            heeds_backoff: true,
            near_only: undecodable,
            batch: None,
        };
        fly(self.cache.clone(), work.clone(), lead, demand).await;
        drop(place);
        let done = seat.landed().await;
        match &done.result {
            Ok(_) if done.is_current(engine.near()) => (Settlement::Done, None),
            Ok(_) => self.again(work, "outdated while it was loaded", AGAIN_PAUSE),
            Err(Fault::Busy { retry_after }) => (Settlement::PutBack(self.busy_pause(*retry_after)), None),
            Err(Fault::Cooling { retry_after, .. }) => (Settlement::PutBack(*retry_after), None),
            Err(Fault::Closed) => (Settlement::PutBack(Duration::ZERO), None),
            Err(fault) => {
                let pause = work.policy().backoff().pause(self.delivery.task.attempts.saturating_add(1));
                self.again(work, &fault.reason(), pause)
            }
        }
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
            let reason = format!("gave up after {attempts} attempts: {reason}");
            return (Settlement::Quarantine(reason.as_str().into()), Some(reason));
        }
        (Settlement::RetryAfter(pause), Some(reason.to_owned()))
    }

    async fn end(&self, key: Option<&Key>, settlement: Settlement, reason: Option<&str>) {
        let end = match settlement {
            Settlement::Done => TaskEnd::Done,
            Settlement::RetryAfter(_) => TaskEnd::Retried,
            Settlement::PutBack(_) => TaskEnd::PutBack,
            Settlement::Quarantine(_) => TaskEnd::Quarantined,
        };
        settle(self.cache.engine(), &self.delivery, settlement).await;
        self.cache.engine().emit(&Event::TaskEnded { key, end, reason });
    }
}

/// A delivery that cannot be settled is delivered again by the queue: late, never lost.
async fn settle(engine: &Engine, delivery: &Delivery, settlement: Settlement) {
    let settled: Result<bool, PortError> = engine.queue().settle(&delivery.receipt, settlement).await;
    if let Err(error) = settled {
        engine.emit(&Event::PortFailed { error: &error });
    }
}
