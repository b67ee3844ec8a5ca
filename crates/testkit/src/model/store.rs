//! The store's steps on the record: ask, begin, commit, fail, outdate.

use super::rules::{Invariant, Mutant};
use super::state::{Entry, Generation, Lease, Method, Record, Verdict};
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
    pub fn judge_entry(&self, entry: &Entry) -> Verdict {
        entry.flag.max(self.judge(entry.generation))
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
}

/// Stands for the lease of a commit that needs none; only mutants make such commits.
const FREE: Lease = Lease { token: 0, lapsed: false, dirty: Verdict::Current, queued: false };

/// A record with an entry of the source's first version.
pub(super) fn warm_record(generation: Generation) -> Record {
    let entry = Entry { version: 0, generation, flag: Verdict::Current, ended: false };
    Record { entry: Some(entry), ..Record::default() }
}
