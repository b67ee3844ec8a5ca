//! How a pull waits for what it takes.

use std::sync::Arc;
use std::time::Duration;

use freshen_core::queue::Delivery;
use tokio::time::Instant;

use super::Shared;
use super::caught::Caught;
use super::steps::Looked;
use super::watch::Positions;
use crate::link::LinkError;

/// Longer waits are as good as this one.
const WAIT_MOST: Duration = Duration::from_secs(24 * 60 * 60);

/// Takes what is there, or waits for it.
///
/// # Cancellation
/// A look goes on, and what it took then goes back. Waiting takes nothing.
pub(super) async fn pull(shared: &Arc<Shared>, most: usize, wait: Duration) -> Result<Vec<Delivery>, LinkError> {
    if most == 0 {
        return Ok(Vec::new());
    }
    let until = Instant::now() + wait.min(WAIT_MOST);
    loop {
        // It listens before it looks, so that nothing enters unheard between the two.
        let mut ears = shared.watch.ears();
        let (again, positions) = match look(shared, most).await? {
            Seen::Tasks(caught) => return Ok(caught.claim()),
            Seen::Nothing { again, positions } => (again, positions),
        };
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(Vec::new());
        }
        shared.watch.wait(&mut ears, positions, again.min(left)).await;
    }
}

enum Seen {
    Tasks(Caught),
    Nothing { again: Duration, positions: Positions },
}

async fn look(shared: &Arc<Shared>, most: usize) -> Result<Seen, LinkError> {
    let own = shared.clone();
    let looking = move || async move {
        Ok(match own.steps.pull(most).await? {
            Looked::Took(taken) => Seen::Tasks(Caught::new(own, taken)),
            Looked::Nothing { again, positions } => Seen::Nothing { again, positions },
        })
    };
    shared.steps.links.run(looking).await
}
