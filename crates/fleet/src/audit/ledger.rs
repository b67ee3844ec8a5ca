//! The judge: what may be served, by all that was promised before.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use crate::order::{Force, How, Served};

/// Promises about a key that are kept one by one; of older ones only the highest is.
const FLOORS_MOST: usize = 256;
/// Nobody is served later than this after he asked.
const ASKED_MOST: Duration = Duration::from_secs(60);

/// What was promised about each key: no version below this.
#[derive(Debug, Default)]
pub struct Ledger {
    floors: HashMap<u32, Vec<Floor>>,
}

/// An invalidation that has returned.
#[derive(Clone, Copy, Debug)]
pub struct Floor {
    /// The version that the source had before the invalidation was asked for: older ones are outdated.
    pub version: u64,
    /// How.
    pub force: Force,
    /// By which process.
    pub by: u32,
    /// When it had returned, at the latest.
    pub returned: Instant,
}

/// Whoever asked, and when, at the earliest.
#[derive(Clone, Copy, Debug)]
pub struct Asked {
    /// Which process.
    pub of: u32,
    /// When.
    pub at: Instant,
    /// After how long a process has heard of what others were promised, or distrusts what it has.
    pub bound: Duration,
}

impl Ledger {
    /// Takes note of what was promised about a key.
    pub fn promise(&mut self, key: u32, floor: Floor) {
        let floors = self.floors.entry(key).or_default();
        floors.push(floor);
        if floors.len() > FLOORS_MOST {
            merge(floors);
        }
    }

    /// What is wrong with what was served, if anything is.
    pub fn judge(&self, served: &Served, asked: Asked) -> Option<String> {
        let Ok((how, version)) = served.how else { return None };
        let promised = |least: Force| {
            let floors = self.floors.get(&served.key).into_iter().flatten();
            let counts = floors.filter(|floor| floor.counts(asked) && (least == Force::Soft || floor.force == least));
            counts.max_by_key(|floor| floor.version).copied()
        };
        let breaks = |floor: &Floor| version < floor.version;
        let hard = promised(Force::Hard).filter(breaks);
        let fresh = promised(Force::Soft).filter(|floor| how.is_fresh() && breaks(floor));
        let floor = hard.or(fresh).filter(|_| how != How::Empty)?;
        let ago = asked.at.duration_since(floor.returned);
        let (key, of, Floor { version: least, force, by, .. }) = (served.key, asked.of, floor);
        Some(format!(
            "key {key}: process {of} served {version} as {how:?}, {ago:?} after {by} had outdated all below {least} ({force:?})"
        ))
    }
}

impl Floor {
    fn counts(&self, asked: Asked) -> bool {
        let bound = if self.by == asked.of { Duration::ZERO } else { asked.bound };
        self.returned + bound < asked.at
    }
}

/// Keeps of what is long past only the highest of each force: for whoever asks from now on, it counts whoever promised it.
fn merge(floors: &mut Vec<Floor>) {
    let old = |floor: &Floor| floor.returned.elapsed() > ASKED_MOST;
    let highest = |force: Force| {
        floors.iter().filter(|floor| old(floor) && floor.force == force).max_by_key(|floor| floor.version)
    };
    let kept: Vec<Floor> = [Force::Soft, Force::Hard].into_iter().filter_map(highest).copied().collect();
    floors.retain(|floor| !old(floor));
    floors.extend(kept);
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUND: Duration = Duration::from_secs(2);

    fn judged(floors: &[(u64, Force, u32)], of: u32, after: Duration, how: How, version: u64) -> bool {
        let (mut ledger, returned) = (Ledger::default(), Instant::now());
        for (version, force, by) in floors {
            ledger.promise(7, Floor { version: *version, force: *force, by: *by, returned });
        }
        let served = Served { key: 7, how: Ok((how, version)), waited: Duration::ZERO };
        ledger.judge(&served, Asked { of, at: returned + after, bound: BOUND }).is_none()
    }

    #[test]
    fn what_is_served_is_judged_by_what_was_promised() {
        let (at_once, later) = (Duration::from_millis(1), BOUND * 2);
        let (soft, hard) = ([(5, Force::Soft, 1)], [(5, Force::Hard, 1)]);
        assert!(judged(&soft, 1, at_once, How::Hit, 5));
        assert!(!judged(&soft, 1, at_once, How::Hit, 4), "its own promise counts at once");
        assert!(judged(&soft, 2, at_once, How::Hit, 4), "another's once it was heard");
        assert!(!judged(&soft, 2, later, How::Loaded, 4));
        assert!(judged(&soft, 1, later, How::Stale, 4), "what is outdated softly may be served as stale");
        assert!(!judged(&hard, 1, later, How::Stale, 4));
        assert!(!judged(&hard, 1, later, How::Fallback, 4));
        assert!(judged(&hard, 1, later, How::Stale, 5));
        assert!(
            !judged(&[(5, Force::Hard, 1), (9, Force::Soft, 1)], 1, later, How::Stale, 4),
            "soft hides no hard one"
        );
        assert!(!judged(&[(9, Force::Soft, 1), (5, Force::Hard, 1)], 1, later, How::Hit, 7));
    }

    #[test]
    fn beyond_their_bound_old_promises_are_kept_as_one() {
        let (mut ledger, now) = (Ledger::default(), Instant::now());
        let Some(long_ago) = now.checked_sub(ASKED_MOST * 2) else { return };
        for version in 0..=FLOORS_MOST as u64 {
            ledger.promise(7, Floor { version, force: Force::Soft, by: 1, returned: long_ago });
        }
        assert_eq!(ledger.floors[&7].len(), 1);
        let served = Served { key: 7, how: Ok((How::Hit, FLOORS_MOST as u64 - 1)), waited: Duration::ZERO };
        assert!(ledger.judge(&served, Asked { of: 2, at: now, bound: BOUND }).is_some());
    }
}
