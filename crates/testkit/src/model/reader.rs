//! A `get`: pin, read the record, read the marks, judge, serve, and ask, load or insert.

use super::rules::{Invariant, Mutant};
use super::state::{Entry, Generation, Phase, Reader, Verdict};
use super::step::Turn;

impl Turn<'_> {
    /// The `get`'s next step.
    pub fn advance_reader(&mut self, process: usize) -> bool {
        match self.world.processes[process].reader.phase {
            Phase::Idle => self.pin(process),
            Phase::Pinned => self.read_record(process),
            Phase::Read(found) => return self.read_marks(process, found, None),
            Phase::Flooring(found, floor) => return self.read_marks(process, found, Some(floor)),
            Phase::WillAsk(at_least) => {
                if let Some(token) = self.ask(at_least) {
                    self.push(token);
                }
                self.leave(process);
            }
            Phase::WillLoad(at_least, fallback) => self.start_flight(process, at_least, fallback),
            Phase::Loading => return false,
            Phase::Inserting(entry) => {
                self.insert(process, entry);
                self.leave(process);
            }
        }
        true
    }

    /// A `get` begins: the key's slot is pinned before the record is read.
    fn pin(&mut self, process: usize) {
        let truth = self.world.truth;
        self.world.processes[process].reader =
            Reader { phase: Phase::Pinned, need: truth.returned, need_hard: truth.hard, ..Reader::default() };
        if !self.rules.configuration.near {
            self.read_record(process);
        }
    }

    fn read_record(&mut self, process: usize) {
        let found = self.world.record.and_then(|record| record.entry).filter(|entry| entry.flag != Verdict::Hard);
        let reader = &mut self.world.processes[process].reader;
        reader.cell = found.is_some() && self.rules.configuration.near && !self.rules.mutated(Mutant::MarksBeforePin);
        // Without an entry the tags are unknown: there are no marks to read.
        reader.phase = if found.is_some() { Phase::Read(found) } else { Phase::WillLoad(None, None) };
    }

    fn read_marks(&mut self, process: usize, found: Option<Entry>, floor: Option<u8>) -> bool {
        let Some(entry) = found else { return false };
        let two_steps = self.rules.mutated(Mutant::FloorInTwoSteps);
        if two_steps && floor.is_none() && self.shard().is_none() {
            let tick = self.tick().number;
            self.world.processes[process].reader.phase = Phase::Flooring(found, tick);
            return true;
        }
        match floor {
            Some(floor) => drop(self.shard_or_made(Some(floor))),
            None => self.find_shard(),
        }
        self.raise_to_read(process);
        self.judge_read(process, entry);
        true
    }

    /// Serves or does not, and decides what comes next.
    fn judge_read(&mut self, process: usize, entry: Entry) {
        let at_least = self.newest_mark();
        let reader = self.world.processes[process].reader;
        match self.judge_entry(&entry) {
            Verdict::Current if !entry.ended => {
                if entry.version < reader.need {
                    self.breaks(Invariant::Fresh);
                }
                self.fill(process, entry);
            }
            Verdict::Current | Verdict::Soft => {
                if entry.version < reader.need_hard {
                    self.breaks(Invariant::Hard);
                }
                self.refresh(process, at_least, entry.version);
            }
            Verdict::Hard => self.next(process, Phase::WillLoad(at_least, None)),
        }
    }

    /// Something stale was served: load here with a fallback, or ask for a task.
    fn refresh(&mut self, process: usize, at_least: Option<Generation>, version: u8) {
        let configuration = &self.rules.configuration;
        let here = configuration.workers == 0 || configuration.loads_stale && process == 1;
        self.next(process, if here { Phase::WillLoad(at_least, Some(version)) } else { Phase::WillAsk(at_least) });
    }

    /// What was judged fresh goes into the near tier, if there is one.
    pub fn fill(&mut self, process: usize, entry: Entry) {
        if !self.rules.configuration.near {
            return self.leave(process);
        }
        self.world.processes[process].reader.cell = !self.rules.mutated(Mutant::MarksBeforePin);
        self.next(process, Phase::Inserting(entry));
    }

    fn next(&mut self, process: usize, phase: Phase) {
        self.world.processes[process].reader.phase = phase;
    }

    /// The `get` is over, and with it its pins.
    pub fn leave(&mut self, process: usize) {
        self.world.processes[process].reader = Reader::default();
    }
}
