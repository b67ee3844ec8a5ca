//! The dispatcher of a cache's workers on one queue: it pulls tasks ahead, and starts the most wanted that the governor has
//! room for. Each queue has its own, so that what one of them waits for holds up no other.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

use crate::engine::ahead::{AHEAD, Ahead};
use crate::engine::cache::Cache;
use crate::engine::core::Engine;
use crate::engine::governor::Place;
use crate::engine::queues::NamedQueue;
use crate::engine::suspects::SoleSuspect;
use crate::engine::worker::Turn;
use crate::event::Event;
use crate::time::Timestamp;

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
    backlog: Ahead,
    /// When the queue was asked last.
    asked: Timestamp,
    /// How long the governor has no room for anything in the backlog.
    no_room: Option<Duration>,
    /// Hears that there is room sooner.
    unused: watch::Receiver<()>,
}

/// What the backlog had to offer.
enum Pick {
    /// What was wanted has started, as far as there were places; or there is nothing.
    Done,
    /// Nothing but a suspect.
    Alone(Suspect),
    /// There is no room for any of it, for so long at least.
    NoRoom(Duration),
}

/// A suspect that has its turn, and all that it needs but to be alone.
struct Suspect {
    /// Where it stands in the backlog.
    at: usize,
    place: Option<Place>,
    permit: OwnedSemaphorePermit,
    right: SoleSuspect,
}

impl Dispatcher {
    fn new(cache: Cache, queue: Arc<NamedQueue>) -> Self {
        let places = Arc::new(Semaphore::new(queue.workers));
        let unused = cache.engine().governor().unused();
        Dispatcher {
            backlog: Ahead::new(cache.for_task(), queue.clone()),
            cache,
            queue,
            places,
            free_by: Timestamp::ZERO,
            asked: Timestamp::ZERO,
            no_room: None,
            unused,
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
        self.backlog.put_back_behind(0, Duration::ZERO);
        self.queue.outlook.by(Timestamp::NEVER);
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
            self.backlog.put_back_behind(0, Duration::ZERO);
            self.queue.outlook.by(Timestamp::NEVER);
            // The sender lives as long as the engine, so the only end of this wait is the resumption.
            let _ = paused.wait_for(|paused| !paused).await;
        }
    }

    /// Pulls what is there and starts what has its turn. A round that is dropped loses no task: what was pulled stands in the
    /// backlog.
    async fn round(&mut self) {
        self.unpaused().await;
        self.backlog.put_back_overstayed();
        self.backlog.put_back_suspects();
        self.queue.outlook.by(self.free_by.max(self.cache.engine().now()));
        let places = self.places.clone();
        let permit = tokio::select! {
            biased;
            // What was pulled goes back at once, though no place is free.
            () = self.paused() => return,
            () = self.backlog.another_suspect() => return,
            permit = places.acquire_owned() => permit,
            () = tokio::time::sleep(self.backlog.stays()), if !self.backlog.turns.is_empty() => return,
        };
        let Ok(permit) = permit else { return };
        if self.asks() {
            tokio::select! {
                biased;
                () = self.backlog.another_suspect() => return,
                () = self.pull() => {}
            }
        }
        if *self.cache.engine().paused().borrow() {
            return;
        }
        match self.start_wanted(permit) {
            Pick::Alone(suspect) => self.start_alone(suspect).await,
            Pick::NoRoom(wait) => {
                self.no_room = Some(wait);
                self.make_way();
            }
            Pick::Done => {}
        }
    }

    /// Whether the queue is asked before tasks are started. Each time would be a round trip for each task.
    fn asks(&self) -> bool {
        let span = self.cache.engine().now().since(self.asked);
        self.no_room.is_some()
            || self.backlog.turns.len() < ENOUGH
            || (self.backlog.turns.len() < AHEAD && span >= LOOK_PAUSE)
    }

    async fn pull(&mut self) {
        let waits_for_room = self.no_room.is_some();
        let wait = match self.no_room.take() {
            // What is rare may have no room for hours.
            Some(wait) => wait.min(PULL_WAIT).min(self.backlog.stays()),
            None if self.backlog.turns.is_empty() => PULL_WAIT,
            None => Duration::ZERO,
        };
        self.goes_on_within(wait);
        let most = self.backlog.room();
        if most == 0 {
            tokio::select! {
                _ = self.unused.changed() => {}
                () = self.backlog.returned() => {}
                () = tokio::time::sleep(wait) => {}
            }
            return;
        }
        let (cache, queue) = (&self.cache, &self.queue);
        self.asked = cache.engine().now();
        let pulled = tokio::select! {
            biased;
            pulled = queue.queue.pull(most, wait) => pulled,
            // A puller who leaves takes no task with it.
            _ = self.unused.changed(), if waits_for_room => return,
        };
        match pulled {
            Ok(pulled) => {
                let turn = |delivery| Turn::new(cache.for_task(), queue.clone(), delivery);
                self.backlog.turns.extend(pulled.into_iter().map(turn));
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
        // What is given back from here on may be what this round lacks.
        self.unused.mark_unchanged();
        for at in self.backlog.order() {
            let suspect = self.backlog.turns[at].is_suspect();
            if suspect && !started.is_empty() {
                // Whatever follows is one, too, and waits until nothing else is to be done, or its time has come.
                break;
            }
            let Some(own) = permit.take().or_else(|| self.places.clone().try_acquire_owned().ok()) else { break };
            match admit(self.cache.engine(), &self.backlog.turns[at]) {
                Ok(place) if suspect => match self.cache.engine().suspects().take() {
                    Some(right) => return Pick::Alone(Suspect { at, place, permit: own, right }),
                    // The next round puts it back.
                    None => {
                        permit = Some(own);
                        unused(place);
                    }
                },
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
        let mut backlog: Vec<Option<Turn>> = std::mem::take(&mut self.backlog.turns).into_iter().map(Some).collect();
        for (at, place, permit) in started {
            if let Some(turn) = backlog[at].take() {
                self.start(turn, place, permit, None);
            }
        }
        self.backlog.turns = backlog.into_iter().flatten().collect();
        Pick::Done
    }

    fn start(&mut self, turn: Turn, place: Option<Place>, permit: OwnedSemaphorePermit, right: Option<SoleSuspect>) {
        self.free_by = self.free_by.max(self.cache.engine().now() + turn.longest());
        self.cache.engine().spawn(async move {
            turn.take(place).await;
            // Whoever has the places next may have the next suspect.
            drop(right);
            drop(permit);
        });
    }

    /// What may have ended the holders that did not settle it has its queue's places here for itself: it would take others with
    /// it, and in the end into quarantine. It stays in the backlog until it starts, so that a round that is dropped leaves it
    /// there.
    async fn start_alone(&mut self, suspect: Suspect) {
        let Suspect { at, place, mut permit, right } = suspect;
        self.backlog.turns.swap(0, at);
        self.backlog.put_back_behind(1, Duration::ZERO);
        let left = self.backlog.stays();
        self.goes_on_within(left);
        let others = u32::try_from(self.queue.workers - 1).unwrap_or(u32::MAX);
        let all = self.places.clone().acquire_many_owned(others);
        tokio::select! {
            biased;
            // The next round puts it back.
            () = self.paused() => return unused(place),
            // The places are never closed.
            Ok(all) = all => permit.merge(all),
            // Beside others after all: where there is always a long load, it would never be carried out, and hold up others
            // each time that it is delivered. Those may be counted with it, until they are suspects themselves.
            () = tokio::time::sleep(left) => {}
        }
        let turn = self.backlog.turns.remove(0);
        self.start(turn, place, permit, Some(right));
    }

    /// A backlog full of tasks that there is no room for must not hide others: the later half goes back for a while.
    fn make_way(&mut self) {
        if self.backlog.turns.len() >= AHEAD {
            self.backlog.put_back_behind(AHEAD / 2, MAKE_WAY_PAUSE);
        }
    }
}

/// A place for a task. One that names no work needs none: it is only set aside.
fn admit(engine: &Engine, turn: &Turn) -> Result<Option<Place>, Duration> {
    match turn.work() {
        Some(work) => engine.governor().admit(work.namespace(), work.job_name(), engine.now()).map(Some),
        None => Ok(None),
    }
}

/// Gives a place back whose turn goes back unbegun.
fn unused(place: Option<Place>) {
    if let Some(place) = place {
        place.unused();
    }
}
