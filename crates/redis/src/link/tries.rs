//! How often and for how long one command is tried.

use std::time::Duration;

use tokio::time::Instant;

use crate::link::{Address, Link, LinkError};

/// Most attempts at one command.
const TRIES_MOST: u32 = 16;
/// The first pause; each further one is twice as long.
const PAUSE_LEAST: Duration = Duration::from_millis(10);
const PAUSE_MOST: Duration = Duration::from_millis(300);

/// The attempts at one command so far. Both their number and their time are bounded.
pub struct Tries {
    made: u32,
    pause: Duration,
    until: Instant,
    repeatable: bool,
    pub(super) ask: Option<Address>,
    pub(super) last: Option<Link>,
}

impl Tries {
    pub(super) fn new(patience: Duration, repeatable: bool) -> Tries {
        let until = Instant::now() + patience;
        Tries { made: 0, pause: PAUSE_LEAST, until, repeatable, ask: None, last: None }
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
