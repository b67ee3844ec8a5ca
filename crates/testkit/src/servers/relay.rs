//! A relay between a client and its server, which a test can cut, or let lie.

use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use super::wording::Wording;

/// Bytes that are carried at once.
const BUFFER_BYTES: usize = 16 << 10;

/// Carries connections on loopback from a port of its own to another. It ends when it is dropped.
pub struct Relay {
    port: u16,
    line: Arc<watch::Sender<Line>>,
    listening: tokio::task::JoinHandle<()>,
}

/// What becomes of the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Line {
    Carried,
    /// They wait, as on a network that loses packets; connections stay open.
    Held,
    /// Connections are closed, and new ones at once too.
    Cut,
}

impl Relay {
    /// A relay to this port.
    pub async fn to(port: u16) -> Relay {
        Relay::wording(port, Wording::default()).await
    }

    /// A relay through which the server at this port says one thing where it said another of as many bytes.
    pub async fn saying(port: u16, said: &str, instead: &str) -> Relay {
        Relay::wording(port, Wording::new(said, instead)).await
    }

    async fn wording(port: u16, wording: Wording) -> Relay {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port of loopback is free");
        let own = listener.local_addr().expect("a listener has an address").port();
        let line = Arc::new(watch::channel(Line::Carried).0);
        let listening = tokio::spawn(listen(listener, port, line.clone(), wording));
        Relay { port: own, line, listening }
    }

    /// Where it listens.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Holds all bytes back from now on.
    pub fn hold(&self) {
        self.line.send_replace(Line::Held);
    }

    /// Closes all connections, and every new one.
    pub fn cut(&self) {
        self.line.send_replace(Line::Cut);
    }

    /// Carries again.
    pub fn mend(&self) {
        self.line.send_replace(Line::Carried);
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.cut();
        self.listening.abort();
    }
}

async fn listen(listener: TcpListener, port: u16, line: Arc<watch::Sender<Line>>, wording: Wording) {
    while let Ok((near, _)) = listener.accept().await {
        if *line.borrow() == Line::Cut {
            continue;
        }
        let Ok(far) = TcpStream::connect(("127.0.0.1", port)).await else { continue };
        tokio::spawn(carry_both(near, far, line.subscribe(), wording.clone()));
    }
}

async fn carry_both(near: TcpStream, far: TcpStream, mut line: watch::Receiver<Line>, wording: Wording) {
    let ((near_read, near_write), (far_read, far_write)) = (near.into_split(), far.into_split());
    tokio::select! {
        () = carry(near_read, far_write, line.clone(), Wording::default()) => {}
        () = carry(far_read, near_write, line.clone(), wording) => {}
        // An error says that the relay is gone.
        _ = line.wait_for(|line| *line == Line::Cut) => {}
    }
}

async fn carry(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut line: watch::Receiver<Line>, wording: Wording) {
    let mut bytes = Vec::with_capacity(BUFFER_BYTES);
    loop {
        let Ok(1..) = from.read_buf(&mut bytes).await else { return };
        let ready = wording.reword(&mut bytes);
        if line.wait_for(|line| *line != Line::Held).await.is_err() || to.write_all(&bytes[..ready]).await.is_err() {
            return;
        }
        bytes.drain(..ready);
    }
}
