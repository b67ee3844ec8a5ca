//! Following the bus: what other processes outdate and store reaches the near tier, or its trust ends.

use std::sync::Arc;

use tokio::sync::watch;
use tokio::time::MissedTickBehavior;

use crate::bus::{Bus, Heard, Message, Notice, Position, Subscription};
use crate::engine::cache::Cache;
use crate::engine::core::Engine;
use crate::entry::Strength;
use crate::event::Event;
use crate::store::{Mark, Scope};
use crate::time::Stopwatch;

/// Heartbeats that may be missing before the bus counts as lost.
const SILENT_BEATS: u32 = 3;

/// Starts to follow the bus, if there is one. A first subscription that fails leaves the near tier distrusted until one succeeds.
pub(crate) async fn start(cache: &Cache) {
    let Some(bus) = cache.engine().bus().cloned() else { return };
    let first = subscribe(cache.engine(), &bus).await;
    let (listening, beating) = (cache.for_task(), cache.for_task());
    let (beaten, (quiet, silence)) = (bus.clone(), watch::channel(Vec::new()));
    cache.engine().spawn(async move { listen(listening.engine(), &bus, first, &quiet).await });
    cache.engine().spawn(async move { beat(beating.engine(), &beaten, silence).await });
}

/// The partitions that were found quiet last.
type Quiet = watch::Sender<Vec<u32>>;

async fn listen(engine: &Engine, bus: &Arc<dyn Bus>, first: Option<Box<dyn Subscription>>, quiet: &Quiet) {
    let mut subscription = first;
    loop {
        let Some(current) = &mut subscription else {
            // A bus that comes back is not met by all who have lost it at once.
            let pause = engine.config().heartbeat.mul_f64(0.5 + engine.chance());
            tokio::select! {
                () = tokio::time::sleep(pause) => subscription = subscribe(engine, bus).await,
                () = engine.closed() => return,
            }
            continue;
        };
        // Sent by the other task: what is published meanwhile is heard at once, so that no buffer runs over.
        quiet.send_replace((0..engine.near().partitions()).collect());
        tokio::select! {
            closed = Hearing::new(engine).hear_all(&mut **current, quiet) => {
                if closed {
                    return;
                }
                subscription = None;
            }
            () = engine.closed() => return,
        }
    }
}

/// Subscribes. A partition is trusted again when a first position of it has been heard, for which a heartbeat is asked for.
/// Trusted any sooner, a first message that is lost would never show.
async fn subscribe(engine: &Engine, bus: &Arc<dyn Bus>) -> Option<Box<dyn Subscription>> {
    match bus.subscribe().await {
        Ok(subscription) => Some(subscription),
        Err(error) => {
            engine.emit(&Event::PortFailed { error: &error });
            None
        }
    }
}

/// What one subscription has heard of each partition.
struct Hearing<'a> {
    engine: &'a Engine,
    partitions: Vec<Heed>,
}

/// How far one partition was heard.
#[derive(Clone, Copy)]
struct Heed {
    /// `None`: it is not trusted.
    last: Option<Position>,
    /// Since anything was heard of it, a heartbeat included.
    since: Stopwatch,
}

impl Hearing<'_> {
    fn new(engine: &Engine) -> Hearing<'_> {
        let heed = Heed { last: None, since: Stopwatch::start() };
        Hearing { engine, partitions: vec![heed; engine.near().partitions() as usize] }
    }

    /// Hears messages until none can be heard any more, and tells when a partition is quiet. `true`: the bus was shut down.
    async fn hear_all(mut self, subscription: &mut dyn Subscription, quiet: &Quiet) -> bool {
        let pause = self.engine.config().heartbeat / 2;
        // Processes that were started together look at different times, so that they do not all find the same quiet.
        let first = tokio::time::Instant::now() + pause.mul_f64(self.engine.chance());
        let mut looks = tokio::time::interval_at(first, pause);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                heard = subscription.next() => match heard {
                    Heard::Message(message) => self.hear(message),
                    end => {
                        self.distrust_all();
                        return end == Heard::Closed;
                    }
                },
                _ = looks.tick() => {
                    let found = self.quiet();
                    if !found.is_empty() {
                        quiet.send_replace(found);
                    }
                    if self.all_are_silent() {
                        return false;
                    }
                }
            }
        }
    }

    /// Applies a message. Where one before it is missing, its partition is trusted anew from here on: all that the missing
    /// ones tell was written before this one was published, and whatever is read from now on shows it.
    fn hear(&mut self, message: Message) {
        let position = message.position;
        let Some(heed) = self.partitions.get_mut(position.partition as usize) else { return };
        let expected = match message.notice {
            Notice::Heartbeat => heed.last == Some(position),
            _ => heed.last.is_some_and(|last| position.follows(last)),
        };
        let lost = !expected && heed.last.is_some();
        self.engine.near().enter(position.partition, position.epoch);
        *heed = Heed { last: Some(position), since: Stopwatch::start() };
        if lost {
            distrust(self.engine, position.partition);
        }
        if !expected {
            self.engine.near().trust(position.partition);
            self.engine.emit(&Event::NearTrusted { partition: position.partition });
        }
        apply(self.engine, message);
    }

    /// The partitions of which a heartbeat is due: nobody else has sent one, and nothing else was heard.
    fn quiet(&self) -> Vec<u32> {
        let beat = self.engine.config().heartbeat;
        let is_quiet = |(_, heed): &(u32, &Heed)| heed.since.elapsed() >= beat;
        (0..).zip(&self.partitions).filter(is_quiet).map(|(partition, _)| partition).collect()
    }

    /// Ends the trust in partitions of which nothing was heard for too long. `true`: there is no other.
    fn all_are_silent(&mut self) -> bool {
        let patience = self.engine.config().heartbeat * SILENT_BEATS;
        let mut all = true;
        for (partition, heed) in (0..).zip(&mut self.partitions) {
            let silent = heed.since.elapsed() >= patience;
            all &= silent;
            if silent && heed.last.take().is_some() {
                distrust(self.engine, partition);
            }
        }
        all
    }

    fn distrust_all(&self) {
        (0..self.engine.near().partitions()).for_each(|partition| distrust(self.engine, partition));
    }
}

fn distrust(engine: &Engine, partition: u32) {
    if engine.near().distrust(partition) {
        engine.emit(&Event::NearDistrusted { partition });
        engine.governor().ramp(engine.now());
    }
}

fn apply(engine: &Engine, Message { position: Position { partition, .. }, notice }: Message) {
    let near = engine.near();
    match notice {
        Notice::KeyInvalidated { key, strength } => engine.strike(&key, strength),
        Notice::Marked { scope, strength, tick } => {
            near.raise(partition, &scope, Mark::of(strength, tick));
            if let Scope::Namespace(_) = scope {
                engine.governor().ramp(engine.now());
            }
        }
        Notice::FloorRaised { strength, tick } => near.raise_floor(partition, Mark::of(strength, tick)),
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

/// Sends heartbeats of the partitions that were quiet, until the cache closes. Of many processes mostly one does, for the
/// others hear it.
async fn beat(engine: &Engine, bus: &Arc<dyn Bus>, mut quiet: watch::Receiver<Vec<u32>>) {
    loop {
        tokio::select! {
            found = quiet.changed() => if found.is_err() { return },
            () = engine.closed() => return,
        }
        let found = quiet.borrow_and_update().clone();
        if let Err(error) = bus.beat(&found).await {
            engine.emit(&Event::PortFailed { error: &error });
        }
    }
}
