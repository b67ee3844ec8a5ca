//! How many loads ask the services behind at a time.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Places for loads that ask the services behind: a slow origin gets no more requests than there are, however many pages are
/// cold. Clones share them.
#[derive(Clone, Debug)]
pub struct Places {
    free: Arc<Semaphore>,
    within: Duration,
}

impl Places {
    /// So many, of which at least one; a load waits so long for one.
    pub(crate) fn new(most: usize, within: Duration) -> Places {
        Places { free: Arc::new(Semaphore::new(most.clamp(1, Semaphore::MAX_PERMITS))), within }
    }

    /// A place, first to those who wait longest. `None`: none was free in time.
    pub(crate) async fn take(&self) -> Option<OwnedSemaphorePermit> {
        tokio::time::timeout(self.within, self.free.clone().acquire_owned()).await.ok()?.ok()
    }
}
