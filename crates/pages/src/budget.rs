//! What the bodies of one layer may hold together while they come and are read.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// How much memory all bodies that are filled from it may take together. Clones share it.
///
/// A body takes as it grows, and gives back what it lets go of, the rest when it is [stored](crate::Filled::stored_as), or nobody
/// fills it, keeps it or reads it any more. It never waits for bytes: where nothing is left, a body passes piece by piece to the one who asked for it, and nobody joins.
/// So at most two pieces of each body are held beyond the budget.
#[derive(Clone, Debug)]
pub struct Budget {
    free_bytes: Arc<AtomicU64>,
}

impl Budget {
    /// A budget of so many bytes.
    pub fn new(bytes: u64) -> Budget {
        Budget { free_bytes: Arc::new(AtomicU64::new(bytes)) }
    }

    /// How much is left.
    pub fn free_bytes(&self) -> u64 {
        self.free_bytes.load(Ordering::Relaxed)
    }

    /// What one body has of it: nothing yet.
    pub(crate) fn grant(&self) -> Grant {
        Grant { budget: self.clone(), bytes: 0 }
    }
}

/// What one body has of a budget. Dropping it gives all back.
#[derive(Debug)]
pub(crate) struct Grant {
    budget: Budget,
    bytes: u64,
}

impl Grant {
    /// Whether it is, or could be made, as large as that. If not, it stays as it is.
    pub(crate) fn cover(&mut self, bytes: u64) -> bool {
        let more = bytes.saturating_sub(self.bytes);
        // The number guards no memory but itself, so its order among other accesses does not matter.
        let take = |free: u64| free.checked_sub(more);
        let covered = self.budget.free_bytes.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).is_ok();
        if covered {
            self.bytes += more;
        }
        covered
    }

    /// Gives back what is more than that.
    pub(crate) fn shrink_to(&mut self, bytes: u64) {
        let less = self.bytes.saturating_sub(bytes);
        self.bytes -= less;
        self.budget.free_bytes.fetch_add(less, Ordering::Relaxed);
    }
}

impl Drop for Grant {
    fn drop(&mut self) {
        self.shrink_to(0);
    }
}
