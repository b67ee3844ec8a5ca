//! How often and for how long one command is tried.

use std::time::Duration;

use tokio::time::Instant;

use crate::link::{Address, Link, LinkError};

/// Most attempts at one command.
const TRIES_MOST: u32 = 16;
/// The first pause; each further one is twice as long.
const PAUSE_LEAST: Duration = Duration::from_millis(10);
const PAUSE_MOST: Duration = Duration::from_millis(300);
/// For how long somebody tries who only looks whether a failure has passed: long enough for a redirection.
const LOOK: Duration = Duration::from_millis(50);

/// The attempts at one command so far. Both their number and their time are bounded.
pub struct Tries {
    made: u32,
    pause: Duration,
    until: Instant,
    repeatable: bool,
    looks: bool,
    pub(super) ask: Option<Address>,
    pub(super) last: Option<Link>,
}

impl Tries {
    pub(super) fn new(patience: Duration, repeatable: bool) -> Tries {
        let until = Instant::now() + patience;
        Tries { made: 0, pause: PAUSE_LEAST, until, repeatable, looks: false, ask: None, last: None }
    }

    /// Whether this only looks whether a failure of the place has passed.
    pub(super) fn looks(&self) -> bool {
        self.looks
    }

    /// From now on it only looks, and not for long.
    pub(super) fn only_look(&mut self) {
        self.looks = true;
        self.until = self.until.min(Instant::now() + LOOK);
    }

    /// Whether doing it twice does no harm.
    pub(super) fn repeatable(&self) -> bool {
        self.repeatable
    }

    /// Counts an attempt that failed.
    pub(super) fn count(&mut self, error: LinkError) -> Result<(), LinkError> {
        self.made += 1;
        if self.made >= TRIES_MOST || Instant::now() >= self.until { Err(error) } else { Ok(()) }
    }

    /// Waits a while, longer each time, but not beyond the time there is.
    pub(super) async fn pause(&mut self) {
        let pause = self.pause;
        self.pause = (pause * 2).min(PAUSE_MOST);
        tokio::time::sleep_until((Instant::now() + pause).min(self.until)).await;
    }
}
