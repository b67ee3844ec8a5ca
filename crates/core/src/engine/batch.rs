//! Batches: the keys of one `get_many` that reach their load together are loaded by one call.

use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::FutureExt;
use tokio::sync::oneshot;
use tracing::Instrument;

use crate::engine::cache::Cache;
use crate::engine::fault::Fault;
use crate::engine::scope::Scope;
use crate::engine::spans;
use crate::engine::work::{Product, Work};

/// Where the loads of one `get_many` meet. It fires when everybody who has a seat has either arrived or left, and as often
/// before as a batch is full.
pub(crate) struct Batch {
    cache: Cache,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Seats whose holders have neither arrived nor left.
    expected: usize,
    arrived: Vec<Arrival>,
}

struct Arrival {
    work: Arc<dyn Work>,
    flight: u64,
    reply: oneshot::Sender<Result<Product, Fault>>,
}

impl Batch {
    pub fn new(cache: Cache) -> Arc<Self> {
        Arc::new(Batch { cache, state: Mutex::default() })
    }

    /// One more key is expected.
    pub fn seat(self: &Arc<Self>) -> BatchSeat {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).expected += 1;
        BatchSeat { batch: Some(self.clone()) }
    }

    /// One seat less, with or without an arrival. The last one fires, and so does one that fills a batch.
    fn settle(self: Arc<Self>, arrival: Option<Arrival>) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.expected -= 1;
        let full = arrival.as_ref().is_some_and(|arrival| state.arrived.len() + 1 >= arrival.work.batch());
        state.arrived.extend(arrival);
        if (full || state.expected == 0) && !state.arrived.is_empty() {
            let arrived = std::mem::take(&mut state.arrived);
            drop(state);
            let cache = self.cache.clone();
            self.cache.engine().spawn(fire(cache, arrived));
        }
    }
}

/// The right to take part in a batch once. Dropping it leaves.
pub(crate) struct BatchSeat {
    batch: Option<Arc<Batch>>,
}

impl BatchSeat {
    /// Arrives, and waits for the batch.
    pub async fn load(mut self, work: Arc<dyn Work>, flight: u64) -> Result<Product, Fault> {
        let (reply, product) = oneshot::channel();
        if let Some(batch) = self.batch.take() {
            batch.settle(Some(Arrival { work, flight, reply }));
        }
        product.await.unwrap_or(Err(Fault::Closed))
    }
}

impl Drop for BatchSeat {
    fn drop(&mut self) {
        if let Some(batch) = self.batch.take() {
            batch.settle(None);
        }
    }
}

async fn fire(cache: Cache, arrived: Vec<Arrival>) {
    let mut works = Vec::with_capacity(arrived.len());
    let mut replies = Vec::with_capacity(arrived.len());
    let mut flights = Vec::with_capacity(arrived.len());
    for arrival in arrived {
        works.push(arrival.work);
        replies.push(arrival.reply);
        flights.push(arrival.flight);
    }
    let Some(first) = works.first().cloned() else { return };
    // Each key has its own time; the batch has that of the most patient.
    let timeout = works.iter().map(|work| work.policy().load_timeout()).max().unwrap_or_default();
    let span = spans::load_many(first.job_name(), works.len());
    let load = Scope::of(flights).run(first.load_many(&works, &cache)).instrument(span.clone());
    let outcome: Vec<_> = match tokio::time::timeout(timeout, AssertUnwindSafe(load).catch_unwind()).await {
        Ok(Ok(products)) => products,
        Ok(Err(panic)) => works.iter().map(|_| Err(Fault::panicked(&*panic))).collect(),
        Err(_) => works.iter().map(|_| Err(Fault::TimedOut(timeout))).collect(),
    };
    spans::load_many_ended(&span, &outcome);
    for (reply, product) in replies.into_iter().zip(outcome) {
        // Whoever timed out meanwhile is gone.
        let _ = reply.send(product);
    }
}
