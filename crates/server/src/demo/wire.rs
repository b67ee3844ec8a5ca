//! How the processes of the demo talk: lines of JSON, over any two streams.

use std::marker::PhantomData;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::sync::mpsc;

use crate::demo::happened::Happened;
use crate::demo::listing::Listing;
use crate::demo::order::{Order, Reply};
use crate::demo::part::Part;

/// Lines that may wait to be written.
const LINES_MAX: usize = 4096;
/// A longer line is none of ours: a list that is shown has far less.
const LINE_BYTES_MAX: u64 = 4 << 20;

/// What the process that serves the page says to another.
#[derive(Debug, Serialize, Deserialize)]
pub enum ToMember {
    /// Once, before all else.
    Begin(Box<Part>),
    Order {
        id: u64,
        order: Order,
    },
    Fetched {
        id: u64,
        list: Result<Listing, String>,
    },
    /// No order follows: what is under way may end. So it may where the lines end.
    End,
}

/// What another process says to the one that serves the page.
#[derive(Debug, Serialize, Deserialize)]
pub enum ToStage {
    /// Once, when it has begun.
    Ready,
    Done {
        id: u64,
        reply: Reply,
    },
    Fetch {
        id: u64,
    },
    Happened(Happened),
}

/// Why something that was asked of the other end has no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoAnswer {
    /// It is gone, or says nothing: what was asked of it may have been done or not.
    #[error("the process does not answer")]
    Silent,
    /// It was not asked.
    #[error("too many requests are under way")]
    TooMany,
}

/// The writing end. When all of its clones are dropped, the other process hears the end.
#[derive(Debug)]
pub struct Lines<L>(mpsc::Sender<L>);

impl<L> Clone for Lines<L> {
    fn clone(&self) -> Self {
        Lines(self.0.clone())
    }
}

impl<L: Serialize + Send + 'static> Lines<L> {
    /// Writes in a task of its own, which ends when there is nobody left to write or to read.
    pub fn over(mut write: impl AsyncWrite + Send + Unpin + 'static) -> Lines<L> {
        let (lines, mut written) = mpsc::channel::<L>(LINES_MAX);
        tokio::spawn(async move {
            while let Some(line) = written.recv().await {
                let mut line = serde_json::to_vec(&line).expect("our own words can be written");
                line.push(b'\n');
                if write.write_all(&line).await.is_err() || write.flush().await.is_err() {
                    return;
                }
            }
        });
        Lines(lines)
    }

    /// Says a line, when there is room for it.
    ///
    /// # Errors
    /// The other end is gone.
    pub async fn say(&self, line: L) -> Result<(), NoAnswer> {
        self.0.send(line).await.map_err(|_| NoAnswer::Silent)
    }

    /// Says a line if there is room for it now; whether there was, or nobody is left to hear it.
    pub fn try_say(&self, line: L) -> bool {
        !matches!(self.0.try_send(line), Err(mpsc::error::TrySendError::Full(_)))
    }
}

/// The reading end.
pub struct Hearing<R, L> {
    read: BufReader<R>,
    lines: PhantomData<fn() -> L>,
}

impl<R: AsyncRead + Unpin, L: DeserializeOwned> Hearing<R, L> {
    /// Over a stream.
    pub fn over(read: R) -> Self {
        Hearing { read: BufReader::new(read), lines: PhantomData }
    }

    /// The next line; nothing when the other end is gone, or speaks otherwise. A process that is killed may leave half a
    /// line.
    ///
    /// # Cancellation
    /// Dropping the future may lose part of a line.
    pub async fn next(&mut self) -> Option<L> {
        let mut line = Vec::new();
        (&mut self.read).take(LINE_BYTES_MAX).read_until(b'\n', &mut line).await.ok()?;
        serde_json::from_slice(&line).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_line_that_is_too_long_or_cut_off_ends_the_hearing() {
        let long = format!("\"{}\"\n", "x".repeat(LINE_BYTES_MAX as usize));
        for said in [long.as_bytes(), b"\"half a li", b"", b"nonsense\n"] {
            assert_eq!(Hearing::<_, String>::over(said).next().await, None);
        }
        let mut hearing = Hearing::<_, String>::over(&b"\"one\"\n\"two\"\n"[..]);
        let heard = [hearing.next().await, hearing.next().await, hearing.next().await];
        assert_eq!(heard, [Some("one".into()), Some("two".into()), None]);
    }

    #[tokio::test]
    async fn what_nobody_reads_is_kept_up_to_a_bound() {
        let (here, _there) = tokio::io::duplex(1);
        let lines = Lines::over(here);
        let said = (0..LINES_MAX + 10).take_while(|n| lines.try_say(*n)).count();
        assert_eq!(said, LINES_MAX);
    }
}
