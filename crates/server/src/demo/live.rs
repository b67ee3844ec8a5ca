//! Those who watch: each is sent the newest frame, and none that came before it.

use std::convert::Infallible;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::{Stream, StreamExt, stream};
use tokio::sync::watch;

/// Viewers at once, at most.
pub const VIEWERS_MAX: usize = 100;
/// A browser that lost its connection comes back after so many milliseconds.
const HELLO: Bytes = Bytes::from_static(b"retry: 1000\n\n");

/// What is shown at one moment, as server-sent events that all viewers share.
#[derive(Clone, Debug)]
pub struct Frame {
    /// The list's event.
    pub list: Bytes,
    /// Counts the lists: a viewer who has this one is not sent it again.
    pub list_number: u64,
    /// The event of all else.
    pub state: Bytes,
}

/// The newest frame, and who watches. One place keeps one frame, so a viewer who never reads keeps nothing waiting.
#[derive(Debug)]
pub struct Live {
    frame: watch::Sender<Option<Frame>>,
    viewers: watch::Sender<usize>,
}

/// One who watches. Dropping it leaves.
#[derive(Debug)]
pub struct Viewer {
    live: Arc<Live>,
    frame: watch::Receiver<Option<Frame>>,
    /// Nothing yet, so that whoever comes, or comes back, is sent the whole.
    has_list: Option<u64>,
}

impl Live {
    /// Nobody yet.
    pub fn new() -> Live {
        Live { frame: watch::Sender::new(None), viewers: watch::Sender::new(0) }
    }

    /// Begins to watch; nothing where [`VIEWERS_MAX`] do.
    pub fn enter(self: &Arc<Self>) -> Option<Viewer> {
        let entered = self.viewers.send_if_modified(|viewers| {
            let room = *viewers < VIEWERS_MAX;
            *viewers += usize::from(room);
            room
        });
        // What was shown before is seen already: it may be from long ago.
        entered.then(|| Viewer { live: self.clone(), frame: self.frame.subscribe(), has_list: None })
    }

    /// How many watch.
    pub fn viewers(&self) -> usize {
        *self.viewers.borrow()
    }

    /// Waits until somebody watches.
    pub async fn watched(&self) {
        // It cannot be closed: the sender is here.
        let _ = self.viewers.subscribe().wait_for(|viewers| *viewers > 0).await;
    }

    /// Shows a frame in the place of the one before.
    pub fn show(&self, frame: Frame) {
        self.frame.send_replace(Some(frame));
    }
}

impl Viewer {
    /// What this viewer is sent.
    pub fn events(self) -> impl Stream<Item = Result<Bytes, Infallible>> {
        let frames = stream::unfold(self, |mut viewer| async move { Some((viewer.next().await?, viewer)) });
        stream::once(async { HELLO }).chain(frames).map(Ok)
    }

    async fn next(&mut self) -> Option<Bytes> {
        loop {
            self.frame.changed().await.ok()?;
            let frame = self.frame.borrow_and_update().clone();
            if let Some(frame) = frame {
                let has_list = self.has_list.replace(frame.list_number);
                return Some(if has_list == Some(frame.list_number) { frame.state } else { frame.whole() });
            }
        }
    }
}

impl Drop for Viewer {
    fn drop(&mut self) {
        self.live.viewers.send_modify(|viewers| *viewers -= 1);
    }
}

impl Frame {
    fn whole(&self) -> Bytes {
        [&self.list[..], &self.state[..]].concat().into()
    }
}

#[cfg(test)]
#[path = "live/tests.rs"]
mod tests;
