//! Waiting for a key that another process holds: for the bus's word, or a pause that grows.

use std::time::Duration;

use crate::engine::notices::Notice;
use crate::time::Stopwatch;

/// The pauses between looks at the key.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// One wait, with what is left of its patience.
pub(crate) struct Waiting {
    /// Whether the key was found held: from then on notices are listened to, before the key is looked at again.
    began: bool,
    pause: Duration,
    left: Duration,
}

impl Waiting {
    /// Waits for `at_most` in all.
    pub fn new(at_most: Duration) -> Self {
        Waiting { began: false, pause: FIRST_PAUSE, left: at_most }
    }

    /// Whether the key was found held before.
    pub fn began(&self) -> bool {
        self.began
    }

    /// Waits for the notice, or a pause; `false` when the patience is over.
    pub async fn pause(&mut self, notice: Option<Notice>) -> bool {
        self.began = true;
        let Some(notice) = notice else { return true };
        if self.left.is_zero() {
            return false;
        }
        let pause = self.pause.min(self.left);
        let watch = Stopwatch::start();
        let _ = tokio::time::timeout(pause, notice.heard()).await;
        self.left = self.left.saturating_sub(watch.elapsed().max(Duration::from_millis(1)));
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
        true
    }
}
