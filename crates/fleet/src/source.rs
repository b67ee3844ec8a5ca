//! The source of truth: a version for each key, held by the parent, asked by the members over TCP.
//!
//! It is where the parent makes loads slow, lets them fail or holds them, and where it learns what the members store.

use std::collections::{HashMap, HashSet};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::seen::{Seen, Sightings};
use crate::wire;

/// What a member asks of the source.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Ask {
    /// A key's version.
    Read(u32),
    /// The next version of a key.
    Write(u32),
    /// A value that was stored or read from the store, for the journal.
    Saw(Seen),
    /// A load is done, and the member is about to commit it.
    Committing(u32),
}

/// What the source answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Told {
    Version(u64),
    Failed,
    /// The load ends its process.
    Deadly,
    Noted,
}

/// The source of a fleet. Cloning gives a handle to the same one.
#[derive(Clone)]
pub struct Source(Arc<Shared>);

struct Shared {
    state: Mutex<State>,
    held: watch::Sender<bool>,
    address: SocketAddr,
}

#[derive(Default)]
struct State {
    keys: HashMap<u32, Truth>,
    delay: Duration,
    failing: bool,
    /// The key whose loads end their processes.
    deadly: Option<u32>,
    /// Keys whose commits were announced.
    committing: HashSet<u32>,
    sightings: Sightings,
}

#[derive(Default)]
struct Truth {
    version: u64,
    reads: u64,
    /// Reads that have begun and not been answered.
    under_way: u64,
    most_at_once: u64,
}

impl Source {
    /// Opens a source on a loopback port of its own.
    pub(crate) async fn open() -> Source {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port of loopback is free");
        let address = listener.local_addr().expect("a listener has an address");
        let source = Source(Arc::new(Shared { state: Mutex::default(), held: watch::channel(false).0, address }));
        tokio::spawn(source.clone().serve(listener));
        source
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.0.address
    }

    /// Makes a new version of a key, and answers it.
    pub fn write(&self, key: u32) -> u64 {
        let mut state = self.state();
        let truth = state.keys.entry(key).or_default();
        truth.version += 1;
        truth.version
    }

    /// Makes a new version of each of these keys.
    pub fn write_all(&self, keys: impl IntoIterator<Item = u32>) {
        for key in keys {
            self.write(key);
        }
    }

    /// A key's version.
    pub fn version(&self, key: u32) -> u64 {
        self.state().keys.get(&key).map_or(0, |truth| truth.version)
    }

    /// How often a key was read.
    pub fn reads(&self, key: u32) -> u64 {
        self.state().keys.get(&key).map_or(0, |truth| truth.reads)
    }

    /// How often all keys together were read.
    pub fn all_reads(&self) -> u64 {
        self.state().keys.values().map(|truth| truth.reads).sum()
    }

    /// The most reads of one key that were under way at once.
    pub fn most_at_once(&self, key: u32) -> u64 {
        self.state().keys.get(&key).map_or(0, |truth| truth.most_at_once)
    }

    /// How long reads take from now on: the version is that of their begin.
    pub fn delay(&self, delay: Duration) {
        self.state().delay = delay;
    }

    /// Whether reads fail from now on.
    pub fn fail(&self, failing: bool) {
        self.state().failing = failing;
    }

    /// From now on a load of this key ends the process that makes it.
    pub fn kill_loaders_of(&self, key: u32) {
        self.state().deadly = Some(key);
    }

    /// Whether reads wait from now on, for as long as this holds.
    pub fn hold(&self, held: bool) {
        self.0.held.send_replace(held);
    }

    /// Whether a read of this key is under way.
    pub fn is_read(&self, key: u32) -> bool {
        self.state().keys.get(&key).is_some_and(|truth| truth.under_way > 0)
    }

    /// Whether a member that holds its commits has come to one of this key.
    pub fn is_committing(&self, key: u32) -> bool {
        self.state().committing.contains(&key)
    }

    /// The newest version of a key that a member stored, or read in the store.
    pub fn newest_seen(&self, key: u32) -> Option<u64> {
        self.state().sightings.newest(key)
    }

    /// Every value that members stored or read in the store.
    pub(crate) fn sightings(&self) -> Sightings {
        self.state().sightings.clone()
    }

    async fn serve(self, listener: TcpListener) {
        while let Ok((stream, _)) = listener.accept().await {
            let (read, write) = stream.into_split();
            let source = self.clone();
            tokio::spawn(async move {
                let respond = |ask| {
                    let source = source.clone();
                    async move { source.respond(ask).await }
                };
                wire::answer(read, write, respond).await;
            });
        }
    }

    async fn respond(&self, ask: Ask) -> Told {
        match ask {
            Ask::Read(key) => self.read(key).await,
            Ask::Write(key) => Told::Version(self.write(key)),
            Ask::Saw(seen) => {
                self.state().sightings.note(seen);
                Told::Noted
            }
            Ask::Committing(key) => {
                self.state().committing.insert(key);
                Told::Noted
            }
        }
    }

    async fn read(&self, key: u32) -> Told {
        let (version, delay, failing) = self.begin_read(key);
        let mut held = self.0.held.subscribe();
        // The sender lives as long as the source.
        let _ = held.wait_for(|held| !held).await;
        if !delay.is_zero() {
            tokio::time::sleep(delay).await;
        }
        if let Some(truth) = self.state().keys.get_mut(&key) {
            truth.under_way -= 1;
        }
        match failing {
            true => Told::Failed,
            false if self.state().deadly == Some(key) => Told::Deadly,
            false => Told::Version(version),
        }
    }

    fn begin_read(&self, key: u32) -> (u64, Duration, bool) {
        let mut state = self.state();
        let (delay, failing) = (state.delay, state.failing);
        let truth = state.keys.entry(key).or_default();
        truth.reads += 1;
        truth.under_way += 1;
        truth.most_at_once = truth.most_at_once.max(truth.under_way);
        (truth.version, delay, failing)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Asks until something holds. Panics when it does not within the limit; answers how long it took.
pub async fn until(what: &str, limit: Duration, mut holds: impl AsyncFnMut() -> bool) -> Duration {
    let began = Instant::now();
    while !holds().await {
        assert!(began.elapsed() < limit, "waited {limit:?} in vain for {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    began.elapsed()
}
