//! The store's steps: the clock, the shard, the judgement, and what happens to the record.

use super::rules::{Invariant, Mutant};
use super::state::{Clock, Entry, Generation, Lease, Mark, Method, Record, Shard, Verdict};
use super::step::Turn;

/// Who begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Foreground,
    Task,
    TakeOver,
}

/// The answer of `begin`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Begun {
    Fresh,
    Busy,
    Granted(u8, Generation),
}

/// The answer of `commit`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Committed {
    Stored,
    Invalidated(Generation),
    Lost,
}

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

    fn begin_tick(&mut self) -> Generation {
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

    pub fn judge_entry(&self, entry: &Entry) -> Verdict {
        entry.flag.max(self.judge(entry.generation))
    }

    /// The newest mark that a caller saw, to be brought along as `at_least`.
    pub fn newest_mark(&self) -> Option<Generation> {
        self.shard().map(|shard| Generation { epoch: shard.epoch, number: shard.floor.max(shard.mark.newest()) })
    }

    /// Whether ask and begin answer `Fresh`.
    fn is_fresh(&self, at_least: Option<Generation>) -> bool {
        let Some(entry) = self.world.record.and_then(|record| record.entry) else { return false };
        let alone = entry.flag == Verdict::Current && !entry.ended;
        if self.rules.mutated(Mutant::FreshFromRecordAlone) {
            return alone;
        }
        let above =
            at_least.is_none_or(|mark| mark.epoch == entry.generation.epoch && mark.number < entry.generation.number);
        let seen = !self.rules.configuration.sees_marks || self.judge(entry.generation) == Verdict::Current;
        alone && above && seen
    }

    /// Whether whoever reads now finds it fresh.
    pub fn is_fresh_now(&self) -> bool {
        let Some(entry) = self.world.record.and_then(|record| record.entry) else { return false };
        self.judge_entry(&entry) == Verdict::Current && !entry.ended
    }

    /// Asks for a task: the token is one that only a mutant's task carries.
    pub fn ask(&mut self, at_least: Option<Generation>) -> Option<u8> {
        if self.is_fresh(at_least) {
            return None;
        }
        let mut record = self.world.record.unwrap_or_default();
        if record.asked || record.lease.is_some_and(|lease| !lease.lapsed) {
            return None;
        }
        let leases = self.rules.mutated(Mutant::LeaseWhileQueued) || self.rules.mutated(Mutant::TaskKeepsToken);
        let token = if leases { self.unused_token() } else { 0 };
        if leases {
            record.lease = Some(Lease { token, lapsed: false, dirty: Verdict::Current, queued: true });
        }
        record.asked = true;
        self.world.record = Some(record);
        Some(token)
    }

    pub fn begin(&mut self, role: Role, at_least: Option<Generation>) -> Begun {
        if role != Role::TakeOver {
            if self.is_fresh(at_least) {
                if role == Role::Task && !self.rules.mutated(Mutant::FreshLeavesMarker) {
                    self.clear_marker();
                }
                return Begun::Fresh;
            }
            if self.is_held(role) {
                self.renew_marker(role, Mutant::BusyClearsMarker);
                return Begun::Busy;
            }
        }
        self.grant(role)
    }

    fn is_held(&mut self, role: Role) -> bool {
        let Some(record) = self.world.record else { return false };
        let foreground = role == Role::Foreground;
        let held = record.lease.is_some_and(|lease| !lease.lapsed && (!lease.queued || foreground));
        let marked = foreground && record.asked && self.rules.mutated(Mutant::ForegroundHeedsMarker);
        let for_queue = record.lease.is_some_and(|lease| held && lease.queued);
        if foreground && (for_queue || marked && !held) {
            self.breaks(Invariant::NoWaitForQueue);
        }
        held || marked
    }

    fn grant(&mut self, role: Role) -> Begun {
        let generation = self.begin_tick();
        let unmarked = role == Role::TakeOver && self.rules.mutated(Mutant::PutWithoutLease);
        let keeps = role == Role::TakeOver && self.rules.mutated(Mutant::PutKeepsLease);
        if unmarked || keeps && self.world.record.is_some_and(|record| record.lease.is_some()) {
            return Begun::Granted(0, generation);
        }
        let token = match self.rules.mutated(Mutant::TokenIsGeneration) {
            true => generation.number,
            false => self.unused_token(),
        };
        let record = self.world.record.get_or_insert_default();
        record.lease = Some(Lease { token, lapsed: false, dirty: Verdict::Current, queued: false });
        self.renew_marker(role, Mutant::GrantClearsMarker);
        Begun::Granted(token, generation)
    }

    fn renew_marker(&mut self, role: Role, clears: Mutant) {
        let clears = self.rules.mutated(clears);
        if role == Role::Task {
            self.world.record.get_or_insert_default().asked = !clears;
        }
    }

    pub fn clear_marker(&mut self) {
        if let Some(record) = &mut self.world.record {
            record.asked = false;
        }
    }

    pub fn commit(&mut self, role: Role, token: u8, generation: Generation, version: u8) -> Committed {
        let lease = self.world.record.and_then(|record| record.lease);
        let free = role == Role::TakeOver && token == 0 || self.rules.mutated(Mutant::NoTokenCheck);
        let Some(lease) = lease.filter(|lease| lease.token == token).or(free.then_some(FREE)) else {
            return Committed::Lost;
        };
        let generation = self.committed_generation(generation);
        if self.rules.configuration.sees_marks {
            self.find_shard();
        }
        match self.judge_commit(&lease, generation) {
            Verdict::Current => {
                self.install(Entry { version, generation, flag: Verdict::Current, ended: false });
                self.stored(role, token);
                Committed::Stored
            }
            verdict => {
                if verdict == Verdict::Soft {
                    self.install(Entry { version, generation, flag: Verdict::Soft, ended: false });
                }
                Committed::Invalidated(self.keep_lease())
            }
        }
    }

    fn committed_generation(&mut self, begun: Generation) -> Generation {
        if self.rules.mutated(Mutant::GenerationAfterRead) {
            self.tick()
        } else if self.rules.mutated(Mutant::EpochOfCommit) {
            Generation { epoch: self.clock().epoch, ..begun }
        } else {
            begun
        }
    }

    fn judge_commit(&self, lease: &Lease, generation: Generation) -> Verdict {
        if self.rules.mutated(Mutant::NoInvalidatedCheck) {
            return Verdict::Current;
        }
        match self.rules.configuration.sees_marks {
            true => lease.dirty.max(self.judge(generation)),
            false => lease.dirty,
        }
    }

    pub fn install(&mut self, entry: Entry) {
        let record = self.world.record.get_or_insert_default();
        let before = record.entry.replace(entry);
        if before.is_some_and(|before| before.version > entry.version) {
            self.breaks(Invariant::NeverBackwards);
        }
    }

    fn stored(&mut self, role: Role, token: u8) {
        let keeps = role == Role::TakeOver && token == 0 && self.rules.mutated(Mutant::PutKeepsLease);
        let ended = match role {
            Role::Task => true,
            Role::Foreground => self.rules.mutated(Mutant::ForegroundClearsMarker),
            Role::TakeOver => self.rules.mutated(Mutant::PutClearsMarker),
        };
        let record = self.world.record.get_or_insert_default();
        if !keeps {
            record.lease = None;
        }
        record.asked &= !ended;
    }

    /// The lease stays with its holder, clean, under a new generation.
    fn keep_lease(&mut self) -> Generation {
        if let Some(lease) = self.world.record.as_mut().and_then(|record| record.lease.as_mut()) {
            lease.dirty = Verdict::Current;
        }
        self.begin_tick()
    }

    /// Drops the lease, if it is in force.
    pub fn fail(&mut self, token: u8) {
        if let Some(record) = &mut self.world.record {
            record.lease = record.lease.filter(|lease| lease.token != token);
        }
    }

    /// Outdates by key or removes: no clock needed, and nothing where there is no record.
    pub fn outdate_record(&mut self, method: Method) {
        if method == Method::Remove {
            self.drop_record();
        } else if let Some(record) = &mut self.world.record {
            let verdict = method.verdict();
            if let Some(entry) = &mut record.entry {
                entry.flag = entry.flag.max(verdict);
            }
            if let Some(lease) = &mut record.lease {
                lease.dirty = lease.dirty.max(verdict);
            }
        }
    }

    /// The record goes, and with it the lease and the marker.
    pub fn drop_record(&mut self) {
        self.world.record = None;
        self.excuse_tasks();
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

/// Stands for the lease of a commit that needs none; only mutants make such commits.
const FREE: Lease = Lease { token: 0, lapsed: false, dirty: Verdict::Current, queued: false };

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

/// A record with an entry of the source's first version.
pub(super) fn warm_record(generation: Generation) -> Record {
    let entry = Entry { version: 0, generation, flag: Verdict::Current, ended: false };
    Record { entry: Some(entry), ..Record::default() }
}
