//! What the code that the macros write needs besides the library. Nobody else may name it: it changes without notice.

use std::borrow::{Borrow, ToOwned};
use std::fmt;

use freshen_core::{Job, Key};

pub use equivalent::Equivalent;
pub use serde;

/// Lends what is kept, where there is anything.
pub fn lend<T: ToOwned + ?Sized>(kept: &Option<T::Owned>) -> Option<&T> {
    kept.as_ref().map(Borrow::borrow)
}

/// Shows a job as its key is shown, for which its arguments need no `Debug`.
pub fn show<J: Job>(job: &J, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
    match Key::new(J::NAMESPACE, J::NAME, job) {
        Ok(key) => fmt::Display::fmt(&key, formatter),
        Err(error) => write!(formatter, "{}:{} ({error})", J::NAMESPACE, J::NAME),
    }
}
