//! Refreshing behind a request: ask the record, then push a task. The caller already has its answer.

use std::sync::Arc;
use std::time::Duration;

use crate::engine::cache::Cache;
use crate::engine::slot::Hand;
use crate::engine::work::Work;
use crate::entry::Generation;
use crate::event::{Dropped, Event};
use crate::queue::{NewTask, Priority, Pushed};
use crate::store::Asked;

/// A process asks for the same stale value once in this span; the record decides whether that is too often.
const ASK_PAUSE: Duration = Duration::from_secs(1);
/// Stale reads of one value from which it counts as hot.
const HOT: u32 = 16;

impl Cache {
    /// Asks for the refresh of a value that is being served, at most once in a while.
    pub(crate) fn refresh_behind(&self, work: &Arc<dyn Work>, hand: &Hand, at_least: Option<Generation>) {
        let meta = hand.meta();
        if meta.asks(self.engine().now(), ASK_PAUSE) {
            self.engine().heat().note(work.key().hash(), hand);
            let priority = if meta.heat() >= HOT { Priority::High } else { Priority::Normal };
            self.ask_behind(work, at_least, priority);
        }
    }

    /// Asks for a refresh without making the caller wait.
    pub(crate) fn ask_behind(&self, work: &Arc<dyn Work>, at_least: Option<Generation>, priority: Priority) {
        if self.engine().is_closing() {
            self.engine().emit(&Event::RefreshDropped { key: work.key(), dropped: Dropped::Closing });
            return;
        }
        let (cache, work) = (self.for_task(), work.clone());
        self.engine().spawn(async move {
            cache.ask(&work, at_least, priority).await;
        });
    }

    /// Asks the record for the right to push a task, and pushes it. `true`: a task was pushed.
    pub(crate) async fn ask(&self, work: &Arc<dyn Work>, at_least: Option<Generation>, priority: Priority) -> bool {
        let (engine, key) = (self.engine(), work.key());
        let deadline = engine.config().task_deadline;
        let asked = match engine.store().ask(key, deadline, at_least).await {
            Ok(asked) => asked,
            Err(error) => {
                engine.emit(&Event::PortFailed { error: &error });
                engine.emit(&Event::RefreshDropped { key, dropped: Dropped::Unreachable });
                return false;
            }
        };
        engine.emit(&Event::RefreshAsked { key, granted: asked == Asked::Asked });
        if asked != Asked::Asked {
            return false;
        }
        let task = NewTask { key: key.clone(), delay: Duration::ZERO, priority };
        let dropped = match engine.queue().push(&[task]).await {
            Ok(Pushed::Taken) => return true,
            Ok(Pushed::Full) => Dropped::QueueFull,
            Err(error) => {
                engine.emit(&Event::PortFailed { error: &error });
                Dropped::Unreachable
            }
        };
        engine.emit(&Event::RefreshDropped { key, dropped });
        self.unask(work).await;
        false
    }

    /// Clears the marker of a task that is not coming.
    pub(crate) async fn unask(&self, work: &Arc<dyn Work>) {
        if let Err(error) = self.engine().store().unask(work.key()).await {
            // The marker ends by itself at its deadline.
            self.engine().emit(&Event::PortFailed { error: &error });
        }
    }
}
