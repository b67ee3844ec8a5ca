//! One suspect at a time: what may end its process has to be the only such task that the process has in hand.

use std::sync::Arc;

use tokio::sync::watch;

/// The right to carry out a suspect. A process has one for all its queues: what it holds when it ends is counted as unsettled
/// on each of them, so that two suspects side by side would both come to be set aside, though one of them is innocent.
///
/// What nobody suspects goes on beside it on other queues: by the second time that it was counted so it is a suspect itself,
/// and is no longer in hand where another runs. It never comes to be set aside for another's fault.
#[derive(Clone, Debug, Default)]
pub(crate) struct Suspects(Arc<watch::Sender<bool>>);

/// The right, taken. Dropping it lets the next one run.
#[derive(Debug)]
pub(crate) struct SoleSuspect(Suspects);

impl Suspects {
    /// The right; `None`: another has it.
    pub fn take(&self) -> Option<SoleSuspect> {
        let taken = self.0.send_if_modified(|taken| !std::mem::replace(taken, true));
        taken.then(|| SoleSuspect(self.clone()))
    }

    pub fn is_taken(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits until somebody has the right.
    pub async fn taken(self) {
        // The sender is at hand here, so the only end of this wait is that it is taken.
        let _ = self.0.subscribe().wait_for(|taken| *taken).await;
    }
}

impl Drop for SoleSuspect {
    fn drop(&mut self) {
        self.0.0.send_replace(false);
    }
}
