//! What a `get` returns.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use crate::engine::slot::Slot;
use crate::event::{Rule, Status};

/// A value, and why it was served. It derefs to the value.
///
/// It shares the cached value and keeps it alive: hold it for a request, not for ever.
pub struct Answer<V> {
    slot: Arc<Slot<V>>,
    age_micros: u64,
    status: Status,
    rule: Rule,
}

impl<V> Answer<V> {
    #[inline]
    pub(crate) fn new(slot: Arc<Slot<V>>, status: Status, rule: Rule, age_micros: u64) -> Self {
        Answer { slot, age_micros, status, rule }
    }

    /// Whether it was a hit, stale, loaded, a fallback or empty.
    pub fn status(&self) -> Status {
        self.status
    }

    /// The rule that decided.
    pub fn rule(&self) -> Rule {
        self.rule
    }

    /// How long ago the load of the value began; zero where nothing was in hand.
    pub fn age(&self) -> Duration {
        Duration::from_micros(self.age_micros)
    }

    /// Whether the value says "there is none".
    pub fn is_absent(&self) -> bool {
        self.slot.meta.is_absent()
    }
}

impl<V> Deref for Answer<V> {
    type Target = V;

    #[inline]
    fn deref(&self) -> &V {
        &self.slot
    }
}

impl<V> Clone for Answer<V> {
    fn clone(&self) -> Self {
        Answer { slot: self.slot.clone(), ..*self }
    }
}

impl<V: fmt::Debug> fmt::Debug for Answer<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer")
            .field("value", &**self)
            .field("status", &self.status)
            .field("rule", &self.rule)
            .field("age", &self.age())
            .finish()
    }
}
