//! A bus with a defect: it loses messages, and closes up the numbers of those that follow, so that nobody notices.

use freshen_core::bus::{Bus, Heard, Message, Notice, Subscription};
use freshen_core::{BoxFuture, PortError};
use freshen_redis::RedisBus;

/// Of all messages but heartbeats, this share is lost.
const LOST: f64 = 0.5;

pub(crate) struct Deaf(pub RedisBus);

struct DeafEar {
    ear: Box<dyn Subscription>,
    /// How many numbers are closed up, and in which epoch.
    lost: u64,
    epoch: u64,
}

impl Bus for Deaf {
    fn subscribe(&self) -> BoxFuture<'_, Result<Box<dyn Subscription>, PortError>> {
        Box::pin(async {
            let ear = self.0.subscribe().await?;
            Ok(Box::new(DeafEar { ear, lost: 0, epoch: 0 }) as Box<dyn Subscription>)
        })
    }

    fn beat<'a>(&'a self, partitions: &'a [u32]) -> BoxFuture<'a, Result<(), PortError>> {
        self.0.beat(partitions)
    }
}

impl DeafEar {
    /// The message as it would be if none had been lost; `None`: this one is.
    fn hear(&mut self, mut message: Message) -> Option<Message> {
        if message.position.epoch != self.epoch {
            (self.epoch, self.lost) = (message.position.epoch, 0);
        }
        if message.notice != Notice::Heartbeat && fastrand::f64() < LOST {
            self.lost += 1;
            return None;
        }
        message.position.number = message.position.number.saturating_sub(self.lost);
        Some(message)
    }
}

impl Subscription for DeafEar {
    fn next(&mut self) -> BoxFuture<'_, Heard> {
        Box::pin(async {
            loop {
                match self.ear.next().await {
                    Heard::Message(message) => {
                        if let Some(message) = self.hear(message) {
                            return Heard::Message(message);
                        }
                    }
                    end => return end,
                }
            }
        })
    }
}
