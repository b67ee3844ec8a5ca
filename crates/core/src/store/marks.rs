//! Marks: the newest invalidations of a tag or a namespace, and the judgement of a generation by them.

use crate::entry::{Generation, Strength};
use crate::store::Currency;
use crate::time::Timestamp;

/// The newest soft and the newest hard invalidation of one scope, as ticks of the partition's clock (0: never).
///
/// Each is only ever raised. They are kept apart because a later soft invalidation must not hide an earlier hard one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Mark {
    /// Tick of the newest soft invalidation.
    pub soft: u64,
    /// Tick of the newest hard invalidation.
    pub hard: u64,
}

impl Mark {
    /// The mark of one invalidation.
    pub fn of(strength: Strength, tick: u64) -> Mark {
        let mut mark = Mark::default();
        mark.raise(strength, tick);
        mark
    }

    /// Raises the mark to `tick`.
    pub fn raise(&mut self, strength: Strength, tick: u64) {
        let slot = match strength {
            Strength::Soft => &mut self.soft,
            Strength::Hard => &mut self.hard,
        };
        *slot = tick.max(*slot);
    }

    /// The higher of both marks, soft and hard apart.
    pub fn join(self, other: Mark) -> Mark {
        Mark { soft: self.soft.max(other.soft), hard: self.hard.max(other.hard) }
    }

    /// The newest tick of either strength.
    pub fn newest(self) -> u64 {
        self.soft.max(self.hard)
    }
}

/// All marks that apply to one entry, joined, with the epoch of the clock that made them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Marks {
    /// The epoch of the partition's clock.
    pub epoch: u64,
    /// The join of the floor and of the marks of the entry's tags and namespace.
    pub mark: Mark,
    /// How to treat what is of another epoch, whose marks are lost: hard where hard invalidation by tag or namespace is used.
    pub lost: Strength,
}

impl Marks {
    /// Whether an entry of `generation` is current under these marks. An equal tick outdates.
    ///
    /// Of another epoch it is not. Numbers of two epochs say nothing about the order, so any hard mark may be the later one: what
    /// it covers is never served because lost marks are soft.
    pub fn judge(&self, generation: Generation) -> Currency {
        if generation.epoch != self.epoch {
            return if self.mark.hard > 0 { Currency::OutdatedHard } else { self.lost.into() };
        }
        if self.mark.hard >= generation.number {
            Currency::OutdatedHard
        } else if self.mark.soft >= generation.number {
            Currency::OutdatedSoft
        } else {
            Currency::Current
        }
    }
}

/// What one partition knows of some scopes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Marked {
    /// The time that ticks are not behind, by the store's own clock: a tick that lies in the past was made about then.
    pub now: Timestamp,
    /// The epoch of the partition's clock, and the last tick that was made.
    pub last: Generation,
    /// Joined into the mark of every scope: what marks were that had to make room, or were lost.
    pub floor: Mark,
    /// Each scope's own mark, in the order of the scopes; zero for one that has none.
    pub marks: Vec<Mark>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(soft: u64, hard: u64, number: u64) -> Currency {
        let marks = Marks { epoch: 1, mark: Mark { soft, hard }, lost: Strength::Soft };
        marks.judge(Generation { epoch: 1, number })
    }

    #[test]
    fn an_equal_tick_outdates_and_soft_never_hides_hard() {
        assert_eq!(judge(4, 0, 5), Currency::Current);
        assert_eq!(judge(5, 0, 5), Currency::OutdatedSoft);
        assert_eq!(judge(0, 5, 5), Currency::OutdatedHard);
        assert_eq!(judge(9, 5, 5), Currency::OutdatedHard);
        assert_eq!(judge(9, 4, 5), Currency::OutdatedSoft);
    }

    #[test]
    fn another_epoch_is_outdated_as_the_setting_says() {
        for lost in [Strength::Soft, Strength::Hard] {
            let marks = Marks { epoch: 2, mark: Mark::default(), lost };
            assert_eq!(marks.judge(Generation { epoch: 1, number: 99 }), lost.into());
            let marked = |soft, hard| Marks { mark: Mark { soft, hard }, ..marks };
            assert_eq!(marked(0, 1).judge(Generation { epoch: 1, number: 99 }), Currency::OutdatedHard);
            assert_eq!(marked(100, 0).judge(Generation { epoch: 1, number: 99 }), lost.into());
        }
    }

    #[test]
    fn a_mark_is_raised_never_lowered() {
        let mut mark = Mark::default();
        mark.raise(Strength::Soft, 7);
        mark.raise(Strength::Soft, 3);
        mark.raise(Strength::Hard, 2);
        assert_eq!(mark, Mark { soft: 7, hard: 2 });
        assert_eq!(mark.join(Mark { soft: 1, hard: 9 }), Mark { soft: 7, hard: 9 });
        assert_eq!(mark.newest(), 7);
    }
}
