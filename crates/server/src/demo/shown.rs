//! What the demo shows: one cached job, asked for and told about.

use std::sync::{Arc, Mutex, PoisonError};

use crate::demo::burst::Bursts;
use crate::demo::fleet::Fleet;
use crate::demo::list_page::ListPage;
use crate::demo::live::Live;
use crate::demo::order::{Look, Standing};
use crate::demo::place::Place;
use crate::demo::roll::Roll;
use crate::demo::source::Source;
use crate::demo::stats::{Stats, millis};
use crate::demo::switches::Switches;
use crate::demo::view::{Near, Times, View};
use crate::demo::words::Words;

/// What is shown, and what all requests share.
#[derive(Debug)]
pub struct Shown {
    /// Who serves it.
    pub fleet: Fleet,
    /// The same list as a page behind the HTTP layer.
    pub list_page: ListPage,
    /// Where it comes from.
    pub source: Source,
    /// What stands before the source.
    pub switches: Switches,
    /// What happened so far.
    pub stats: Arc<Stats>,
    /// The policy's times.
    pub times: Times,
    /// Who is watching.
    pub live: Arc<Live>,
    /// Many requests at once.
    pub bursts: Bursts,
    /// Tells this run from the next.
    pub run: String,
    /// The newest look, for those who watch.
    pub last: Mutex<Option<Look>>,
}

impl Shown {
    /// One `get` that is shown to all who watch.
    ///
    /// # Cancellation
    /// A caller who leaves cancels no load.
    pub async fn look(&self) -> Look {
        let look = self.fleet.get().await;
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(look.clone());
        look
    }

    /// The newest look.
    pub fn last(&self) -> Option<Look> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// A look, and all that is to be told besides.
    pub async fn view(&self, look: Look) -> View {
        let Standing { in_hand, store_answers, tasks, loads_under_way, near_values, near_bytes } =
            self.fleet.standing().await;
        let (loads, cut) = self.stats.loads();
        let mut view = View {
            source: self.source.to_string(),
            source_is_own: self.source.is_own(),
            policy: self.times,
            outcome: look.outcome,
            waited_ms: millis(look.waited),
            by: look.by.map(Place::name),
            loads_under_way,
            store_answers,
            in_hand,
            list_page: self.list_page.last(),
            tasks,
            near: Near { values: near_values, bytes: near_bytes },
            switches: self.switches.standing(),
            workers_frozen: self.fleet.frozen(),
            burst: self.bursts.last(),
            viewers: self.live.viewers(),
            run: self.run.clone(),
            numbers: self.stats.numbers(store_answers),
            timeline: self.stats.timeline(),
            loads,
            cut,
            fleet: Roll::of(&self.fleet, &self.stats),
            words: Words::default(),
        };
        view.words = Words::of(&view);
        view
    }
}
