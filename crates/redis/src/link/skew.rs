//! How far a server's clock and the process's are apart.

use std::sync::atomic::{AtomicI64, Ordering};

use freshen_core::Timestamp;

/// From how far apart on a better estimate is taken, in microseconds. Below it the estimate stays as it is, so that a point in
/// time of the server is the same point of the process whenever it is told.
const SLACK_MICROS: i64 = 20_000;
/// Not known yet.
const UNKNOWN: i64 = i64::MIN;

/// The estimate for one connection: what to add to the server's time to get the process's.
///
/// Each answer with the server's time bounds it: it cannot be less than the time of sending minus the server's, nor more than
/// the time of receiving minus the server's. The estimate stays at the lower bound, so that nothing seems younger than it is.
#[derive(Debug)]
pub struct Skew(AtomicI64);

impl Skew {
    pub(super) fn unknown() -> Skew {
        Skew(AtomicI64::new(UNKNOWN))
    }

    /// Takes note of an answer in which the server told its time.
    pub fn observe(&self, sent: Timestamp, server: Timestamp, received: Timestamp) {
        let (least, most) = (micros(sent) - micros(server), micros(received) - micros(server));
        let known = self.0.load(Ordering::Relaxed);
        if known == UNKNOWN || known > most + SLACK_MICROS || known + SLACK_MICROS < least {
            self.0.store(least, Ordering::Relaxed);
        }
    }

    /// A first estimate, by the closest of several answers.
    pub(super) fn refine(&self, sent: Timestamp, server: Timestamp) {
        self.0.fetch_max(micros(sent) - micros(server), Ordering::Relaxed);
    }

    /// A point in the server's time as the process would call it.
    pub fn to_process(&self, server: Timestamp) -> Timestamp {
        let offset = self.0.load(Ordering::Relaxed);
        let offset = if offset == UNKNOWN { 0 } else { offset };
        if server == Timestamp::NEVER {
            return server;
        }
        Timestamp::from_micros(server.as_micros().saturating_add_signed(offset))
    }
}

fn micros(time: Timestamp) -> i64 {
    i64::try_from(time.as_micros()).unwrap_or(i64::MAX / 4)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(micros: u64) -> Timestamp {
        Timestamp::from_micros(micros)
    }

    #[test]
    fn a_server_a_quarter_of_an_hour_ahead_is_translated() {
        let (skew, ahead) = (Skew::unknown(), 900_000_000);
        skew.observe(at(1_000_000), at(1_000_100 + ahead), at(1_000_300));
        assert_eq!(skew.to_process(at(2_000_000 + ahead)), at(1_999_900), "never younger than it is");
    }

    #[test]
    fn the_estimate_stays_while_it_may_be_right_and_follows_when_it_cannot() {
        let skew = Skew::unknown();
        skew.observe(at(1_000), at(51_000), at(3_000));
        skew.observe(at(10_900), at(60_000), at(12_000));
        assert_eq!(skew.to_process(at(50_000)), at(0));
        skew.observe(at(200_000), at(150_000), at(200_000));
        assert_eq!(skew.to_process(at(150_000)), at(200_000), "the server's clock was set back");
        skew.observe(at(200_000), at(350_000), at(200_000));
        assert_eq!(skew.to_process(at(350_000)), at(200_000), "and ahead");
    }

    #[test]
    fn the_closest_of_the_first_answers_counts() {
        let skew = Skew::unknown();
        skew.refine(at(1_000), at(5_000));
        skew.refine(at(2_000), at(5_500));
        skew.refine(at(3_000), at(9_000));
        assert_eq!(skew.to_process(at(10_000)), at(6_500));
    }
}
