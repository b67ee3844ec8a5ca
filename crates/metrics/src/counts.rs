//! All that is counted for one cache.

use std::sync::atomic::{AtomicU64, Ordering};

use freshen_core::store::Target;
use freshen_core::{Strength, TaskEnd};

use crate::bounded::{Bounded, OTHER};
use crate::known::Jobs;

/// All that is counted for one cache.
#[derive(Debug)]
pub struct Counts {
    pub jobs: Jobs,
    /// By the name of the queue that they came from, then by their end. A cache has no more queues than there is room for.
    pub tasks: Bounded<String, TaskCounts>,
    /// By the place of its kind in [`KINDS`], then by strength.
    pub invalidated: [[Count; Strength::ALL.len()]; KINDS.len()],
    pub removed: Count,
    pub distrusted: Count,
    pub trusted: Count,
    /// By port and operation.
    pub port_failures: Bounded<(&'static str, &'static str), Count>,
}

/// The turns of one queue's tasks, by their end.
pub type TaskCounts = [Count; TaskEnd::ALL.len()];

/// What an invalidation may cover.
pub const KINDS: [&str; 3] = ["key", "tag", "namespace"];

/// A number that only grows.
#[derive(Debug, Default)]
pub struct Count(AtomicU64);

impl Count {
    /// Counts one.
    #[inline]
    pub fn one(&self) {
        self.more(1);
    }

    /// Counts several.
    #[inline]
    pub fn more(&self, several: u64) {
        // Numbers alone: nothing else is read by their order.
        self.0.fetch_add(several, Ordering::Relaxed);
    }

    /// The number.
    pub fn read(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Counts {
    /// Nothing counted yet.
    pub fn new() -> Counts {
        Counts {
            jobs: Jobs::new(),
            tasks: Bounded::new(OTHER.into()),
            invalidated: Default::default(),
            removed: Count::default(),
            distrusted: Count::default(),
            trusted: Count::default(),
            port_failures: Bounded::new((OTHER, OTHER)),
        }
    }

    pub fn invalidated(&self, target: &Target, strength: Strength) {
        let kind = match target {
            Target::Key(_) => 0,
            Target::Tag(_) => 1,
            Target::Namespace(_) => 2,
        };
        self.invalidated[kind][strength as usize].one();
    }

    pub fn task_ended(&self, queue: &str, end: TaskEnd) {
        self.tasks.find(queue, TaskCounts::default)[end as usize].one();
    }

    pub fn port_failed(&self, port: &'static str, operation: &'static str) {
        self.port_failures.find((port, operation), Count::default).one();
    }
}
