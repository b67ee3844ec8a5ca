//! The writer's calls: source commit, outdating, the own near tier, return.

use super::rules::Mutant;
use super::state::{Entry, Generation, Method, Verdict, Writer};
use super::step::Turn;
use super::store::{Begun, Committed, Role};

impl Turn<'_> {
    /// A call begins: with the source commit, or with the take-over if it is a put.
    pub fn write(&mut self, process: usize, method: Method) -> bool {
        if self.world.processes[process].writer != Writer::Idle || self.world.left.writes == 0 {
            return false;
        }
        self.world.left.writes -= 1;
        self.world.processes[process].writer = if method == Method::Put && !self.rules.mutated(Mutant::BlindPut) {
            match self.begin(Role::TakeOver, None) {
                Begun::Granted(token, generation) => Writer::PutBegun(token, generation),
                Begun::Fresh | Begun::Busy => return false,
            }
        } else if method.by_tag() && self.rules.mutated(Mutant::TickBeforeSource) {
            Writer::TickedFirst(method, self.mark_tick())
        } else {
            Writer::Wrote(method, self.commit_source())
        };
        true
    }

    /// The call's next step.
    pub fn advance_writer(&mut self, process: usize) -> bool {
        let next = match self.world.processes[process].writer {
            Writer::Idle => return false,
            Writer::Wrote(method, version) => self.outdate(process, method, version),
            Writer::TickedFirst(method, tick) => Writer::Ticked(method, self.commit_source(), tick),
            Writer::Ticked(method, version, tick) => {
                self.mark(method, tick);
                if !self.rules.mutated(Mutant::PublishFirst) {
                    self.publish(Some(tick.number), method, version);
                }
                Writer::Outdated(method, version, Some(tick))
            }
            Writer::ReturnedFirst(method, version) => self.outdate_now(method, version),
            Writer::Outdated(method, version, tick) => {
                if !self.rules.mutated(Mutant::OwnByBusOnly) {
                    self.apply_own(process, method, tick);
                }
                self.returned(process, method, version);
                Writer::Idle
            }
            Writer::PutBegun(token, generation) => Writer::PutWrote(token, generation, self.commit_source()),
            Writer::PutWrote(token, generation, version) => self.finish_put(token, generation, version),
        };
        self.world.processes[process].writer = next;
        true
    }

    fn commit_source(&mut self) -> u8 {
        self.world.source += 1;
        self.world.source
    }

    fn outdate(&mut self, process: usize, method: Method, version: u8) -> Writer {
        if method == Method::Put {
            return self.put_blindly(version);
        }
        if self.rules.mutated(Mutant::ReturnsBeforeMark) {
            self.returned(process, method, version);
            return Writer::ReturnedFirst(method, version);
        }
        let first = self.rules.mutated(Mutant::PublishFirst);
        if method.by_tag() && (self.rules.configuration.split || first) {
            let tick = self.mark_tick();
            if first {
                self.publish(Some(tick.number), method, version);
            }
            return Writer::Ticked(method, version, tick);
        }
        self.outdate_now(method, version)
    }

    /// Outdates and publishes in one step.
    fn outdate_now(&mut self, method: Method, version: u8) -> Writer {
        let tick = method.by_tag().then(|| {
            self.shard_or_made(None);
            let tick = self.mark_tick();
            self.mark(method, tick);
            tick
        });
        if tick.is_none() {
            self.outdate_record(method);
        }
        self.publish(tick.map(|tick| tick.number), method, version);
        Writer::Outdated(method, version, tick)
    }

    fn put_blindly(&mut self, version: u8) -> Writer {
        let generation = self.tick();
        self.install(Entry { version, generation, flag: Verdict::Current, ended: false });
        if let Some(record) = &mut self.world.record {
            record.lease = None;
        }
        self.publish(None, Method::Put, version);
        Writer::Outdated(Method::Put, version, None)
    }

    /// A put that could not install becomes an invalidation of its key, and gives up what lease it has.
    fn finish_put(&mut self, token: u8, generation: Generation, version: u8) -> Writer {
        match self.commit(Role::TakeOver, token, generation, version) {
            Committed::Stored => {
                self.publish(None, Method::Put, version);
                Writer::Outdated(Method::Put, version, None)
            }
            Committed::Invalidated(_) => {
                self.fail(token);
                Writer::Wrote(Method::KeySoft, version)
            }
            Committed::Lost => Writer::Wrote(Method::KeySoft, version),
        }
    }

    /// From here on the caller relies on it.
    fn returned(&mut self, process: usize, method: Method, version: u8) {
        let truth = &mut self.world.truth;
        truth.returned = truth.returned.max(version);
        truth.near[process] = truth.near[process].max(version);
        if method.verdict() == Verdict::Hard {
            truth.hard = truth.hard.max(version);
            truth.near_hard[process] = truth.near_hard[process].max(version);
        }
    }
}
