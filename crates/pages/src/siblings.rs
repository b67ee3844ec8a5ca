//! The other variants of a page, as far as this process knows: those that were asked for last.

use std::sync::{Mutex, PoisonError};

use freshen_http::VariantKey;

/// The keys of variants, the one that was asked for last at the end.
#[derive(Debug, Default)]
pub(crate) struct Siblings(Mutex<Vec<VariantKey>>);

impl Siblings {
    /// Remembers that one was asked for. What is given has to go: there are more than so many.
    pub fn used(&self, variant: VariantKey, most: usize) -> Option<VariantKey> {
        let mut keys = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match keys.iter().rposition(|key| *key == variant) {
            Some(at) => keys[at..].rotate_left(1),
            None => keys.push(variant),
        }
        (keys.len() > most).then(|| keys.remove(0))
    }

    /// Those of the page that this one replaces.
    pub fn of(previous: &Siblings) -> Siblings {
        let keys = previous.0.lock().unwrap_or_else(PoisonError::into_inner);
        Siblings(Mutex::new(keys.clone()))
    }
}
