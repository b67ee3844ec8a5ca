//! The runtime in which connections live when whoever asks is driven by none.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

use tokio::runtime::Handle;

use crate::link::LinkError;

/// The runtime in which the links were made, if they were made in one.
///
/// A caller may be driven by another executor, as by `block_on` in a thread of its own. What it waits for needs timers and tasks,
/// so it is polled inside of this runtime. A caller who has a runtime stays in his.
pub struct Home(Option<Handle>);

impl Home {
    /// The runtime of whoever makes this.
    pub fn here() -> Home {
        Home(Handle::try_current().ok())
    }

    /// Polls a future inside of a runtime.
    ///
    /// # Errors
    /// The future's own, and that there is no runtime at all.
    pub async fn host<T>(&self, future: impl Future<Output = Result<T, LinkError>>) -> Result<T, LinkError> {
        let mut future = pin!(future);
        poll_fn(|context| {
            let _entered = match (Handle::try_current(), &self.0) {
                (Ok(_), _) => None,
                (Err(_), Some(home)) => Some(home.enter()),
                (Err(_), None) => return Poll::Ready(Err(LinkError::homeless())),
            };
            future.as_mut().poll(context)
        })
        .await
    }

    /// Has a task carried out. Where there is no runtime, or it has ended, it is dropped.
    pub fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        match (Handle::try_current(), &self.0) {
            (Ok(runtime), _) => drop(runtime.spawn(task)),
            (Err(_), Some(home)) => drop(home.spawn(task)),
            (Err(_), None) => {}
        }
    }
}
