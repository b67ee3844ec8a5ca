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

/// What shows a write, by the clock of now; `newest` tells which that is.
///
/// The source was written before the write's generation was drawn. Whatever is loaded under a clock that took the place of
/// that generation's began after its loss, and so after the write: any of it will do, and nothing that an earlier clock made.
pub(crate) fn by_the_clock_of(newest: Option<Generation>, write: Option<Generation>) -> Option<Generation> {
    match (newest, write) {
        (Some(newest), Some(write)) if newest.epoch != write.epoch => Some(Generation { number: 0, ..newest }),
        _ => write,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn under_another_clock_than_the_writes_all_of_it_shows_the_write_and_nothing_else() {
        let generation = |epoch, number| Generation { epoch, number };
        let hides = |clock, loaded: Generation| {
            let above = by_the_clock_of(Some(generation(clock, 70)), Some(generation(1, 50)));
            loaded.outdated_by(above.unwrap())
        };
        assert_eq!([50, 51].map(|number| hides(1, generation(1, number))), [true, false]);
        assert_eq!([1, 99].map(|number| hides(2, generation(2, number))), [false, false]);
        assert_eq!([1, 3].map(|epoch| hides(2, generation(epoch, 99))), [true, true]);
        assert_eq!(by_the_clock_of(None, Some(generation(1, 50))), Some(generation(1, 50)));
        assert_eq!(by_the_clock_of(Some(generation(1, 70)), None), None);
    }
}
