//! One connection, shared by all who send over it.

use std::sync::Arc;
use std::time::Duration;

use freshen_core::{Clock, Timestamp};
use redis::aio::MultiplexedConnection;
use redis::{Cmd, Pipeline, ServerError, Value};
use tokio::sync::watch;

use crate::link::rounds::Rounds;
use crate::link::skew::Skew;
use crate::link::{LinkError, Refusal, Script};

/// A connection in use. A clone is the same connection.
///
/// Several requests may be under way at once; the server answers them in order. Once it is broken it stays so, and everybody
/// who waits on it hears so at once.
#[derive(Clone)]
pub struct Link(Arc<Wire>);

pub(super) struct Wire {
    pub(super) id: u64,
    pub(super) address: String,
    pub(super) connection: MultiplexedConnection,
    /// `None` for a connection on which somebody waits as long as it takes.
    pub(super) timeout: Option<Duration>,
    pub(super) breach: watch::Sender<Breach>,
    pub(super) skew: Skew,
    pub(super) clock: Clock,
    pub(super) rounds: Rounds,
}

/// How a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Breach {
    /// It has not.
    None,
    /// The other side closed it, or the network did.
    Closed,
    /// An answer did not come in time.
    Silent,
}

impl Link {
    pub(super) fn over(wire: Wire) -> Link {
        Link(Arc::new(wire))
    }

    /// Tells this connection from every other of the process.
    pub fn id(&self) -> u64 {
        self.0.id
    }

    /// Where it leads.
    pub fn address(&self) -> &str {
        &self.0.address
    }

    /// How far the server's clock is from the process's.
    pub fn skew(&self) -> &Skew {
        &self.0.skew
    }

    /// The process's time now.
    pub fn now(&self) -> Timestamp {
        self.0.clock.now()
    }

    /// How long an answer may take, or for how long it is worth waiting where nothing is timed.
    pub fn answer_within(&self) -> Duration {
        self.0.timeout.unwrap_or(Duration::from_secs(1))
    }

    /// Its writes that wait for replicas.
    pub(super) fn rounds(&self) -> &Rounds {
        &self.0.rounds
    }

    /// Whether it has ended, and how.
    pub fn breach(&self) -> Breach {
        *self.0.breach.borrow()
    }

    /// Waits until it has ended.
    pub async fn broken(&self) {
        // The sender lives as long as the link, so this only returns when it has ended.
        let mut breach = self.0.breach.subscribe();
        let _ended = breach.wait_for(|breach| *breach != Breach::None).await;
    }

    /// Sends one command and waits for its answer.
    ///
    /// # Errors
    /// A refusal by the server is one, too.
    pub async fn command(&self, command: &Cmd) -> Result<Value, LinkError> {
        let mut connection = self.0.connection.clone();
        let answer = self.within(async move { connection.send_packed_command(command).await }).await?;
        self.accept(answer)
    }

    /// Sends commands in one go and waits for all answers, in their order. A refusal of one of them is its answer.
    ///
    /// # Errors
    /// When not all were answered.
    pub async fn commands(&self, commands: &Pipeline) -> Result<Vec<Value>, LinkError> {
        if commands.is_empty() {
            return Ok(Vec::new());
        }
        let mut connection = self.0.connection.clone();
        self.within(async move { connection.send_packed_commands(commands, 0, commands.len()).await }).await
    }

    /// Runs a script; one that the server does not have is sent whole. `asking`: the slot is only being moved there.
    pub(super) async fn evaluate(
        &self,
        script: &Script,
        keys: &[&[u8]],
        arguments: &[&[u8]],
        asking: bool,
    ) -> Result<Value, LinkError> {
        let by_name = evaluation("EVALSHA", script.sha(), keys, arguments);
        match self.asking(by_name, asking).await {
            Err(LinkError::Refused { refusal: Refusal::NoScript, .. }) => {
                self.asking(evaluation("EVAL", script.text(), keys, arguments), asking).await
            }
            answer => answer,
        }
    }

    async fn asking(&self, command: Cmd, asking: bool) -> Result<Value, LinkError> {
        if !asking {
            return self.command(&command).await;
        }
        let mut commands = redis::pipe();
        commands.cmd("ASKING").add_command(command);
        let answer = self.commands(&commands).await?.pop().unwrap_or_default();
        self.accept(answer)
    }

    /// What an answer says, a refusal as an error.
    pub fn accept(&self, answer: Value) -> Result<Value, LinkError> {
        match answer {
            Value::ServerError(reply) => Err(self.refused(reply)),
            answer => Ok(answer),
        }
    }

    /// The refusal of a server that is no longer who it was, if an answer is one.
    pub fn demoted(&self, answer: &Value) -> Option<LinkError> {
        match answer {
            Value::ServerError(reply) if Refusal::of(reply) == Refusal::Demoted => Some(self.refused(reply.clone())),
            _ => None,
        }
    }

    fn refused(&self, reply: ServerError) -> LinkError {
        LinkError::Refused { address: self.0.address.clone(), refusal: Refusal::of(&reply), reply }
    }

    /// Waits for an answer, for its time-out, or for the end of the connection, whichever comes first.
    async fn within<T>(&self, answer: impl Future<Output = redis::RedisResult<T>>) -> Result<T, LinkError> {
        let answer = async {
            match self.0.timeout {
                None => Ok(answer.await),
                Some(after) => tokio::time::timeout(after, answer).await.map_err(|_| after),
            }
        };
        let answered = tokio::select! {
            biased;
            answered = answer => answered,
            () = self.broken() => Ok(Err(closed())),
        };
        let address = || self.0.address.clone();
        match answered {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(source)) => {
                break_off(&self.0.breach, Breach::Closed);
                Err(LinkError::Broken { address: address(), source })
            }
            Err(after) => {
                break_off(&self.0.breach, Breach::Silent);
                Err(LinkError::TimedOut { address: address(), after })
            }
        }
    }
}

/// The first breach counts.
pub(super) fn break_off(breach: &watch::Sender<Breach>, how: Breach) {
    breach.send_if_modified(|breach| {
        let first = *breach == Breach::None;
        if first {
            *breach = how;
        }
        first
    });
}

fn closed() -> redis::RedisError {
    std::io::Error::from(std::io::ErrorKind::ConnectionAborted).into()
}

fn evaluation(how: &str, script: &str, keys: &[&[u8]], arguments: &[&[u8]]) -> Cmd {
    let mut command = redis::cmd(how);
    command.arg(script).arg(keys.len());
    for part in keys.iter().chain(arguments) {
        command.arg(*part);
    }
    command
}

/// Seconds and microseconds, as `TIME` answers.
pub fn time_of(answer: &Value) -> Option<Timestamp> {
    let Value::Array(parts) = answer else { return None };
    let [Value::BulkString(seconds), Value::BulkString(micros)] = &parts[..] else { return None };
    let number = |digits: &[u8]| std::str::from_utf8(digits).ok()?.parse::<u64>().ok();
    Some(Timestamp::from_micros(number(seconds)?.checked_mul(1_000_000)?.checked_add(number(micros)?)?))
}
