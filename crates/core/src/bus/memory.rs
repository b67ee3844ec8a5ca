//! A bus within one process: what one store publishes, to everyone who listens.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::broadcast::{self, Receiver, Sender, error::RecvError};

use crate::BoxFuture;
use crate::bus::{Bus, Heard, Message, Notice, Position, Subscription};
use crate::error::PortError;

/// How many messages a listener may lag behind before it is cut off, unless told otherwise.
const BUFFER: usize = 1024;

/// A bus for one [`MemoryStore`](crate::store::MemoryStore) and all caches of this process that share it.
///
/// A clone is the same bus. It serves one store: two would number their messages in two epochs by turns, and every message
/// would show a gap.
#[derive(Clone, Debug)]
pub struct MemoryBus(Arc<Mutex<Line>>);

/// What the lock guards: the numbers must be given in the order in which messages go out.
#[derive(Debug)]
struct Line {
    /// The last position of each partition that anything was published of.
    last: BTreeMap<u32, Position>,
    /// `None` once the bus is closed.
    sender: Option<Sender<Message>>,
    /// How many of the next messages are lost on their way.
    to_lose: u32,
}

impl MemoryBus {
    /// A bus whose listeners may lag behind by 1024 messages.
    pub fn new() -> MemoryBus {
        MemoryBus::with_buffer(BUFFER)
    }

    /// A bus whose listeners may lag behind by about `messages` (at least 1; rounded up to a power of two) before they are
    /// cut off. The buffer is shared by all listeners.
    pub fn with_buffer(messages: usize) -> MemoryBus {
        let sender = Some(Sender::new(messages.clamp(1, 1 << 20)));
        // Of a store that has published nothing yet, a listener hears where its first partition begins.
        let last = BTreeMap::from([(0, Position { partition: 0, epoch: 0, number: 0 })]);
        MemoryBus(Arc::new(Mutex::new(Line { last, sender, to_lose: 0 })))
    }

    /// Sends a notice to all, as the next message of a partition and the epoch of its clock: the store does so in each step
    /// that outdates or stores. The numbers of a new epoch begin anew at 1.
    pub fn publish(&self, (partition, epoch): (u32, u64), notice: Notice) -> Position {
        let mut line = self.line();
        let last = line.last.get(&partition).filter(|last| last.epoch == epoch);
        let position = Position { partition, epoch, number: last.map_or(0, |last| last.number) + 1 };
        line.last.insert(partition, position);
        if line.to_lose > 0 {
            line.to_lose -= 1;
        } else {
            line.send(Message { position, notice });
        }
        position
    }

    /// A fault for tests: the next message, not counting heartbeats, takes its number and reaches nobody.
    pub fn lose_next(&self) {
        self.line().to_lose += 1;
    }

    /// Shuts the bus down: listeners hear what was sent before, then [`Heard::Closed`].
    pub fn close(&self) {
        self.line().sender = None;
    }

    fn line(&self) -> MutexGuard<'_, Line> {
        // Nothing under this lock calls foreign code, so a poisoned one still guards a whole state.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for MemoryBus {
    fn default() -> Self {
        MemoryBus::new()
    }
}

impl Line {
    fn send(&self, message: Message) {
        if let Some(sender) = &self.sender {
            // An error says that nobody listens, which is no failure.
            let _nobody = sender.send(message);
        }
    }

    fn listen(&self) -> Receiver<Message> {
        match &self.sender {
            Some(sender) => sender.subscribe(),
            None => broadcast::channel(1).1,
        }
    }
}

impl Bus for MemoryBus {
    fn subscribe(&self) -> BoxFuture<'_, Result<Box<dyn Subscription>, PortError>> {
        let receiver = self.line().listen();
        Box::pin(async { Ok(Box::new(Listener { receiver: Some(receiver) }) as Box<dyn Subscription>) })
    }

    fn beat<'a>(&'a self, partitions: &'a [u32]) -> BoxFuture<'a, Result<(), PortError>> {
        Box::pin(async move {
            let line = self.line();
            for position in partitions.iter().filter_map(|partition| line.last.get(partition)) {
                line.send(Message { position: *position, notice: Notice::Heartbeat });
            }
            Ok(())
        })
    }
}

/// One listener. Once cut off it stays so: whoever went on would hear a stream with a hole in it.
struct Listener {
    receiver: Option<Receiver<Message>>,
}

impl Subscription for Listener {
    fn next(&mut self) -> BoxFuture<'_, Heard> {
        Box::pin(async {
            let Some(receiver) = &mut self.receiver else { return Heard::Lost };
            match receiver.recv().await {
                Ok(message) => Heard::Message(message),
                Err(RecvError::Closed) => Heard::Closed,
                Err(RecvError::Lagged(_)) => {
                    self.receiver = None;
                    Heard::Lost
                }
            }
        })
    }
}
