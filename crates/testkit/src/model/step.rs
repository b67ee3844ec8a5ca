//! The steps of the world, and what one of them is: all that happens at once, for everybody.

use super::rules::{Invariant, Mutant, Rules};
use super::state::{Method, QUEUE, World};

/// One event. The number is the process, worker or place in the queue that it happens to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Write(u8, Method),
    Writer(u8),
    Reader(u8),
    Flight(u8),
    Join(u8),
    FlightFails(u8),
    FlightKilled(u8),
    Pull(u8, u8),
    Worker(u8),
    LoadFails(u8),
    WorkerKilled(u8),
    TaskLost(u8),
    TaskRepeated(u8),
    LeaseExpires,
    MarkerExpires,
    TtlEnds,
    RecordEvicted,
    MarkDropped,
    ShardLost,
    ClockLost,
    Deliver(u8),
    MessageLost(u8),
    Beat(u8),
    TrustEarly(u8),
    Subscribe(u8),
    BoundPasses,
}

impl Step {
    /// All steps that a configuration knows, possible or not.
    pub fn all(rules: &Rules) -> Vec<Step> {
        let configuration = &rules.configuration;
        let mut steps = Vec::new();
        for process in 0..configuration.writers {
            steps.extend(configuration.methods.iter().map(|&method| Step::Write(process, method)));
            steps.push(Step::Writer(process));
        }
        for process in 0..configuration.readers {
            let of = [Step::Reader, Step::Flight, Step::Join, Step::FlightFails, Step::FlightKilled];
            steps.extend(of.map(|step| step(process)));
            if configuration.near {
                let of = [Step::Deliver, Step::MessageLost, Step::Beat, Step::TrustEarly, Step::Subscribe];
                steps.extend(of.map(|step| step(process)));
            }
        }
        for worker in 0..configuration.workers {
            steps.extend((0..QUEUE as u8).map(|at| Step::Pull(worker, at)));
            steps.extend([Step::Worker, Step::LoadFails, Step::WorkerKilled].map(|step| step(worker)));
        }
        steps.extend((0..QUEUE as u8).flat_map(|at| [Step::TaskLost(at), Step::TaskRepeated(at)]));
        steps.extend([Step::LeaseExpires, Step::MarkerExpires, Step::TtlEnds, Step::RecordEvicted]);
        steps.extend([Step::MarkDropped, Step::ShardLost, Step::ClockLost, Step::BoundPasses]);
        steps
    }
}

/// The world in the middle of a step, and what the step broke.
#[derive(Clone, Copy, Debug)]
pub(super) struct Turn<'r> {
    pub world: World,
    pub rules: &'r Rules,
    pub broken: Option<Invariant>,
}

impl<'r> Turn<'r> {
    pub fn new(world: World, rules: &'r Rules) -> Turn<'r> {
        Turn { world, rules, broken: None }
    }

    pub fn breaks(&mut self, invariant: Invariant) {
        if self.rules.checks(invariant) {
            self.broken = self.broken.or(Some(invariant));
        }
    }

    /// Does a step. `false`: it is not possible here.
    pub fn take_step(&mut self, step: Step) -> bool {
        let happened = match step {
            Step::Write(process, method) => self.write(process.into(), method),
            Step::Writer(process) => self.advance_writer(process.into()),
            Step::Reader(process) => self.advance_reader(process.into()),
            Step::Flight(process) => self.advance_flight(process.into()),
            Step::Join(process) => self.join(process.into()),
            Step::FlightFails(process) => self.fail_flight(process.into()),
            Step::FlightKilled(process) => self.kill_flight(process.into()),
            Step::Pull(worker, at) => self.pull(worker.into(), at.into()),
            Step::Worker(worker) => self.advance_worker(worker.into()),
            Step::LoadFails(worker) => self.fail_task(worker.into()),
            Step::WorkerKilled(worker) => self.kill_worker(worker.into()),
            Step::TaskLost(at) => self.lose_task(at.into()),
            Step::TaskRepeated(at) => self.repeat_task(at.into()),
            Step::Deliver(process) => self.deliver(process.into()),
            Step::MessageLost(process) => self.lose_message(process.into()),
            Step::Beat(process) => self.beat(process.into()),
            Step::TrustEarly(process) => self.trust_early(process.into()),
            Step::Subscribe(process) => self.subscribe(process.into()),
            Step::BoundPasses => self.pass_bound(),
            other => self.suffer(other),
        };
        if happened {
            self.canonical();
        }
        happened
    }

    /// What happens to the store.
    fn suffer(&mut self, step: Step) -> bool {
        let left = &mut self.world.left;
        let budget = match step {
            Step::LeaseExpires => &mut left.lapses,
            Step::MarkerExpires => &mut left.marker_lapses,
            Step::TtlEnds => &mut left.ends,
            Step::RecordEvicted => &mut left.evictions,
            Step::MarkDropped => &mut left.dropped_marks,
            Step::ShardLost => &mut left.lost_shards,
            _ => &mut left.lost_clocks,
        };
        if *budget == 0 {
            return false;
        }
        *budget -= 1;
        match step {
            Step::LeaseExpires => self.expire_lease(),
            Step::MarkerExpires => self.expire_marker(),
            Step::TtlEnds => self.end_ttl(),
            Step::RecordEvicted => {
                self.world.record.is_some() && {
                    self.drop_record();
                    true
                }
            }
            Step::MarkDropped => self.drop_mark(),
            Step::ShardLost => self.world.shard.take().is_some(),
            _ => self.world.clock.take().is_some(),
        }
    }

    pub fn expire_lease(&mut self) -> bool {
        let lease = self.world.record.as_mut().and_then(|record| record.lease.as_mut());
        let Some(lease) = lease.filter(|lease| !lease.lapsed && !self.rules.mutated(Mutant::LeaseNeverExpires)) else {
            return false;
        };
        lease.lapsed = true;
        true
    }

    pub fn expire_marker(&mut self) -> bool {
        let asked = self.world.record.is_some_and(|record| record.asked);
        let expires = asked && !self.rules.mutated(Mutant::MarkerWithoutDeadline);
        if expires {
            self.clear_marker();
            self.excuse_tasks();
        }
        expires
    }

    fn end_ttl(&mut self) -> bool {
        let entry = self.world.record.as_mut().and_then(|record| record.entry.as_mut());
        let Some(entry) = entry.filter(|entry| !entry.ended) else { return false };
        entry.ended = true;
        true
    }
}
