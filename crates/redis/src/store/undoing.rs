//! Steps whose answer did not come are taken back.
//!
//! An ask that was carried out unheard has left a marker whose task never comes, a begin a lease that nobody holds: both would
//! keep everybody off the key until they end. Whoever asked has long been told of the error; so this goes on behind him.

use std::sync::{Arc, Weak};
use std::time::Duration;

use freshen_core::Key;
use freshen_core::store::{Failure, Lease};
use tokio::time::Instant;

use crate::link::{LinkError, Repeat};
use crate::store::Shared;

/// Steps that are taken back at once at most. Others end by themselves: a server that is away for long has lost them anyway, or
/// the clock that they go by.
pub(super) const UNDOING_MOST: usize = 4096;
/// The first pause and the longest.
const PAUSES: [Duration; 2] = [Duration::from_millis(100), Duration::from_secs(2)];

/// What is to be undone.
pub(super) enum Undo {
    /// A marker.
    Ask,
    /// A lease, with what is to be remembered of its load.
    Begin(Lease, Failure),
}

impl Shared {
    /// Takes back what a step may have done, if this error leaves that open; `within` is when it ends by itself.
    ///
    /// Where another one has set a marker meanwhile, that is cleared too: one more task comes, and the later of both finds the
    /// key fresh. A lease is told by its token.
    pub(super) fn undo(self: &Arc<Self>, error: &LinkError, key: &Key, undo: Undo, within: Duration) {
        if !error.leaves_open() {
            return;
        }
        self.undo_in_time(key, undo, within);
    }

    /// As [`Shared::undo`], whatever the error.
    pub(super) fn undo_in_time(self: &Arc<Self>, key: &Key, undo: Undo, within: Duration) {
        let Ok(place) = self.undoing.clone().try_acquire_owned() else {
            tracing::warn!(target: "freshen", %key, "too many steps were not answered; this one ends by itself");
            return;
        };
        let (shared, key) = (Arc::downgrade(self), key.clone());
        self.partitions.links.spawn(move || async move {
            undo_until_heard(&shared, &key, &undo, within).await;
            drop(place);
        });
    }

    async fn undo_once(&self, key: &Key, undo: &Undo) -> Result<(), LinkError> {
        match undo {
            Undo::Ask => self.step(key, &self.partitions.scripts.unask, &[], Repeat::Harmless).await.map(drop),
            Undo::Begin(lease, failure) => self.end_lease(key, lease, failure).await,
        }
    }
}

/// Tries again and again, until the server has heard of it or the store is not used any more.
async fn undo_until_heard(shared: &Weak<Shared>, key: &Key, undo: &Undo, within: Duration) {
    let (ends, [mut pause, longest]) = (Instant::now() + within, PAUSES);
    while Instant::now() < ends {
        tokio::time::sleep(pause).await;
        let Some(shared) = shared.upgrade() else { return };
        match shared.undo_once(key, undo).await {
            Err(error) if !error.is_lasting() => pause = (pause * 2).min(longest),
            _ => return,
        }
    }
}
