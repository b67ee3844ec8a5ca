//! One run of a job's code: bounded in time, its panics caught, its lease renewed where the policy says so.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt;
use tracing::{Instrument, Span};

use crate::engine::batch::BatchSeat;
use crate::engine::cache::Cache;
use crate::engine::core::Engine;
use crate::engine::fault::Fault;
use crate::engine::scope::Scope;
use crate::engine::slot::Hand;
use crate::engine::spans;
use crate::engine::work::{Product, Work};
use crate::event::Event;
use crate::store::{Currency, Lease};

/// What one run of a job's code needs.
pub(crate) struct Run<'a> {
    pub engine: &'a Engine,
    pub cache: &'a Cache,
    pub work: &'a Arc<dyn Work>,
    /// The value that it replaces.
    pub previous: Option<&'a Hand>,
    /// The lease that it runs under, if it has one.
    pub lease: Option<&'a Lease>,
    /// The flight that it is done for.
    pub id: u64,
}

impl Run<'_> {
    /// Runs the job's code, by itself or as part of a batch.
    pub async fn carry_out(self, batch: Option<BatchSeat>) -> Result<Product, Fault> {
        let within = self.work.policy().load_timeout();
        self.engine.emit(&Event::LoadBegan { key: self.work.key() });
        // A batch has a span of its own.
        let span = if batch.is_some() { Span::none() } else { spans::load(self.work.key()) };
        let load = async {
            match batch {
                Some(seat) => seat.load(self.work.clone(), self.id).await,
                None => self.alone().instrument(span.clone()).await,
            }
        };
        let load = tokio::time::timeout(within, AssertUnwindSafe(load).catch_unwind());
        let ended = tokio::select! {
            ended = load => ended,
            never = self.renewing() => match never {},
        };
        let result = match ended {
            Ok(Ok(result)) => result,
            Ok(Err(panic)) => Err(Fault::panicked(&*panic)),
            Err(_) => Err(Fault::TimedOut(within)),
        };
        spans::load_ended(&span, &result);
        result
    }

    async fn alone(&self) -> Result<Product, Fault> {
        let now = self.engine.now();
        // "Unchanged" must not bring back what was invalidated hard.
        let servable = |hand: &&Hand| self.engine.near().currency(hand.meta()) != Currency::OutdatedHard;
        let previous = self.previous.filter(servable).map(|hand| (hand, now.since(hand.meta().loaded_at)));
        Scope::of(vec![self.id]).run(self.work.load(self.cache, previous)).await
    }

    async fn renewing(&self) -> std::convert::Infallible {
        let policy = self.work.policy();
        if let (Some(lease), true) = (self.lease, policy.renews()) {
            loop {
                tokio::time::sleep(policy.lease() / 3).await;
                match self.engine.store().renew(self.work.key(), lease, policy.lease()).await {
                    Ok(true) => {}
                    // Whoever took the lease over decides; the commit will say `Lost`.
                    Ok(false) => break,
                    Err(error) => self.engine.emit(&Event::PortFailed { error: &error }),
                }
            }
        }
        std::future::pending().await
    }
}
