//! A thread of our own that drives a runtime.

use std::convert::Infallible;
use std::io::Result;

use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot::{self, Sender};

/// Drives a runtime until it is dropped, wherever that happens: nobody waits for its end.
pub(super) struct Thread {
    runtime: Handle,
    _ends: Sender<Infallible>,
}

impl Thread {
    /// Starts it.
    ///
    /// # Errors
    /// The system has no thread left, or no file for the runtime.
    pub(super) fn start() -> Result<Thread> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let handle = runtime.handle().clone();
        let (ends, ended) = oneshot::channel();
        // The runtime ends there too: it may not where others are driven.
        let drive = move || drop(runtime.block_on(ended));
        std::thread::Builder::new().name("freshen-redis".to_owned()).spawn(drive)?;
        Ok(Thread { runtime: handle, _ends: ends })
    }

    /// What it drives.
    pub(super) fn runtime(&self) -> &Handle {
        &self.runtime
    }
}
