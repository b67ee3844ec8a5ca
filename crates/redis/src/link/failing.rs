//! Places that failed a moment ago, so that not everybody who comes tries there for as long as the first.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::link::{LinkError, Place};

/// For how long nobody tries; after that one tries for all, and again nobody else for as long.
const PAUSE: Duration = Duration::from_millis(200);

/// The slots that failed, of which there are no more than a Cluster has. The lock is never held across an await.
#[derive(Default)]
pub struct Failing {
    slots: Mutex<BTreeMap<u16, Failure>>,
    /// Whether there is any, told without the lock.
    any: AtomicBool,
}

struct Failure {
    error: LinkError,
    until: Instant,
}

/// How a place may be tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leave {
    /// As any.
    Whole,
    /// It failed, and this is who looks whether that has passed: not for long.
    Look,
}

impl Failing {
    /// Whether a place may be tried.
    ///
    /// # Errors
    /// What it failed with a moment ago.
    pub fn leave(&self, place: &Place, now: Instant) -> Result<Leave, LinkError> {
        if !self.any.load(Ordering::Acquire) {
            return Ok(Leave::Whole);
        }
        match self.slots().get_mut(&place.slot()) {
            None => Ok(Leave::Whole),
            // Other keys of the place may be answered: everybody looks.
            Some(failure) if failure.error.is_of_keys() => Ok(Leave::Look),
            Some(failure) if now < failure.until => Err(failure.error.clone()),
            Some(failure) => {
                failure.until = now + PAUSE;
                Ok(Leave::Look)
            }
        }
    }

    /// Whether a place has failed since it last answered.
    pub fn has(&self, place: &Place) -> bool {
        self.any.load(Ordering::Acquire) && self.slots().contains_key(&place.slot())
    }

    /// Takes note of an error after which nothing more is tried. One that says nothing of the place is not remembered, and
    /// neither is a server that is down: that is known of the server.
    pub fn failed(&self, place: &Place, error: &LinkError, now: Instant) {
        if error.is_of_place() {
            let mut slots = self.slots();
            slots.insert(place.slot(), Failure { error: error.clone(), until: now + PAUSE });
            self.any.store(true, Ordering::Release);
        }
    }

    /// Takes note of an answer.
    pub fn answered(&self, place: &Place) {
        if self.any.load(Ordering::Acquire) {
            let mut slots = self.slots();
            slots.remove(&place.slot());
            self.any.store(!slots.is_empty(), Ordering::Release);
        }
    }

    fn slots(&self) -> MutexGuard<'_, BTreeMap<u16, Failure>> {
        // Nothing under this lock calls foreign code, so a poisoned one still guards a whole state.
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::link::Refusal;

    /// What a server of a Cluster says that has lost the others.
    fn cluster_down() -> LinkError {
        let Ok(redis::Value::ServerError(reply)) = redis::parse_redis_value(b"-CLUSTERDOWN no quorum\r\n") else {
            panic!("it is a refusal")
        };
        LinkError::Refused { address: "there".to_owned(), refusal: Refusal::of(&reply), reply }
    }

    #[test]
    fn after_a_failure_one_in_each_pause_looks_and_an_answer_ends_it() {
        let (failing, place, other) = (Failing::default(), Place::new("test", 0), Place::new("test", 1));
        let began = Instant::now();
        assert_eq!(failing.leave(&place, began).ok(), Some(Leave::Whole));
        failing.failed(&place, &cluster_down(), began);
        assert!(matches!(failing.leave(&place, began + PAUSE / 2), Err(LinkError::Refused { .. })));
        assert_eq!(failing.leave(&other, began).ok(), Some(Leave::Whole), "another slot");
        assert_eq!(failing.leave(&place, began + PAUSE).ok(), Some(Leave::Look));
        assert!(failing.leave(&place, began + PAUSE).is_err(), "one looks for all");
        assert_eq!(failing.leave(&place, began + 2 * PAUSE).ok(), Some(Leave::Look), "who looked has not come back");
        failing.answered(&other);
        assert!(failing.leave(&place, began + 2 * PAUSE).is_err());
        failing.answered(&place);
        assert_eq!(failing.leave(&place, began + 2 * PAUSE).ok(), Some(Leave::Whole));
    }

    #[test]
    fn where_some_keys_are_being_moved_everybody_looks() {
        let (failing, place, now) = (Failing::default(), Place::new("test", 0), Instant::now());
        failing.failed(&place, &LinkError::Moving { address: "there".to_owned(), partition: 7 }, now);
        for _ in 0..2 {
            assert_eq!(failing.leave(&place, now).ok(), Some(Leave::Look));
        }
        failing.answered(&place);
        assert_eq!(failing.leave(&place, now).ok(), Some(Leave::Whole));
    }

    #[test]
    fn what_says_nothing_of_the_place_is_not_remembered() {
        let (failing, place, now) = (Failing::default(), Place::new("test", 0), Instant::now());
        let (address, after) = ("there".to_owned(), PAUSE);
        failing.failed(&place, &LinkError::TimedOut { address: address.clone(), after }, now);
        failing.failed(&place, &LinkError::Down { address, reason: "gone".to_owned() }, now);
        assert_eq!(failing.leave(&place, now).ok(), Some(Leave::Whole));
    }
}
