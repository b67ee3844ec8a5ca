//! A site that is measured, in a process of its own: a handler that counts how often it is asked, and what stands before it.

use std::io::{BufRead, Write, stdin, stdout};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::Router;
use axum::response::IntoResponse;
use axum::routing::get;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use tokio::net::{TcpListener, TcpSocket};

use super::{Server, layers};
use crate::memory::Resident;
use crate::{Failure, cpu};

/// How a site stands.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Standing {
    /// CPU time of the process, all threads.
    pub spent_micros: u64,
    /// What of its own memory is resident.
    pub resident_bytes: u64,
    /// How many pages its handler has made.
    pub made: u64,
}

/// What all pages are made of.
pub const FILLING: u8 = b'x';

/// Serves until its orders end. It says its address, and at each order how it stands.
pub fn serve(server: Server, bytes: usize) -> Result<(), Failure> {
    let made = Arc::new(AtomicU64::new(0));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    runtime.block_on(async {
        let site = layers::before(pages(&made, bytes), server).await?;
        let listener = listener()?;
        say(&listener.local_addr()?.to_string())?;
        let serving = tokio::spawn(async { axum::serve(listener, site).await });
        tokio::task::spawn_blocking(move || orders(|_| standing(&made))).await??;
        serving.abort();
        Ok(())
    })
}

/// `/page` answers with the same bytes each time, which cost nothing; `/pages/…` makes new ones, as a page has them.
fn pages(made: &Arc<AtomicU64>, bytes: usize) -> Router {
    let page = Bytes::from(vec![FILLING; bytes]);
    let counted = |made: &Arc<AtomicU64>| _ = made.fetch_add(1, Ordering::Relaxed);
    let (same, new) = (made.clone(), made.clone());
    let same = move || {
        counted(&same);
        async move { response(page) }
    };
    let new = move || {
        counted(&new);
        async move { response(vec![FILLING; bytes].into()) }
    };
    Router::new().route("/page", get(same)).route("/pages/{number}", get(new))
}

fn response(page: Bytes) -> impl IntoResponse {
    ([("cache-control", "public, max-age=3600"), ("content-type", "text/html")], page)
}

fn standing(made: &AtomicU64) -> Result<String, Failure> {
    let standing = Standing {
        spent_micros: u64::try_from(cpu::of_this_process().as_micros())?,
        resident_bytes: Resident::now()?.own,
        made: made.load(Ordering::Relaxed),
    };
    Ok(serde_json::to_string(&standing)?)
}

/// Answers each order with a line, until there are no more.
pub fn orders(answer: impl Fn(&str) -> Result<String, Failure>) -> Result<(), Failure> {
    for order in stdin().lock().lines() {
        say(&answer(&order?)?)?;
    }
    Ok(())
}

/// Most connections that wait to be taken. What comes above it is tried again by its kernel a second later, which would be measured.
const WAITING_MOST: u32 = 4_096;

/// A listener on a port of its own, with room for a whole crowd.
pub fn listener() -> Result<TcpListener, Failure> {
    let socket = TcpSocket::new_v4()?;
    socket.bind(([127, 0, 0, 1], 0).into())?;
    Ok(socket.listen(WAITING_MOST)?)
}

/// Says a line to whoever has started this process.
pub fn say(line: &str) -> Result<(), Failure> {
    writeln!(stdout(), "{line}")?;
    Ok(stdout().flush()?)
}
