//! The tasks that a dispatcher has pulled ahead of their turn: in which order they are wanted, and how they go back.

use std::cmp::Ordering;
use std::sync::Arc;
use std::time::Duration;

use crate::engine::cache::Cache;
use crate::engine::core::Engine;
use crate::engine::queues::NamedQueue;
use crate::engine::running::Running;
use crate::engine::worker::Turn;
use crate::queue::Priority;

/// Tasks that are pulled ahead of their turn at most, so that the hottest of them goes first.
pub(crate) const AHEAD: usize = 64;
/// What has stood here for this part of the queue's visibility goes back, for it would be delivered again, and be counted as
/// unsettled, though nobody began it.
const STAY_DIVISOR: u32 = 4;
/// After so long a suspect goes first: behind a queue that never empties it would wait for ever.
const SUSPECT_WAIT: Duration = Duration::from_secs(5);
/// How long a suspect goes back for while this process carries out another.
const SUSPECT_PAUSE: Duration = Duration::from_secs(5);

/// What was pulled and has not begun.
pub(crate) struct Ahead {
    cache: Cache,
    queue: Arc<NamedQueue>,
    pub turns: Vec<Turn>,
    /// What is on its way back counts as in hand until it has arrived, or a slow queue would have it grow.
    returning: Arc<Running>,
}

impl Ahead {
    pub fn new(cache: Cache, queue: Arc<NamedQueue>) -> Self {
        Ahead { cache, queue, turns: Vec::new(), returning: Arc::default() }
    }

    /// How many more may be pulled.
    pub fn room(&self) -> usize {
        AHEAD.saturating_sub(self.turns.len() + self.returning.count())
    }

    /// Waits until all that is on its way back has arrived, if anything is.
    pub async fn returned(&self) {
        match self.returning.count() {
            0 => std::future::pending().await,
            _ => self.returning.idle().await,
        }
    }

    /// How long until the first has to go back.
    pub fn stays(&self) -> Duration {
        let now = self.cache.engine().now();
        let longest = self.turns.iter().map(|turn| turn.waited(now)).max().unwrap_or_default();
        self.stay().saturating_sub(longest)
    }

    fn stay(&self) -> Duration {
        self.queue.queue.traits().visibility / STAY_DIVISOR
    }

    /// All but the first `kept` go back.
    pub fn put_back_behind(&mut self, kept: usize, pause: Duration) {
        let turns = self.turns.split_off(kept);
        self.put_back(turns, pause);
    }

    /// What has stood here for too long goes back, unbegun as it is.
    pub fn put_back_overstayed(&mut self) {
        let (now, stay) = (self.cache.engine().now(), self.stay());
        let turns = self.turns.extract_if(.., |turn| turn.waited(now) >= stay).collect();
        self.put_back(turns, Duration::ZERO);
    }

    /// While a suspect is carried out in this process, on whichever queue, no other stays in hand: it would be counted with it.
    pub fn put_back_suspects(&mut self) {
        if self.cache.engine().suspects().is_taken() {
            let turns = self.turns.extract_if(.., |turn| turn.is_suspect()).collect();
            self.put_back(turns, SUSPECT_PAUSE);
        }
    }

    /// Side by side: one after the other they would take a slow queue longer than a shutdown waits. In tasks of the engine, which
    /// the shutdown waits for, whatever becomes of the dispatcher meanwhile.
    fn put_back(&self, turns: Vec<Turn>, pause: Duration) {
        for turn in turns {
            let returning = self.returning.enter();
            self.cache.engine().spawn(async move {
                turn.put_back(pause).await;
                drop(returning);
            });
        }
    }

    /// Waits for a suspect that is carried out elsewhere in this process, while there is one here.
    pub fn another_suspect(&self) -> impl Future<Output = ()> + use<> {
        let suspects = self.cache.engine().suspects().clone();
        let concerned = self.turns.iter().any(Turn::is_suspect);
        async move { if concerned { suspects.taken().await } else { std::future::pending().await } }
    }

    /// Where the turns stand, the most wanted first.
    pub fn order(&self) -> impl Iterator<Item = usize> + use<> {
        let (engine, patience) = (self.cache.engine(), SUSPECT_WAIT.min(self.stay() / 2));
        let rank = |turn: &Turn| (urgency(engine, turn, patience), wanted(engine, turn));
        let mut order: Vec<_> = self.turns.iter().enumerate().map(|(at, turn)| (at, rank(turn))).collect();
        // Stable: among equals the first goes first.
        order.sort_by(|(_, one), (_, other)| other.partial_cmp(one).unwrap_or(Ordering::Equal));
        order.into_iter().map(|(at, _)| at)
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
