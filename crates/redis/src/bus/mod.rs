//! The bus: what the scripts publish, over one channel, to every subscription.
//!
//! An ordinary `PUBLISH` reaches every server of a Cluster, so it does not matter which one is listened to.

use std::sync::Arc;

use freshen_core::bus::{Bus, Heard, Message, Subscription};
use freshen_core::{BoxFuture, PortError};
use futures_util::{StreamExt, stream};
use redis::{PushInfo, PushKind, Value};
use tokio::sync::mpsc::{self, Receiver, Sender, error::TrySendError};
use tokio::sync::watch;

use crate::link::{Link, LinkError, Listener as OnPush};
use crate::settings::Settings;
use crate::store::{AT_ONCE, Partitions};

mod message;

/// The port's name in errors.
const PORT: &str = "redis bus";

/// The bus of a [`RedisStore`](crate::RedisStore): a connection of its own for each subscription.
///
/// A clone is the same bus. Make it by [`Redis::bus`](crate::Redis::bus).
#[derive(Clone)]
pub struct RedisBus {
    partitions: Arc<Partitions>,
    settings: Arc<Settings>,
}

impl RedisBus {
    pub(crate) fn new(partitions: Arc<Partitions>, settings: Arc<Settings>) -> RedisBus {
        RedisBus { partitions, settings }
    }

    /// A fault for tests: what the next step publishes takes its numbers and reaches nobody.
    #[cfg(feature = "mutants")]
    pub fn lose_next(&self) {
        self.partitions.lose_next();
    }

    async fn listen(&self) -> Result<Ear, LinkError> {
        let (sender, messages) = mpsc::channel(self.settings.buffer_messages);
        let (lost, told) = watch::channel(false);
        let channel = self.partitions.channel.clone();
        let hear: OnPush = Box::new(move |push| hear(&channel, &sender, &lost, push));
        // Any server will do; this one is known to have to be reached anyway.
        let link = self.partitions.links.dedicated(self.partitions.place(0), Some(hear)).await?;
        let within = link.answer_within();
        let command = redis::cmd("SUBSCRIBE").arg(&self.partitions.channel).to_owned();
        match tokio::time::timeout(within, link.command(&command)).await {
            Ok(confirmed) => confirmed?,
            Err(_) => return Err(LinkError::TimedOut { address: link.address().to_owned(), after: within }),
        };
        Ok(Ear { messages, lost: told, cut_off: false, _link: link })
    }
}

impl std::fmt::Debug for RedisBus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RedisBus").field("channel", &self.partitions.channel).finish_non_exhaustive()
    }
}

impl Bus for RedisBus {
    fn subscribe(&self) -> BoxFuture<'_, Result<Box<dyn Subscription>, PortError>> {
        Box::pin(async {
            let heard = self.partitions.links.host(self.listen()).await;
            let ear = heard.map_err(|error| error.at(PORT, "subscribe"))?;
            Ok(Box::new(ear) as Box<dyn Subscription>)
        })
    }

    fn beat<'a>(&'a self, partitions: &'a [u32]) -> BoxFuture<'a, Result<(), PortError>> {
        let known: Vec<u32> = partitions.iter().copied().filter(|at| *at < self.partitions.count()).collect();
        Box::pin(async move {
            let beats = known.into_iter().map(async |partition| self.partitions.beat(partition).await);
            let beaten: Vec<_> = stream::iter(beats).buffer_unordered(AT_ONCE).collect().await;
            beaten.into_iter().collect::<Result<(), LinkError>>().map_err(|error| error.at(PORT, "beat"))
        })
    }
}

/// Takes a push message of the connection. It runs in the connection's task, so it never waits: who does not keep up is cut
/// off.
fn hear(channel: &str, sender: &Sender<Message>, lost: &watch::Sender<bool>, push: PushInfo) {
    let message = match push.kind {
        PushKind::Message => message_of(channel, &push.data),
        PushKind::Disconnection => None,
        _ => return,
    };
    let Some(message) = message else {
        lost.send_replace(true);
        return;
    };
    match sender.try_send(message) {
        Ok(()) | Err(TrySendError::Closed(_)) => {}
        Err(TrySendError::Full(_)) => drop(lost.send_replace(true)),
    }
}

/// A channel's name and what was published on it. `None`: it was not understood.
fn message_of(channel: &str, data: &[Value]) -> Option<Message> {
    match data {
        [Value::BulkString(on), Value::BulkString(bytes)] if on == channel.as_bytes() => message::read(bytes),
        _ => None,
    }
}

/// One listener. Once cut off it stays so: whoever went on would hear a stream with a hole in it.
struct Ear {
    messages: Receiver<Message>,
    lost: watch::Receiver<bool>,
    cut_off: bool,
    /// The connection ends with the subscription.
    _link: Link,
}

impl Subscription for Ear {
    fn next(&mut self) -> BoxFuture<'_, Heard> {
        Box::pin(async {
            if self.cut_off {
                return Heard::Lost;
            }
            let heard = tokio::select! {
                biased;
                _ = self.lost.wait_for(|lost| *lost) => None,
                message = self.messages.recv() => message,
            };
            match heard {
                Some(message) => Heard::Message(message),
                None => {
                    self.cut_off = true;
                    Heard::Lost
                }
            }
        })
    }
}
