//! The dispatcher of a cache's workers on one queue: it pulls tasks ahead, and starts the most wanted that the governor has
//! room for. Each queue has its own, so that what one of them waits for holds up no other.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::engine::cache::Cache;
use crate::engine::core::Engine;
use crate::engine::governor::Place;
use crate::engine::queues::NamedQueue;
use crate::engine::worker::Turn;
use crate::event::Event;
use crate::queue::Priority;
use crate::time::Timestamp;

/// Tasks that are pulled ahead of their turn at most, so that the hottest of them goes first.
const AHEAD: usize = 64;
/// With so many in hand the queue is not asked for more each time that a place is free,
const ENOUGH: usize = AHEAD / 2;
/// but so often, for what is wanted more than they are may have come.
const LOOK_PAUSE: Duration = Duration::from_millis(10);
/// How long one pull waits for a task at most; an idle dispatcher asks again after it.
const PULL_WAIT: Duration = Duration::from_secs(5);
/// The pause after the queue could not be reached.
const QUEUE_DOWN_PAUSE: Duration = Duration::from_secs(1);
/// How long a task goes back for, if there is no room for it and others may be waiting behind it.
const MAKE_WAY_PAUSE: Duration = Duration::from_millis(500);
/// What has stood in the backlog for this part of the queue's visibility goes back, for it would be delivered again, and be
/// counted as unsettled, though nobody began it.
const STAY_DIVISOR: u32 = 4;
/// The same for one that waits to be alone, which has the places of others cleared for it meanwhile.
const ALONE_DIVISOR: u32 = 2;
/// After so long in the backlog a suspect goes first: behind a queue that never empties it would wait for ever.
const SUSPECT_WAIT: Duration = Duration::from_secs(5);

/// Starts the dispatcher of each queue on which the cache has workers.
pub(crate) fn start(cache: &Cache) {
    for queue in cache.engine().queues().all().iter().filter(|queue| queue.workers > 0) {
        let (own, queue) = (cache.for_task(), queue.clone());
        cache.engine().spawn(async move { Dispatcher::new(own, queue).run().await });
    }
}

/// Pulls tasks and gives them places. It alone holds the backlog.
struct Dispatcher {
    cache: Cache,
    queue: Arc<NamedQueue>,
    places: Arc<Semaphore>,
    /// When the last of the places that were given is free again, if its load keeps to its timeout.
    free_by: Timestamp,
    backlog: Vec<Turn>,
    /// When the queue was asked last.
    asked: Timestamp,
    /// How long the governor has no room for anything in the backlog.
    no_room: Option<Duration>,
}

/// What the backlog had to offer.
enum Pick {
    /// What was wanted has started, as far as there were places; or there is nothing.
    Done,
    /// Nothing but the turn at this place of the backlog, which has to be alone.
    Alone(usize, Option<Place>, OwnedSemaphorePermit),
    /// There is no room for any of it, for so long at least.
    NoRoom(Duration),
}

impl Dispatcher {
    fn new(cache: Cache, queue: Arc<NamedQueue>) -> Self {
        let places = Arc::new(Semaphore::new(queue.workers));
        Dispatcher {
            cache,
            queue,
            places,
            free_by: Timestamp::ZERO,
            backlog: Vec::new(),
            asked: Timestamp::ZERO,
            no_room: None,
        }
    }

    async fn run(mut self) {
        let cache = self.cache.clone();
        loop {
            tokio::select! {
                biased;
                () = cache.engine().closed() => break,
                () = self.round() => {}
            }
        }
        self.put_all_back().await;
        self.queue.outlook.by(Timestamp::NEVER);
    }

    /// What was pulled ahead goes back: another process takes it at once.
    async fn put_all_back(&mut self) {
        self.put_back_behind(0, Duration::ZERO).await;
    }

    /// What stands behind the first `kept` of the backlog goes back.
    async fn put_back_behind(&mut self, kept: usize, pause: Duration) {
        while self.backlog.len() > kept {
            let turn = self.backlog.remove(kept);
            self.goes_on_within(Duration::ZERO);
            turn.put_back(pause).await;
        }
    }

    /// What has stood in the backlog for too long goes back, unbegun as it is.
    async fn put_back_overstayed(&mut self) {
        let (now, stay) = (self.cache.engine().now(), self.stay());
        // Stable: what stays keeps its order. Until it is on its way back a turn stands in the backlog.
        self.backlog.sort_by_key(|turn| turn.waited(now) >= stay);
        let kept = self.backlog.partition_point(|turn| turn.waited(now) < stay);
        self.put_back_behind(kept, Duration::ZERO).await;
    }

    /// How long a task may stand in the backlog.
    fn stay(&self) -> Duration {
        self.queue.queue.traits().visibility / STAY_DIVISOR
    }

    /// How long until the first of the backlog has to go back.
    fn stays(&self) -> Duration {
        let now = self.cache.engine().now();
        let longest = self.backlog.iter().map(|turn| turn.waited(now)).max().unwrap_or_default();
        self.stay().saturating_sub(longest)
    }

    /// Tells that this dispatcher will have gone on by then.
    fn goes_on_within(&self, span: Duration) {
        self.queue.outlook.by(self.cache.engine().now() + span);
    }

    /// Waits until the workers are paused.
    async fn paused(&self) {
        // The sender lives as long as the engine.
        let _ = self.cache.engine().paused().subscribe().wait_for(|paused| *paused).await;
    }

    /// Waits while the workers are paused, with nothing in hand.
    async fn unpaused(&mut self) {
        let cache = self.cache.clone();
        let mut paused = cache.engine().paused().subscribe();
        if *paused.borrow() {
            self.put_all_back().await;
            self.queue.outlook.by(Timestamp::NEVER);
            // The sender lives as long as the engine, so the only end of this wait is the resumption.
            let _ = paused.wait_for(|paused| !paused).await;
        }
    }

    /// Pulls what is there and starts what has its turn. A round that is dropped loses no task: what was pulled stands in the
    /// backlog, and what was on its way back is delivered again.
    async fn round(&mut self) {
        self.unpaused().await;
        self.put_back_overstayed().await;
        self.queue.outlook.by(self.free_by.max(self.cache.engine().now()));
        let places = self.places.clone();
        let permit = tokio::select! {
            biased;
            // What was pulled goes back at once, though no place is free.
            () = self.paused() => return,
            permit = places.acquire_owned() => permit,
            () = tokio::time::sleep(self.stays()), if !self.backlog.is_empty() => return,
        };
        let Ok(permit) = permit else { return };
        if self.asks() {
            self.pull().await;
        }
        if *self.cache.engine().paused().borrow() {
            return;
        }
        match self.start_wanted(permit) {
            Pick::Alone(at, place, permit) => self.start_alone(at, place, permit).await,
            Pick::NoRoom(wait) => {
                self.no_room = Some(wait);
                self.make_way().await;
            }
            Pick::Done => {}
        }
    }

    /// Whether the queue is asked before tasks are started. Each time would be a round trip for each task.
    fn asks(&self) -> bool {
        let span = self.cache.engine().now().since(self.asked);
        self.no_room.is_some() || self.backlog.len() < ENOUGH || (self.backlog.len() < AHEAD && span >= LOOK_PAUSE)
    }

    async fn pull(&mut self) {
        let wait = match self.no_room.take() {
            // What is rare may have no room for hours.
            Some(wait) => wait.min(PULL_WAIT).min(self.stays()),
            None if self.backlog.is_empty() => PULL_WAIT,
            None => Duration::ZERO,
        };
        self.goes_on_within(wait);
        if self.backlog.len() >= AHEAD {
            tokio::time::sleep(wait).await;
            return;
        }
        let (cache, queue) = (&self.cache, &self.queue);
        self.asked = cache.engine().now();
        match queue.queue.pull(AHEAD - self.backlog.len(), wait).await {
            Ok(pulled) => {
                let turn = |delivery| Turn::new(cache.for_task(), queue.clone(), delivery);
                self.backlog.extend(pulled.into_iter().map(turn));
            }
            Err(error) => {
                cache.engine().emit(&Event::PortFailed { error: &error });
                tokio::time::sleep(QUEUE_DOWN_PAUSE).await;
            }
        }
    }

    /// Starts the most wanted tasks, as long as there are places, and room for them. What starts together goes to the store
    /// together, and without a suspect.
    fn start_wanted(&mut self, first: OwnedSemaphorePermit) -> Pick {
        let (mut permit, mut shortest, mut started) = (Some(first), None::<Duration>, Vec::new());
        for at in self.order() {
            let suspect = self.backlog[at].is_suspect();
            if suspect && !started.is_empty() {
                // Whatever follows is one, too, and waits until nothing else is to be done, or its time has come.
                break;
            }
            let Some(own) = permit.take().or_else(|| self.places.clone().try_acquire_owned().ok()) else { break };
            match admit(self.cache.engine(), &self.backlog[at]) {
                Ok(place) if suspect => return Pick::Alone(at, place, own),
                Ok(place) => started.push((at, place, own)),
                Err(wait) => {
                    permit = Some(own);
                    shortest = Some(shortest.map_or(wait, |shortest| shortest.min(wait)));
                }
            }
        }
        if started.is_empty() {
            return shortest.map_or(Pick::Done, Pick::NoRoom);
        }
        let mut backlog: Vec<Option<Turn>> = std::mem::take(&mut self.backlog).into_iter().map(Some).collect();
        for (at, place, permit) in started {
            if let Some(turn) = backlog[at].take() {
                self.start(turn, place, permit);
            }
        }
        self.backlog = backlog.into_iter().flatten().collect();
        Pick::Done
    }

    /// Where the tasks stand in the backlog, the most wanted first.
    fn order(&self) -> impl Iterator<Item = usize> {
        let (engine, patience) = (self.cache.engine(), SUSPECT_WAIT.min(self.stay() / 2));
        let rank = |turn: &Turn| (urgency(engine, turn, patience), wanted(engine, turn));
        let mut order: Vec<_> = self.backlog.iter().enumerate().map(|(at, turn)| (at, rank(turn))).collect();
        // Stable: among equals the first goes first.
        order.sort_by(|(_, one), (_, other)| other.partial_cmp(one).unwrap_or(std::cmp::Ordering::Equal));
        order.into_iter().map(|(at, _)| at)
    }

    fn start(&mut self, turn: Turn, place: Option<Place>, permit: OwnedSemaphorePermit) {
        self.free_by = self.free_by.max(self.cache.engine().now() + turn.longest());
        self.cache.engine().spawn(async move {
            turn.take(place).await;
            drop(permit);
        });
    }

    /// What may have ended the holders that did not settle it has this process for itself: it would take others with it, and in
    /// the end into quarantine. It stays in the backlog until it starts, so that a round that is dropped leaves it there, and
    /// one that waits for too long goes back.
    async fn start_alone(&mut self, at: usize, place: Option<Place>, mut permit: OwnedSemaphorePermit) {
        self.backlog.swap(0, at);
        self.put_back_behind(1, Duration::ZERO).await;
        self.queue.outlook.by(self.free_by.max(self.cache.engine().now()));
        let others = u32::try_from(self.queue.workers - 1).unwrap_or(u32::MAX);
        let longest = self.queue.queue.traits().visibility / ALONE_DIVISOR;
        let waited = self.backlog.first().map_or(longest, |turn| turn.waited(self.cache.engine().now()));
        let all = self.places.clone().acquire_many_owned(others);
        // The places are never closed. Where they are not free in time, the next round puts it back.
        let Ok(Ok(all)) = tokio::time::timeout(longest.saturating_sub(waited), all).await else { return };
        permit.merge(all);
        if !*self.cache.engine().paused().borrow() {
            let turn = self.backlog.remove(0);
            self.start(turn, place, permit);
        }
    }

    /// A backlog full of tasks that there is no room for must not hide others: the later half goes back for a while.
    async fn make_way(&mut self) {
        if self.backlog.len() >= AHEAD {
            self.put_back_behind(AHEAD / 2, MAKE_WAY_PAUSE).await;
        }
    }
}

/// What goes before anything of a lesser one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Urgency {
    /// A suspect waits until nothing else is to be done,
    Suspect,
    /// than which everything else goes first,
    Usual,
    /// until it has waited long enough.
    Patient,
}

fn urgency(engine: &Engine, turn: &Turn, patience: Duration) -> Urgency {
    match turn.is_suspect() {
        false => Urgency::Usual,
        true if turn.waited(engine.now()) < patience => Urgency::Suspect,
        true => Urgency::Patient,
    }
}

/// How much a task is wanted among those of its urgency: by its priority, then by its heat.
fn wanted(engine: &Engine, turn: &Turn) -> (Priority, f64) {
    let heat = turn.work().map_or(0.0, |work| engine.heat().score(work.key().hash(), engine.now()));
    (turn.priority(), heat)
}

/// A place for a task. One that names no work needs none: it is only set aside.
fn admit(engine: &Engine, turn: &Turn) -> Result<Option<Place>, Duration> {
    match turn.work() {
        Some(work) => engine.governor().admit(work.namespace(), work.job_name(), engine.now()).map(Some),
        None => Ok(None),
    }
}
