//! A queue with a task that another version of the program pushed.

use std::sync::Mutex;
use std::time::Duration;

use freshen_core::queue::{
    Delivery, Depth, MemoryQueue, NewTask, Pushed, Quarantined, Queue, QueueTraits, Receipt, Settlement, Task,
};
use freshen_core::{BoxFuture, PortError};

/// Hands out its first task as another version wrote it.
pub struct Foreign {
    tasks: Mutex<Vec<(u16, Box<[u8]>)>>,
    inner: MemoryQueue,
}

impl Foreign {
    /// The first task has this format and this key.
    pub fn new(inner: MemoryQueue, format: u16, key: &[u8]) -> Self {
        Foreign { tasks: vec![(format, key.into())].into(), inner }
    }
}

impl Queue for Foreign {
    fn traits(&self) -> QueueTraits {
        self.inner.traits()
    }

    fn push<'a>(&'a self, tasks: &'a [NewTask]) -> BoxFuture<'a, Result<Pushed, PortError>> {
        self.inner.push(tasks)
    }

    fn pull(&self, most: usize, wait: Duration) -> BoxFuture<'_, Result<Vec<Delivery>, PortError>> {
        Box::pin(async move {
            let mut pulled = self.inner.pull(most, wait).await?;
            for delivery in &mut pulled {
                if let Some((format, key)) = self.tasks.lock().unwrap().pop() {
                    delivery.task.format = format;
                    delivery.task.key = key;
                }
            }
            Ok(pulled)
        })
    }

    fn settle<'a>(&'a self, receipt: &'a Receipt, settlement: Settlement) -> BoxFuture<'a, Result<bool, PortError>> {
        self.inner.settle(receipt, settlement)
    }

    fn depth(&self) -> BoxFuture<'_, Result<Depth, PortError>> {
        self.inner.depth()
    }

    fn waiting(&self, most: usize) -> BoxFuture<'_, Result<Vec<Task>, PortError>> {
        self.inner.waiting(most)
    }

    fn quarantined(&self, most: usize) -> BoxFuture<'_, Result<Vec<Quarantined>, PortError>> {
        self.inner.quarantined(most)
    }

    fn release(&self, id: u64) -> BoxFuture<'_, Result<bool, PortError>> {
        self.inner.release(id)
    }

    fn discard(&self, id: u64) -> BoxFuture<'_, Result<bool, PortError>> {
        self.inner.discard(id)
    }
}
