//! One form for states that differ only in names: tokens, ticks, places in the queue, messages that all have heard.

use super::rules::Mutant;
use super::state::{Phase, World, Writer};
use super::step::Turn;

impl Turn<'_> {
    pub fn canonical(&mut self) {
        self.drop_unheld_cells();
        self.world.queue.sort_unstable();
        self.forget_heard_messages();
        if !self.rules.mutated(Mutant::TokenIsGeneration) {
            self.world.compress_ticks();
        }
    }

    /// The lowest token that nobody holds.
    pub fn unused_token(&self) -> u8 {
        let world = &self.world;
        let mut held = world.record.and_then(|record| record.lease).map_or(0, |lease| 1u64 << lease.token);
        for member in &world.processes {
            held |= member.flight.map_or(0, |load| 1 << load.token);
            held |= match member.writer {
                Writer::PutBegun(token, _) | Writer::PutWrote(token, ..) => 1 << token,
                _ => 0,
            };
        }
        for worker in &world.workers {
            held |= worker.load.map_or(0, |load| 1 << load.token);
        }
        for task in self.tasks() {
            held |= 1 << task.token;
        }
        (held | 1).trailing_ones() as u8
    }

    fn forget_heard_messages(&mut self) {
        let world = &mut self.world;
        let readers = &mut world.processes[..usize::from(self.rules.configuration.readers)];
        let end = world.log.len();
        for member in readers.iter_mut().filter(|member| !member.near.subscribed) {
            member.near.inbox = end;
        }
        let heard = readers.iter().map(|member| member.near.inbox).min().unwrap_or(end);
        if heard > 0 {
            world.log.messages.rotate_left(heard.into());
            world.log.messages[usize::from(end - heard)..].fill(None);
            readers.iter_mut().for_each(|member| member.near.inbox -= heard);
        }
    }
}

impl World {
    /// Ticks are only ever compared, so their ranks are as good; 0 stays 0.
    fn compress_ticks(&mut self) {
        let mut seen = 1u64;
        self.each_tick(&mut |tick| seen |= 1 << *tick);
        self.each_tick(&mut |tick| *tick = (seen & ((1 << *tick) - 1)).count_ones() as u8);
    }

    fn each_tick(&mut self, visit: &mut impl FnMut(&mut u8)) {
        if let Some(clock) = &mut self.clock {
            visit(&mut clock.last);
        }
        if let Some(shard) = &mut self.shard {
            visit(&mut shard.floor);
            visit(&mut shard.mark.soft);
            visit(&mut shard.mark.hard);
        }
        if let Some(entry) = self.record.as_mut().and_then(|record| record.entry.as_mut()) {
            visit(&mut entry.generation.number);
        }
        for worker in &mut self.workers {
            worker.at_least.iter_mut().for_each(|generation| visit(&mut generation.number));
            worker.load.iter_mut().for_each(|load| visit(&mut load.generation.number));
        }
        for message in self.log.messages.iter_mut().flatten() {
            message.tick.iter_mut().for_each(&mut *visit);
        }
        for member in &mut self.processes {
            member.flight.iter_mut().for_each(|load| visit(&mut load.generation.number));
            member.near.entry.iter_mut().for_each(|entry| visit(&mut entry.generation.number));
            visit(&mut member.near.cell.soft);
            visit(&mut member.near.cell.hard);
            visit_reader(&mut member.reader.phase, visit);
            visit_writer(&mut member.writer, visit);
        }
    }
}

fn visit_reader(phase: &mut Phase, visit: &mut impl FnMut(&mut u8)) {
    match phase {
        Phase::Idle | Phase::Pinned | Phase::Loading => {}
        Phase::Read(found) => found.iter_mut().for_each(|entry| visit(&mut entry.generation.number)),
        Phase::Flooring(found, floor) => {
            found.iter_mut().for_each(|entry| visit(&mut entry.generation.number));
            visit(floor);
        }
        Phase::WillAsk(mark) | Phase::WillLoad(mark, _) => mark.iter_mut().for_each(|mark| visit(&mut mark.number)),
        Phase::Inserting(entry) => visit(&mut entry.generation.number),
    }
}

fn visit_writer(writer: &mut Writer, visit: &mut impl FnMut(&mut u8)) {
    match writer {
        Writer::Idle | Writer::Wrote(..) | Writer::ReturnedFirst(..) => {}
        Writer::Ticked(_, _, tick) | Writer::TickedFirst(_, tick) => visit(&mut tick.number),
        Writer::Outdated(_, _, tick) => tick.iter_mut().for_each(|tick| visit(&mut tick.number)),
        Writer::PutBegun(_, generation) | Writer::PutWrote(_, generation, _) => visit(&mut generation.number),
    }
}
