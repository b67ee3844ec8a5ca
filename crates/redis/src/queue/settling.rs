//! Settlements that come together go together.

use std::sync::Arc;

use freshen_core::queue::Settlement;

use super::Shared;
use super::receipt::Held;
use crate::party::{Answers, Carrier, Party};

/// A delivery that ends.
pub(super) struct Settled {
    pub(super) held: Held,
    pub(super) settlement: Settlement,
}

/// The way of settlements to their queue.
#[derive(Clone)]
pub(super) struct Settler(pub(super) Arc<Shared>);

impl Carrier for Settler {
    type Question = Settled;
    /// Whether the delivery was still in force.
    type Answer = bool;

    fn party(&self) -> &Party<Settler> {
        &self.0.settlements
    }

    fn bytes(settled: &Settled) -> usize {
        let reason = match &settled.settlement {
            Settlement::Quarantine(reason) => reason.len(),
            Settlement::Done | Settlement::RetryAfter(_) | Settlement::PutBack(_) => 0,
        };
        settled.held.id.len() + settled.held.consumer.len() + reason
    }

    fn spawn<F>(&self, task: impl FnOnce() -> F + Send + 'static)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.0.steps.links.spawn(task);
    }

    async fn carry(&self, settled: &[Settled]) -> Answers<bool> {
        self.0.steps.settle(settled).await
    }
}
