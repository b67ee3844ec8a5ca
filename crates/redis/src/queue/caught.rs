//! Tasks on their way to one who asked for them, and who may have left.

use std::sync::Arc;

use freshen_core::queue::{Delivery, Task};

use super::receipt::Held;
use super::{Shared, answer};

/// Tasks that were taken. If nobody claims them, they go back to where they were.
pub(super) struct Caught {
    shared: Arc<Shared>,
    taken: Vec<(Held, Task)>,
}

impl Caught {
    pub(super) fn new(shared: Arc<Shared>, taken: Vec<(Held, Task)>) -> Caught {
        Caught { shared, taken }
    }

    /// Hands them over.
    pub(super) fn claim(mut self) -> Vec<Delivery> {
        std::mem::take(&mut self.taken).into_iter().map(answer::delivery).collect()
    }
}

impl Drop for Caught {
    fn drop(&mut self) {
        if self.taken.is_empty() {
            return;
        }
        let held: Vec<Held> = std::mem::take(&mut self.taken).into_iter().map(|(held, _)| held).collect();
        let shared = self.shared.clone();
        // It ends with one script, whose time is bounded by the links. Where that fails, the visibility brings them back.
        self.shared.steps.links.spawn(move || async move {
            if let Err(error) = shared.steps.let_go(&held).await {
                tracing::debug!(target: "freshen", %error, "tasks that nobody waits for stay held until the visibility is over");
            }
        });
    }
}
