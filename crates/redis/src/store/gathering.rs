//! Reads of one key that come together go together: one round trip reads them all, and the marks of their partition once.
//!
//! Whoever comes first waits for one turn of the runtime, and takes along whoever has come by then. A read that is alone costs
//! that turn; under load it saves most of what a read costs on both sides.

use std::mem::take;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use freshen_core::Key;
use freshen_core::store::Snapshot;
use tokio::sync::oneshot::{self, Sender};

use crate::link::LinkError;
use crate::store::Shared;

/// Most keys that are read in one go: while a server reads them it does nothing else.
pub(super) const TOGETHER_MOST: usize = 128;

/// The reads of one partition that wait to go. Its lock is never held across an await.
#[derive(Default)]
pub(super) struct Gathering(Mutex<Vec<Waiting>>);

struct Waiting {
    key: Key,
    told: Sender<Result<Snapshot, LinkError>>,
}

impl Gathering {
    fn waiting(&self) -> MutexGuard<'_, Vec<Waiting>> {
        // Nothing under this lock calls foreign code, so a poisoned one still guards a whole state.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shared {
    /// Reads one key, together with whoever reads in its partition just now.
    ///
    /// # Cancellation
    /// The others are read all the same.
    pub(super) async fn read_one(self: &Arc<Self>, key: &Key) -> Result<Snapshot, LinkError> {
        let partition = self.partition(key);
        let (told, answer) = oneshot::channel();
        let first = {
            let mut waiting = self.gatherings[partition as usize].waiting();
            waiting.push(Waiting { key: key.clone(), told });
            waiting.len() == 1
        };
        if first {
            let departure = Departure { shared: self, partition, left: false };
            tokio::task::yield_now().await;
            departure.leave().await;
        }
        // A sender is only dropped unused when its runtime ends.
        answer.await.unwrap_or_else(|_| Err(LinkError::given_up()))
    }

    async fn read_together(&self, partition: u32, waiting: Vec<Waiting>) {
        let keys: Vec<&Key> = waiting.iter().map(|waiting| &waiting.key).collect();
        match self.read_partition(partition, &keys).await {
            Ok(snapshots) => {
                for (waiting, snapshot) in waiting.into_iter().zip(snapshots) {
                    let _left = waiting.told.send(Ok(snapshot));
                }
            }
            Err(error) => {
                for waiting in waiting {
                    let _left = waiting.told.send(Err(error.clone()));
                }
            }
        }
    }
}

/// The first of those who wait, who sets off for all. When he is dropped before, the others set off without him.
struct Departure<'a> {
    shared: &'a Arc<Shared>,
    partition: u32,
    left: bool,
}

impl Departure<'_> {
    async fn leave(mut self) {
        self.left = true;
        let alone = self.set_off();
        if let Some(waiting) = alone {
            self.shared.read_together(self.partition, vec![waiting]).await;
        }
    }

    /// Reads for all who wait, in tasks that end with the reading; gives back one who is alone.
    fn set_off(&self) -> Option<Waiting> {
        let mut all = take(&mut *self.shared.gatherings[self.partition as usize].waiting());
        if all.len() == 1 {
            return all.pop();
        }
        while !all.is_empty() {
            let rest = all.split_off(all.len().min(TOGETHER_MOST));
            let (shared, partition) = (self.shared.clone(), self.partition);
            let together = std::mem::replace(&mut all, rest);
            let read = async move { shared.read_together(partition, together).await };
            self.shared.partitions.links.spawn(read);
        }
        None
    }
}

impl Drop for Departure<'_> {
    fn drop(&mut self) {
        if !self.left {
            // Whoever was alone was dropped himself.
            drop(self.set_off());
        }
    }
}
