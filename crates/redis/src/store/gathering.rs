//! Reads of one key that come together go together: one round trip reads them all, and the marks of their partition once.
//!
//! Who comes while nobody reads sets off at once. While somebody does, the first to come waits for one turn of the runtime,
//! and takes along whoever has come by then: under load that saves most of what a read costs on both sides.

use std::mem::take;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use freshen_core::Key;
use freshen_core::store::Snapshot;
use tokio::sync::oneshot::{self, Receiver, Sender};

use crate::link::LinkError;
use crate::store::Shared;

/// Most keys that are read in one go: while a server reads them it does nothing else.
pub(super) const TOGETHER_MOST: usize = 128;

/// The reads of one partition. Its lock is never held across an await.
#[derive(Default)]
pub(super) struct Gathering(Mutex<Readers>);

#[derive(Default)]
struct Readers {
    /// Who waits to go.
    waiting: Vec<Waiting>,
    /// How many round trips are being made.
    trips: usize,
}

struct Waiting {
    key: Key,
    told: Sender<Result<Snapshot, LinkError>>,
}

impl Gathering {
    fn readers(&self) -> MutexGuard<'_, Readers> {
        // Nothing under this lock calls foreign code, so a poisoned one still guards a whole state.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins a trip, unless somebody reads or waits.
    fn try_alone(&self) -> Option<Trip<'_>> {
        let mut readers = self.readers();
        let nobody = readers.trips == 0 && readers.waiting.is_empty();
        nobody.then(|| {
            readers.trips = 1;
            Trip(self)
        })
    }

    fn trip(&self) -> Trip<'_> {
        self.readers().trips += 1;
        Trip(self)
    }

    /// Waits with the others. `true`: as the first of them.
    fn wait(&self, key: &Key) -> (bool, Receiver<Result<Snapshot, LinkError>>) {
        let (told, answer) = oneshot::channel();
        let mut readers = self.readers();
        readers.waiting.push(Waiting { key: key.clone(), told });
        (readers.waiting.len() == 1, answer)
    }

    fn take(&self) -> Vec<Waiting> {
        take(&mut self.readers().waiting)
    }
}

/// A round trip under way, until it is dropped.
struct Trip<'a>(&'a Gathering);

impl Drop for Trip<'_> {
    fn drop(&mut self) {
        self.0.readers().trips -= 1;
    }
}

impl Shared {
    /// Reads one key, together with whoever reads in its partition just now.
    ///
    /// # Cancellation
    /// The others are read all the same.
    pub(super) async fn read_one(self: &Arc<Self>, key: &Key) -> Result<Snapshot, LinkError> {
        let partition = self.partition(key);
        let gathering = &self.gatherings[partition as usize];
        if let Some(_trip) = gathering.try_alone() {
            // Boxed, so that the future of those who read together stays small.
            let read = Box::pin(self.read_partition(partition, &[key])).await?.pop();
            return read.ok_or_else(LinkError::given_up);
        }
        let (first, answer) = gathering.wait(key);
        if first {
            let departure = Departure { shared: self, partition, left: false };
            tokio::task::yield_now().await;
            departure.leave();
        }
        // A sender is only dropped unused when its runtime ends.
        answer.await.unwrap_or_else(|_| Err(LinkError::given_up()))
    }

    async fn read_together(&self, partition: u32, waiting: Vec<Waiting>) {
        let _trip = self.gatherings[partition as usize].trip();
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
    fn leave(mut self) {
        self.left = true;
        self.set_off();
    }

    /// Reads for all who wait, in tasks that end with the reading.
    fn set_off(&self) {
        let mut all = self.shared.gatherings[self.partition as usize].take();
        // Those who have left are not read.
        all.retain(|waiting| !waiting.told.is_closed());
        while !all.is_empty() {
            let rest = all.split_off(all.len().min(TOGETHER_MOST));
            let (shared, partition) = (self.shared.clone(), self.partition);
            let together = std::mem::replace(&mut all, rest);
            let read = async move { shared.read_together(partition, together).await };
            self.shared.partitions.links.spawn(read);
        }
    }
}

impl Drop for Departure<'_> {
    fn drop(&mut self) {
        if !self.left {
            self.set_off();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_who_finds_nobody_reading_and_nobody_waiting_sets_off_alone() {
        let (gathering, key) = (Gathering::default(), Key::new("default", "job", &1).unwrap());
        let alone = gathering.try_alone();
        assert!(alone.is_some() && gathering.try_alone().is_none());
        let together = gathering.trip();
        drop(alone);
        assert!(gathering.try_alone().is_none(), "others are reading");
        drop(together);
        let (first, _answer) = gathering.wait(&key);
        assert!(first && !gathering.wait(&key).0);
        assert!(gathering.try_alone().is_none(), "others are waiting");
        assert_eq!(gathering.take().len(), 2);
        assert!(gathering.try_alone().is_some());
    }
}
