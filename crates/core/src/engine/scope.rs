//! The scope of a load: how a `get` knows that it is made inside one.

use std::sync::Arc;

tokio::task_local! {
    static LOADING: Scope;
}

/// The flights on whose behalf the code that runs now is loading.
///
/// It belongs to the task of the load: a task that the job's code spawns is outside of it.
#[derive(Clone)]
pub(crate) struct Scope(Arc<[u64]>);

impl Scope {
    pub fn of(flights: Vec<u64>) -> Self {
        Scope(flights.into())
    }

    /// Runs a load inside this scope.
    pub async fn run<F: Future>(self, load: F) -> F::Output {
        LOADING.scope(self, load).await
    }

    /// The flights that are waiting, if the caller is inside a load.
    pub fn current() -> Option<Arc<[u64]>> {
        LOADING.try_with(|scope| scope.0.clone()).ok()
    }
}
