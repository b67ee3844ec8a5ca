//! How a connection is made: who is there, whether he will do, and how far the clocks are apart.

use std::sync::atomic::{AtomicU64, Ordering};

use freshen_core::Clock;
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Cmd, PushInfo, PushKind, Value};
use tokio::sync::watch;

use crate::link::rounds::Rounds;
use crate::link::skew::Skew;
use crate::link::wire::{Breach, Wire, break_off, time_of};
use crate::link::{Access, Address, Link, LinkError, Refusal, version};

/// Requests that may wait for the connection's task to take them.
const BUFFER_REQUESTS: usize = 1024;
/// How often a new connection asks for the time, to know how far the clocks are apart.
const TIME_SAMPLES: usize = 5;

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
        let told = Told(breach.clone());
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(None)
            .set_response_timeout(None)
            .set_pipeline_buffer_size(BUFFER_REQUESTS)
            .set_push_sender(move |push: PushInfo| {
                if push.kind == PushKind::Disconnection {
                    break_off(&told.0, Breach::Closed);
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
        // From now on only the connection's own task has it.
        drop(config);
        let about = query(&mut connection, redis::cmd("INFO").arg("server"), &address).await?;
        version::check(&address, &about)?;
        let skew = Skew::unknown();
        for _ in 0..samples {
            let sent = clock.now();
            let time = query(&mut connection, &redis::cmd("TIME"), &address).await?;
            skew.refine(sent, time_of(&time).ok_or_else(|| LinkError::unexpected(&address, "a time", &time))?);
        }
        let id = next_id();
        let rounds = Rounds::new();
        Ok(Link::over(Wire { id, address, connection, timeout, breach, skew, clock: clock.clone(), rounds }))
    }
}

/// By what a connection's own task tells of its end. It is dropped with that task, as when the runtime ends.
struct Told(watch::Sender<Breach>);

impl Drop for Told {
    fn drop(&mut self) {
        break_off(&self.0, Breach::Closed);
    }
}

/// Tells connections from each other.
fn next_id() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
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
