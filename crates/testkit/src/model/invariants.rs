//! What must hold in every state: of what would be served from it, of its leases, and of what can become of it.

use super::rules::{Invariant, Rules};
use super::state::{Verdict, World, Writer};
use super::step::Turn;

/// The invariant that a state breaks, if it breaks one, and what shows it.
pub(super) fn check(world: World, rules: &Rules) -> Option<(Invariant, &'static str)> {
    let turn = Turn::new(world, rules);
    let checked = |broken: &(Invariant, &str)| rules.checks(broken.0);
    (turn.check_store().filter(checked))
        .or_else(|| (0..2).find_map(|process| turn.check_near(process).filter(checked)))
        .or_else(|| turn.check_holders().filter(checked))
        .or_else(|| if rules.checks(Invariant::NoLimbo) { turn.limbo() } else { None })
}

impl Turn<'_> {
    fn check_store(&self) -> Option<(Invariant, &'static str)> {
        let entry = self.world.record?.entry?;
        let truth = &self.world.truth;
        match self.judge_entry(&entry) {
            Verdict::Hard => None,
            _ if entry.version < truth.hard => Some((Invariant::Hard, "the store serves it")),
            Verdict::Current if !entry.ended && entry.version < truth.returned => {
                Some((Invariant::Fresh, "the store calls it fresh"))
            }
            _ => None,
        }
    }

    fn check_near(&self, process: usize) -> Option<(Invariant, &'static str)> {
        let (entry, verdict) = self.judge_near(process)?;
        let truth = &self.world.truth;
        match verdict {
            Verdict::Hard => None,
            _ if entry.version < truth.near_hard[process] => Some((Invariant::Hard, "a near tier serves it")),
            Verdict::Current if !entry.ended && entry.version < truth.near[process] => {
                Some((Invariant::Fresh, "a near tier calls it fresh"))
            }
            _ => None,
        }
    }

    /// At most one holds the lease in force.
    fn check_holders(&self) -> Option<(Invariant, &'static str)> {
        let lease = self.world.record?.lease?;
        let flights = self.world.processes.iter().filter_map(|member| member.flight.as_ref());
        let loads = flights.chain(self.world.workers.iter().filter_map(|worker| worker.load.as_ref()));
        let puts = self.world.processes.iter().filter(|member| match member.writer {
            Writer::PutBegun(token, _) | Writer::PutWrote(token, ..) => token == lease.token,
            _ => false,
        });
        let holders = loads.filter(|load| load.token == lease.token && !load.stored).count() + puts.count();
        (holders > 1).then_some((Invariant::OneHolder, "two hold the lease in force"))
    }
}
