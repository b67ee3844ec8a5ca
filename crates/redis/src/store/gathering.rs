//! Reads of one key that come together go together: one round trip reads them all, and the marks of their partition once.
//!
//! Who comes while nobody reads sets off at once, and pays for no company.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use freshen_core::Key;
use freshen_core::store::Snapshot;

use crate::link::LinkError;
use crate::party::{self, Answers, Carrier, Party};
use crate::store::Shared;

/// Most keys that are read in one go: while a server reads them it does nothing else.
pub(super) const TOGETHER_MOST: usize = 128;

/// The reads of one partition.
#[derive(Default)]
pub(super) struct Gathering {
    /// Who waits to go.
    party: Party<Reader>,
    /// How many round trips are being made.
    trips: AtomicUsize,
}

/// The way of reads to their partition.
#[derive(Clone)]
pub(super) struct Reader {
    shared: Arc<Shared>,
    partition: u32,
}

impl Gathering {
    /// Begins a trip, unless somebody reads or waits.
    fn try_alone(&self) -> Option<Trip<'_>> {
        let nobody =
            self.party.is_empty() && self.trips.compare_exchange(0, 1, Ordering::Relaxed, Ordering::Relaxed).is_ok();
        nobody.then(|| Trip(self))
    }

    fn trip(&self) -> Trip<'_> {
        self.trips.fetch_add(1, Ordering::Relaxed);
        Trip(self)
    }
}

/// A round trip under way, until it is dropped.
struct Trip<'a>(&'a Gathering);

impl Drop for Trip<'_> {
    fn drop(&mut self) {
        self.0.trips.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Shared {
    /// Reads one key, together with whoever reads in its partition just now.
    ///
    /// # Cancellation
    /// The others are read all the same.
    pub(super) async fn read_one(self: &Arc<Self>, key: &Key) -> Result<Snapshot, LinkError> {
        let partition = self.partition(key);
        if let Some(_trip) = self.gatherings[partition as usize].try_alone() {
            // Boxed, so that the future of those who read together stays small.
            let read = Box::pin(self.read_partition(partition, &[key])).await?.pop();
            return read.ok_or_else(LinkError::given_up);
        }
        party::ask(Reader { shared: self.clone(), partition }, key.clone()).await
    }
}

impl Carrier for Reader {
    type Question = Key;
    type Answer = Snapshot;
    const TOGETHER_MOST: usize = TOGETHER_MOST;

    fn party(&self) -> &Party<Reader> {
        &self.shared.gatherings[self.partition as usize].party
    }

    fn bytes(key: &Key) -> usize {
        key.as_bytes().len()
    }

    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.shared.partitions.links.spawn(task);
    }

    async fn carry(&self, keys: Vec<Key>) -> Answers<Snapshot> {
        let _trip = self.shared.gatherings[self.partition as usize].trip();
        let keys: Vec<&Key> = keys.iter().collect();
        let read = self.shared.read_partition(self.partition, &keys).await?;
        Ok(read.into_iter().map(Ok).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_who_finds_nobody_reading_sets_off_alone() {
        let gathering = Gathering::default();
        let alone = gathering.try_alone();
        assert!(alone.is_some() && gathering.try_alone().is_none());
        let together = gathering.trip();
        drop(alone);
        assert!(gathering.try_alone().is_none(), "others are reading");
        drop(together);
        assert!(gathering.try_alone().is_some());
    }
}
