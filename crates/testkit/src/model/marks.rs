//! The partition's clock and its shard: ticks, marks, floors, and how they judge a generation.

use super::rules::Mutant;
use super::state::{Clock, Generation, Mark, Method, Shard, Verdict};
use super::step::Turn;

impl Turn<'_> {
    /// The clock, made anew in a new epoch where it is missing.
    pub fn clock(&mut self) -> Clock {
        if let Some(clock) = self.world.clock {
            return clock;
        }
        if !self.rules.mutated(Mutant::ClockRestarts) {
            self.world.epochs += 1;
        }
        let clock = Clock { epoch: self.world.epochs, last: 0, message: 0 };
        self.world.clock = Some(clock);
        clock
    }

    pub fn tick(&mut self) -> Generation {
        let mut clock = self.clock();
        clock.last += 1;
        self.world.clock = Some(clock);
        Generation { epoch: clock.epoch, number: clock.last }
    }

    pub fn begin_tick(&mut self) -> Generation {
        if self.rules.mutated(Mutant::BeginWithoutTick) {
            let clock = self.clock();
            return Generation { epoch: clock.epoch, number: clock.last };
        }
        self.tick()
    }

    /// The shard of the present epoch, if it is there.
    pub fn shard(&self) -> Option<Shard> {
        let clock = self.world.clock?;
        self.world.shard.filter(|shard| shard.epoch == clock.epoch)
    }

    /// The shard, made where it is missing with a floor that is ticked in the same step, or with the given one.
    pub fn shard_or_made(&mut self, floor: Option<u8>) -> Shard {
        let clock = self.clock();
        if let Some(shard) = self.shard() {
            return shard;
        }
        let floor = floor.unwrap_or_else(|| self.tick().number);
        let shard = Shard { epoch: clock.epoch, floor, mark: Mark::default() };
        self.world.shard = Some(shard);
        shard
    }

    /// What whoever judges does about a missing shard first.
    pub fn find_shard(&mut self) {
        if self.rules.mutated(Mutant::ReaderMakesNoShard) {
            self.clock();
        } else if self.rules.mutated(Mutant::MissingShardReadsFresh) {
            self.shard_or_made(Some(0));
        } else {
            self.shard_or_made(None);
        }
    }

    /// How the marks judge a generation.
    pub fn judge(&self, generation: Generation) -> Verdict {
        let lost = self.lost();
        let Some(shard) = self.shard().filter(|shard| shard.epoch == generation.epoch) else {
            return lost;
        };
        let outdates = |tick: u8| match self.rules.mutated(Mutant::EqualTickStaysFresh) {
            true => tick > generation.number,
            false => tick >= generation.number,
        };
        let floor = if outdates(shard.floor) { lost } else { Verdict::Current };
        let soft = if outdates(shard.mark.soft) { Verdict::Soft } else { Verdict::Current };
        let hard = if outdates(shard.mark.hard) { Verdict::Hard } else { Verdict::Current };
        floor.max(soft).max(hard)
    }

    fn lost(&self) -> Verdict {
        match self.rules.configuration.lost_is_hard() && !self.rules.mutated(Mutant::LostMarksReadSoft) {
            true => Verdict::Hard,
            false => Verdict::Soft,
        }
    }

    /// The newest mark that a caller saw, to be brought along as `at_least`.
    pub fn newest_mark(&self) -> Option<Generation> {
        self.shard().map(|shard| Generation { epoch: shard.epoch, number: shard.floor.max(shard.mark.newest()) })
    }

    /// The tick that an invalidation marks with.
    pub fn mark_tick(&mut self) -> Generation {
        if self.rules.configuration.equal_ticks {
            let clock = self.clock();
            return Generation { epoch: clock.epoch, number: clock.last };
        }
        self.tick()
    }

    /// Raises the tag's mark to a tick.
    pub fn mark(&mut self, method: Method, tick: Generation) {
        let floor = self.rules.mutated(Mutant::FloorIsOwnTick).then_some(tick.number);
        let mut shard = self.shard_or_made(floor);
        let overwrites = self.rules.mutated(Mutant::MarkOverwritten);
        let merges = self.rules.mutated(Mutant::SoftHidesHard);
        raise(&mut shard.mark, method.verdict(), tick.number, overwrites, merges);
        self.world.shard = Some(shard);
    }

    /// Forgets the tag's mark, and raises the floor to it.
    pub fn drop_mark(&mut self) -> bool {
        let Some(shard) = self.world.shard.filter(|shard| shard.mark.newest() > 0) else { return false };
        let floor = match self.rules.mutated(Mutant::DropKeepsFloor) {
            true => shard.floor,
            false => shard.floor.max(shard.mark.newest()),
        };
        self.world.shard = Some(Shard { floor, mark: Mark::default(), ..shard });
        true
    }
}

/// Raises one of a mark's two numbers.
pub(super) fn raise(mark: &mut Mark, verdict: Verdict, tick: u8, overwrites: bool, soft_hides_hard: bool) {
    let slot = match verdict {
        Verdict::Hard => &mut mark.hard,
        Verdict::Soft | Verdict::Current => &mut mark.soft,
    };
    *slot = if overwrites { tick } else { tick.max(*slot) };
    if soft_hides_hard && verdict == Verdict::Soft {
        mark.hard = 0;
    }
}
