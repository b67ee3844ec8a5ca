//! What each step does in the reference, and what it answers.

use std::hash::Hash;
use std::time::Duration;

use freshen_core::store::{Asked, Currency, Role};
use freshen_core::{Strength, Timestamp};

use super::{BeginAnswer, Brought, CommitAnswer, Held, Moment, Record, Reference, Ticket};

impl<K: Clone + Eq + Hash, T: Copy + Eq + Hash> Reference<K, T> {
    /// Asks for a task.
    pub fn ask(&mut self, key: &K, deadline: Duration, at_least: Option<Moment>) -> Asked {
        if self.is_fresh(key, at_least) {
            return Asked::Fresh;
        }
        let shown = self.read(key);
        if shown.asked_until.is_some() || shown.lease_until.is_some() {
            return Asked::Busy;
        }
        self.record(key).asked_until = self.now + deadline;
        Asked::Asked
    }

    /// Takes an ask back.
    pub fn unask(&mut self, key: &K) {
        self.record(key).asked_until = Timestamp::ZERO;
    }

    fn record(&mut self, key: &K) -> &mut Record<T> {
        self.records.entry(key.clone()).or_default()
    }

    /// Begins a load.
    pub fn begin(
        &mut self,
        key: &K,
        role: Role,
        span: Duration,
        at_least: Option<Moment>,
        heeds_backoff: bool,
    ) -> BeginAnswer {
        let answer = self.begin_load(key, role, span, at_least, heeds_backoff);
        if let Role::Task { deadline } = role {
            let fresh = answer == BeginAnswer::Fresh;
            self.record(key).asked_until = if fresh { Timestamp::ZERO } else { self.now + deadline };
        }
        answer
    }

    fn begin_load(
        &mut self,
        key: &K,
        role: Role,
        span: Duration,
        at_least: Option<Moment>,
        heeds_backoff: bool,
    ) -> BeginAnswer {
        let shown = self.read(key);
        if role != Role::TakeOver {
            if self.is_fresh(key, at_least) {
                return BeginAnswer::Fresh;
            }
            if let Some(until) = shown.lease_until {
                return BeginAnswer::Busy(until);
            }
            if let Some((failures, at)) = shown.trouble.filter(|(_, at)| heeds_backoff && *at > self.now) {
                return BeginAnswer::Cooling(failures, at);
            }
        }
        let granted = self.next();
        let failures = shown.trouble.map_or(0, |(failures, _)| failures);
        let ticket = Ticket { granted, begun: granted, until: self.now + span, failures };
        let for_task = matches!(role, Role::Task { .. });
        self.record(key).lease = Some(Held { ticket, dirty: Currency::Current, for_task });
        BeginAnswer::Granted(ticket)
    }

    fn held(&self, key: &K, ticket: &Ticket) -> Option<Held> {
        self.records.get(key)?.lease.filter(|held| held.ticket.granted == ticket.granted)
    }

    /// Commits what was loaded under a ticket.
    pub fn commit(&mut self, key: &K, ticket: &Ticket, brought: Brought<T>) -> CommitAnswer {
        let Some(held) = self.held(key, ticket) else { return CommitAnswer::Lost };
        if held.ticket.begun != ticket.begun {
            return CommitAnswer::Invalidated(held.ticket);
        }
        let currency = self.judge(held.dirty, &brought, ticket.begun);
        let now = self.now;
        let fresh = now < brought.fresh_until();
        if currency != Currency::OutdatedHard {
            let record = self.record(key);
            record.entry = Some((brought, ticket.begun));
            record.flag = currency;
        }
        if currency == Currency::Current {
            let record = self.record(key);
            (record.lease, record.trouble) = (None, None);
            if held.for_task && fresh {
                record.asked_until = Timestamp::ZERO;
            }
            return CommitAnswer::Stored;
        }
        let again = Ticket { begun: self.next(), ..held.ticket };
        self.record(key).lease = Some(Held { ticket: again, dirty: Currency::Current, ..held });
        CommitAnswer::Invalidated(again)
    }

    /// Ends a load: failed, with the pause before the next attempt, or given up.
    pub fn fail(&mut self, key: &K, ticket: &Ticket, pause: Option<Duration>) {
        if self.held(key, ticket).is_none() {
            return;
        }
        let now = self.now;
        let record = self.record(key);
        record.lease = None;
        if let Some(pause) = pause {
            let failures = record.trouble.map_or(0, |(failures, _)| failures) + 1;
            record.trouble = Some((failures, now + pause));
        }
    }

    /// Prolongs a lease.
    pub fn renew(&mut self, key: &K, ticket: &Ticket, span: Duration) -> bool {
        let until = self.now + span;
        if self.held(key, ticket).is_none() {
            return false;
        }
        if let Some(held) = &mut self.record(key).lease {
            held.ticket.until = until;
        }
        true
    }

    /// Outdates one key.
    pub fn invalidate_key(&mut self, key: &K, strength: Strength) -> Moment {
        if let Some(record) = self.records.get_mut(key) {
            record.flag = record.flag.max(strength.into());
            record.lease.iter_mut().for_each(|held| held.dirty = held.dirty.max(strength.into()));
        }
        self.next()
    }

    /// Outdates whatever has a scope.
    pub fn invalidate_scope(&mut self, scope: T, strength: Strength) -> Moment {
        let moment = self.next();
        self.marks.insert((scope, strength), moment);
        moment
    }

    /// Deletes a key's record.
    pub fn remove(&mut self, key: &K) -> Moment {
        self.evict(key);
        self.next()
    }

    /// A key's record is lost.
    pub fn evict(&mut self, key: &K) {
        self.records.remove(key);
    }

    /// The clock and all marks are lost.
    pub fn lose_clock(&mut self) {
        self.last.life += 1;
        self.marks.clear();
    }

    fn next(&mut self) -> Moment {
        self.last.number += 1;
        self.last
    }
}
