//! Signals that ask the process to end: Ctrl-C everywhere, SIGTERM where there is one.
//!
//! They are heard on a thread of their own, so that the second one, and a deadline that has passed, end the process whatever
//! the program's runtime does.

use std::io::{self, Write};
use std::thread;
use std::time::Duration;

use tokio::runtime::Builder;
use tokio::sync::oneshot;
use tokio::time::timeout;

/// The exit code of a process that a signal interrupted, as shells have it for SIGINT.
const INTERRUPTED: i32 = 130;
/// That of a process that did not end in time, as of one whose `main` returns an error.
const FAILED: i32 = 1;
/// What a process has after its drain to end by itself.
const GRACE: Duration = Duration::from_secs(1);

/// Begins to hear signals, which then no longer kill the process by themselves, and gives what is ready at the first one. The
/// second ends the process, and so does the end of the drain where the process is still there a moment after it.
pub(crate) async fn first(drain: Duration) -> io::Result<impl Future<Output = ()>> {
    let (heard, first) = oneshot::channel();
    let (began, begun) = oneshot::channel();
    thread::Builder::new().name("freshen-signals".into()).spawn(move || listen(drain, began, heard))?;
    begun.await.map_err(io::Error::other)??;
    Ok(async {
        // The thread ends only with the process.
        let _ = first.await;
    })
}

fn listen(drain: Duration, began: oneshot::Sender<io::Result<()>>, heard: oneshot::Sender<()>) {
    let runtime = match Builder::new_current_thread().enable_io().enable_time().build() {
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
        // Who has left `run` drains nothing: there is no deadline.
        let drains = heard.send(()).is_ok();
        let most = if drains { drain.saturating_add(GRACE) } else { Duration::MAX };
        match timeout(most, signals.next()).await {
            Ok(()) => interrupted(),
            Err(_) => overdue(drain),
        }
    });
}

fn interrupted() -> ! {
    tracing::warn!(target: "freshen", "ended at once by a second signal");
    std::process::exit(INTERRUPTED);
}

fn overdue(drain: Duration) -> ! {
    tracing::warn!(target: "freshen", ?drain, "ended at the deadline: jobs still held the process");
    let told = format!("its jobs still held the process {GRACE:?} after the drain of {drain:?}, and are ended with it");
    // In place of what `main` would have had printed, if its runtime had let go. Who reads it may be gone.
    let _ = writeln!(io::stderr(), "Error: worker: {told}");
    std::process::exit(FAILED);
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
