//! Signals that ask the process to end: Ctrl-C everywhere, SIGTERM where there is one.
//!
//! They are heard on a thread of their own, so that the second one ends the process whatever the program's runtime does.

use std::io;
use std::thread;

use tokio::runtime::Builder;
use tokio::sync::oneshot;

/// The exit code of a process that a signal interrupted, as shells have it for SIGINT.
const INTERRUPTED: i32 = 130;

/// Begins to hear signals, which then no longer kill the process by themselves, and gives what is ready at the first one. The
/// second ends the process.
pub(crate) async fn first() -> io::Result<impl Future<Output = ()>> {
    let (heard, first) = oneshot::channel();
    let (began, begun) = oneshot::channel();
    thread::Builder::new().name("freshen-signals".into()).spawn(move || listen(began, heard))?;
    begun.await.map_err(io::Error::other)??;
    Ok(async {
        // The thread ends only with the process.
        let _ = first.await;
    })
}

fn listen(began: oneshot::Sender<io::Result<()>>, heard: oneshot::Sender<()>) {
    let runtime = match Builder::new_current_thread().enable_io().build() {
        Ok(runtime) => runtime,
        Err(error) => return drop(began.send(Err(error))),
    };
    runtime.block_on(async {
        let mut signals = match Signals::listen() {
            Ok(signals) => signals,
            Err(error) => return drop(began.send(Err(error))),
        };
        // Whoever no longer waits has left `run`, and the signals are heard all the same.
        let _ = began.send(Ok(()));
        signals.next().await;
        tracing::info!(target: "freshen", "told to end; a second signal ends at once");
        let _ = heard.send(());
        signals.next().await;
        tracing::warn!(target: "freshen", "ended at once by a second signal");
        std::process::exit(INTERRUPTED);
    });
}

#[cfg(unix)]
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn listen() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Signals { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn listen() -> io::Result<Self> {
        Ok(Signals)
    }

    async fn next(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            // There is nothing to hear here; the process can still be killed.
            std::future::pending().await
        }
    }
}
