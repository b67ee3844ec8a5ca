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
    pub tasks: [Count; TaskEnd::ALL.len()],
    /// By the place of its kind in [`KINDS`], then by strength.
    pub invalidated: [[Count; Strength::ALL.len()]; KINDS.len()],
    pub removed: Count,
    pub distrusted: Count,
    pub trusted: Count,
    /// By port and operation.
    pub port_failures: Bounded<(&'static str, &'static str), Count>,
}

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
            tasks: Default::default(),
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

    pub fn port_failed(&self, port: &'static str, operation: &'static str) {
        self.port_failures.find((port, operation), Count::default).one();
    }
}
