//! The server of the health checks, on a thread of its own.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Builder;
use tokio::sync::oneshot;
use tokio::task::AbortHandle;
use tokio::time::{sleep, timeout};

use crate::answer::answer;
use crate::error::WorkerError;
use crate::standing::Standing;

/// Connections at once; whoever comes then takes the place of the oldest.
const CONNECTIONS_MAX: usize = 32;
/// How long a connection may take in all.
const CONNECTION_WITHIN: Duration = Duration::from_secs(10);
/// How long the head of a request may take to arrive.
const HEAD_WITHIN: Duration = Duration::from_secs(5);
/// How large it may be, the least that hyper can be told.
const HEAD_BYTES_MAX: usize = 8192;
/// The pause after a connection that could not be accepted, as when the process has no file descriptors left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// A running server. Dropping it ends it.
#[derive(Debug)]
pub(crate) struct Health {
    _end: oneshot::Sender<()>,
    ended: oneshot::Receiver<()>,
}

impl Health {
    /// Listens, and serves from now on.
    pub async fn start(address: &str, standing: Arc<Standing>) -> Result<Health, WorkerError> {
        let listen = |source| WorkerError::Listen { address: address.into(), source };
        let listener = TcpListener::bind(whole(address)).await.and_then(TcpListener::into_std).map_err(listen)?;
        let bound = listener.local_addr().map_err(listen)?;
        let runtime = Builder::new_current_thread().enable_all().build().map_err(WorkerError::Start)?;
        let (end, told) = oneshot::channel();
        let (ends, ended) = oneshot::channel::<()>();
        let serving = move || {
            runtime.block_on(async {
                tokio::select! {
                    // Ready too when the other end is dropped.
                    _ = told => {}
                    never = serve(listener, standing) => tracing::error!(target: "freshen", error = ?never, "no health checks"),
                }
            });
            // The port is free before anybody hears of the end.
            drop(runtime);
            drop(ends);
        };
        thread::Builder::new().name("freshen-health".into()).spawn(serving).map_err(WorkerError::Start)?;
        tracing::info!(target: "freshen", "health checks on http://{bound}/health/live and /health/ready");
        Ok(Health { _end: end, ended })
    }

    /// Ends it, and waits until the port is free.
    pub async fn end(self) {
        let Health { _end, ended } = self;
        drop(_end);
        // Its other end is dropped, never sent to.
        let _ = ended.await;
    }
}

/// A port alone is one of the loopback address.
fn whole(address: &str) -> String {
    if address.parse::<u16>().is_ok() { format!("127.0.0.1:{address}") } else { address.into() }
}

/// Accepts for ever; its end is an error of the listener itself.
async fn serve(listener: std::net::TcpListener, standing: Arc<Standing>) -> io::Result<Infallible> {
    let listener = TcpListener::from_std(listener)?;
    let mut connections: VecDeque<AbortHandle> = VecDeque::with_capacity(CONNECTIONS_MAX);
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                connections.retain(|connection| !connection.is_finished());
                if connections.len() >= CONNECTIONS_MAX
                    && let Some(oldest) = connections.pop_front()
                {
                    oldest.abort();
                }
                connections.push_back(tokio::spawn(connection(stream, standing.clone())).abort_handle());
            }
            Err(error) => {
                tracing::debug!(target: "freshen", %error, "a connection was not accepted");
                sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// One request, and its answer.
async fn connection(stream: TcpStream, standing: Arc<Standing>) {
    let service = service_fn(|request: Request<Incoming>| {
        let standing = standing.clone();
        async move { Ok::<_, Infallible>(answer(request.method(), request.uri().path(), &standing).await) }
    });
    let serving = http1::Builder::new()
        .keep_alive(false)
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_WITHIN)
        .max_buf_size(HEAD_BYTES_MAX)
        .serve_connection(TokioIo::new(stream), service);
    match timeout(CONNECTION_WITHIN, serving).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::debug!(target: "freshen", %error, "a health check was not answered"),
        Err(_) => tracing::debug!(target: "freshen", "a health check took longer than {CONNECTION_WITHIN:?}"),
    }
}
