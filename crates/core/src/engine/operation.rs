//! What whoever runs a cache asks of it and tells it: its queues and workers, what it holds, its end.

use std::time::Duration;

use futures_util::future::try_join_all;

use crate::engine::cache::Cache;
use crate::engine::queues::Workers;
use crate::error::PortError;
use crate::key::Key;
use crate::queue::{Depth, Quarantined, Queue};

impl Cache {
    /// Lets the workers of this process take no more tasks until [`Cache::resume_workers`]: for the time of a migration, or
    /// while the source must be spared. What they are loading is finished; what they had pulled goes back into the queue,
    /// for other processes too. Answers stay as they are: stale values are served, and who has nothing in hand loads.
    pub fn pause_workers(&self) {
        self.engine().paused().send_replace(true);
    }

    /// Lets the workers take tasks again.
    pub fn resume_workers(&self) {
        self.engine().paused().send_replace(false);
    }

    /// Whether the workers of this process are paused.
    pub fn workers_paused(&self) -> bool {
        *self.engine().paused().borrow()
    }

    /// The workers of this process, of each queue on which it has any.
    pub fn workers(&self) -> Vec<Workers> {
        let now = self.engine().now();
        let served = self.engine().queues().all().iter().filter(|queue| queue.workers > 0);
        served.map(|queue| queue.state(now)).collect()
    }

    /// What is in the queue `default`. For others ask [`Cache::queue_named`].
    ///
    /// # Errors
    /// [`PortError`] when the queue cannot be reached.
    pub async fn queue_depth(&self) -> Result<Depth, PortError> {
        self.queue().depth().await
    }

    /// The newest `most` tasks of the queue `default` that were set aside, with their reasons.
    ///
    /// # Errors
    /// [`PortError`] when the queue cannot be reached.
    pub async fn quarantined(&self, most: usize) -> Result<Vec<Quarantined>, PortError> {
        self.queue().quarantined(most).await
    }

    /// The queue `default` itself, to release or discard what was set aside. There is always one.
    pub fn queue(&self) -> &dyn Queue {
        &*self.engine().queues().default().queue
    }

    /// The queue of that name; `None`: the cache has none.
    pub fn queue_named(&self, name: &str) -> Option<&dyn Queue> {
        self.engine().queues().named(name).map(|named| &*named.queue)
    }

    /// All queues with their names, in the order of the names.
    pub fn queues(&self) -> impl Iterator<Item = (&str, &dyn Queue)> {
        self.engine().queues().all().iter().map(|named| (&*named.name, &*named.queue))
    }

    /// Asks the store and every queue whether they answer, without any effect on them: for a check of readiness. A bound on the
    /// wait is the caller's.
    ///
    /// # Errors
    /// [`PortError`] of one that does not.
    pub async fn reachable(&self) -> Result<(), PortError> {
        let probe = Key::new("freshen", "reachable", &()).expect("short names make a key");
        self.engine().record(&probe).await?;
        try_join_all(self.queues().map(|(_, queue)| queue.depth())).await?;
        Ok(())
    }

    /// How many values the near tier holds, and their bytes.
    pub fn near_size(&self) -> (usize, u64) {
        self.engine().registry().near_size()
    }

    /// Whether the near tier answers. It does not while messages of the bus may be missing.
    pub fn near_is_trusted(&self) -> bool {
        self.engine().near().is_trusted()
    }

    /// How many loads are under way in this process.
    pub fn loads_under_way(&self) -> usize {
        self.engine().flights().len()
    }

    /// Stops taking tasks and waits until what is under way has ended. `false`: the deadline came first, and what still runs
    /// is left to its leases.
    pub async fn shut_down(&self, deadline: Duration) -> bool {
        self.engine().close();
        self.engine().drained(deadline).await
    }
}
