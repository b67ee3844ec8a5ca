//! What the caches hold: a struct of 1 KiB.

use hitbox_fn::CacheableResponse;
use serde::{Deserialize, Serialize};

/// A record of 1 KiB that says which key it belongs to. It holds no pointers, so a value is one allocation.
#[derive(Clone, Serialize, Deserialize, CacheableResponse)]
pub struct Value {
    /// Read by every hit, so that a hit touches the value. Zero is no key's mark.
    pub mark: u64,
    filler: [[u64; 21]; 6],
    end: u64,
}

const _: () = assert!(size_of::<Value>() == 1024);

impl Value {
    /// The value that belongs under this key.
    pub fn of(key: u64) -> Self {
        // Large numbers, so that a codec with short forms for small ones gains nothing.
        let filler = [[u64::MAX - key; 21]; 6];
        Self { mark: mark(key), filler, end: key }
    }

    /// What a loader returns when it is asked although the cache was filled: the sum of the marks then betrays a miss.
    pub fn missed() -> Self {
        Self { mark: 0, ..Self::of(0) }
    }
}

/// The mark in the value under this key.
pub fn mark(key: u64) -> u64 {
    key + 1
}

/// What reading these keys must add up to.
pub fn sum_of_marks(keys: &[u64]) -> u64 {
    keys.iter().fold(0, |sum, &key| sum.wrapping_add(mark(key)))
}
