//! A bus that breaks one rule, made of any bus that keeps them all.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use freshen_core::bus::{Bus, Heard, Message, Notice, Subscription};
use freshen_core::store::PARTITIONS_MAX;
use freshen_core::{BoxFuture, PortError};

/// One rule that a [`MutantBus`] breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BusBreach {
    /// Each listener numbers for itself, so that a lost message does not show.
    NumbersHideGaps,
    /// Every message has the number of the one before.
    NumbersStand,
    /// A heartbeat takes a number of its own.
    BeatTakesNumber,
    /// A heartbeat reaches nobody.
    NoBeat,
    /// A beat tells of the first partition only.
    BeatsOnePartition,
    /// A beat tells of all partitions, whichever it is asked for.
    BeatsAll,
    /// A heartbeat tells the number of a message that is yet to come.
    BeatRunsAhead,
    /// Every second listener hears nothing.
    SecondListenerIsDeaf,
    /// Two messages come in the reverse order.
    Swaps,
    /// A listener that was cut off hears on as if nothing had been.
    HidesLost,
    /// The end of the bus is told as a loss, for ever.
    NeverCloses,
    /// A message comes twice.
    Repeats,
    /// A wait that is dropped takes a message with it.
    DroppedWaitLoses,
}

impl BusBreach {
    /// All of them.
    pub const ALL: &[BusBreach] = &[
        BusBreach::NumbersHideGaps,
        BusBreach::NumbersStand,
        BusBreach::BeatTakesNumber,
        BusBreach::NoBeat,
        BusBreach::BeatsOnePartition,
        BusBreach::BeatsAll,
        BusBreach::BeatRunsAhead,
        BusBreach::SecondListenerIsDeaf,
        BusBreach::Swaps,
        BusBreach::HidesLost,
        BusBreach::NeverCloses,
        BusBreach::Repeats,
        BusBreach::DroppedWaitLoses,
    ];
}

/// Stands in front of a bus and breaks one rule.
pub struct MutantBus {
    bus: Arc<dyn Bus>,
    breach: BusBreach,
    listeners: AtomicU64,
}

impl MutantBus {
    /// Breaks one rule of `bus`.
    pub fn new(bus: Arc<dyn Bus>, breach: BusBreach) -> MutantBus {
        MutantBus { bus, breach, listeners: AtomicU64::new(0) }
    }
}

impl Bus for MutantBus {
    fn subscribe(&self) -> BoxFuture<'_, Result<Box<dyn Subscription>, PortError>> {
        Box::pin(async {
            let second = self.listeners.fetch_add(1, Ordering::Relaxed) % 2 == 1;
            let deaf = second && self.breach == BusBreach::SecondListenerIsDeaf;
            let listener = self.bus.subscribe().await?;
            let ready = VecDeque::new();
            Ok(Box::new(Mutant { listener, breach: self.breach, deaf, beats: 0, last: None, ready })
                as Box<dyn Subscription>)
        })
    }

    fn beat<'a>(&'a self, partitions: &'a [u32]) -> BoxFuture<'a, Result<(), PortError>> {
        Box::pin(async move {
            match self.breach {
                BusBreach::NoBeat => Ok(()),
                BusBreach::BeatsAll => self.bus.beat(&(0..PARTITIONS_MAX).collect::<Vec<_>>()).await,
                _ => self.bus.beat(partitions).await,
            }
        })
    }
}

struct Mutant {
    listener: Box<dyn Subscription>,
    breach: BusBreach,
    deaf: bool,
    beats: u64,
    /// The number told last.
    last: Option<u64>,
    /// What is told before anything else is heard.
    ready: VecDeque<Heard>,
}

impl Mutant {
    async fn hear(&mut self) -> Heard {
        if let Some(heard) = self.ready.pop_front() {
            return heard;
        }
        let heard = self.listener.next().await;
        match (self.breach, heard) {
            (BusBreach::Swaps, first @ Heard::Message(_)) => {
                let second = self.listener.next().await;
                self.ready.push_back(first);
                second
            }
            (BusBreach::Repeats, heard @ Heard::Message(_)) => {
                self.ready.push_back(heard.clone());
                heard
            }
            (BusBreach::NeverCloses, Heard::Closed) => Heard::Lost,
            (BusBreach::BeatsOnePartition, Heard::Message(message)) if is_others_beat(&message) => {
                Box::pin(self.hear()).await
            }
            (BusBreach::HidesLost, Heard::Lost) => std::future::pending().await,
            (_, Heard::Message(message)) => Heard::Message(self.renumber(message)),
            (_, heard) => heard,
        }
    }

    fn renumber(&mut self, mut message: Message) -> Message {
        let beat = message.notice == Notice::Heartbeat;
        let number = message.position.number;
        self.beats += u64::from(beat);
        message.position.number = match self.breach {
            BusBreach::NumbersHideGaps => self.last.map_or(number, |last| last + u64::from(!beat)),
            BusBreach::NumbersStand => self.last.unwrap_or(number),
            BusBreach::BeatTakesNumber => number + self.beats,
            BusBreach::BeatRunsAhead if beat => number + 1,
            _ => number,
        };
        self.last = Some(message.position.number);
        message
    }
}

fn is_others_beat(message: &Message) -> bool {
    message.position.partition > 0 && message.notice == Notice::Heartbeat
}

impl Subscription for Mutant {
    fn next(&mut self) -> BoxFuture<'_, Heard> {
        Box::pin(async {
            if self.deaf {
                return std::future::pending().await;
            }
            if self.breach == BusBreach::DroppedWaitLoses {
                // Takes a message at once and hands it on only at the next turn.
                let heard = self.hear().await;
                tokio::task::yield_now().await;
                return heard;
            }
            self.hear().await
        })
    }
}
