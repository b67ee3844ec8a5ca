//! Heat: which of the waiting refreshes are wanted most.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use crate::engine::slot::{AnySlot, Hand};
use crate::key::KeyHash;
use crate::time::Timestamp;

/// Keys whose heat is known at most; others count as cold.
const HEAT_MAX: usize = 65_536;

/// The stale values that this process serves while their refresh waits. They are not kept alive by it: another process may
/// carry out the task, and then nobody here forgets it.
#[derive(Default)]
pub(crate) struct Heat(Mutex<Table>);

#[derive(Default)]
struct Table {
    slots: HashMap<KeyHash, Weak<dyn AnySlot>>,
    /// Notes that found no room since the dead were swept last.
    turned_away: usize,
}

/// Notes that find no room before the dead are swept again, because a sweep goes over all.
const SWEEP_AFTER: usize = 4096;

impl Heat {
    /// Notes what is served until the key is refreshed.
    pub fn note(&self, key: KeyHash, hand: &Hand) {
        let mut heat = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if heat.slots.len() < HEAT_MAX || heat.slots.contains_key(&key) {
            heat.slots.insert(key, Arc::downgrade(hand));
            return;
        }
        heat.turned_away += 1;
        if heat.turned_away >= SWEEP_AFTER {
            heat.turned_away = 0;
            heat.slots.retain(|_, slot| slot.strong_count() > 0);
        }
    }

    /// Forgets a key whose task has ended.
    pub fn forget(&self, key: KeyHash) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).slots.remove(&key);
    }

    /// How much a refresh is wanted: stale reads times staleness in seconds. What nobody reads scores zero.
    pub fn score(&self, key: KeyHash, now: Timestamp) -> f64 {
        let slot = self.0.lock().unwrap_or_else(PoisonError::into_inner).slots.get(&key).and_then(Weak::upgrade);
        let Some(meta) = slot.as_ref().map(|slot| slot.meta()) else { return 0.0 };
        f64::from(meta.heat()) * (1.0 + now.since(meta.facts().fresh_until()).as_secs_f64())
    }
}
