//! The steps of the protocol on one record, each whole under the locks of its shard and of the ledger.

use std::time::Duration;

use crate::bus::Notice;
use crate::entry::{Entry, Generation, Strength};
use crate::store::memory::fault::Fault;
use crate::store::memory::kept::Kept;
use crate::store::memory::record::{Held, Record, Step};
use crate::store::{Asked, Begin, Begun, Committed, Currency, Failure, Lease, Role, Token, Trouble, cut_reason};
use crate::time::Timestamp;

/// What a commit has to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    /// Nothing outdated it.
    Install,
    /// It may be served stale, but has to be read again.
    InstallOutdated,
    /// It must not be served, and has to be read again.
    Discard,
    /// The lease went on to a later generation: this value was outdated before, and nothing changes.
    Late,
}

/// Decides what becomes of a value that was loaded under `lease`, when `held` is what is in force.
fn verdict(lease: Generation, held: Generation, currency: Currency) -> Verdict {
    if lease != held {
        return Verdict::Late;
    }
    match currency {
        Currency::Current => Verdict::Install,
        Currency::OutdatedSoft => Verdict::InstallOutdated,
        Currency::OutdatedHard => Verdict::Discard,
    }
}

impl Record {
    pub(super) fn ask(&mut self, step: &mut Step<'_>, deadline: Duration, at_least: Option<Generation>) -> Asked {
        if self.is_fresh(step, at_least) {
            return Asked::Fresh;
        }
        let asked = self.asked_until(step).is_some() && !step.faults.has(Fault::AskAlways);
        let held = self.live_until(step).is_some() && !step.faults.has(Fault::AskIgnoresLease);
        if asked || held {
            return Asked::Busy;
        }
        self.rare_mut().asked_until = Some(step.now + deadline);
        if step.faults.has(Fault::AskTakesLease) {
            self.grant(step, deadline, true);
        }
        Asked::Asked
    }

    pub(super) fn unask(&mut self) {
        self.rare_mut().asked_until = None;
    }

    pub(super) fn begin(&mut self, step: &mut Step<'_>, request: Begin) -> Begun {
        match request.role {
            Role::TakeOver => return self.take_over(step, request.lease),
            Role::Task { .. } => {}
            Role::Foreground => {
                if let (Some(until), true) = (self.asked_until(step), step.faults.has(Fault::ForegroundHeedsMarker)) {
                    return Begun::Busy { until, now: step.now };
                }
            }
        }
        let begun = self.begin_load(step, request);
        if let Role::Task { deadline } = request.role {
            self.account_for_task(step, &begun, deadline);
        }
        begun
    }

    fn begin_load(&mut self, step: &mut Step<'_>, request: Begin) -> Begun {
        let by_record = step.faults.has(Fault::FreshFromRecordAlone) && self.looks_fresh(step);
        if by_record || self.is_fresh(step, request.at_least) {
            return Begun::Fresh;
        }
        if let (Some(until), false) = (self.live_until(step), step.faults.has(Fault::NeverBusy)) {
            return Begun::Busy { until, now: step.now };
        }
        let heeds = request.heeds_backoff || step.faults.has(Fault::AlwaysCooling);
        match self.trouble().filter(|trouble| trouble.retry_at > step.now) {
            Some(trouble) if heeds && !step.faults.has(Fault::NeverCooling) => {
                Begun::Cooling { trouble: trouble.clone(), now: step.now }
            }
            _ => Begun::Granted(self.grant(step, request.lease, matches!(request.role, Role::Task { .. }))),
        }
    }

    /// A writer's begin: whatever is there, the value that is about to be written is newer.
    fn take_over(&mut self, step: &mut Step<'_>, span: Duration) -> Begun {
        if let (Some(until), true) = (self.live_until(step), step.faults.has(Fault::TakeOverIsBusy)) {
            return Begun::Busy { until, now: step.now };
        }
        let old = self.rare().and_then(|rare| rare.lease.as_ref()).map(|held| held.token);
        self.forget_if(step.faults.has(Fault::TakeOverForgets));
        let mut lease = self.grant(step, span, false);
        if let (Some(token), true) = (old, step.faults.has(Fault::TakeOverKeepsToken)) {
            lease.token = token;
            self.rare_mut().lease = Some(held(&lease, false));
        }
        if step.faults.has(Fault::TakeOverClearsMarker) {
            self.unask();
        }
        Begun::Granted(lease)
    }

    /// A task that is done leaves no marker; one that goes on, or goes back, keeps others from asking.
    fn account_for_task(&mut self, step: &Step<'_>, begun: &Begun, deadline: Duration) {
        let (cleared, left) = match begun {
            Begun::Fresh => (true, step.faults.has(Fault::FreshLeavesMarker)),
            Begun::Granted(_) => (step.faults.has(Fault::GrantClearsMarker), false),
            Begun::Busy { .. } => (step.faults.has(Fault::BusyClearsMarker), false),
            Begun::Cooling { .. } => (false, false),
        };
        if cleared && !left {
            self.unask();
        } else if !cleared && !step.faults.has(Fault::MarkerNotRenewed) {
            self.rare_mut().asked_until = Some(step.now + deadline);
        }
    }

    fn grant(&mut self, step: &mut Step<'_>, span: Duration, for_task: bool) -> Lease {
        let no_tick = step.faults.has(Fault::BeginWithoutTick);
        let generation = if no_tick { step.ledger.last(step.now) } else { step.ledger.tick(step.now) };
        let random = step.ledger.token();
        let counted = Token(generation.number.into());
        let lease = Lease {
            token: if step.faults.has(Fault::TokenIsGeneration) { counted } else { random },
            generation,
            begun_at: step.now,
            until: step.now + span,
            failures: self.trouble().map_or(0, |trouble| trouble.failures),
        };
        self.rare_mut().lease = Some(held(&lease, for_task));
        lease
    }

    pub(super) fn commit(&mut self, step: &mut Step<'_>, lease: &Lease, entry: Entry) -> Committed {
        let Some(held) = self.held_by(lease.token, step) else { return Committed::Lost };
        let (in_force, until, dirty, for_task) = (held.generation, held.until, held.dirty, held.for_task);
        let said = entry.facts.generation;
        let kept = Kept::new(entry, self.stamp(step, lease.generation, said));
        let currency = self.overtaken(step, &kept, dirty);
        let in_force = if step.faults.has(Fault::OldGenerationCommits) { lease.generation } else { in_force };
        match verdict(lease.generation, in_force, currency) {
            Verdict::Install => {
                self.install(step, kept, for_task);
                Committed::Stored
            }
            Verdict::InstallOutdated if !step.faults.has(Fault::SoftDiscards) => {
                self.replace(kept, dirty.map_or(Currency::Current, Currency::from));
                self.clear_marker_too_early(step, for_task);
                Committed::Invalidated(self.read_again(step, lease))
            }
            Verdict::Discard if step.faults.has(Fault::HardInstalls) => {
                self.replace(kept, currency);
                Committed::Invalidated(self.read_again(step, lease))
            }
            Verdict::InstallOutdated | Verdict::Discard => Committed::Invalidated(self.read_again(step, lease)),
            Verdict::Late => {
                if step.faults.has(Fault::LateInstalls) {
                    self.replace(kept, Currency::OutdatedSoft);
                }
                let lease = Lease { generation: in_force, begun_at: step.now, until, ..lease.clone() };
                Committed::Invalidated(lease)
            }
        }
    }

    /// The generation that an entry carries: that of its begin, whatever a fault makes of it.
    fn stamp(&self, step: &mut Step<'_>, begun: Generation, said: Generation) -> Generation {
        if step.faults.has(Fault::GenerationOfFacts) {
            said
        } else if step.faults.has(Fault::GenerationAtCommit) {
            step.ledger.tick(step.now)
        } else if step.faults.has(Fault::EpochOfCommit) {
            Generation { epoch: step.ledger.last(step.now).epoch, ..begun }
        } else {
            begun
        }
    }

    /// How the value that is about to be installed was outdated while it was loaded.
    fn overtaken(&self, step: &mut Step<'_>, kept: &Kept, dirty: Option<Strength>) -> Currency {
        if step.faults.has(Fault::NoCheckAtCommit) {
            return Currency::Current;
        }
        let dirty = dirty.filter(|_| !step.faults.has(Fault::NoDirtyFlag));
        let marks = step.ledger.judge(step.now, kept.generation(), step.key.namespace(), kept.tags());
        dirty.map_or(Currency::Current, Currency::from).max(marks)
    }

    fn install(&mut self, step: &mut Step<'_>, kept: Kept, for_task: bool) {
        let fresh = step.now < kept.facts().fresh_until() || step.faults.has(Fault::StaleCommitClearsMarker);
        self.replace(kept, Currency::Current);
        let (any, none) = (step.faults.has(Fault::AnyCommitClearsMarker), step.faults.has(Fault::NoCommitClearsMarker));
        let rare = self.rare_mut();
        rare.lease = None;
        if !step.faults.has(Fault::StoredKeepsTrouble) {
            rare.trouble = None;
        }
        if any || (for_task && fresh && !none) {
            rare.asked_until = None;
        }
        step.ledger.publish(step.now, Notice::Stored { key: step.key.clone() });
    }

    fn replace(&mut self, kept: Kept, flag: Currency) {
        self.entry = Some(kept);
        self.flag = flag;
    }

    fn clear_marker_too_early(&mut self, step: &Step<'_>, for_task: bool) {
        if for_task && step.faults.has(Fault::StaleCommitClearsMarker) {
            self.unask();
        }
    }

    /// The lease goes on with its holder, clean, under a generation later than what overtook it.
    fn read_again(&mut self, step: &mut Step<'_>, lease: &Lease) -> Lease {
        let keeps = step.faults.has(Fault::RetryKeepsGeneration);
        self.forget_if(step.faults.has(Fault::OvertakenForgets));
        let generation = if keeps { lease.generation } else { step.ledger.tick(step.now) };
        let mut again = Lease { generation, begun_at: step.now, ..lease.clone() };
        if let Some(held) = &mut self.rare_mut().lease {
            held.generation = generation;
            again.until = held.until;
            if !step.faults.has(Fault::RetryKeepsDirty) {
                held.dirty = None;
            }
        }
        if step.faults.has(Fault::RetryDropsLease) {
            self.rare_mut().lease = None;
        }
        again
    }

    pub(super) fn fail(&mut self, step: &Step<'_>, lease: &Lease, failure: Failure) {
        if self.held_by(lease.token, step).is_none() {
            return;
        }
        self.break_on_failure(step);
        let failures = self.trouble().map_or(0, |trouble| trouble.failures).saturating_add(1);
        let counts = step.faults.has(Fault::AbandonedCounts).then(Box::default);
        self.forget_if(failure.reason.is_none() && step.faults.has(Fault::AbandonedForgets));
        let first = self.trouble().map(|trouble| trouble.reason.clone());
        let first = first.filter(|_| step.faults.has(Fault::FirstReasonStays));
        let rare = self.rare_mut();
        rare.lease = None;
        if let Some(reason) = failure.reason.or(counts) {
            // The constructor of a failure cuts its reason, but its fields are open.
            let reason = first.unwrap_or_else(|| (*cut_reason(&reason)).into());
            rare.trouble = Some(Trouble { failures, retry_at: step.now + failure.retry_after, reason });
        }
    }

    fn break_on_failure(&mut self, step: &Step<'_>) {
        if step.faults.has(Fault::FailDropsEntry) {
            self.entry = None;
        }
        if let (Some(kept), true) = (&mut self.entry, step.faults.has(Fault::FailLengthens)) {
            kept.lengthen(step.now);
        }
        if step.faults.has(Fault::FailClearsMarker) {
            self.unask();
        }
    }

    pub(super) fn renew(&mut self, step: &Step<'_>, lease: &Lease, until: Timestamp) -> bool {
        let held = self.held_by(lease.token, step);
        let only_prolongs = step.faults.has(Fault::RenewOnlyProlongs);
        held.map(|held| held.until = if only_prolongs { until.max(held.until) } else { until }).is_some()
    }

    /// Raises the entry's flag and the lease's, and publishes it.
    pub(super) fn invalidate(&mut self, step: &mut Step<'_>, strength: Strength) -> Generation {
        let overwrites = step.faults.has(Fault::SoftHidesHard);
        self.forget_if(step.faults.has(Fault::InvalidationForgets));
        let currency = Currency::from(strength);
        self.flag = if overwrites { currency } else { self.flag.max(currency) };
        let held = if self.rare().is_some() { self.rare_mut().lease.as_mut() } else { None };
        if let Some(held) = held {
            held.dirty = if overwrites { Some(strength) } else { held.dirty.max(Some(strength)) };
        }
        let generation = step.ledger.tick(step.now);
        step.ledger.publish(step.now, Notice::KeyInvalidated { key: step.key.clone(), strength });
        generation
    }

    /// What several faults do.
    fn forget_if(&mut self, fault: bool) {
        if let (Some(_), true) = (self.rare(), fault) {
            self.rare_mut().trouble = None;
        }
    }

    fn trouble(&self) -> Option<&Trouble> {
        self.rare().and_then(|rare| rare.trouble.as_ref())
    }
}

fn held(lease: &Lease, for_task: bool) -> Held {
    Held { token: lease.token, generation: lease.generation, until: lease.until, dirty: None, for_task }
}
