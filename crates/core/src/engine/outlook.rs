//! By when a dispatcher is to be heard of again.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::time::Timestamp;

/// The time by which a dispatcher goes on, as it told itself before it began to wait. Whoever looks later than that sees
/// one that is stuck, whatever it is stuck in: nobody has to be alive for it to show.
#[derive(Debug)]
pub(crate) struct Outlook(AtomicU64);

impl Outlook {
    /// Nothing is expected yet.
    pub fn open() -> Self {
        Outlook(AtomicU64::new(Timestamp::NEVER.as_micros()))
    }

    /// The dispatcher is to be heard of by then.
    pub fn by(&self, at: Timestamp) {
        // A time alone: nothing else is read by its order.
        self.0.store(at.as_micros(), Ordering::Relaxed);
    }

    /// How long ago that was; zero while it lies ahead.
    pub fn overdue(&self, now: Timestamp) -> Duration {
        now.since(Timestamp::from_micros(self.0.load(Ordering::Relaxed)))
    }
}
