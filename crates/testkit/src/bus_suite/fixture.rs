//! A bus under test, with the store that publishes on it.

use std::sync::Arc;
use std::time::Duration;

use freshen_core::bus::{Bus, Heard, Message, Notice, Subscription};
use freshen_core::store::{Store, Target};
use freshen_core::{BoxFuture, Key, Strength};

use crate::partition::first_partition;

/// How long a test waits for what ought to come. It passes in earnest only where a suite is about to fail.
const PATIENCE: Duration = Duration::from_secs(5);

type Act = Arc<dyn Fn() -> BoxFuture<'static, ()> + Send + Sync>;

/// A bus under test. Each test gets a new one.
#[derive(Clone)]
pub struct BusFixture {
    /// The bus.
    pub bus: Arc<dyn Bus>,
    /// The store whose steps are published on it.
    pub store: Arc<dyn Store>,
    /// How many messages a listener may lag behind at most before it is cut off, if that can be reached.
    pub buffer: Option<usize>,
    lose_next: Option<Act>,
    close: Option<Act>,
}

impl BusFixture {
    /// A bus and the store that publishes on it, without bounds and faults.
    pub fn new(bus: Arc<dyn Bus>, store: Arc<dyn Store>) -> BusFixture {
        BusFixture { bus, store, buffer: None, lose_next: None, close: None }
    }

    /// Declares how far a listener may lag behind.
    #[must_use]
    pub fn buffering(self, messages: usize) -> Self {
        BusFixture { buffer: Some(messages), ..self }
    }

    /// Tells how to lose the next message on its way.
    #[must_use]
    pub fn losing(self, lose: impl Fn() -> BoxFuture<'static, ()> + Send + Sync + 'static) -> Self {
        BusFixture { lose_next: Some(Arc::new(lose)), ..self }
    }

    /// Tells how to shut the bus down.
    #[must_use]
    pub fn closing(self, close: impl Fn() -> BoxFuture<'static, ()> + Send + Sync + 'static) -> Self {
        BusFixture { close: Some(Arc::new(close)), ..self }
    }

    /// Puts something in front of the bus, such as a mutant.
    #[must_use]
    pub fn behind(self, wrap: impl FnOnce(Arc<dyn Bus>) -> Arc<dyn Bus>) -> Self {
        BusFixture { bus: wrap(self.bus), ..self }
    }

    pub(crate) async fn listen(&self) -> Box<dyn Subscription> {
        self.bus.subscribe().await.expect("subscribe")
    }

    /// Publishes one message: the invalidation of a key named `name`.
    pub(crate) async fn publish(&self, name: &str) -> Notice {
        let key = first_partition(|salt| Key::new("suite", "bus", &(name, salt)));
        let targets = [Target::Key(key.clone())];
        self.store.invalidate(&targets, Strength::Soft).await.expect("invalidate");
        Notice::KeyInvalidated { key, strength: Strength::Soft }
    }

    pub(crate) async fn lose_next(&self) -> bool {
        let Some(lose) = &self.lose_next else { return false };
        lose().await;
        true
    }

    pub(crate) async fn close(&self) -> bool {
        let Some(close) = &self.close else { return false };
        close().await;
        true
    }
}

/// What comes next of the tests' partition.
pub(crate) async fn next(listener: &mut dyn Subscription) -> Heard {
    loop {
        match any(listener).await {
            Heard::Message(message) if message.position.partition > 0 => {}
            heard => return heard,
        }
    }
}

/// What comes next of any partition.
pub(crate) async fn any(listener: &mut dyn Subscription) -> Heard {
    tokio::time::timeout(PATIENCE, listener.next()).await.expect("something comes")
}

/// The message that comes next.
pub(crate) async fn message(listener: &mut dyn Subscription) -> Message {
    match next(listener).await {
        Heard::Message(message) => message,
        other => panic!("no message: {other:?}"),
    }
}
