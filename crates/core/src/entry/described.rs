//! What a value that is shared within a process says of itself.

use std::any::Any;
use std::fmt;

use bytes::Bytes;

use crate::entry::{Facts, Tags};

/// A value that a store in this process shares with whoever was given it, its type erased.
///
/// The value may know by what it is judged. A store then need not keep that beside it, and a value in a store in memory
/// costs the memory of one description instead of two.
///
/// ```
/// use std::sync::Arc;
///
/// use freshen_core::{Bare, Described, Value};
///
/// let value = Value::Shared(Arc::new(Bare("a text")));
/// let Value::Shared(shared) = value else { unreachable!() };
/// assert!(shared.describe().is_none());
/// ```
pub trait Described: Any + Send + Sync {
    /// What the value says of itself: always the same, or always nothing. A store may ask under a lock.
    fn describe(&self) -> Option<Description<'_>>;
}

impl fmt::Debug for dyn Described {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Described").field(&self.describe()).finish()
    }
}

/// All that is told of a value besides itself, as an [`Entry`](crate::Entry) has it, and what it takes.
#[derive(Clone, Debug, PartialEq)]
pub struct Description<'a> {
    /// What it is judged by.
    pub facts: Facts,
    /// The tags whose invalidation outdates it.
    pub tags: &'a Tags,
    /// What the source gave to ask "has it changed?" with.
    pub validators: Option<&'a Bytes>,
    /// What all of it takes in memory, the value included.
    pub bytes: u64,
}

/// A value that says nothing of itself: whoever keeps it keeps its description too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bare<T>(pub T);

impl<T: Send + Sync + 'static> Described for Bare<T> {
    fn describe(&self) -> Option<Description<'_>> {
        None
    }
}
