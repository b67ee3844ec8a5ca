//! The dispatcher of a cache's workers: it pulls tasks ahead, and starts the most wanted that the governor has room for.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::engine::cache::Cache;
use crate::engine::core::Engine;
use crate::engine::governor::Place;
use crate::engine::worker::Turn;
use crate::event::Event;
use crate::queue::Priority;

/// Tasks that are pulled ahead of their turn at most, so that the hottest of them goes first.
const AHEAD: usize = 64;
/// How long one pull waits for a task; an idle dispatcher asks again after it.
const PULL_WAIT: Duration = Duration::from_secs(5);
/// The pause after the queue could not be reached.
const QUEUE_DOWN_PAUSE: Duration = Duration::from_secs(1);
/// How long a task goes back for, if there is no room for it and others may be waiting behind it.
const MAKE_WAY_PAUSE: Duration = Duration::from_millis(500);

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
    places: Arc<Semaphore>,
    backlog: Vec<Turn>,
    /// How long the governor has no room for anything in the backlog.
    no_room: Option<Duration>,
}

/// What the backlog has to offer.
enum Pick {
    Start(Turn, Option<Place>),
    NoRoom(Duration),
    Nothing,
}

impl Dispatcher {
    fn new(cache: Cache) -> Self {
        let places = Arc::new(Semaphore::new(cache.engine().config().workers));
        Dispatcher { cache, places, backlog: Vec::new(), no_room: None }
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
    }

    /// What was pulled ahead goes back: another process takes it at once.
    async fn put_all_back(&mut self) {
        while let Some(turn) = self.backlog.pop() {
            turn.put_back(Duration::ZERO).await;
        }
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
            // The sender lives as long as the engine, so the only end of this wait is the resumption.
            let _ = paused.wait_for(|paused| !paused).await;
        }
    }

    /// Pulls what is there and starts what has its turn. A round that is dropped loses no task: what was pulled stands in the
    /// backlog, and what was on its way back is delivered again.
    async fn round(&mut self) {
        self.unpaused().await;
        let places = self.places.clone();
        let permit = tokio::select! {
            biased;
            // What was pulled goes back at once, though no place is free.
            () = self.paused() => return,
            permit = places.acquire_owned() => permit,
        };
        let Ok(permit) = permit else { return };
        self.pull().await;
        if *self.cache.engine().paused().borrow() {
            return;
        }
        match self.pick() {
            Pick::Start(turn, place) => self.start(turn, place, permit),
            Pick::NoRoom(wait) => {
                self.no_room = Some(wait);
                self.make_way().await;
            }
            Pick::Nothing => {}
        }
    }

    async fn pull(&mut self) {
        let wait = match self.no_room.take() {
            Some(wait) => wait,
            None if self.backlog.is_empty() => PULL_WAIT,
            None => Duration::ZERO,
        };
        if self.backlog.len() >= AHEAD {
            tokio::time::sleep(wait).await;
            return;
        }
        let cache = self.cache.for_task();
        match cache.engine().queue().pull(AHEAD - self.backlog.len(), wait).await {
            Ok(pulled) => self.backlog.extend(pulled.into_iter().map(|delivery| Turn::new(cache.clone(), delivery))),
            Err(error) => {
                cache.engine().emit(&Event::PortFailed { error: &error });
                tokio::time::sleep(QUEUE_DOWN_PAUSE).await;
            }
        }
    }

    /// The most wanted task that there is room for.
    fn pick(&mut self) -> Pick {
        let engine = self.cache.engine();
        let mut order: Vec<(usize, (Priority, f64))> =
            self.backlog.iter().enumerate().map(|(at, turn)| (at, wanted(engine, turn))).collect();
        // Stable: among equals the first goes first.
        order.sort_by(|(_, one), (_, other)| other.partial_cmp(one).unwrap_or(std::cmp::Ordering::Equal));
        let mut shortest: Option<Duration> = None;
        for (at, _) in order {
            match admit(engine, &self.backlog[at]) {
                Ok(place) => return Pick::Start(self.backlog.remove(at), place),
                Err(wait) => shortest = Some(shortest.map_or(wait, |shortest| shortest.min(wait))),
            }
        }
        shortest.map_or(Pick::Nothing, Pick::NoRoom)
    }

    fn start(&self, turn: Turn, place: Option<Place>, permit: OwnedSemaphorePermit) {
        self.cache.engine().spawn(async move {
            turn.take(place).await;
            drop(permit);
        });
    }

    /// A backlog full of tasks that there is no room for must not hide others: the later half goes back for a while.
    async fn make_way(&mut self) {
        if self.backlog.len() < AHEAD {
            return;
        }
        while self.backlog.len() > AHEAD / 2
            && let Some(turn) = self.backlog.pop()
        {
            turn.put_back(MAKE_WAY_PAUSE).await;
        }
    }
}

/// How much a task is wanted: its priority, then its heat.
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
