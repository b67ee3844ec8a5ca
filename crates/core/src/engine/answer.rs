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
    how: How,
}

/// Age, rule and status in one word: an answer is two words, which are passed on in registers. One of more parts is copied
/// through memory at every step out of a `get`, and on keys that are spread each copy waits for the value's cache line.
#[derive(Clone, Copy)]
struct How(u64);

/// Bits of the rule, and as many of the status. Above them are microseconds of two thousand years.
const RULE_BITS: u32 = 4;
const RULE_MASK: u64 = (1 << RULE_BITS) - 1;

impl How {
    #[inline]
    fn new(status: Status, rule: Rule, age_micros: u64) -> Self {
        let age = age_micros.min(u64::MAX >> (2 * RULE_BITS));
        How(((age << RULE_BITS | rule as u64) << RULE_BITS) | status as u64)
    }

    fn status(self) -> Status {
        Status::ALL[(self.0 & RULE_MASK) as usize]
    }

    fn rule(self) -> Rule {
        Rule::ALL[(self.0 >> RULE_BITS & RULE_MASK) as usize]
    }

    fn age_micros(self) -> u64 {
        self.0 >> (2 * RULE_BITS)
    }
}

impl<V> Answer<V> {
    #[inline]
    pub(crate) fn new(slot: Arc<Slot<V>>, status: Status, rule: Rule, age_micros: u64) -> Self {
        Answer { slot, how: How::new(status, rule, age_micros) }
    }

    /// Whether it was a hit, stale, loaded, a fallback or empty.
    pub fn status(&self) -> Status {
        self.how.status()
    }

    /// The rule that decided.
    pub fn rule(&self) -> Rule {
        self.how.rule()
    }

    /// How long ago the load of the value began; zero where nothing was in hand.
    pub fn age(&self) -> Duration {
        Duration::from_micros(self.how.age_micros())
    }

    /// Whether the value says "there is none".
    pub fn is_absent(&self) -> bool {
        self.slot.meta().is_absent()
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
        Answer { slot: self.slot.clone(), how: self.how }
    }
}

impl<V: fmt::Debug> fmt::Debug for Answer<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer")
            .field("value", &**self)
            .field("status", &self.status())
            .field("rule", &self.rule())
            .field("age", &self.age())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_into_one_word_comes_out_again() {
        for status in Status::ALL {
            for rule in Rule::ALL {
                for age in [0, 1, u64::MAX >> (2 * RULE_BITS)] {
                    let how = How::new(status, rule, age);
                    assert_eq!((how.status(), how.rule(), how.age_micros()), (status, rule, age));
                }
            }
        }
        assert_eq!(How::new(Status::Empty, Rule::LoadFailed, u64::MAX).age_micros(), u64::MAX >> (2 * RULE_BITS));
    }

    #[test]
    fn an_answer_is_two_words() {
        assert_eq!(size_of::<Answer<[u8; 100]>>(), 2 * size_of::<usize>());
    }
}
