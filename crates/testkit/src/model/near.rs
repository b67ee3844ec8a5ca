//! The near tier: cells, pins, and what messages and own calls do to them.

use super::marks::raise;
use super::rules::Mutant;
use super::state::{Entry, Generation, Mark, Message, Method, Verdict};
use super::step::Turn;

impl Turn<'_> {
    /// What a message says.
    pub fn apply(&mut self, process: usize, message: &Message) {
        let verdict = if message.hard { Verdict::Hard } else { Verdict::Soft };
        match message.tick {
            Some(tick) => self.raise_cell(process, verdict, tick),
            None => self.hit_key(process),
        }
    }

    /// What the own process's call says, before it returns. A foreign epoch takes the trust.
    pub fn apply_own(&mut self, process: usize, method: Method, tick: Option<Generation>) {
        let heard = self.world.processes[process].near.heard;
        match tick {
            None => self.hit_key(process),
            Some(tick) if heard.is_some_and(|heard| heard.0 != tick.epoch) => self.distrust(process),
            Some(tick) => self.raise_cell(process, method.verdict(), tick.number),
        }
    }

    fn raise_cell(&mut self, process: usize, verdict: Verdict, tick: u8) {
        let overwrites = self.rules.mutated(Mutant::CellOverwritten);
        let hides = self.rules.mutated(Mutant::SoftMessageHidesHard);
        if self.holds_cell(process) {
            raise(&mut self.world.processes[process].near.cell, verdict, tick, overwrites, hides);
        }
    }

    fn hit_key(&mut self, process: usize) {
        let member = &mut self.world.processes[process];
        member.near.entry = None;
        member.reader.hit = !self.rules.mutated(Mutant::KeyNotPinned);
    }

    fn holds_cell(&self, process: usize) -> bool {
        let member = &self.world.processes[process];
        member.near.entry.is_some() || member.reader.cell
    }

    /// Raises the pinned cell to the marks that were read.
    pub fn raise_to_read(&mut self, process: usize) {
        let Some(shard) = self.shard() else { return };
        let hard_floor = self.rules.configuration.lost_is_hard();
        if self.holds_cell(process) {
            let cell = &mut self.world.processes[process].near.cell;
            cell.hard = cell.hard.max(shard.mark.hard).max(if hard_floor { shard.floor } else { 0 });
            cell.soft = cell.soft.max(shard.mark.soft).max(if hard_floor { 0 } else { shard.floor });
        }
    }

    /// Inserts what was judged fresh, unless something came between; the pins end.
    pub fn insert(&mut self, process: usize, entry: Entry) {
        let member = &mut self.world.processes[process];
        let late = member.reader.overdue && !self.rules.mutated(Mutant::BoundFromInsert);
        let mistrusted = member.reader.mistrusted && !self.rules.mutated(Mutant::TrustAtInsert);
        if member.near.trusted && !member.reader.hit && !late && !mistrusted {
            member.near.entry = Some(entry);
        }
    }

    /// A cell lives while anyone holds it.
    pub fn drop_unheld_cells(&mut self) {
        for process in 0..2 {
            if !self.holds_cell(process) {
                self.world.processes[process].near.cell = Mark::default();
            }
        }
    }

    /// How the near tier judges what it has.
    pub fn judge_near(&self, process: usize) -> Option<(Entry, Verdict)> {
        let near = &self.world.processes[process].near;
        let entry = near.entry.filter(|_| near.trusted)?;
        let number = entry.generation.number;
        let verdict = match near.cell {
            cell if cell.hard >= number => Verdict::Hard,
            cell if cell.soft >= number => Verdict::Soft,
            _ => Verdict::Current,
        };
        Some((entry, verdict))
    }
}
