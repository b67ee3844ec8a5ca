//! Reads of one key that come together go together: one round trip reads them all, and the marks of their partition once.

use std::sync::Arc;

use freshen_core::Key;
use freshen_core::store::Snapshot;

use crate::link::LinkError;
use crate::party::{self, Answers, Carrier, Party};
use crate::store::Shared;

/// Most readers who go together, and most keys whose marks are one question: while a server answers it, it does nothing else.
pub(super) const TOGETHER_MOST: usize = 128;

/// The way of reads to their partition.
#[derive(Clone)]
pub(super) struct Reader {
    shared: Arc<Shared>,
    partition: u32,
}

impl Shared {
    /// Reads one key, together with whoever reads in its partition just now.
    ///
    /// # Cancellation
    /// The others are read all the same.
    pub(super) async fn read_one(self: &Arc<Self>, key: &Key) -> Result<Snapshot, LinkError> {
        party::ask(Reader { shared: self.clone(), partition: self.partition(key) }, key.clone()).await
    }
}

impl Carrier for Reader {
    type Question = Key;
    type Answer = Snapshot;
    const TOGETHER_MOST: usize = TOGETHER_MOST;

    fn party(&self) -> &Party<Reader> {
        &self.shared.readers[self.partition as usize]
    }

    fn bytes(key: &Key) -> usize {
        key.as_bytes().len()
    }

    fn spawn<F>(&self, task: impl FnOnce() -> F + Send + 'static)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.shared.partitions.links.spawn(task);
    }

    async fn carry(&self, keys: &[Key]) -> Answers<Snapshot> {
        let keys: Vec<&Key> = keys.iter().collect();
        let read = self.shared.read_partition(self.partition, &keys).await?;
        Ok(read.into_iter().map(Ok).collect())
    }
}
