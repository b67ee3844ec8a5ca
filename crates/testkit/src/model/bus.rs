//! The bus: numbered messages, heartbeats, loss, and the way back to trust.

use super::rules::Mutant;
use super::state::{MESSAGES, Message, Method, Verdict};
use super::step::Turn;

impl Turn<'_> {
    /// Numbers and publishes, in the step that outdated.
    pub fn publish(&mut self, tick: Option<u8>, method: Method, version: u8) {
        if !self.rules.configuration.near {
            return;
        }
        let mut clock = self.clock();
        clock.message += 1;
        self.world.clock = Some(clock);
        let hard = method.verdict() == Verdict::Hard;
        let log = &mut self.world.log;
        log.through = log.through.max(version);
        if hard {
            log.through_hard = log.through_hard.max(version);
        }
        let (through, through_hard) = (log.through, log.through_hard);
        let message = Message { position: (clock.epoch, clock.message), tick, hard, through, through_hard };
        let at = usize::from(log.len());
        assert!(at < MESSAGES, "a configuration with more writes than the log has room for");
        log.messages[at] = Some(message);
    }

    pub fn deliver(&mut self, process: usize) -> bool {
        let Some(message) = self.take(process) else { return false };
        self.covers(process, message.through, message.through_hard);
        if self.follows(process, message.position) {
            self.apply(process, &message);
        }
        true
    }

    pub fn lose_message(&mut self, process: usize) -> bool {
        let loses = self.world.left.lost_messages > 0 && self.take(process).is_some();
        if loses {
            self.world.left.lost_messages -= 1;
        }
        loses
    }

    fn take(&mut self, process: usize) -> Option<Message> {
        let near = &mut self.world.processes[process].near;
        let message = self.world.log.messages.get(usize::from(near.inbox)).copied().flatten();
        let message = message.filter(|_| near.subscribed)?;
        near.inbox += 1;
        Some(message)
    }

    /// A heartbeat comes after every message before it, and tells how far they go.
    pub fn beat(&mut self, process: usize) -> bool {
        let near = self.world.processes[process].near;
        if !self.rules.configuration.near || !near.subscribed || near.inbox < self.world.log.len() {
            return false;
        }
        let clock = self.clock();
        let position = (clock.epoch, clock.message);
        if near.heard == Some(position) {
            return false;
        }
        let log = self.world.log;
        self.covers(process, log.through, log.through_hard);
        let reused = self.rules.mutated(Mutant::NumbersReused) && near.heard.is_some_and(|heard| heard.1 == position.1);
        if near.heard.is_some() && !reused && !self.rules.mutated(Mutant::GapIgnored) {
            self.distrust(process);
            return true;
        }
        if !near.trusted {
            self.trust(process);
        }
        self.world.processes[process].near.heard = Some(position);
        true
    }

    /// Whether what the message says is to be applied. A first position brings trust; a gap takes it.
    fn follows(&mut self, process: usize, position: (u8, u8)) -> bool {
        let Some(heard) = self.world.processes[process].near.heard else {
            let trusts_early = self.world.processes[process].near.trusted;
            if !trusts_early {
                self.trust(process);
            }
            self.world.processes[process].near.heard = Some(position);
            return true;
        };
        let epoch = heard.0 == position.0 || self.rules.mutated(Mutant::NumbersReused);
        let next = epoch && position.1 == heard.1 + 1 || self.rules.mutated(Mutant::GapIgnored);
        if next {
            self.world.processes[process].near.heard = Some(position);
        } else {
            self.distrust(process);
        }
        next
    }

    /// Subscribes again and has it confirmed. What is to be trusted must be heard first.
    pub fn subscribe(&mut self, process: usize) -> bool {
        let end = self.world.log.len();
        let early = self.rules.mutated(Mutant::TrustedBeforePosition);
        let near = &mut self.world.processes[process].near;
        let waits = self.rules.mutated(Mutant::TrustedBeforeSubscribed) && !near.trusted;
        if near.subscribed || waits || !self.rules.configuration.near {
            return false;
        }
        near.subscribed = true;
        near.inbox = end;
        near.heard = None;
        if early {
            self.trust(process);
        }
        let returned = self.world.truth;
        if self.world.processes[process].near.trusted {
            self.covers(process, returned.returned, returned.hard);
        }
        true
    }

    /// Trusts without a subscription; only a mutant does that.
    pub fn trust_early(&mut self, process: usize) -> bool {
        let near = self.world.processes[process].near;
        let happens = self.rules.mutated(Mutant::TrustedBeforeSubscribed) && !near.subscribed && !near.trusted;
        if happens {
            self.trust(process);
        }
        happens
    }

    /// Raises the trust epoch, which clears the tier, then trusts: all that had returned is covered.
    fn trust(&mut self, process: usize) {
        let returned = self.world.truth;
        self.covers(process, returned.returned, returned.hard);
        let member = &mut self.world.processes[process];
        member.near.trusted = true;
        member.near.entry = None;
        member.reader.mistrusted = true;
    }

    /// Answers nothing from here on.
    pub fn distrust(&mut self, process: usize) {
        let near = &mut self.world.processes[process].near;
        near.trusted = false;
        near.subscribed = false;
        near.heard = None;
        near.entry = None;
    }

    /// What the process's near tier has to know from now on.
    fn covers(&mut self, process: usize, version: u8, hard: u8) {
        let truth = &mut self.world.truth;
        truth.near[process] = truth.near[process].max(version);
        truth.near_hard[process] = truth.near_hard[process].max(hard);
    }

    /// The near bound passes: what was read before is over, and everything that had returned is covered.
    pub fn pass_bound(&mut self) -> bool {
        if self.world.left.ticks == 0 {
            return false;
        }
        self.world.left.ticks -= 1;
        let returned = self.world.truth;
        for process in 0..2 {
            self.covers(process, returned.returned, returned.hard);
            let member = &mut self.world.processes[process];
            member.near.entry = None;
            member.reader.overdue = true;
        }
        true
    }
}
