//! Waiting for replicas: many write, one waits for all of them, and meanwhile the next ones gather.
//!
//! `WAIT` covers what its own connection has written, and until it is answered the server does nothing else for that
//! connection. So writes that wait have a connection apart from all others. A wait covers whatever was answered before it
//! began: one at a time is made, and a caller waits for two at most, the one under way and the next.

use std::sync::atomic::{AtomicU64, Ordering};

use redis::Value;
use tokio::sync::Mutex;

use crate::link::{Link, LinkError, Links};

/// The waits of one connection. The lock is held while one is made, by a task of its own.
pub(super) struct Rounds {
    last: Mutex<Round>,
    /// How many have begun.
    begun: AtomicU64,
}

/// The last wait, and which it was.
struct Round {
    number: u64,
    outcome: Result<(), LinkError>,
}

impl Rounds {
    pub(super) fn new() -> Rounds {
        Rounds { last: Mutex::new(Round { number: 0, outcome: Ok(()) }), begun: AtomicU64::new(0) }
    }
}

impl Link {
    /// Writes over this connection, which is one of the links', and waits until so many replicas have heard of it.
    ///
    /// # Errors
    /// The write's own, and [`LinkError::Unheard`] when too few replicas heard of it in half the time that an answer may take.
    ///
    /// # Cancellation
    /// A wait that has begun goes on for the others.
    pub async fn heard_by<T>(
        &self,
        links: &Links,
        replicas: u32,
        write: impl Future<Output = Result<T, LinkError>>,
    ) -> Result<T, LinkError> {
        let written = write.await?;
        let before = self.rounds().begun.load(Ordering::SeqCst);
        let link = self.clone();
        // Not by the caller: given up here, it would hold up whoever writes next.
        links.run(move || async move { link.wait_after(before, replicas).await }).await?;
        Ok(written)
    }

    /// Waits for what was answered before more than so many waits had begun, unless a later one has covered it.
    async fn wait_after(&self, before: u64, replicas: u32) -> Result<(), LinkError> {
        let mut last = self.rounds().last.lock().await;
        if last.number <= before {
            let number = self.rounds().begun.fetch_add(1, Ordering::SeqCst) + 1;
            *last = Round { number, outcome: self.wait_for(replicas).await };
        }
        last.outcome.clone()
    }

    async fn wait_for(&self, replicas: u32) -> Result<(), LinkError> {
        let within = u64::try_from((self.answer_within() / 2).as_millis()).unwrap_or(u64::MAX).max(1);
        let answer = self.command(redis::cmd("WAIT").arg(replicas).arg(within)).await?;
        match answer {
            Value::Int(heard) if heard >= i64::from(replicas) => Ok(()),
            Value::Int(heard) => {
                Err(LinkError::Unheard { address: self.address().to_owned(), heard, wanted: replicas })
            }
            answer => Err(LinkError::unexpected(self.address(), "a number of replicas", &answer)),
        }
    }
}
