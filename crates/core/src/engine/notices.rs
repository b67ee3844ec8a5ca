//! Notices: a load in another process is waited for by the bus's word, not by polling alone.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::sync::Notify;
use tokio::sync::futures::OwnedNotified;

use crate::key::{Key, KeyHash};

/// Who waits for which key to be stored.
#[derive(Debug, Default)]
pub(crate) struct Notices(Mutex<HashMap<KeyHash, Weak<Notify>>>);

impl Notices {
    /// A wait that hears every notice from now on.
    pub fn of(&self, key: &Key) -> Notice {
        let mut waits = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let held = waits.get(&key.hash()).and_then(Weak::upgrade);
        let notify = held.unwrap_or_else(|| {
            // Waits end by being dropped; their places are swept when as many again have been taken.
            if waits.len() >= 64 && waits.len() == waits.capacity() {
                waits.retain(|_, wait| wait.strong_count() > 0);
            }
            let notify = Arc::new(Notify::new());
            waits.insert(key.hash(), Arc::downgrade(&notify));
            notify
        });
        let mut notified = Box::pin(notify.clone().notified_owned());
        notified.as_mut().enable();
        Notice { notified, _notify: notify }
    }

    /// Wakes whoever waits for a key.
    pub fn tell(&self, key: &Key) {
        let mut waits = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(notify) = waits.remove(&key.hash()).and_then(|wait| wait.upgrade()) {
            notify.notify_waiters();
        }
    }
}

/// One wait.
pub(crate) struct Notice {
    notified: std::pin::Pin<Box<OwnedNotified>>,
    _notify: Arc<Notify>,
}

impl Notice {
    pub async fn heard(self) {
        self.notified.await;
    }
}
