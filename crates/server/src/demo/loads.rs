//! The newest loads: where each ran, how it ended, and how long one that was killed was missed.

use std::collections::VecDeque;
use std::time::Duration;

use freshen::{LoadEnd, Timestamp};
use serde::Serialize;

use crate::demo::place::Place;
use crate::demo::stats::millis;

/// Loads that are kept at most; a further one takes the place of the oldest.
pub const LOADS_MAX: usize = 8;

/// The newest loads, the oldest first.
#[derive(Debug, Default)]
pub struct Loads {
    begun: u64,
    loads: VecDeque<Load>,
    cut: Option<Cut>,
}

#[derive(Clone, Copy, Debug)]
struct Load {
    at: Timestamp,
    place: Place,
    /// How it ended, and after how long.
    ended: Option<(&'static str, Duration)>,
}

/// A load whose process was gone before it ended, and the one that took its place.
#[derive(Clone, Copy, Debug)]
struct Cut {
    at: Timestamp,
    place: Place,
    again: Option<(Timestamp, Place)>,
}

/// A load as it is shown. The names are those of `/state.json`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LoadTold {
    /// Its number since the start.
    pub n: u64,
    pub by: &'static str,
    pub ago_ms: f64,
    /// How it ended; nothing while it runs.
    pub end: Option<&'static str>,
    pub took_ms: Option<f64>,
}

/// The newest load that was cut off with its process. The names are those of `/state.json`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CutTold {
    pub by: &'static str,
    pub ago_ms: f64,
    /// After which time the list was fresh again, and who loaded it.
    pub again_ms: Option<f64>,
    pub again_by: Option<&'static str>,
}

/// How a load ends whose process is gone.
pub const CUT: &str = "cut off";

impl Loads {
    /// One has begun.
    pub fn begin(&mut self, place: Place, at: Timestamp) {
        if self.loads.len() >= LOADS_MAX {
            self.loads.pop_front();
        }
        self.loads.push_back(Load { at, place, ended: None });
        self.begun += 1;
    }

    /// One has ended.
    pub fn end(&mut self, place: Place, end: LoadEnd, took: Duration, now: Timestamp) {
        if let Some(load) = self.loads.iter_mut().find(|load| load.is_running_at(place)) {
            load.ended = Some((end.as_str(), took));
        }
        if let (LoadEnd::Stored, Some(cut @ Cut { again: None, .. })) = (end, &mut self.cut) {
            cut.again = Some((now, place));
        }
    }

    /// The process at a place is gone, and with it what ran there.
    pub fn gone(&mut self, place: Place, now: Timestamp) {
        for load in self.loads.iter_mut().filter(|load| load.is_running_at(place)) {
            load.ended = Some((CUT, now.since(load.at)));
            self.cut = Some(Cut { at: now, place, again: None });
        }
    }

    /// All that is kept, the newest first.
    pub fn told(&self, now: Timestamp) -> Vec<LoadTold> {
        let numbers = (0..self.begun).rev();
        numbers.zip(self.loads.iter().rev()).map(|(n, load)| load.told(n, now)).collect()
    }

    /// The newest that was cut off.
    pub fn cut(&self, now: Timestamp) -> Option<CutTold> {
        self.cut.map(|Cut { at, place, again }| CutTold {
            by: place.name(),
            ago_ms: millis(now.since(at)),
            again_ms: again.map(|(again, _)| millis(again.since(at))),
            again_by: again.map(|(_, place)| place.name()),
        })
    }
}

impl Load {
    fn is_running_at(&self, place: Place) -> bool {
        self.place == place && self.ended.is_none()
    }

    fn told(&self, n: u64, now: Timestamp) -> LoadTold {
        LoadTold {
            n,
            by: self.place.name(),
            ago_ms: millis(now.since(self.at)),
            end: self.ended.map(|(end, _)| end),
            took_ms: self.ended.map(|(_, took)| millis(took)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(secs: u64) -> Timestamp {
        Timestamp::from_micros(secs * 1_000_000)
    }

    #[test]
    fn the_newest_are_kept_and_keep_their_numbers() {
        let mut loads = Loads::default();
        for _ in 0..LOADS_MAX + 3 {
            loads.begin(Place::Worker1, at(0));
            loads.end(Place::Worker1, LoadEnd::Failed, Duration::from_secs(2), at(2));
        }
        let told = loads.told(at(5));
        assert_eq!((told.len(), told[0].n), (LOADS_MAX, LOADS_MAX as u64 + 2));
        let newest = LoadTold { n: 10, by: "worker 1", ago_ms: 5000.0, end: Some("failed"), took_ms: Some(2000.0) };
        assert_eq!(told[0], newest);
    }

    #[test]
    fn a_load_whose_process_is_gone_is_missed_until_another_is_stored() {
        let mut loads = Loads::default();
        loads.begin(Place::Worker1, at(0));
        loads.gone(Place::Worker2, at(1));
        assert_eq!(loads.cut(at(1)), None, "what is gone had no load");
        loads.gone(Place::Worker1, at(1));
        let cut = CutTold { by: "worker 1", ago_ms: 1000.0, again_ms: None, again_by: None };
        assert_eq!((loads.cut(at(2)), loads.told(at(2))[0].end), (Some(cut.clone()), Some(CUT)));
        loads.begin(Place::Worker2, at(15));
        loads.end(Place::Worker2, LoadEnd::Failed, Duration::ZERO, at(15));
        assert_eq!(loads.cut(at(2)), Some(cut), "a load that failed makes nothing fresh");
        loads.begin(Place::Worker2, at(16));
        loads.end(Place::Worker2, LoadEnd::Stored, Duration::ZERO, at(16));
        loads.end(Place::Worker2, LoadEnd::Stored, Duration::ZERO, at(20));
        let again = CutTold { by: "worker 1", ago_ms: 19_000.0, again_ms: Some(15_000.0), again_by: Some("worker 2") };
        assert_eq!(loads.cut(at(20)), Some(again));
    }
}
