//! Following the bus: what other processes outdate and store reaches the near tier, or its trust ends.

use std::sync::Arc;

use crate::bus::{Bus, Heard, Message, Notice, Position, Subscription};
use crate::engine::cache::Cache;
use crate::engine::core::Engine;
use crate::entry::Strength;
use crate::event::Event;
use crate::store::{Mark, Scope};

/// Heartbeats that may be missing before the bus counts as lost.
const SILENT_BEATS: u32 = 3;

/// Starts to follow the bus, if there is one. A first subscription that fails leaves the near tier distrusted until one succeeds.
pub(crate) async fn start(cache: &Cache) {
    let Some(bus) = cache.engine().bus().cloned() else { return };
    let first = subscribe(cache.engine(), &bus).await;
    let (listening, beating) = (cache.for_task(), cache.for_task());
    let beaten = bus.clone();
    cache.engine().spawn(async move { listen(listening.engine(), &bus, first).await });
    cache.engine().spawn(async move { beat(beating.engine(), &beaten).await });
}

async fn listen(engine: &Engine, bus: &Arc<dyn Bus>, first: Option<Box<dyn Subscription>>) {
    let mut subscription = first;
    loop {
        let Some(current) = &mut subscription else {
            tokio::select! {
                () = tokio::time::sleep(engine.config().heartbeat) => subscription = subscribe(engine, bus).await,
                () = engine.closed() => return,
            }
            continue;
        };
        tokio::select! {
            lost = hear_all(engine, &mut **current) => {
                distrust(engine);
                if lost == Heard::Closed {
                    return;
                }
                subscription = None;
            }
            () = engine.closed() => return,
        }
    }
}

/// Subscribes, and asks for a heartbeat: the near tier is trusted again when the first position has been heard. Trusted any
/// sooner, a first message that is lost would never show.
async fn subscribe(engine: &Engine, bus: &Arc<dyn Bus>) -> Option<Box<dyn Subscription>> {
    match bus.subscribe().await {
        Ok(subscription) => {
            if let Err(error) = bus.beat().await {
                engine.emit(&Event::PortFailed { error: &error });
            }
            Some(subscription)
        }
        Err(error) => {
            engine.emit(&Event::PortFailed { error: &error });
            None
        }
    }
}

fn distrust(engine: &Engine) {
    if engine.near().distrust() {
        engine.emit(&Event::NearDistrusted);
        engine.governor().ramp(engine.now());
    }
}

/// Hears messages until one is missing.
async fn hear_all(engine: &Engine, subscription: &mut dyn Subscription) -> Heard {
    let silence = engine.config().heartbeat * SILENT_BEATS;
    let mut last: Option<Position> = None;
    loop {
        let message = match tokio::time::timeout(silence, subscription.next()).await {
            Ok(Heard::Message(message)) => message,
            Ok(end) => return end,
            Err(_) => return Heard::Lost,
        };
        let position = message.position;
        let expected = match message.notice {
            Notice::Heartbeat => last.is_none_or(|last| last == position),
            _ => last.is_none_or(|last| position.follows(last)),
        };
        if !expected {
            return Heard::Lost;
        }
        if last.replace(position).is_none() {
            engine.near().trust();
            engine.emit(&Event::NearTrusted);
        }
        apply(engine, message);
    }
}

fn apply(engine: &Engine, message: Message) {
    let near = engine.near();
    match message.notice {
        Notice::KeyInvalidated { key, strength } => engine.strike(&key, strength),
        Notice::Marked { scope, strength, tick } => {
            near.raise(&scope, mark(strength, tick));
            if let Scope::Namespace(_) = scope {
                engine.governor().ramp(engine.now());
            }
        }
        Notice::FloorRaised { strength, tick } => near.raise_floor(mark(strength, tick)),
        Notice::Stored { key } => {
            if let Ok(Some(work)) = engine.registry().open(&key) {
                engine.drop_stale(&*work);
            }
            engine.notices().tell(&key);
        }
        Notice::Removed { key } => {
            engine.strike(&key, Strength::Hard);
            engine.notices().tell(&key);
        }
        Notice::Heartbeat => {}
    }
}

fn mark(strength: Strength, tick: u64) -> Mark {
    let mut mark = Mark::default();
    mark.raise(strength, tick);
    mark
}

/// Sends heartbeats until the cache closes.
async fn beat(engine: &Engine, bus: &Arc<dyn Bus>) {
    loop {
        tokio::select! {
            () = tokio::time::sleep(engine.config().heartbeat) => {}
            () = engine.closed() => return,
        }
        if let Err(error) = bus.beat().await {
            engine.emit(&Event::PortFailed { error: &error });
        }
    }
}
