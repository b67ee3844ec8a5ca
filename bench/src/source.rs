//! What loads read where the cost of loading is measured: a number, how long a read takes and how it goes.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

/// A number that can be written, and counted loads of it.
#[derive(Clone)]
pub struct Source(Arc<Inner>);

struct Inner {
    truth: AtomicU64,
    loads: AtomicUsize,
    began: Notify,
    script: Mutex<VecDeque<Act>>,
    usual: Mutex<Duration>,
}

/// How one load goes.
#[derive(Clone, Copy)]
pub struct Act {
    pub takes: Duration,
    pub panics: bool,
}

impl Source {
    /// The number is 1, and a load of it takes this long.
    pub fn taking(usual: Duration) -> Self {
        Source(Arc::new(Inner {
            truth: AtomicU64::new(1),
            loads: AtomicUsize::new(0),
            began: Notify::new(),
            script: Mutex::default(),
            usual: Mutex::new(usual),
        }))
    }

    /// From now on loads take this long.
    pub fn takes(&self, usual: Duration) {
        *self.0.usual.lock().unwrap_or_else(PoisonError::into_inner) = usual;
    }

    /// Writes the number.
    pub fn write(&self, number: u64) {
        self.0.truth.store(number, SeqCst);
    }

    /// How the next load goes; those after it go as usual.
    pub fn next(&self, act: Act) {
        self.0.script.lock().unwrap_or_else(PoisonError::into_inner).push_back(act);
    }

    /// How many loads have begun.
    pub fn loads(&self) -> usize {
        self.0.loads.load(SeqCst)
    }

    /// Waits until this many loads have begun, since the beginning.
    pub async fn begun(&self, loads: usize) {
        loop {
            let began = self.0.began.notified();
            if self.loads() >= loads {
                return;
            }
            began.await;
        }
    }

    /// One load: reads the number first and gives it after its time, as a slow query does.
    pub async fn load(&self) -> u64 {
        let usual = Act { takes: *self.0.usual.lock().unwrap_or_else(PoisonError::into_inner), panics: false };
        let act = self.0.script.lock().unwrap_or_else(PoisonError::into_inner).pop_front().unwrap_or(usual);
        let read = self.0.truth.load(SeqCst);
        self.0.loads.fetch_add(1, SeqCst);
        self.0.began.notify_waiters();
        tokio::time::sleep(act.takes).await;
        assert!(!act.panics, "this load was told to panic");
        read
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_load_gives_what_was_there_when_it_began() {
        let source = Source::taking(Duration::from_secs(1));
        let load = tokio::spawn({
            let source = source.clone();
            async move { source.load().await }
        });
        source.begun(1).await;
        source.write(2);
        assert_eq!((load.await.unwrap(), source.load().await, source.loads()), (1, 2, 2));
    }

    #[tokio::test(start_paused = true)]
    async fn a_load_panics_once_when_told_to() {
        let source = Source::taking(Duration::ZERO);
        source.next(Act { takes: Duration::ZERO, panics: true });
        let told = source.clone();
        assert!(tokio::spawn(async move { told.load().await }).await.is_err());
        assert_eq!(source.load().await, 1);
    }
}
