//! Asking many things at once.

#![allow(dead_code, reason = "each test file uses a part of it")]

use std::pin::pin;
use std::sync::mpsc;

use futures_util::FutureExt;
use tokio::runtime::Handle;
use tokio::sync::oneshot;

/// While it is there, nothing that callers share is seen to.
pub struct Halt {
    _release: mpsc::Sender<()>,
}

impl Halt {
    /// Holds up the only worker of the test's runtime, which is who carries out what the callers in it share.
    pub async fn begin() -> Halt {
        assert_eq!(Handle::current().metrics().num_workers(), 1);
        let ((told, held), (release, released)) = (oneshot::channel(), mpsc::channel());
        tokio::spawn(async move {
            told.send(()).unwrap();
            let _released = released.recv();
        });
        held.await.unwrap();
        Halt { _release: release }
    }
}

/// Asks everything before any of it is seen to.
pub async fn at_once<T>(asked: impl Future<Output = T>) -> T {
    let mut asked = pin!(asked);
    let halt = Halt::begin().await;
    assert!(asked.as_mut().now_or_never().is_none(), "it was answered by nobody");
    drop(halt);
    asked.await
}
