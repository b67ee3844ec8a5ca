//! How a member and its parent talk: lines of JSON, each a question or the answer to one, over any two streams.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::sync::{mpsc, oneshot};

/// Lines that may wait to be written; whoever has one more waits.
const LINES_MOST: usize = 1024;

/// The other process is gone: what was asked of it may have happened or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the process is gone")]
pub struct Gone;

/// Who waits for an answer, by the question's number; `None` once no answer can come.
type Waiting<A> = Arc<Mutex<Option<HashMap<u64, oneshot::Sender<A>>>>>;

/// The asking end of a connection. Cloning gives a handle to the same one.
pub(crate) struct Caller<Q, A> {
    lines: mpsc::Sender<String>,
    waiting: Waiting<A>,
    next: Arc<AtomicU64>,
    asks: std::marker::PhantomData<fn(Q)>,
}

impl<Q, A> Clone for Caller<Q, A> {
    fn clone(&self) -> Self {
        let (lines, waiting, next) = (self.lines.clone(), self.waiting.clone(), self.next.clone());
        Caller { lines, waiting, next, asks: self.asks }
    }
}

impl<Q: Serialize, A: DeserializeOwned + Send + 'static> Caller<Q, A> {
    pub fn new(read: impl AsyncRead + Send + Unpin + 'static, write: impl AsyncWrite + Send + Unpin + 'static) -> Self {
        let waiting = Arc::new(Mutex::new(Some(HashMap::new())));
        tokio::spawn(deliver(read, waiting.clone()));
        Caller { lines: writer(write), waiting, next: Arc::default(), asks: std::marker::PhantomData }
    }

    /// Asks, and waits for the answer.
    ///
    /// # Errors
    /// [`Gone`] when the other end is, or goes before it has answered.
    pub async fn call(&self, body: Q) -> Result<A, Gone> {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let (answer, answered) = oneshot::channel();
        lock(&self.waiting).as_mut().ok_or(Gone)?.insert(id, answer);
        let line = serde_json::to_string(&Line { id, body }).expect("our own words can be written");
        self.lines.send(line).await.map_err(|_| Gone)?;
        answered.await.map_err(|_| Gone)
    }
}

/// The answering end: each question has a task of its own. Returns when the other end is gone.
pub(crate) async fn answer<Q, A, F>(
    read: impl AsyncRead + Send + Unpin,
    write: impl AsyncWrite + Send + Unpin + 'static,
    respond: impl Fn(Q) -> F,
) where
    Q: DeserializeOwned,
    A: Serialize,
    F: Future<Output = A> + Send + 'static,
{
    let lines = writer(write);
    let mut asked = BufReader::new(read).lines();
    while let Ok(Some(line)) = asked.next_line().await {
        let Line { id, body } = serde_json::from_str(&line).expect("both ends are of one build");
        let (answering, lines) = (respond(body), lines.clone());
        tokio::spawn(async move {
            let line =
                serde_json::to_string(&Line { id, body: answering.await }).expect("our own words can be written");
            // It fails where the other end is gone: there is nobody to tell.
            let _ = lines.send(line).await;
        });
    }
}

#[derive(Serialize, Deserialize)]
struct Line<T> {
    id: u64,
    body: T,
}

async fn deliver<A: DeserializeOwned>(read: impl AsyncRead + Unpin, waiting: Waiting<A>) {
    let mut answers = BufReader::new(read).lines();
    while let Ok(Some(line)) = answers.next_line().await {
        // A process that is killed may leave half a line.
        let Ok(Line { id, body }) = serde_json::from_str(&line) else { break };
        if let Some(asker) = lock(&waiting).as_mut().and_then(|waiting| waiting.remove(&id)) {
            // Whoever asked may have left.
            let _ = asker.send(body);
        }
    }
    lock(&waiting).take();
}

fn writer(mut write: impl AsyncWrite + Send + Unpin + 'static) -> mpsc::Sender<String> {
    let (lines, mut written) = mpsc::channel::<String>(LINES_MOST);
    tokio::spawn(async move {
        while let Some(mut line) = written.recv().await {
            line.push('\n');
            let sent = write.write_all(line.as_bytes()).await;
            if sent.is_err() || write.flush().await.is_err() {
                return;
            }
        }
    });
    lines
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn answers_find_whoever_asked_in_whatever_order_they_come() {
        let (here, there) = tokio::io::duplex(1 << 16);
        let (read, write) = tokio::io::split(there);
        tokio::spawn(answer(read, write, |millis: u64| async move {
            tokio::time::sleep(std::time::Duration::from_millis(millis)).await;
            millis
        }));
        let (read, write) = tokio::io::split(here);
        let caller: Caller<u64, u64> = Caller::new(read, write);
        assert_eq!(tokio::join!(caller.call(30), caller.call(1), caller.call(10)), (Ok(30), Ok(1), Ok(10)));
    }

    #[tokio::test]
    async fn whoever_asks_a_process_that_is_gone_is_told() {
        let (here, there) = tokio::io::duplex(1 << 16);
        let (read, write) = tokio::io::split(here);
        let caller: Caller<u64, u64> = Caller::new(read, write);
        let asked = caller.call(1);
        drop(there);
        assert_eq!(asked.await, Err(Gone));
        assert_eq!(caller.call(2).await, Err(Gone));
    }
}
