//! Waiting for replicas: many write, one waits for all of them, and meanwhile the next ones gather.
//!
//! `WAIT` covers what its own connection has written, and until it is answered the server does nothing else for that
//! connection. So writes that wait have a connection apart from all others, and are let through in rounds: whoever waits lets
//! nobody write, and answers for all who wrote before. A caller waits for two rounds at most, the one under way and his own.

use redis::Value;
use tokio::sync::RwLock;

use crate::link::{Link, LinkError};

/// The rounds of one connection. Writes share the lock, a wait has it alone; each hold ends with the connection's time-out.
pub(super) struct Rounds(RwLock<Round>);

/// The last round, and how many are over.
struct Round {
    number: u64,
    outcome: Result<(), LinkError>,
}

impl Rounds {
    pub(super) fn new() -> Rounds {
        Rounds(RwLock::new(Round { number: 0, outcome: Ok(()) }))
    }
}

impl Link {
    /// Writes over this connection, and waits until so many replicas have heard of it.
    ///
    /// # Errors
    /// The write's own, and [`LinkError::Unheard`] when too few replicas heard of it in half the time that an answer may take.
    ///
    /// # Cancellation
    /// A wait that has begun goes on for the others.
    pub async fn heard_by<T>(
        &self,
        replicas: u32,
        write: impl Future<Output = Result<T, LinkError>>,
    ) -> Result<T, LinkError> {
        let (written, before) = {
            let round = self.rounds().0.read().await;
            (write.await?, round.number)
        };
        let link = self.clone();
        // In a task of its own: given up here, it would hold up whoever writes next.
        let heard = tokio::spawn(async move { link.wait_after(before, replicas).await });
        heard.await.unwrap_or_else(|_| Err(LinkError::given_up()))?;
        Ok(written)
    }

    /// Waits for what was written after so many rounds, unless a later round has done so.
    async fn wait_after(&self, before: u64, replicas: u32) -> Result<(), LinkError> {
        let mut round = self.rounds().0.write().await;
        if round.number == before {
            *round = Round { number: before + 1, outcome: self.wait_for(replicas).await };
        }
        round.outcome.clone()
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
