//! How the processes of the demo talk: lines of JSON, over any two streams.

use std::collections::HashMap;
use std::marker::PhantomData;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::sync::{mpsc, oneshot};

use crate::demo::happened::Happened;
use crate::demo::listing::Listing;
use crate::demo::order::{Order, Reply};
use crate::demo::part::Part;

/// Lines that may wait to be written.
const LINES_MAX: usize = 4096;
/// A longer line is none of ours: a list that is shown has far less.
const LINE_BYTES_MAX: u64 = 4 << 20;
/// Questions that may wait for their answers.
const QUESTIONS_MAX: usize = 1024;

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

/// The other end is gone, or says nothing: what was asked of it may have been done or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the process does not answer")]
pub struct NoAnswer;

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
        self.0.send(line).await.map_err(|_| NoAnswer)
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

/// Questions that wait for their answers, by number.
#[derive(Debug)]
pub struct Questions<A>(Mutex<Waiting<A>>);

#[derive(Debug)]
struct Waiting<A> {
    asked: u64,
    /// Nothing once no answer can come.
    askers: Option<HashMap<u64, oneshot::Sender<A>>>,
}

impl<A> Default for Questions<A> {
    fn default() -> Self {
        Questions(Mutex::new(Waiting { asked: 0, askers: Some(HashMap::new()) }))
    }
}

impl<A> Questions<A> {
    /// Asks by a line that is made of the question's number, and waits for the answer.
    ///
    /// # Errors
    /// There is none within the time, or too much is asked already.
    pub async fn ask<L: Serialize + Send + 'static>(
        &self,
        lines: &Lines<L>,
        within: Duration,
        line: impl FnOnce(u64) -> L,
    ) -> Result<A, NoAnswer> {
        let (id, answered) = self.enlist()?;
        let answer = tokio::time::timeout(within, async {
            lines.say(line(id)).await?;
            answered.await.map_err(|_| NoAnswer)
        });
        let answer = answer.await;
        // Where one came it is gone already.
        self.asker(id);
        answer.unwrap_or(Err(NoAnswer))
    }

    /// An answer has come. Whoever asked may have left.
    pub fn answered(&self, id: u64, answer: A) {
        if let Some(asker) = self.asker(id) {
            let _ = asker.send(answer);
        }
    }

    /// No answer can come any more.
    pub fn close(&self) {
        self.lock().askers.take();
    }

    fn enlist(&self) -> Result<(u64, oneshot::Receiver<A>), NoAnswer> {
        let mut waiting = self.lock();
        let id = waiting.asked;
        let askers = waiting.askers.as_mut().ok_or(NoAnswer)?;
        // Those who left without an answer need no place.
        if askers.len() >= QUESTIONS_MAX {
            askers.retain(|_, asker| !asker.is_closed());
        }
        if askers.len() >= QUESTIONS_MAX {
            return Err(NoAnswer);
        }
        let (asker, answered) = oneshot::channel();
        askers.insert(id, asker);
        waiting.asked += 1;
        Ok((id, answered))
    }

    fn asker(&self, id: u64) -> Option<oneshot::Sender<A>> {
        self.lock().askers.as_mut()?.remove(&id)
    }

    fn lock(&self) -> MutexGuard<'_, Waiting<A>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The process that serves the page, as another one sees it.
#[derive(Debug)]
pub struct Stage {
    lines: Lines<ToStage>,
    fetches: Questions<Result<Listing, String>>,
}

impl Stage {
    /// At the end of these lines.
    pub fn new(lines: Lines<ToStage>) -> Stage {
        Stage { lines, fetches: Questions::default() }
    }

    /// Says a line, if the other end is still there.
    pub async fn say(&self, line: ToStage) {
        // Whoever is gone needs no word.
        let _ = self.lines.say(line).await;
    }

    /// Tells what happened, unless so much waits to be told that there is no room.
    pub fn tell(&self, happened: Happened) {
        if !self.lines.try_say(ToStage::Happened(happened)) {
            tracing::warn!("the page's process does not listen: an event is not told");
        }
    }

    /// Asks for the list.
    pub async fn fetch(&self) -> Result<Listing, String> {
        // The cached job gives up sooner.
        const WITHIN: Duration = Duration::from_secs(60);
        let fetched = self.fetches.ask(&self.lines, WITHIN, |id| ToStage::Fetch { id }).await;
        fetched.unwrap_or_else(|_| Err("the page's process, which stands before the source, does not answer".into()))
    }

    /// The list that was asked for has come, or why it has not.
    pub fn fetched(&self, id: u64, list: Result<Listing, String>) {
        self.fetches.answered(id, list);
    }

    /// The page's process is gone.
    pub fn close(&self) {
        self.fetches.close();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    const LONG: Duration = Duration::from_secs(60);
    type Two = (Arc<Questions<u64>>, Lines<u64>, Hearing<tokio::io::DuplexStream, u64>);

    /// One who asks by numbers, and the other end, which hears them.
    fn two() -> Two {
        let (here, there) = tokio::io::duplex(1 << 16);
        (Arc::default(), Lines::over(here), Hearing::over(there))
    }

    fn ask(two: &Two) -> tokio::task::JoinHandle<Result<u64, NoAnswer>> {
        let (questions, lines) = (two.0.clone(), two.1.clone());
        tokio::spawn(async move { questions.ask(&lines, LONG, |id| id).await })
    }

    #[tokio::test(start_paused = true)]
    async fn answers_find_whoever_asked_in_whatever_order_they_come() {
        let mut two = two();
        let first = ask(&two);
        let one = two.2.next().await.unwrap();
        let second = ask(&two);
        let other = two.2.next().await.unwrap();
        two.0.answered(other, 20);
        two.0.answered(one, 10);
        // An answer to nobody is dropped.
        two.0.answered(one, 30);
        assert_eq!((first.await.unwrap(), second.await.unwrap()), (Ok(10), Ok(20)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_question_is_given_up_when_its_time_is_over_and_when_no_answer_can_come() {
        let two = two();
        assert_eq!(ask(&two).await.unwrap(), Err(NoAnswer));
        let asked = ask(&two);
        tokio::task::yield_now().await;
        two.0.close();
        assert_eq!(asked.await.unwrap(), Err(NoAnswer));
        assert_eq!(ask(&two).await.unwrap(), Err(NoAnswer));
    }

    #[tokio::test(start_paused = true)]
    async fn beyond_the_bound_no_question_is_asked_until_somebody_has_left() {
        let two = two();
        let mut asked: Vec<_> = (0..QUESTIONS_MAX).map(|_| two.0.enlist().unwrap()).collect();
        assert!(two.0.enlist().is_err());
        asked.pop();
        assert!(two.0.enlist().is_ok());
    }

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
