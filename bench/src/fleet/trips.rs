//! Round trips, counted by a line on which each answer comes late: how often a caller waited for it.

use std::io;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::Failure;

/// How late each answer comes: far above all else that a read takes.
const LATE: Duration = Duration::from_millis(200);
/// How often it is counted. What else takes time can only make it more, so the least counts.
const TIMES: u64 = 3;
/// Pieces of answers that are on their way at once; beyond that the server has to wait.
const PIECES: usize = 4_096;
const PIECE_BYTES: usize = 64 << 10;

/// A line to a server. It ends when it is dropped.
pub struct Line {
    port: u16,
    listening: JoinHandle<()>,
}

impl Line {
    /// A line to the server at this port.
    pub async fn to(port: u16) -> io::Result<Line> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let own = listener.local_addr()?.port();
        Ok(Line { port: own, listening: tokio::spawn(listen(listener, port)) })
    }

    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

/// The round trips of what goes over a line. It is told how often it was done before.
pub async fn count(mut what: impl AsyncFnMut(u64) -> Result<(), Failure>) -> Result<u32, Failure> {
    let mut least = u32::MAX;
    for time in 0..TIMES {
        let begun = Instant::now();
        what(time).await?;
        let trips = begun.elapsed().as_micros() / LATE.as_micros();
        least = least.min(u32::try_from(trips)?);
    }
    Ok(least)
}

async fn listen(listener: TcpListener, port: u16) {
    while let Ok((near, _)) = listener.accept().await {
        let Ok(far) = TcpStream::connect(("127.0.0.1", port)).await else { continue };
        let ((mut near_read, near_write), (far_read, mut far_write)) = (near.into_split(), far.into_split());
        let (hand, handed) = mpsc::channel(PIECES);
        tokio::spawn(async move { tokio::io::copy(&mut near_read, &mut far_write).await });
        tokio::spawn(take(far_read, hand));
        tokio::spawn(bring(handed, near_write));
    }
}

async fn take(mut from: OwnedReadHalf, hand: mpsc::Sender<(Instant, Vec<u8>)>) {
    let mut bytes = vec![0; PIECE_BYTES];
    while let Ok(count @ 1..) = from.read(&mut bytes).await {
        if hand.send((Instant::now() + LATE, bytes[..count].to_vec())).await.is_err() {
            return;
        }
    }
}

async fn bring(mut handed: mpsc::Receiver<(Instant, Vec<u8>)>, mut to: OwnedWriteHalf) {
    while let Some((due, bytes)) = handed.recv().await {
        tokio::time::sleep_until(due.into()).await;
        if to.write_all(&bytes).await.is_err() {
            return;
        }
    }
}
