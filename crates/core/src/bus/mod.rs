//! The bus port: how a process hears what others outdated and stored.
//!
//! A store's own steps publish; a process only listens. Messages are numbered, so that a listener knows when it has missed
//! one and stops trusting what it keeps in memory until it has resynchronised.

use std::sync::Arc;

use crate::BoxFuture;
use crate::entry::Strength;
use crate::error::PortError;
use crate::key::Key;
use crate::store::Scope;

mod memory;

pub use memory::MemoryBus;

/// Delivers what a store's steps publish.
///
/// The contract, each sentence a test in the testkit's `bus_suite!`:
///
/// A subscription hears everything that is published after `subscribe` has returned. Messages of one partition and epoch are numbered without gaps, in the order of the
/// steps. Every subscription hears every message, also those of its own process. A heartbeat carries the number of its partition's last message, and takes none of its own. A beat sends one for each partition that it is asked for, and for no other. A message may be lost: then the next
/// number shows it. A listener that does not keep up is cut off with [`Heard::Lost`] instead of slowing the others or growing without bound.
pub trait Bus: Send + Sync + 'static {
    /// Begins to listen.
    fn subscribe(&self) -> BoxFuture<'_, Result<Box<dyn Subscription>, PortError>>;

    /// Sends a heartbeat of each of these partitions to all, so that a lost last message shows.
    fn beat<'a>(&'a self, partitions: &'a [u32]) -> BoxFuture<'a, Result<(), PortError>>;
}

impl<B: Bus + ?Sized> Bus for Arc<B> {
    fn subscribe(&self) -> BoxFuture<'_, Result<Box<dyn Subscription>, PortError>> {
        (**self).subscribe()
    }

    fn beat<'a>(&'a self, partitions: &'a [u32]) -> BoxFuture<'a, Result<(), PortError>> {
        (**self).beat(partitions)
    }
}

/// One listener's end of a bus.
pub trait Subscription: Send {
    /// Waits for what comes next. Dropping the future loses nothing.
    fn next(&mut self) -> BoxFuture<'_, Heard>;
}

/// What a listener hears.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// A message.
    Message(Message),
    /// Messages were lost, or the connection was: subscribe again and resynchronise.
    Lost,
    /// The bus has been shut down.
    Closed,
}

/// Where a message stands in its partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Position {
    /// The partition.
    pub partition: u32,
    /// The epoch of the partition's clock.
    pub epoch: u64,
    /// The number within it: each is the one before plus one.
    pub number: u64,
}

impl Position {
    /// Whether `self` comes right after `before`.
    pub fn follows(self, before: Position) -> bool {
        self.partition == before.partition && self.epoch == before.epoch && self.number == before.number.wrapping_add(1)
    }
}

/// One message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Where it stands; a heartbeat has the position of the last message before it.
    pub position: Position,
    /// What happened.
    pub notice: Notice,
}

/// What happened in the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// A key was invalidated.
    KeyInvalidated {
        /// The key.
        key: Key,
        /// How.
        strength: Strength,
    },
    /// A scope's mark was raised to a tick.
    Marked {
        /// The tag or namespace.
        scope: Scope,
        /// How.
        strength: Strength,
        /// The tick.
        tick: u64,
    },
    /// Every scope's marks were raised to a tick: a mark was dropped, or marks were lost.
    FloorRaised {
        /// How.
        strength: Strength,
        /// The tick.
        tick: u64,
    },
    /// A value was stored: whoever waits for it may read, and whoever keeps an older one may drop it.
    Stored {
        /// The key.
        key: Key,
    },
    /// A record was removed.
    Removed {
        /// The key.
        key: Key,
    },
    /// Nothing happened; the position tells how far the bus has come.
    Heartbeat,
}
