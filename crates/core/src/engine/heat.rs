//! Heat: which of the waiting refreshes are wanted most.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::engine::slot::Hand;
use crate::key::KeyHash;
use crate::time::Timestamp;

/// Keys whose heat is known at most; others count as cold.
const HEAT_MAX: usize = 65_536;

/// The stale values that this process serves while their refresh waits.
#[derive(Default)]
pub(crate) struct Heat(Mutex<HashMap<KeyHash, Hand>>);

impl Heat {
    /// Notes what is served until the key is refreshed.
    pub fn note(&self, key: KeyHash, hand: &Hand) {
        let mut heat = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if heat.len() < HEAT_MAX || heat.contains_key(&key) {
            heat.insert(key, hand.clone());
        }
    }

    /// Forgets a key whose task has ended.
    pub fn forget(&self, key: KeyHash) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&key);
    }

    /// How much a refresh is wanted: stale reads times staleness in seconds. What nobody reads scores zero.
    pub fn score(&self, key: KeyHash, now: Timestamp) -> f64 {
        let heat = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(meta) = heat.get(&key).map(|hand| hand.meta()) else { return 0.0 };
        f64::from(meta.heat()) * (1.0 + now.since(meta.facts().fresh_until()).as_secs_f64())
    }
}
