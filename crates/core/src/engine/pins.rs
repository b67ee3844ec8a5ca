//! Pins: who is reading or loading a key right now, so that an invalidation by key meanwhile is not missed.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError};

use crate::entry::Strength;
use crate::key::KeyHash;
use crate::store::Currency;
use crate::sync::{Mutex, MutexGuard};

const SHARDS: usize = 16;

/// The keys that are being read or loaded. A shard's lock orders fills and strikes of its keys.
#[derive(Debug)]
pub(crate) struct Pins {
    shards: [Mutex<HashMap<KeyHash, Pinned>>; SHARDS],
}

#[derive(Debug, Default)]
struct Pinned {
    holders: usize,
    soft: u64,
    hard: u64,
}

impl Pins {
    pub fn new() -> Self {
        Pins { shards: std::array::from_fn(|_| Mutex::default()) }
    }

    /// Pins a key; take it before the record is read.
    pub fn pin(self: &Arc<Self>, hash: KeyHash) -> KeyPin {
        let mut shard = self.shard(hash);
        let pinned = shard.entry(hash).or_default();
        pinned.holders += 1;
        KeyPin { pins: self.clone(), hash, soft: pinned.soft, hard: pinned.hard }
    }

    /// Tells everybody who holds the key that it was outdated; `take_near` runs before any of them can fill the near tier.
    /// What it took is given back, so that no value is dropped under the lock: its drop may be slow, or use the cache.
    pub fn strike<T>(&self, hash: KeyHash, strength: Strength, take_near: impl FnOnce() -> T) -> T {
        let mut shard = self.shard(hash);
        if let Some(pinned) = shard.get_mut(&hash) {
            match strength {
                Strength::Soft => pinned.soft += 1,
                Strength::Hard => pinned.hard += 1,
            }
        }
        take_near()
    }

    /// How many keys are pinned.
    pub fn len(&self) -> usize {
        self.shards.iter().map(|shard| shard.lock().unwrap_or_else(PoisonError::into_inner).len()).sum()
    }

    fn shard(&self, hash: KeyHash) -> MutexGuard<'_, HashMap<KeyHash, Pinned>> {
        // The low bits of a hash choose the shard; its map hashes all of them again.
        self.shards[hash.0 as usize % SHARDS].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One holder's pin. Dropping it lets go.
#[derive(Debug)]
pub(crate) struct KeyPin {
    pins: Arc<Pins>,
    hash: KeyHash,
    soft: u64,
    hard: u64,
}

impl KeyPin {
    /// What invalidations by key since the pin have done to a value read under it.
    pub fn struck(&self) -> Currency {
        self.judge(&self.pins.shard(self.hash))
    }

    /// Runs `fill`, unless the key was outdated since the pin, and gives back what it gave.
    pub fn fill<T>(&self, fill: impl FnOnce() -> T) -> Option<T> {
        let shard = self.pins.shard(self.hash);
        (self.judge(&shard) == Currency::Current).then(fill)
    }

    fn judge(&self, shard: &HashMap<KeyHash, Pinned>) -> Currency {
        match shard.get(&self.hash) {
            Some(pinned) if pinned.hard != self.hard => Currency::OutdatedHard,
            Some(pinned) if pinned.soft != self.soft => Currency::OutdatedSoft,
            _ => Currency::Current,
        }
    }
}

impl Drop for KeyPin {
    fn drop(&mut self) {
        let mut shard = self.pins.shard(self.hash);
        if let Some(pinned) = shard.get_mut(&self.hash) {
            pinned.holders -= 1;
            if pinned.holders == 0 {
                shard.remove(&self.hash);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: KeyHash = KeyHash(5);

    #[test]
    fn a_strike_refuses_fills_of_those_who_pinned_before_it() {
        let pins = Arc::new(Pins::new());
        let before = pins.pin(KEY);
        pins.strike(KEY, Strength::Soft, || {});
        let after = pins.pin(KEY);
        assert!(before.fill(|| unreachable!()).is_none());
        assert!(after.fill(|| {}).is_some());
        assert_eq!((before.struck(), after.struck()), (Currency::OutdatedSoft, Currency::Current));
        pins.strike(KEY, Strength::Hard, || {});
        assert_eq!((before.struck(), after.struck()), (Currency::OutdatedHard, Currency::OutdatedHard));
    }

    #[test]
    fn the_last_holder_leaves_nothing_behind() {
        let pins = Arc::new(Pins::new());
        let (one, two) = (pins.pin(KEY), pins.pin(KEY));
        drop(one);
        assert_eq!(pins.shard(KEY).len(), 1);
        drop(two);
        assert_eq!(pins.shard(KEY).len(), 0);
    }
}
