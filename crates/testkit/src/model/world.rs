//! Where a world begins, and how it is shown.

use super::configuration::Configuration;
use super::invariants;
use super::rules::{Invariant, Mutant, Rules};
use super::search::{Outcome, Space, explore};
use super::state::{Clock, Generation, Log, Mark, Near, Process, Shard, Truth, Worker, World};
use super::step::{Step, Turn};
use super::store::warm_record;

/// Searches a configuration under the protocol's rules.
pub fn search(configuration: &Configuration) -> Outcome {
    explore(&Rules { configuration: *configuration, mutant: None, only: None })
}

/// Searches a configuration under a mutant's rules for a way to break one invariant.
pub fn search_mutant(configuration: &Configuration, mutant: Mutant, invariant: Invariant) -> Outcome {
    explore(&Rules { configuration: *configuration, mutant: Some(mutant), only: Some(invariant) })
}

impl Space for Rules {
    type State = World;
    type Step = Step;

    fn start(&self) -> World {
        World::start(self)
    }

    fn steps(&self) -> Vec<Step> {
        Step::all(self)
    }

    fn take(&self, world: World, step: Step) -> Option<(World, Option<Invariant>)> {
        let mut turn = Turn::new(world, self);
        turn.take_step(step).then_some((turn.world, turn.broken))
    }

    fn check(&self, world: World) -> Option<(Invariant, &'static str)> {
        invariants::check(world, self)
    }

    fn summary(&self, world: &World) -> String {
        world.summary()
    }
}

impl World {
    /// Everything quiet: an entry of the first version, or nothing at all.
    pub fn start(rules: &Rules) -> World {
        let configuration = &rules.configuration;
        let near = Near {
            trusted: configuration.near,
            subscribed: configuration.near,
            heard: configuration.near.then_some((1, 1)),
            ..Near::default()
        };
        let first = Generation { epoch: 1, number: 1 };
        World {
            source: 0,
            clock: (configuration.warm || configuration.near).then_some(Clock { epoch: 1, last: 1, message: 1 }),
            epochs: 1,
            shard: configuration.warm.then_some(Shard { epoch: 1, floor: 0, mark: Mark::default() }),
            record: configuration.warm.then(|| warm_record(first)),
            processes: [Process { near, ..Process::default() }; 2],
            workers: [Worker::default(); 2],
            queue: Default::default(),
            log: Log::default(),
            truth: Truth::default(),
            left: configuration.budget,
        }
    }

    /// The parts that matter to a reader of a trace.
    pub fn summary(&self) -> String {
        let World { source, clock, shard, record, processes, workers, queue, log, truth, .. } = self;
        let mut text = format!("source {source} {clock:?} {shard:?} {record:?} {truth:?}");
        for (number, member) in processes.iter().enumerate().filter(|(_, member)| **member != Process::default()) {
            text += &format!("\n      process {number}: {member:?}");
        }
        for worker in workers.iter().filter(|worker| worker.task.is_some()) {
            text += &format!("\n      {worker:?}");
        }
        if queue.iter().any(Option::is_some) {
            text += &format!("\n      queue {:?}", queue.iter().flatten().collect::<Vec<_>>());
        }
        if log.len() > 0 {
            text += &format!("\n      log {:?}", log.messages.iter().flatten().collect::<Vec<_>>());
        }
        text.replace("Some(", "(").replace("None", "-")
    }
}
