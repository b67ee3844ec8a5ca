//! Waiting for tasks without asking for them: one connection that hears when something enters.

use std::convert::Infallible;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use redis::Value;
use tokio::sync::{Notify, oneshot, watch};
use tokio::time::{sleep, timeout};

use super::lines::Lines;
use crate::link::{Link, LinkError, Links};

/// How long one read blocks. A server that does not even say that nothing came is not there any more.
const BLOCK: Duration = Duration::from_secs(10);
const BLOCK_SLACK: Duration = Duration::from_secs(5);
/// The pause after the connection was lost; it is doubled with each further time.
const PAUSE_LEAST: Duration = Duration::from_millis(50);
const PAUSE_MOST: Duration = Duration::from_secs(1);

/// The last id of each stream that is heard: what entered later has not been taken.
pub(super) type Positions = [String; 5];

/// One who waits, since it began to listen.
pub(super) type Ears = watch::Receiver<()>;

/// What a queue's waiting pulls share. The task that listens for them is stopped when the queue is dropped.
pub(super) struct Watch {
    links: Links,
    lines: Arc<Lines>,
    board: Arc<Board>,
    /// Closed when the task has ended; dropped, it ends the task.
    task: Mutex<Option<oneshot::Sender<Infallible>>>,
}

struct Board {
    /// What the last one found who found nothing. An older one than another's only wakes once too often.
    positions: Mutex<Positions>,
    posted: Notify,
    waiting: AtomicUsize,
    rung: watch::Sender<()>,
}

impl Watch {
    pub(super) fn new(links: Links, lines: Arc<Lines>) -> Watch {
        let board = Board {
            positions: Mutex::default(),
            posted: Notify::new(),
            waiting: AtomicUsize::new(0),
            rung: watch::channel(()).0,
        };
        Watch { links, lines, board: Arc::new(board), task: Mutex::new(None) }
    }

    /// Begins to listen.
    pub(super) fn ears(&self) -> Ears {
        self.board.rung.subscribe()
    }

    /// Waits until something entered behind these positions, or the way there was lost, or the time is over: in each
    /// case it is time to look.
    pub(super) async fn wait(&self, ears: &mut Ears, positions: Positions, most: Duration) {
        let _waiting = self.board.waits();
        self.board.post(positions);
        self.listen();
        // The sender lives as long as the queue.
        let _rung = timeout(most, ears.changed()).await;
    }

    /// Starts the task that listens, if it is not there, or has ended with its runtime.
    fn listen(&self) {
        let mut task = self.task.lock().unwrap_or_else(PoisonError::into_inner);
        if task.as_ref().is_none_or(oneshot::Sender::is_closed) {
            let (ends, ended) = oneshot::channel();
            *task = Some(ends);
            let listener = Listener { links: self.links.clone(), lines: self.lines.clone(), board: self.board.clone() };
            let duty = Duty { listener, ended };
            self.links.spawn(move || duty.run());
        }
    }
}

impl Board {
    fn post(&self, positions: Positions) {
        *self.positions.lock().unwrap_or_else(PoisonError::into_inner) = positions;
        self.posted.notify_one();
    }

    fn positions(&self) -> Positions {
        self.positions.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn waits(&self) -> Waiting<'_> {
        self.waiting.fetch_add(1, Ordering::Relaxed);
        Waiting(self)
    }

    fn ring(&self) {
        self.rung.send_replace(());
    }
}

/// Counts one who waits, until it leaves.
struct Waiting<'a>(&'a Board);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The task that listens, until the queue is dropped.
struct Duty {
    listener: Listener,
    ended: oneshot::Receiver<Infallible>,
}

impl Duty {
    async fn run(mut self) {
        tokio::select! {
            _ = &mut self.ended => {}
            () = self.listener.run() => {}
        }
    }
}

/// Where its runtime ends, whoever waits looks, and has another listen.
impl Drop for Duty {
    fn drop(&mut self) {
        self.ended.close();
        self.listener.board.ring();
    }
}

/// It listens while somebody waits.
struct Listener {
    links: Links,
    lines: Arc<Lines>,
    board: Arc<Board>,
}

impl Listener {
    async fn run(&self) {
        let (mut link, mut pause) = (None, PAUSE_LEAST);
        loop {
            self.board.posted.notified().await;
            match self.hear(&mut link).await {
                Ok(()) => pause = PAUSE_LEAST,
                Err(error) => {
                    tracing::debug!(target: "freshen", %error, "the queue's connection for waiting was lost");
                    link = None;
                    // Whoever waits looks for itself, and hears by that whether the server is there.
                    self.board.ring();
                    sleep(pause).await;
                    pause = (pause * 2).min(PAUSE_MOST);
                }
            }
        }
    }

    /// Listens until something entered, or nobody waits any more.
    async fn hear(&self, link: &mut Option<Link>) -> Result<(), LinkError> {
        let link = match link {
            Some(link) => link,
            None => link.insert(self.links.dedicated(&self.lines.place, None).await?),
        };
        loop {
            if self.entered(link).await? {
                self.board.ring();
                return Ok(());
            }
            if self.board.waiting.load(Ordering::Relaxed) == 0 {
                return Ok(());
            }
        }
    }

    /// Whether something entered behind the positions before the read was over.
    async fn entered(&self, link: &Link) -> Result<bool, LinkError> {
        let mut read = redis::cmd("XREAD");
        read.arg("COUNT").arg(1).arg("BLOCK").arg(BLOCK.as_millis().to_string()).arg("STREAMS");
        read.arg(&self.lines.heard()).arg(&self.board.positions());
        let after = BLOCK + BLOCK_SLACK;
        let answer = timeout(after, link.command(&read)).await;
        let answer = answer.map_err(|_| LinkError::TimedOut { address: link.address().to_owned(), after })?;
        Ok(!matches!(answer?, Value::Nil))
    }
}
