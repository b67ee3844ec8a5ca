//! The governor: how much refreshing runs at once, so that a storm of it never reaches the source.
//!
//! It bounds refreshes only. A caller who has nothing in hand is never held up by it, and a refresh that finds no room
//! waits in the queue while its old value is served.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use crate::error::BuildError;
use crate::time::Timestamp;

/// A bound on refreshing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limit {
    /// Refreshes at once.
    pub at_once: usize,
    /// Refreshes begun per second, on average, no fewer than one in ten years; a second's worth may begin together. `None`: as
    /// many as find room.
    pub per_second: Option<f64>,
}

impl Limit {
    /// So many at once, at any rate.
    pub const fn at_once(at_once: usize) -> Limit {
        Limit { at_once, per_second: None }
    }

    /// The time between two that begin, if their rate is bounded.
    fn interval(&self) -> Option<Duration> {
        self.per_second.map(|rate| Duration::from_secs_f64(1.0 / rate))
    }

    fn check(&self, field: &'static str) -> Result<(), BuildError> {
        let slow = self.per_second.is_some_and(|rate| !rate.is_finite() || rate < SLOWEST_RATE);
        if self.at_once == 0 {
            return Err(BuildError::Config { field, reason: "must let at least one refresh run" });
        }
        if slow {
            return Err(BuildError::Config { field, reason: "must have a rate of at least one in ten years" });
        }
        Ok(())
    }
}

/// The bounds on refreshing: of each job, of each namespace and in all.
#[derive(Clone, Debug, PartialEq)]
pub struct Limits {
    /// In all. Default: 16 at once.
    pub total: Limit,
    /// Of each namespace. Default: as the total.
    pub namespace: Limit,
    /// Of each job. Default: as the total.
    pub job: Limit,
    /// After everything was outdated at once, refreshing begins with one at a time and doubles each such span. Default: 1 s.
    pub ramp: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        let limit = Limit::at_once(16);
        Limits { total: limit, namespace: limit, job: limit, ramp: Duration::from_secs(1) }
    }
}

impl Limits {
    fn of(&self, gauge: &Gauge) -> &Limit {
        match gauge {
            Gauge::Total => &self.total,
            Gauge::Namespace(_) => &self.namespace,
            Gauge::Job(..) => &self.job,
        }
    }

    pub(crate) fn check(&self) -> Result<(), BuildError> {
        self.total.check("limits.total")?;
        self.namespace.check("limits.namespace")?;
        self.job.check("limits.job")
    }
}

/// One in ten years: the interval of a slower rate may be no duration.
const SLOWEST_RATE: f64 = 1.0 / (10.0 * 365.0 * 86_400.0);

/// Grants places to refreshes.
#[derive(Debug)]
pub(crate) struct Governor(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    limits: Limits,
    state: Mutex<State>,
    /// Tells that a place was given back unused.
    unused: watch::Sender<()>,
}

#[derive(Debug, Default)]
struct State {
    gauges: HashMap<Gauge, Level>,
    /// When refreshing began anew after everything was outdated.
    ramp_from: Option<Timestamp>,
}

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Gauge {
    Total,
    Namespace(&'static str),
    Job(&'static str, &'static str),
}

#[derive(Debug, Default)]
struct Level {
    running: usize,
    /// When the next one may begin, if the rate is bounded: the theoretical arrival time of the GCRA (ITU-T I.371).
    due: Timestamp,
}

/// The right to refresh. Dropping it makes room.
#[derive(Debug)]
pub(crate) struct Place {
    shared: Arc<Shared>,
    gauges: [Gauge; 3],
}

impl Governor {
    pub fn new(limits: Limits) -> Self {
        Governor(Arc::new(Shared { limits, state: Mutex::default(), unused: watch::Sender::default() }))
    }

    /// Everything was outdated at once: begin again with little. A ramp that is under way goes on, or whoever outdates again
    /// and again would hold everybody at its start.
    pub fn ramp(&self, now: Timestamp) {
        let mut state = self.0.lock();
        if state.ramp_from.is_none_or(|from| self.allowed(from, now) >= self.0.limits.total.at_once as f64) {
            state.ramp_from = Some(now);
        }
    }

    /// How many refreshes a ramp allows at once.
    fn allowed(&self, from: Timestamp, now: Timestamp) -> f64 {
        let steps = now.since(from).as_secs_f64() / self.0.limits.ramp.as_secs_f64().max(f64::MIN_POSITIVE);
        2f64.powf(steps.floor().min(63.0))
    }

    /// A place for a refresh, or how long to leave it in the queue.
    pub fn admit(&self, namespace: &'static str, job: &'static str, now: Timestamp) -> Result<Place, Duration> {
        let mut state = self.0.lock();
        let gauges = [Gauge::Total, Gauge::Namespace(namespace), Gauge::Job(namespace, job)];
        let limits = [self.ramped(&mut state, now), self.0.limits.namespace, self.0.limits.job];
        for (gauge, limit) in gauges.iter().zip(&limits) {
            if let Some(wait) = state.gauges.get(gauge).and_then(|level| level.wait(limit, now)) {
                return Err(wait);
            }
        }
        for (gauge, limit) in gauges.iter().zip(&limits) {
            state.gauges.entry(*gauge).or_default().take(limit, now);
        }
        Ok(Place { shared: self.0.clone(), gauges })
    }

    /// Hears of each place that is given back unused: there is room sooner than was told.
    pub fn unused(&self) -> watch::Receiver<()> {
        self.0.unused.subscribe()
    }

    /// The total, or what the ramp allows of it.
    fn ramped(&self, state: &mut State, now: Timestamp) -> Limit {
        let total = self.0.limits.total;
        let Some(from) = state.ramp_from else { return total };
        let allowed = self.allowed(from, now);
        if allowed >= total.at_once as f64 {
            state.ramp_from = None;
            return total;
        }
        Limit { at_once: allowed as usize, ..total }
    }
}

/// How long a refresh that found no room waits before it asks again.
const NO_ROOM_PAUSE: Duration = Duration::from_millis(20);

impl Level {
    /// `None`: there is room now.
    fn wait(&self, limit: &Limit, now: Timestamp) -> Option<Duration> {
        if self.running >= limit.at_once {
            return Some(NO_ROOM_PAUSE);
        }
        let interval = limit.interval()?;
        let tolerated = Duration::from_secs(1).saturating_sub(interval);
        let ahead = now.until(self.due);
        (ahead > tolerated).then(|| (ahead - tolerated).max(Duration::from_millis(1)))
    }

    fn take(&mut self, limit: &Limit, now: Timestamp) {
        self.running += 1;
        if let Some(interval) = limit.interval() {
            self.due = self.due.max(now) + interval;
        }
    }

    /// The next one may begin as if the last had not.
    fn give_back(&mut self, limit: &Limit) {
        if let Some(interval) = limit.interval() {
            self.due = Timestamp::ZERO + Timestamp::ZERO.until(self.due).saturating_sub(interval);
        }
    }
}

impl Place {
    /// Gives back the right to begin, too: nothing was loaded, so the source was spared.
    pub fn unused(self) {
        let mut state = self.shared.lock();
        for gauge in &self.gauges {
            if let Some(level) = state.gauges.get_mut(gauge) {
                level.give_back(self.shared.limits.of(gauge));
            }
        }
        drop(state);
        let shared = self.shared.clone();
        // Whoever hears of it finds the room.
        drop(self);
        shared.unused.send_replace(());
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        for gauge in &self.gauges {
            if let Some(level) = state.gauges.get_mut(gauge) {
                level.running -= 1;
            }
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Timestamp {
        Timestamp::from_micros(1_000_000_000 + millis * 1000)
    }

    fn governor(total: Limit, namespace: Limit, job: Limit) -> Governor {
        Governor::new(Limits { total, namespace, job, ramp: Duration::from_secs(1) })
    }

    #[test]
    fn each_bound_holds_by_itself() {
        let wide = Limit::at_once(10);
        for (total, namespace, job) in
            [(Limit::at_once(2), wide, wide), (wide, Limit::at_once(2), wide), (wide, wide, Limit::at_once(2))]
        {
            let governor = governor(total, namespace, job);
            let places: Vec<_> = (0..2).map(|_| governor.admit("n", "a", at(0)).unwrap()).collect();
            assert_eq!(governor.admit("n", "a", at(0)).unwrap_err(), NO_ROOM_PAUSE);
            drop(places);
            assert!(governor.admit("n", "a", at(0)).is_ok());
        }
    }

    #[test]
    fn one_job_at_its_bound_leaves_room_for_others() {
        let governor = governor(Limit::at_once(10), Limit::at_once(10), Limit::at_once(1));
        let _place = governor.admit("n", "a", at(0)).unwrap();
        assert!(governor.admit("n", "a", at(0)).is_err());
        assert!(governor.admit("n", "b", at(0)).is_ok());
    }

    #[test]
    fn a_rate_lets_a_second_s_worth_begin_together_and_then_spaces_them() {
        let limit = Limit { at_once: 100, per_second: Some(4.0) };
        let governor = governor(limit, Limit::at_once(100), Limit::at_once(100));
        for _ in 0..4 {
            assert!(governor.admit("n", "a", at(0)).is_ok());
        }
        assert!(governor.admit("n", "a", at(0)).is_err());
        assert!(governor.admit("n", "a", at(249)).is_err());
        assert!(governor.admit("n", "a", at(251)).is_ok());
        assert!(governor.admit("n", "a", at(252)).is_err());
    }

    #[test]
    fn a_place_that_was_not_used_leaves_its_rate_at_each_bound() {
        let (wide, rare) = (Limit::at_once(10), Limit { per_second: Some(0.2), ..Limit::at_once(10) });
        for (total, namespace, job) in [(rare, wide, wide), (wide, rare, wide), (wide, wide, rare)] {
            let governor = governor(total, namespace, job);
            let mut heard = governor.unused();
            for millis in 0..3 {
                governor.admit("n", "a", at(millis)).unwrap().unused();
                assert!(heard.has_changed().unwrap());
                heard.mark_unchanged();
            }
            drop(governor.admit("n", "a", at(10)).unwrap());
            assert!(!heard.has_changed().unwrap(), "a place that was used tells nothing");
            let wait = Duration::from_millis(4990);
            assert_eq!(governor.admit("n", "a", at(20)).unwrap_err(), wait, "and keeps its rate");
        }
    }

    #[test]
    fn places_that_are_given_back_out_of_order_leave_what_the_others_used() {
        let governor =
            governor(Limit { per_second: Some(2.0), ..Limit::at_once(10) }, Limit::at_once(10), Limit::at_once(10));
        let [one, other] = [0, 0].map(|millis| governor.admit("n", "a", at(millis)).unwrap());
        one.unused();
        let _third = governor.admit("n", "a", at(0)).unwrap();
        assert_eq!(governor.admit("n", "a", at(0)).unwrap_err(), Duration::from_millis(500));
        drop(other);
        assert_eq!(governor.admit("n", "a", at(0)).unwrap_err(), Duration::from_millis(500));
    }

    #[test]
    fn after_everything_was_outdated_it_begins_with_one_and_doubles() {
        let governor = governor(Limit::at_once(8), Limit::at_once(8), Limit::at_once(8));
        governor.ramp(at(0));
        for (millis, allowed) in [(0, 1), (999, 1), (1000, 2), (2000, 4), (3000, 8), (9000, 8)] {
            let places: Vec<_> = std::iter::from_fn(|| governor.admit("n", "a", at(millis)).ok()).collect();
            assert_eq!(places.len(), allowed, "at {millis} ms");
        }
    }

    #[test]
    fn a_ramp_under_way_is_not_begun_again() {
        let governor = governor(Limit::at_once(8), Limit::at_once(8), Limit::at_once(8));
        for (millis, allowed) in [(0, 1), (500, 1), (1000, 2), (2500, 4), (3100, 1)] {
            governor.ramp(at(millis));
            let places: Vec<_> = std::iter::from_fn(|| governor.admit("n", "a", at(millis)).ok()).collect();
            assert_eq!(places.len(), allowed, "at {millis} ms");
        }
    }
}
