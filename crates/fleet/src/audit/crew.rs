//! The members of an audit, in places that are filled again, and the servers beneath them.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use freshen_testkit::servers::{Cluster, Flavour, Relay, Sentinels, Server};

use crate::fleet::{Fleet, prefix};
use crate::member::{Member, Program};
use crate::setting::Setting;

/// How long a master has to be silent until it is replaced.
const PATIENCE_MILLIS: &str = "2500";

/// On what servers an audit runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Servers {
    /// One.
    #[default]
    Single,
    /// One with two followers, and sentinels who watch them.
    Sentinel,
    /// Three, each with a follower.
    Cluster,
}

impl std::str::FromStr for Servers {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        match name {
            "single" => Ok(Servers::Single),
            "sentinel" => Ok(Servers::Sentinel),
            "cluster" => Ok(Servers::Cluster),
            other => Err(format!("{other:?} is none of single, sentinel, cluster")),
        }
    }
}

/// The servers of an audit, running.
pub(super) enum Ground {
    Single(Box<Server>),
    Sentinels(Sentinels),
    Cluster(Cluster),
}

impl Ground {
    pub async fn new(servers: Servers) -> Ground {
        let ground = match servers {
            Servers::Single => Ground::Single(Box::new(Server::redis(Flavour::Redis).start().await)),
            Servers::Sentinel => Ground::Sentinels(Sentinels::start(Flavour::Redis).await),
            Servers::Cluster => Ground::Cluster(Cluster::start(Flavour::Redis).await),
        };
        ground.calm().await;
        ground
    }

    /// Makes those who watch the masters patient. A master that is replaced while it lives goes on for a moment to promise what
    /// its successor will never know: that cannot be had, and on a slow machine it would be found all the time.
    async fn calm(&self) {
        match self {
            Ground::Single(_) => {}
            Ground::Sentinels(sentinels) => {
                for sentinel in sentinels.sentinels() {
                    let set = ["SENTINEL", "SET", sentinels.master_name(), "down-after-milliseconds", PATIENCE_MILLIS];
                    sentinel.command(&set).await;
                }
            }
            Ground::Cluster(cluster) => {
                for node in cluster.nodes() {
                    node.command(&["CONFIG", "SET", "cluster-node-timeout", PATIENCE_MILLIS]).await;
                }
            }
        }
    }

    /// The servers that are up.
    pub async fn servers(&self) -> Vec<&Server> {
        match self {
            Ground::Single(server) => vec![server],
            Ground::Sentinels(sentinels) => vec![sentinels.master().await],
            Ground::Cluster(cluster) => cluster.nodes().iter().filter(|node| node.is_up()).collect(),
        }
    }

    /// Where a member finds it, and the relay that lies between, if one can.
    async fn way(&self) -> (String, Option<Relay>) {
        match self {
            Ground::Single(server) => {
                let relay = Relay::to(server.port()).await;
                (relay.url(), Some(relay))
            }
            Ground::Sentinels(sentinels) => {
                let (hosts, name) = (hosts(sentinels.sentinels()), sentinels.master_name());
                (format!("redis+sentinel://{hosts}/{name}"), None)
            }
            Ground::Cluster(cluster) => (format!("redis+cluster://{}", hosts(cluster.nodes())), None),
        }
    }
}

fn hosts(servers: &[Server]) -> String {
    servers.iter().map(|at| format!("127.0.0.1:{}", at.port())).collect::<Vec<_>>().join(",")
}

/// All members.
pub(super) struct Crew {
    pub ground: Ground,
    pub fleet: Fleet,
    pub places: Vec<Place>,
    pub prefix: String,
    next: AtomicU32,
}

/// A member's place. After a kill another process has it.
pub(super) struct Place {
    setting: Setting,
    pub relay: Option<Relay>,
    who: RwLock<(u32, Arc<Member>)>,
}

impl Place {
    /// Who has the place now, by a number that no other process had.
    pub fn who(&self) -> (u32, Arc<Member>) {
        self.who.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Crew {
    pub async fn start(program: &Program, ground: Ground, members: usize, change: impl Fn(Setting) -> Setting) -> Crew {
        let (fleet, prefix, next) = (Fleet::new(program.clone()).await, prefix(), AtomicU32::new(0));
        let mut places = Vec::new();
        for _ in 0..members {
            let (url, relay) = ground.way().await;
            let setting = change(Setting::new(url, &prefix));
            let member = Arc::new(fleet.member(&setting).await);
            places.push(Place { setting, relay, who: RwLock::new((next.fetch_add(1, Ordering::Relaxed), member)) });
        }
        Crew { ground, fleet, places, prefix, next }
    }

    /// Kills the member of a place, and starts another.
    pub async fn replace(&self, place: usize) {
        let place = &self.places[place];
        place.who().1.kill().await;
        let member = Arc::new(self.fleet.member(&place.setting).await);
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        *place.who.write().unwrap_or_else(PoisonError::into_inner) = (number, member);
    }
}
