//! What a load is begun for, and what it has to be newer than.

use crate::engine::batch::BatchSeat;
use crate::engine::slot::Hand;
use crate::entry::Generation;
use crate::store::Role;

/// What a load is begun for.
pub(crate) struct Demand {
    /// Who begins.
    pub role: Role,
    /// The newest mark that was seen: only what is above it counts as fresh.
    pub at_least: Option<Generation>,
    /// What is in hand, to ask the source "has it changed?" with.
    pub previous: Option<Hand>,
    /// Whether a back-off is heeded.
    pub heeds_backoff: bool,
    /// Whether the store's bytes are another version's, which must stay.
    pub near_only: bool,
    /// The batch in which it may be loaded.
    pub batch: Option<BatchSeat>,
}

impl Demand {
    /// The demand of a caller who waits, and has nothing in hand.
    pub(crate) fn foreground() -> Self {
        Demand {
            role: Role::Foreground,
            at_least: None,
            previous: None,
            heeds_backoff: true,
            near_only: false,
            batch: None,
        }
    }
}

/// The later of two generations; of different epochs, the one that was seen last.
pub(crate) fn newer(held: Option<Generation>, seen: Option<Generation>) -> Option<Generation> {
    match (held, seen) {
        (Some(held), Some(seen)) if held.epoch == seen.epoch && held.number > seen.number => Some(held),
        (held, None) => held,
        (_, seen) => seen,
    }
}
