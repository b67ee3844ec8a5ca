//! Asking many things at once.

use std::pin::pin;
use std::sync::mpsc;

use futures_util::FutureExt;
use tokio::runtime::Handle;
use tokio::sync::oneshot;

/// Asks everything before any of it is seen to. The test's runtime, which has one worker, carries out what is shared on that
/// thread, and this holds it up meanwhile.
pub async fn at_once<T>(asked: impl Future<Output = T>) -> T {
    assert_eq!(Handle::current().metrics().num_workers(), 1);
    let ((told, held), (release, released)) = (oneshot::channel(), mpsc::channel::<()>());
    tokio::spawn(async move {
        told.send(()).unwrap();
        let _released = released.recv();
    });
    held.await.unwrap();
    let mut asked = pin!(asked);
    assert!(asked.as_mut().now_or_never().is_none(), "it was answered by nobody");
    drop(release);
    asked.await
}
