//! What a process of the demo is told when it begins.

use std::time::Duration;

use freshen::Windows;
use freshen::settings::Settings;
use serde::{Deserialize, Serialize};

use crate::demo::flags::Flags;
use crate::demo::job::{LEASE, Latest};
use crate::demo::place::Place;

/// The part that a process plays. Which servers it plays on it reads from flags and settings, as the first process did.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Part {
    pub place: Place,
    /// The first process's.
    pub flags: Flags,
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
    /// One that says nothing of interest.
    #[cfg(test)]
    pub fn of_nothing() -> Part {
        let second = Duration::from_secs(1);
        Part {
            place: Place::Web1,
            flags: Flags::default(),
            prefix: "shop-demo".into(),
            source: "http://127.0.0.1:1/".into(),
            ttl: second,
            stale_while_revalidate: second,
            stale_if_error: second,
            near_capacity_bytes: 1 << 20,
            frozen: false,
        }
    }

    /// Its windows.
    pub fn windows(&self) -> Windows {
        Windows {
            ttl: self.ttl,
            stale_while_revalidate: self.stale_while_revalidate,
            stale_if_error: self.stale_if_error,
        }
    }

    /// The list that is shown.
    pub fn job(&self) -> Latest {
        Latest::of(self.source.clone(), self.windows())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn web_processes_refresh_nothing_and_workers_do_so_whatever_the_settings_say() {
        for (workers, place, expected) in [(4, Place::Web2, 0), (4, Place::Worker1, 4), (0, Place::Worker2, 1)] {
            let mut given = Settings::default();
            given.workers = workers;
            given.queues.insert("mail".into(), 2);
            let settings = Part { place, ..Part::of_nothing() }.settings(given);
            assert_eq!((settings.workers, settings.queues.len()), (expected, 0));
            assert_eq!((&*settings.prefix, settings.near_capacity), ("shop-demo", 1 << 20));
            assert!(settings.visibility <= LEASE && settings.degraded);
        }
    }
}
