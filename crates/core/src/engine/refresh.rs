//! Refreshing behind a request: ask the record, then push a task. The caller already has its answer.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use tokio::sync::oneshot;

use crate::engine::cache::Cache;
use crate::engine::demand::Demand;
use crate::engine::slot::Hand;
use crate::engine::work::Work;
use crate::entry::Generation;
use crate::event::{Dropped, Event, Rule};
use crate::key::{Key, KeyHash};
use crate::queue::{NewTask, Priority, Pushed};
use crate::store::Asked;

/// A process asks for the same stale value once in this span; the record decides whether that is too often.
const ASK_PAUSE: Duration = Duration::from_secs(1);
/// Asks behind requests that are under way at most: a store that answers late must not have them grow with the traffic.
pub(crate) const ASKS_MOST: usize = 1024;
/// Stale reads of one value from which it counts as hot.
const HOT: u32 = 16;

/// What was seen of the record of a value that is served.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Seen {
    /// The newest mark that applies.
    pub newest: Option<Generation>,
    /// Whether a task was asked for, or a load is under way.
    pub refreshing: bool,
}

/// How an ask ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ask {
    /// A task is on its way.
    Pushed,
    /// Its refresh is on its way already.
    Busy,
    /// The store calls the key fresh.
    Fresh,
    /// The queue is full or cannot be reached.
    NoQueue,
    /// The record could not be asked.
    NoStore,
}

/// The keys of which nothing is in hand and that this process is asking for right now: a crowd of callers asks once.
#[derive(Debug, Default)]
pub(crate) struct Filling(Mutex<HashSet<KeyHash>>);

/// The duty to ask for a key. Dropping it lets others ask.
struct Fill {
    filling: Arc<Filling>,
    key: KeyHash,
}

impl Filling {
    fn begin(self: &Arc<Self>, key: KeyHash) -> Option<Fill> {
        let first = self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(key);
        first.then(|| Fill { filling: self.clone(), key })
    }
}

impl Drop for Fill {
    fn drop(&mut self) {
        self.filling.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.key);
    }
}

impl Cache {
    /// Asks for the refresh of a value that is being served, at most once in a while, and not where it was seen to be on its
    /// way: the record would only say so again, and a script costs a server more than the read did.
    pub(crate) fn refresh_behind(&self, work: &Arc<dyn Work>, hand: &Hand, rule: Rule, seen: Seen) {
        let (engine, meta) = (self.engine(), hand.meta());
        if !meta.asks(engine.now(), ASK_PAUSE) {
            return;
        }
        if engine.is_closing() {
            engine.emit(&Event::RefreshDropped { key: work.key(), dropped: Dropped::Closing });
        } else if rule == Rule::EarlyRefresh {
            self.refresh_early(work, hand);
        } else {
            engine.heat().note(work.key().hash(), hand);
            if seen.refreshing {
                return;
            }
            let priority = if meta.heat() >= HOT { Priority::High } else { Priority::Normal };
            let (cache, asked) = (self.for_task(), work.clone());
            self.behind(work, async move {
                cache.ask_and_push(&asked, seen.newest, priority).await;
            });
        }
    }

    /// Loads a value again that is still fresh. It is done here and not by a task: the record would tell the task's worker
    /// that there is nothing to do. Where there is no room, the value turns stale in its time and is asked for then.
    fn refresh_early(&self, work: &Arc<dyn Work>, hand: &Hand) {
        let engine = self.engine();
        let place = match work.queue().workers {
            0 => None,
            _ if *engine.paused().borrow() => None,
            _ => engine.governor().admit(work.namespace(), work.job_name(), engine.now()).ok(),
        };
        let Some(place) = place else {
            engine.emit(&Event::RefreshDropped { key: work.key(), dropped: Dropped::Governor });
            return;
        };
        let at_least = Some(hand.meta().generation());
        let mut seat = self.take_off(work, Demand { at_least, previous: Some(hand.clone()), ..Demand::foreground() });
        engine.spawn(async move {
            if !seat.landed().await.has_loaded() {
                place.unused();
            }
        });
    }

    /// Has a key loaded of which nothing is in hand, without making the caller wait: by a task, or here where the queue
    /// takes none, because nobody else would.
    pub(crate) fn fill_behind(&self, work: &Arc<dyn Work>, at_least: Option<Generation>, near_only: bool) {
        if self.engine().is_closing() {
            self.engine().emit(&Event::RefreshDropped { key: work.key(), dropped: Dropped::Closing });
            return;
        }
        let Some(fill) = self.engine().filling().begin(work.key().hash()) else { return };
        let (cache, filled) = (self.for_task(), work.clone());
        self.behind(work, async move {
            cache.fill(&filled, at_least, near_only).await;
            drop(fill);
        });
    }

    /// Has an ask for a key carried out behind a request. Where there is no room for one more, a later reader asks.
    fn behind(&self, work: &Arc<dyn Work>, ask: impl Future<Output = ()> + Send + 'static) {
        match self.engine().place_to_ask() {
            Some(place) => self.engine().spawn(ask.map(move |()| drop(place))),
            None => self.engine().emit(&Event::RefreshDropped { key: work.key(), dropped: Dropped::Governor }),
        }
    }

    async fn fill(&self, work: &Arc<dyn Work>, mut at_least: Option<Generation>, mut near_only: bool) {
        let mut asked = self.ask_and_push(work, at_least, Priority::High).await;
        // Whoever asked had not waited for the store: what is read now is near for the next one.
        if asked == Ask::Fresh
            && let Some(found) = self.engine().read(std::slice::from_ref(work)).await.pop()
            && found.hand.is_none()
        {
            // It is fresh for a version whose values we cannot read: ours is loaded beside it. Or it cannot be had at all, and
            // ours takes its place.
            (at_least, near_only) = (found.newest, found.bytes_stay());
            asked = self.ask_and_push(work, at_least, Priority::High).await;
        }
        if asked == Ask::NoQueue {
            self.take_off(work, Demand { at_least, near_only, ..Demand::foreground() });
        }
    }

    /// Asks for the refresh of a key, and tells how that ended.
    ///
    /// # Cancellation
    /// What was begun is done whole, in a task of the cache: half of it would be a marker whose task never comes.
    pub(crate) async fn ask(&self, work: &Arc<dyn Work>, priority: Priority) -> Ask {
        let (reply, ended) = oneshot::channel();
        let (cache, work) = (self.for_task(), work.clone());
        self.engine().spawn(async move {
            // Whoever asked may have left.
            let _ = reply.send(cache.ask_and_push(&work, None, priority).await);
        });
        // A runtime that is gone asks nobody.
        ended.await.unwrap_or(Ask::NoQueue)
    }

    /// Asks the record for the right to push a task, and pushes it. Only a task of the cache does so, which nobody drops.
    async fn ask_and_push(&self, work: &Arc<dyn Work>, at_least: Option<Generation>, priority: Priority) -> Ask {
        let (engine, key) = (self.engine(), work.key());
        let deadline = engine.config().task_deadline;
        let asked = match engine.store().ask(key, deadline, at_least).await {
            Ok(asked) => asked,
            Err(error) => {
                engine.emit(&Event::PortFailed { error: &error });
                engine.emit(&Event::RefreshDropped { key, dropped: Dropped::Unreachable });
                // The marker may be set all the same, where only the answer was lost. If it is another's, his task comes and one
                // more may: the later of both finds the key fresh.
                self.unask(key).await;
                return Ask::NoStore;
            }
        };
        engine.emit(&Event::RefreshAsked { key, granted: asked == Asked::Asked });
        match asked {
            Asked::Asked => {}
            Asked::Busy => return Ask::Busy,
            Asked::Fresh => {
                // Somebody else refreshed it, and this process has not heard of it: or it would go on serving the stale value.
                engine.drop_stale(&**work);
                return Ask::Fresh;
            }
        }
        let task = NewTask { key: key.clone(), delay: Duration::ZERO, priority };
        let dropped = match work.queue().queue.push(&[task]).await {
            Ok(Pushed::Taken) => return Ask::Pushed,
            Ok(Pushed::Full) => Dropped::QueueFull,
            Err(error) => {
                engine.emit(&Event::PortFailed { error: &error });
                Dropped::Unreachable
            }
        };
        engine.emit(&Event::RefreshDropped { key, dropped });
        self.unask(key).await;
        Ask::NoQueue
    }

    /// Clears the marker of a task that is not coming.
    pub(crate) async fn unask(&self, key: &Key) {
        if let Err(error) = self.engine().store().unask(key).await {
            // The marker ends by itself at its deadline.
            self.engine().emit(&Event::PortFailed { error: &error });
        }
    }
}
