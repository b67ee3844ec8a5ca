//! The partitions: where each lies, and the one road by which scripts reach it.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use freshen_core::{Clock, Strength, Timestamp};
use redis::Value;

use crate::link::{Link, LinkError, Links, Place, Repeat, Route, Script};
use crate::settings::Settings;
use crate::store::answered::Answered;
use crate::store::scripts::Scripts;

/// All partitions of a store.
pub(crate) struct Partitions {
    pub(crate) links: Links,
    waiting: Option<Waiting>,
    pub(crate) scripts: Scripts,
    partitions: Vec<Partition>,
    clock: Clock,
    chance: Mutex<fastrand::Rng>,
    /// What every script is told besides.
    count: String,
    lost: &'static str,
    pub(crate) channel: String,
    marks_most: String,
    /// Whether a server has agreed on the number of partitions.
    agreed: AtomicBool,
    /// For tests: the process's clock is the server's, too.
    tells_time: bool,
    /// For tests: of how many of the next steps nobody is to hear.
    to_lose: AtomicU32,
}

/// The way of writes that replicas have to hear of: connections apart, for the server lets them wait.
pub(crate) struct Waiting {
    pub(crate) links: Links,
    pub(crate) replicas: u32,
}

/// Which connections a step takes.
#[derive(Clone, Copy)]
enum Lane {
    Shared,
    Waiting,
}

struct Partition {
    place: Place,
    state: String,
    number: String,
    /// The connection of each lane over which it was attached last; 0: none.
    attached: [AtomicU64; 2],
}

impl Partitions {
    pub(crate) fn new(links: Links, waiting: Option<Waiting>, clock: Clock, settings: &Settings) -> Partitions {
        let partitions = (0..settings.partitions).map(|number| {
            let place = Place::new(&settings.prefix, number);
            Partition { state: place.key(""), place, number: number.to_string(), attached: Default::default() }
        });
        Partitions {
            links,
            waiting,
            scripts: Scripts::new(&settings.patches),
            partitions: partitions.collect(),
            clock,
            chance: Mutex::new(settings.seed.map_or_else(fastrand::Rng::new, fastrand::Rng::with_seed)),
            count: settings.partitions.to_string(),
            lost: match settings.lost {
                Strength::Soft => "1",
                Strength::Hard => "2",
            },
            channel: format!("{}:bus", settings.prefix),
            marks_most: settings.marks_most.to_string(),
            agreed: AtomicBool::new(false),
            tells_time: settings.tells_time,
            to_lose: AtomicU32::new(0),
        }
    }

    /// How many there are.
    pub(crate) fn count(&self) -> u32 {
        // The settings bound it far below.
        u32::try_from(self.partitions.len()).unwrap_or(u32::MAX)
    }

    /// Where a partition lies.
    pub(crate) fn place(&self, partition: u32) -> &Place {
        &self.of(partition).place
    }

    /// The name of a partition's state.
    pub(crate) fn state(&self, partition: u32) -> &str {
        &self.of(partition).state
    }

    /// The connection over which a partition can be asked as it is: it was attached over it, and nothing is known to be wrong.
    pub(crate) fn link_to(&self, partition: u32) -> Option<Link> {
        let link = self.links.at_hand(self.place(partition))?;
        (self.attached(Lane::Shared, partition).load(Ordering::Relaxed) == link.id()).then_some(link)
    }

    /// Random bits that no grant had before.
    pub(crate) fn token(&self) -> u128 {
        self.chance.lock().unwrap_or_else(PoisonError::into_inner).u128(..)
    }

    /// Runs a step on a partition, attached, and tries again where that may help.
    pub(crate) async fn step(
        &self,
        partition: u32,
        script: &Script,
        records: &[&[u8]],
        arguments: &[&[u8]],
        repeat: Repeat,
    ) -> Result<Answered, LinkError> {
        let step = |route: Route| async move { self.once(partition, &route, script, records, arguments).await };
        self.on(partition, repeat, step).await
    }

    /// The same for a step that may be taken twice, and waits until as many replicas have heard of it as the settings say.
    pub(crate) async fn heard_step(
        &self,
        partition: u32,
        script: &Script,
        records: &[&[u8]],
        arguments: &[&[u8]],
    ) -> Result<Answered, LinkError> {
        let Some(Waiting { links, replicas }) = &self.waiting else {
            return self.step(partition, script, records, arguments, Repeat::Harmless).await;
        };
        let step = |route: Route| async move {
            let write = self.once(partition, &route, script, records, arguments);
            route.link.heard_by(links, *replicas, write).await
        };
        self.over(Lane::Waiting, partition, Repeat::Harmless, step).await
    }

    /// Makes attempts at something on the server that has a partition, which has shown that it is the one that kept the
    /// partition's clock.
    pub(crate) async fn on<T, F>(
        &self,
        partition: u32,
        repeat: Repeat,
        attempt: impl Fn(Route) -> F,
    ) -> Result<T, LinkError>
    where
        F: Future<Output = Result<T, LinkError>>,
    {
        self.over(Lane::Shared, partition, repeat, attempt).await
    }

    async fn over<T, F>(
        &self,
        lane: Lane,
        partition: u32,
        repeat: Repeat,
        attempt: impl Fn(Route) -> F,
    ) -> Result<T, LinkError>
    where
        F: Future<Output = Result<T, LinkError>>,
    {
        let links = match (lane, &self.waiting) {
            (Lane::Waiting, Some(waiting)) => &waiting.links,
            _ => &self.links,
        };
        if partition != 0 && !self.agreed.load(Ordering::Relaxed) {
            // Partition 0 is in every store, whatever number of partitions it was made with.
            let alone = |route: Route| async move { self.attach_over(lane, 0, &route, false).await };
            links.on(self.place(0), Repeat::Harmless, alone).await?;
        }
        let attempt = &attempt;
        let attached = |route: Route| async move {
            // A slot that is being moved may have its clock elsewhere: nothing is made there.
            if !route.asking && self.attached(lane, partition).load(Ordering::Relaxed) != route.link.id() {
                self.attach_over(lane, partition, &route, false).await?;
            }
            attempt(route).await
        };
        links.on(self.place(partition), repeat, attached).await
    }

    /// Looks whether the server is still the one that kept the clock, and makes the clock anew if it is not, or is lost.
    pub(crate) async fn attach(&self, partition: u32, route: &Route, beats: bool) -> Result<(), LinkError> {
        self.attach_over(Lane::Shared, partition, route, beats).await
    }

    async fn attach_over(&self, lane: Lane, partition: u32, route: &Route, beats: bool) -> Result<(), LinkError> {
        let beat: &[u8] = if beats { b"1" } else { b"0" };
        self.once(partition, route, &self.scripts.attach, &[], &[beat]).await?;
        if !route.asking {
            self.attached(lane, partition).store(route.link.id(), Ordering::Relaxed);
        }
        self.agreed.store(true, Ordering::Relaxed);
        Ok(())
    }

    /// With how many partitions the store was made; `None` where there is none.
    pub(crate) async fn made_with(&self) -> Result<Option<u32>, LinkError> {
        let mut question = redis::pipe();
        // Partition 0 is in every store, whatever number of partitions it was made with.
        question.cmd("HGET").arg(self.state(0)).arg("p");
        let question = &question;
        let ask = |route: Route| async move {
            let answer = route.commands(question).await?.pop().unwrap_or_default();
            match route.link.accept(answer)? {
                Value::Nil => Ok(None),
                found => match redis::from_redis_value_ref(&found) {
                    Ok(partitions) => Ok(Some(partitions)),
                    Err(_) => Err(LinkError::unexpected(route.link.address(), "a number of partitions", &found)),
                },
            }
        };
        self.links.on(self.place(0), Repeat::Harmless, ask).await
    }

    /// Attaches a partition, unless it is.
    pub(crate) async fn ready(&self, partition: u32) -> Result<(), LinkError> {
        self.on(partition, Repeat::Harmless, |_| async { Ok(()) }).await
    }

    /// Publishes a partition's heartbeat.
    pub(crate) async fn beat(&self, partition: u32) -> Result<(), LinkError> {
        let beat = |route: Route| async move { self.attach(partition, &route, true).await };
        self.on(partition, Repeat::Harmless, beat).await
    }

    async fn once(
        &self,
        partition: u32,
        route: &Route,
        script: &Script,
        records: &[&[u8]],
        arguments: &[&[u8]],
    ) -> Result<Answered, LinkError> {
        let at = self.of(partition);
        let epoch = self.chance.lock().unwrap_or_else(PoisonError::into_inner).u64(..);
        let epoch = format!("{epoch:016x}{}", if route.asking { "!" } else { "" });
        let sent = self.clock.now();
        let told = if self.tells_time { sent.as_micros().to_string() } else { String::new() };
        let keys: Vec<&[u8]> = std::iter::once(at.state.as_bytes()).chain(records.iter().copied()).collect();
        let common = [&at.number, &self.count, self.lost, self.channel_for(script), &epoch, &self.marks_most];
        let mut all: Vec<&[u8]> = common.into_iter().map(str::as_bytes).collect();
        all.extend_from_slice(arguments);
        if self.tells_time {
            all.push(told.as_bytes());
        }
        let answer = route.script(script, &keys, &all).await?;
        let Value::Array(mut parts) = answer else {
            return Err(LinkError::unexpected(route.link.address(), script.name(), &answer));
        };
        let time = match parts.first() {
            Some(Value::Int(micros)) => u64::try_from(*micros).ok(),
            _ => None,
        };
        let Some(server) = time.map(Timestamp::from_micros) else {
            return Err(LinkError::unexpected(route.link.address(), script.name(), &Value::Array(parts)));
        };
        parts.remove(0);
        Ok(self.answered(parts, route.link.clone(), sent, server))
    }

    /// Where a script publishes: where everybody listens, but for a step that a test wants to be lost on its way.
    fn channel_for(&self, script: &Script) -> &str {
        let lost = script.name() != self.scripts.attach.name()
            && self.to_lose.load(Ordering::Relaxed) > 0
            && self.to_lose.fetch_sub(1, Ordering::SeqCst) > 0;
        if lost { "nobody" } else { &self.channel }
    }

    #[cfg(feature = "mutants")]
    pub(crate) fn lose_next(&self) {
        self.to_lose.fetch_add(1, Ordering::SeqCst);
    }

    /// Takes note of the server's time in an answer.
    pub(crate) fn answered(&self, parts: Vec<Value>, link: Link, sent: Timestamp, server: Timestamp) -> Answered {
        if !self.tells_time {
            link.skew().observe(sent, server, self.clock.now());
        }
        Answered { parts, link, sent, same_time: self.tells_time }
    }

    /// The server's time where `TIME` answered this.
    pub(crate) fn server_time(&self, told: Timestamp) -> Timestamp {
        if self.tells_time { self.clock.now() } else { told }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    fn attached(&self, lane: Lane, partition: u32) -> &AtomicU64 {
        &self.of(partition).attached[lane as usize]
    }

    fn of(&self, partition: u32) -> &Partition {
        &self.partitions[partition as usize]
    }
}
