//! What a process of the demo is told when it begins.

use std::time::Duration;

use freshen::Windows;
use freshen::settings::Settings;
use serde::{Deserialize, Serialize};

use crate::demo::job::LEASE;
use crate::demo::place::Place;

/// The part that a process plays. Which servers it plays on it reads from flags and settings, as the first process did.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Part {
    pub place: Place,
    /// What all names on the servers begin with: a run of the demo shares nothing with others, nor with what else is there.
    pub prefix: String,
    /// What keys say of the source.
    pub source: String,
    pub ttl: Duration,
    pub stale_while_revalidate: Duration,
    pub stale_if_error: Duration,
    pub near_capacity_bytes: u64,
    /// Whether its workers begin frozen.
    pub frozen: bool,
}

impl Part {
    /// Its windows.
    pub fn windows(&self) -> Windows {
        Windows {
            ttl: self.ttl,
            stale_while_revalidate: self.stale_while_revalidate,
            stale_if_error: self.stale_if_error,
        }
    }

    /// The settings with which it is played.
    pub fn settings(&self, mut settings: Settings) -> Settings {
        settings.prefix = self.prefix.clone();
        settings.near_capacity = self.near_capacity_bytes;
        settings.workers = if self.place.works() { settings.workers.max(1) } else { 0 };
        // What it has no jobs for is not its business.
        settings.queues.clear();
        // What a killed worker had in hand comes back when its lease runs out, so that one can wait for it.
        settings.visibility = LEASE;
        // A process that is revived while the store is down says so by what it serves.
        settings.degraded = true;
        settings
    }
}
