//! A look at a record that changes nothing.

use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use crate::engine::cache::{Cache, Output};
use crate::engine::near::Frame;
use crate::engine::slot::Slot;
use crate::entry::Facts;
use crate::error::{CacheError, PortError};
use crate::job::Lookup;
use crate::store::{Currency, Snapshot, Trouble};

/// The raw record of a job: its value, and all that is known about it. It derefs to the value.
pub struct Peek<V> {
    slot: Arc<Slot<V>>,
    snapshot: Snapshot,
}

impl<V: Send + Sync + 'static> Peek<V> {
    pub(crate) async fn take<L: Lookup>(cache: &Cache, job: &L) -> Result<Option<Self>, CacheError>
    where
        L::Job: crate::job::Job<Output = V>,
    {
        let engine = cache.engine();
        let work = cache.work_of(job)?;
        let pin = engine.near().pin(work.key(), engine.now());
        let Some(snapshot) = engine.record(work.key()).await? else { return Ok(None) };
        let Some(entry) = &snapshot.entry else { return Ok(None) };
        let hand = work.open(entry, &Frame { near: engine.near(), pin: &pin, marks: &snapshot.marks })?;
        let any: Arc<dyn std::any::Any + Send + Sync> = hand;
        match any.downcast::<Slot<Output<L>>>() {
            Ok(slot) => Ok(Some(Peek { slot, snapshot })),
            Err(_) => Err(PortError::lasting("store", "read", "a value of another type").into()),
        }
    }
}

impl<V> Peek<V> {
    /// What the value is judged by.
    pub fn facts(&self) -> Facts {
        self.slot.meta().facts()
    }

    /// Whether anything has outdated it, apart from its age.
    pub fn currency(&self) -> Currency {
        self.snapshot.currency
    }

    /// Whether a `get` would serve it as fresh.
    pub fn is_fresh(&self) -> bool {
        self.currency() == Currency::Current && self.snapshot.now < self.facts().fresh_until()
    }

    /// How long ago its load began.
    pub fn age(&self) -> Duration {
        self.snapshot.now.since(self.facts().loaded_at)
    }

    /// Its tags.
    pub fn tags(&self) -> impl Iterator<Item = &str> {
        self.slot.meta().tags().as_slice().iter().map(|tag| tag.as_str())
    }

    /// How long the lease in force still holds, if a load is under way.
    pub fn lease(&self) -> Option<Duration> {
        self.snapshot.lease_until.map(|until| self.snapshot.now.until(until))
    }

    /// Whether a task was asked for and is on its way.
    pub fn is_asked_for(&self) -> bool {
        self.snapshot.asked_until.is_some()
    }

    /// What went wrong since the last stored load.
    pub fn trouble(&self) -> Option<&Trouble> {
        self.snapshot.trouble.as_ref()
    }
}

impl<V> Deref for Peek<V> {
    type Target = V;

    fn deref(&self) -> &V {
        &self.slot
    }
}

impl<V> std::fmt::Debug for Peek<V> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Peek").field("snapshot", &self.snapshot).finish_non_exhaustive()
    }
}
