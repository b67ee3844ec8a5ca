//! The way to the servers: which one has a place, one connection to each, and what to do when it does not answer.
//!
//! # How to use it
//!
//! [`Links::on`] is the one road. Name a [`Place`], make a [`Script`] once, and say what one attempt is; all keys of a script
//! are keys of its place. Answers are [`redis::Value`]s, which stay inside this crate. Failures are [`LinkError`]s:
//! [`LinkError::at`] makes a [`PortError`](freshen_core::PortError) of one.
//!
//! ```text
//! let place = Place::new("freshen", "queue:pages");
//! let push = Script::new("push", &[include_str!("scripts/push.lua")]);
//! let key = place.key(":tasks");
//! let push = |route: Route| async move { route.script(&push, &[key.as_bytes()], &[b"argument"]).await };
//! let answer = links.on(&place, Repeat::Never, push).await?;
//! ```
//!
//! Where a command waits for long, as a blocking read does, ask for a connection of its own by [`Links::dedicated`]; on it
//! nothing is timed, and [`Link::broken`] tells when it has ended. On a Cluster it leads to the server that has the place
//! *now*: when it answers [`Refusal::Moved`], ask for another.
//!
//! # What is done about failures
//!
//! A redirection, a slot that is being moved, a server that is still loading or was demoted are tried again, with pauses,
//! bounded in number and time, and then are an error that may pass. They are never read as "there is nothing". A connection
//! that broke under a command is tried again only where doing it twice does no harm ([`Repeat::Harmless`]).
//! A server that is down costs one time-out, not one for each caller: see [`Node`]. A place where all that time was of no use
//! fails at once for a moment, and then one caller looks for all: see [`Failing`].

use std::sync::Arc;
use std::time::Duration;

use freshen_core::Clock;
use redis::{Pipeline, Value};
use tokio::time::Instant;

mod address;
mod cluster;
mod error;
mod failing;
mod home;
mod node;
mod opening;
mod place;
mod rounds;
mod script;
mod sentinel;
mod skew;
mod thread;
mod tries;
mod version;
mod wire;

pub use address::{Access, Address, Identity, Tls};
pub use error::{LinkError, Refusal};
pub use home::Home;
pub use opening::{Listener, Purpose};
pub use place::Place;
pub use script::Script;
use sentinel::Sentinels;
pub use wire::{Link, time_of};

use cluster::Cluster;
use failing::{Failing, Leave};
use node::{Node, Origin};
use tries::Tries;

/// Which servers there are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Servers {
    /// One.
    Single(Address),
    /// A master and its replicas, watched by sentinels.
    Sentinel {
        /// Some of the sentinels.
        sentinels: Vec<Address>,
        /// What they call the master.
        master: String,
    },
    /// A Cluster, of which some servers are known.
    Cluster(Vec<Address>),
}

/// Whether a command may be sent again when it is not known whether it was carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repeat {
    /// Doing it twice is as doing it once.
    Harmless,
    /// It must not be done twice.
    Never,
}

/// The way to all servers. A clone is the same way.
#[derive(Clone)]
pub struct Links(Arc<Shared>);

struct Shared {
    topology: Topology,
    patience: Duration,
    failing: Failing,
    home: Home,
}

enum Topology {
    One(Arc<Node>),
    Cluster(Arc<Cluster>),
}

/// Where a command goes.
pub struct Route {
    /// The connection.
    pub link: Link,
    /// Whether the slot is only being moved there: what is not found may still be where it is moved from.
    pub asking: bool,
}

impl Links {
    /// The way to these servers. Nothing is connected yet.
    ///
    /// `patience` is for how long a command is tried again where that may help; what callers share is carried out at `home`.
    pub fn new(servers: Servers, access: Access, clock: Clock, patience: Duration, home: Home) -> Links {
        let access = Arc::new(access);
        let topology = match servers {
            Servers::Single(address) => Topology::One(Node::new(Origin::At(address), access, clock, home.clone())),
            Servers::Sentinel { sentinels, master } => {
                let sentinels = Sentinels::new(sentinels, master, access.clone());
                Topology::One(Node::new(Origin::Master(Box::new(sentinels)), access, clock, home.clone()))
            }
            Servers::Cluster(seeds) => Topology::Cluster(Arc::new(Cluster::new(seeds, access, clock, home.clone()))),
        };
        Links(Arc::new(Shared { topology, patience, failing: Failing::default(), home }))
    }

    /// Makes attempts at something on the server that has a place, until one succeeds or there is nothing more to try.
    ///
    /// # Errors
    /// [`LinkError`], after what could be tried was tried.
    pub async fn on<T, F>(&self, place: &Place, repeat: Repeat, attempt: impl Fn(Route) -> F) -> Result<T, LinkError>
    where
        F: Future<Output = Result<T, LinkError>>,
    {
        self.host(self.attempts(place, repeat, attempt)).await
    }

    async fn attempts<T, F>(&self, place: &Place, repeat: Repeat, attempt: impl Fn(Route) -> F) -> Result<T, LinkError>
    where
        F: Future<Output = Result<T, LinkError>>,
    {
        let failing = &self.0.failing;
        let mut tries = Tries::new(self.0.patience, repeat == Repeat::Harmless);
        loop {
            if !tries.looks() && failing.leave(place, Instant::now())? == Leave::Look {
                tries.only_look();
            }
            let outcome = match self.route(place, &mut tries).await {
                Ok(route) => attempt(route).await,
                Err(error) => Err(error),
            };
            let error = match outcome {
                Ok(answer) => {
                    failing.answered(place);
                    return Ok(answer);
                }
                Err(error) => error,
            };
            if let Err(error) = self.recover(place, &mut tries, error).await {
                failing.failed(place, &error, Instant::now());
                return Err(error);
            }
        }
    }

    /// The connection to the server that has a place, where there is one and the place does not fail. Nothing is done for it.
    pub fn at_hand(&self, place: &Place) -> Option<Link> {
        if self.0.failing.has(place) {
            return None;
        }
        match &self.0.topology {
            Topology::One(node) => node.up(),
            Topology::Cluster(cluster) => cluster.owner(place.slot())?.up(),
        }
    }

    /// A connection of its own to the server that has a place, on which nothing is timed. Push messages go to the listener.
    ///
    /// # Errors
    /// [`LinkError`] when none could be made; that costs at most the time-out of connecting.
    pub async fn dedicated(&self, place: &Place, listener: Option<Listener>) -> Result<Link, LinkError> {
        let node = self.host(self.node(place)).await?;
        // Not in the caller's runtime: he may hand it on to others.
        self.run(move || async move { node.dedicated(Purpose::Dedicated(listener)).await }).await
    }

    /// Polls a future that needs a runtime, whatever polls this.
    ///
    /// # Errors
    /// The future's own, and that no runtime is to be had.
    pub async fn host<T>(&self, future: impl Future<Output = Result<T, LinkError>>) -> Result<T, LinkError> {
        self.0.home.host(future).await
    }

    /// Has a task carried out that serves several callers, whatever drives the one who asks for it.
    pub fn spawn<F>(&self, task: impl FnOnce() -> F + Send + 'static)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.0.home.spawn(task);
    }

    /// The same, and waits for its outcome.
    ///
    /// # Errors
    /// Its own, and that its runtime ended.
    ///
    /// # Cancellation
    /// It goes on.
    pub async fn run<T, F>(&self, task: impl FnOnce() -> F + Send + 'static) -> Result<T, LinkError>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, LinkError>> + Send + 'static,
    {
        self.0.home.run(task).await
    }

    /// Where the next attempt goes.
    async fn route(&self, place: &Place, tries: &mut Tries) -> Result<Route, LinkError> {
        let (node, asking) = match (&self.0.topology, tries.ask.take()) {
            (Topology::Cluster(cluster), Some(address)) => (cluster.at(&address), true),
            _ => (self.node(place).await?, false),
        };
        let link = node.link().await?;
        tries.last = Some(link.clone());
        Ok(Route { link, asking })
    }

    /// Does what an error asks for, so that the next attempt may succeed; gives it back when there is nothing to be done about
    /// it, or no time left.
    async fn recover(&self, place: &Place, tries: &mut Tries, error: LinkError) -> Result<(), LinkError> {
        let refusal = match &error {
            LinkError::Refused { refusal, .. } => refusal.clone(),
            LinkError::Broken { .. } if tries.repeatable() => {
                tries.count(error)?;
                self.look_again().await;
                return Ok(());
            }
            LinkError::Down { .. } => return self.find_another(place, tries, error).await,
            LinkError::Moving { .. } => Refusal::Again,
            _ => return Err(error),
        };
        match refusal {
            Refusal::NoScript | Refusal::Passing | Refusal::Lasting => return Err(error),
            Refusal::Moved => self.look_again().await,
            Refusal::Ask(address) => tries.ask = Some(address),
            Refusal::Again => {}
            Refusal::Demoted => {
                self.look_again().await;
                if let (Some(link), Ok(node)) = (&tries.last, self.node(place).await) {
                    node.forget(link);
                }
            }
        }
        tries.count(error)?;
        if tries.ask.is_none() {
            tries.pause().await;
        }
        Ok(())
    }

    /// The server that has a place.
    async fn node(&self, place: &Place) -> Result<Arc<Node>, LinkError> {
        match &self.0.topology {
            Topology::One(node) => Ok(node.clone()),
            Topology::Cluster(cluster) => cluster.node(place.slot()).await,
        }
    }

    /// A server is down. In a Cluster another may have its slots by now.
    async fn find_another(&self, place: &Place, tries: &mut Tries, error: LinkError) -> Result<(), LinkError> {
        let Topology::Cluster(cluster) = &self.0.topology else { return Err(error) };
        let before = cluster.node(place.slot()).await.ok();
        self.look_again().await;
        match cluster.node(place.slot()).await {
            Ok(now) if before.is_none_or(|before| !Arc::ptr_eq(&before, &now)) => tries.count(error),
            _ => Err(error),
        }
    }

    async fn look_again(&self) {
        if let Topology::Cluster(cluster) = &self.0.topology
            && let Err(error) = cluster.refresh().await
        {
            tracing::debug!(target: "freshen", %error, "the map of the cluster could not be read; the last one is used on");
        }
    }
}

impl Route {
    /// Runs a script there.
    ///
    /// # Errors
    /// [`LinkError`], also where the script was refused.
    pub async fn script(&self, script: &Script, keys: &[&[u8]], arguments: &[&[u8]]) -> Result<Value, LinkError> {
        let answer = self.link.evaluate(script, keys, arguments, self.asking).await?;
        let Value::Array(parts) = &answer else { return Ok(answer) };
        // A server that may not write, and refuses one of several steps for that, has written for none.
        let demoted = parts.iter().find_map(|part| self.link.demoted(part));
        demoted.map_or(Ok(answer), Err)
    }

    /// Sends commands there, in one go; gives all answers in their order, the refusal of a command as its answer.
    ///
    /// # Errors
    /// [`LinkError`], when not all were answered.
    pub async fn commands(&self, commands: &Pipeline) -> Result<Vec<Value>, LinkError> {
        if self.asking {
            let mut asking = redis::pipe();
            for command in commands.cmd_iter() {
                asking.cmd("ASKING").add_command(command.clone());
            }
            // Each second answer is that of a command.
            Ok(self.link.commands(&asking).await?.into_iter().skip(1).step_by(2).collect())
        } else {
            self.link.commands(commands).await
        }
    }
}

#[cfg(test)]
mod tests;
