//! Loads in the foreground: begin, read the source, commit, judge, answer.

use super::rules::{Invariant, Mutant};
use super::state::{Entry, Generation, Load, Phase, Verdict};
use super::step::Turn;
use super::store::{Begun, Committed, Role};

/// How often a load reads the source again after it was outdated.
const RETRIES: u8 = 1;

impl Load {
    pub fn new(token: u8, generation: Generation) -> Load {
        Load { token, generation, value: None, stored: false, retries: RETRIES, early: 0, late: 0, fallback: None }
    }

    /// Reads the source once more under a new generation: whoever waits now came before this load.
    fn again(&mut self, generation: Generation, keeps_value: bool) {
        self.generation = generation;
        self.value = self.value.filter(|_| keeps_value);
        self.stored = false;
        self.retries -= 1;
        self.early = self.early.max(self.late);
        self.late = 0;
    }
}

impl Turn<'_> {
    /// The reader's load begins, unless another holds the key or it is fresh.
    pub fn start_flight(&mut self, process: usize, at_least: Option<Generation>, fallback: Option<u8>) {
        let need = self.world.processes[process].reader.need;
        match self.begin(Role::Foreground, at_least) {
            Begun::Granted(token, generation) => {
                let load = Load { early: need, fallback, ..Load::new(token, generation) };
                self.world.processes[process].flight = Some(load);
                self.world.processes[process].reader.phase = Phase::Loading;
            }
            Begun::Fresh | Begun::Busy => self.leave(process),
        }
    }

    /// Another caller joins the flight, with all that has returned by now in mind.
    pub fn join(&mut self, process: usize) -> bool {
        let returned = self.world.truth.returned;
        let Some(load) = &mut self.world.processes[process].flight else { return false };
        let slot = if load.value.is_some() { &mut load.late } else { &mut load.early };
        let joins = self.rules.configuration.followers && *slot < returned;
        *slot = (*slot).max(returned);
        joins
    }

    /// The load's next step.
    pub fn advance_flight(&mut self, process: usize) -> bool {
        let Some(mut load) = self.world.processes[process].flight else { return false };
        if load.stored {
            self.judge_flight(process, load);
        } else if let Some(version) = load.value {
            self.commit_flight(process, load, version);
        } else {
            load.value = Some(self.world.source);
            self.world.processes[process].flight = Some(load);
        }
        true
    }

    fn commit_flight(&mut self, process: usize, mut load: Load, version: u8) {
        match self.commit(Role::Foreground, load.token, load.generation, version) {
            Committed::Stored if self.judges_later() => {
                load.stored = true;
                self.world.processes[process].flight = Some(load);
                self.world.processes[process].reader.cell = self.rules.configuration.near;
            }
            Committed::Stored => self.answer_and_leave(process, &load, true),
            Committed::Invalidated(generation) if load.retries > 0 => {
                load.again(generation, self.rules.mutated(Mutant::RetryKeepsValue));
                self.world.processes[process].flight = Some(load);
            }
            Committed::Invalidated(_) => {
                self.fail(load.token);
                self.answer_and_leave(process, &load, self.rules.mutated(Mutant::LateFollowersAnswered));
            }
            Committed::Lost => self.answer_and_leave(process, &load, false),
        }
    }

    /// Whether the commit's own judgement is not enough: it saw no marks, or the near tier wants to read them pinned.
    fn judges_later(&self) -> bool {
        let configuration = &self.rules.configuration;
        !self.rules.mutated(Mutant::StoredAnswersEveryone) && (configuration.near || !configuration.sees_marks)
    }

    /// Reads record and marks after the load. What is outdated is loaded once more.
    fn judge_flight(&mut self, process: usize, mut load: Load) {
        self.find_shard();
        self.raise_to_read(process);
        let entry = Entry {
            version: load.value.unwrap_or_default(),
            generation: load.generation,
            flag: Verdict::Current,
            ended: false,
        };
        if self.judge_loaded(load.generation) == Verdict::Current {
            self.answer(process, &load, true);
            return self.fill(process, entry);
        }
        let at_least = self.newest_mark();
        if load.retries > 0
            && let Begun::Granted(token, generation) = self.begin(Role::Foreground, at_least)
        {
            load.token = token;
            load.again(generation, false);
            self.world.processes[process].flight = Some(load);
            self.world.processes[process].reader.cell = false;
        } else {
            self.answer_and_leave(process, &load, self.rules.mutated(Mutant::LateFollowersAnswered));
        }
    }

    /// By the marks, and by the record: an invalidation by key is nowhere else.
    fn judge_loaded(&self, generation: Generation) -> Verdict {
        let entry = self.world.record.and_then(|record| record.entry);
        match entry.filter(|entry| entry.generation == generation) {
            _ if self.rules.mutated(Mutant::FlightJudgedByMarksAlone) => self.judge(generation),
            Some(entry) => self.judge_entry(&entry),
            None => Verdict::Soft,
        }
    }

    fn answer_and_leave(&mut self, process: usize, load: &Load, everyone: bool) {
        self.answer(process, load, everyone);
        self.leave(process);
    }

    /// Answers the callers who came before the last load began, or all of them; the rest start anew.
    fn answer(&mut self, process: usize, load: &Load, everyone: bool) {
        let need = if everyone { load.early.max(load.late) } else { load.early };
        if load.value.is_some_and(|version| version < need) {
            self.breaks(Invariant::Fresh);
        }
        self.world.processes[process].flight = None;
    }

    /// The load fails: the fallback is judged again, and served if it still may be.
    pub fn fail_flight(&mut self, process: usize) -> bool {
        let Some(load) = self.world.processes[process].flight else { return false };
        if self.world.left.failures == 0 || load.value.is_some() {
            return false;
        }
        self.world.left.failures -= 1;
        self.fail(load.token);
        if self.rules.mutated(Mutant::FallbackNotJudgedAgain)
            && load.fallback.is_some_and(|f| f < self.world.truth.hard)
        {
            self.breaks(Invariant::Hard);
        }
        self.world.processes[process].flight = None;
        self.leave(process);
        true
    }

    /// The process is killed in mid-load; whoever starts in its place holds nothing.
    pub fn kill_flight(&mut self, process: usize) -> bool {
        if self.world.left.kills == 0 || self.world.processes[process].flight.is_none() {
            return false;
        }
        self.world.left.kills -= 1;
        self.world.processes[process].flight = None;
        self.leave(process);
        true
    }
}
