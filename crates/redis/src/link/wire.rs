//! One connection, shared by all who send over it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use freshen_core::{Clock, Timestamp};
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Cmd, Pipeline, PushInfo, PushKind, Value};
use tokio::sync::watch;

use crate::link::skew::Skew;
use crate::link::{Access, Address, LinkError, Refusal, Script, version};

/// Requests that may wait for the connection's task to take them.
const BUFFER_REQUESTS: usize = 1024;
/// How often a new connection asks for the time, to know how far the clocks are apart.
const TIME_SAMPLES: usize = 5;

/// A connection in use. A clone is the same connection.
///
/// Several requests may be under way at once; the server answers them in order. Once it is broken it stays so, and everybody
/// who waits on it hears so at once.
#[derive(Clone)]
pub struct Link(Arc<Wire>);

struct Wire {
    id: u64,
    address: String,
    connection: MultiplexedConnection,
    /// `None` for a connection on which somebody waits as long as it takes.
    timeout: Option<Duration>,
    breach: watch::Sender<Breach>,
    skew: Skew,
    clock: Clock,
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

/// What is called with each push message of a connection. It must not wait.
pub type Listener = Box<dyn Fn(PushInfo) + Send + Sync>;

/// What a new connection is for.
pub enum Purpose {
    /// Requests that are answered soon, from whoever comes.
    Shared,
    /// A question to a sentinel, which does not tell the time.
    Question,
    /// Requests that may wait, from one who waits as long as it takes; and push messages, if there is a listener.
    Dedicated(Option<Listener>),
}

impl Link {
    /// Connects, checks who is there, and learns how far the clocks are apart.
    pub(super) async fn connect(
        access: &Access,
        to: &Address,
        clock: &Clock,
        purpose: Purpose,
    ) -> Result<Link, LinkError> {
        let within = access.connect_timeout;
        match tokio::time::timeout(within, Link::open(access, to, clock, purpose)).await {
            Ok(made) => made,
            Err(_) => Err(LinkError::TimedOut { address: to.to_string(), after: within }),
        }
    }

    async fn open(access: &Access, to: &Address, clock: &Clock, purpose: Purpose) -> Result<Link, LinkError> {
        let (breach, _) = watch::channel(Breach::None);
        let samples = if matches!(purpose, Purpose::Question) { 0 } else { TIME_SAMPLES };
        let (timeout, listener) = match purpose {
            Purpose::Shared | Purpose::Question => (Some(access.response_timeout), None),
            Purpose::Dedicated(listener) => (None, listener),
        };
        let told = breach.clone();
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(None)
            .set_response_timeout(None)
            .set_pipeline_buffer_size(BUFFER_REQUESTS)
            .set_push_sender(move |push: PushInfo| {
                if push.kind == PushKind::Disconnection {
                    break_off(&told, Breach::Closed);
                }
                if let Some(listener) = &listener {
                    listener(push);
                }
                Ok::<(), std::convert::Infallible>(())
            });
        let address = to.to_string();
        let client = access.client(to)?;
        let mut connection = client
            .get_multiplexed_async_connection_with_config(&config)
            .await
            .map_err(|source| not_connected(&address, source))?;
        let about = query(&mut connection, redis::cmd("INFO").arg("server"), &address).await?;
        version::check(&address, &about)?;
        let skew = Skew::unknown();
        for _ in 0..samples {
            let sent = clock.now();
            let time = query(&mut connection, &redis::cmd("TIME"), &address).await?;
            skew.refine(sent, time_of(&time).ok_or_else(|| LinkError::unexpected(&address, "a time", &time))?);
        }
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let id = NEXT.fetch_add(1, Ordering::Relaxed);
        Ok(Link(Arc::new(Wire { id, address, connection, timeout, breach, skew, clock: clock.clone() })))
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
            Value::ServerError(reply) => {
                Err(LinkError::Refused { address: self.0.address.clone(), refusal: Refusal::of(&reply), reply })
            }
            answer => Ok(answer),
        }
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
fn break_off(breach: &watch::Sender<Breach>, how: Breach) {
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

async fn query(connection: &mut MultiplexedConnection, command: &Cmd, address: &str) -> Result<Value, LinkError> {
    let broken = |source| LinkError::Broken { address: address.to_owned(), source };
    match connection.send_packed_command(command).await.map_err(broken)? {
        Value::ServerError(reply) => {
            Err(LinkError::Refused { address: address.to_owned(), refusal: Refusal::of(&reply), reply })
        }
        answer => Ok(answer),
    }
}

/// Wrong credentials will be wrong the next time, too; whatever else keeps a server from being reached may pass.
fn not_connected(address: &str, source: redis::RedisError) -> LinkError {
    let refused = matches!(source.code(), Some("WRONGPASS" | "NOAUTH" | "NOPERM"));
    let refused = refused || source.kind() == redis::ErrorKind::AuthenticationFailed;
    let lasting = refused || source.kind() == redis::ErrorKind::InvalidClientConfig;
    if lasting || source.kind() == redis::ErrorKind::RESP3NotSupported {
        return LinkError::Lasting { address: address.to_owned(), reason: format!("cannot log in: {source}") };
    }
    LinkError::Down { address: address.to_owned(), reason: source.to_string() }
}

/// Seconds and microseconds, as `TIME` answers.
pub fn time_of(answer: &Value) -> Option<Timestamp> {
    let Value::Array(parts) = answer else { return None };
    let [Value::BulkString(seconds), Value::BulkString(micros)] = &parts[..] else { return None };
    let number = |digits: &[u8]| std::str::from_utf8(digits).ok()?.parse::<u64>().ok();
    Some(Timestamp::from_micros(number(seconds)?.checked_mul(1_000_000)?.checked_add(number(micros)?)?))
}
