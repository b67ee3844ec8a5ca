//! The faults of an audit, and how they are made.

use std::sync::Arc;
use std::time::Duration;

use freshen_testkit::servers::{Cluster, Server};

use super::crew::{Crew, Ground};

/// Partitions of a store on a cluster, unless it is told otherwise.
const PARTITIONS: u32 = 64;

/// Something that goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fault {
    /// A member is killed, and another takes its place.
    Kill,
    /// A member is stopped for up to six seconds, and goes on.
    Pause,
    /// The server stops answering for up to three seconds.
    Stop,
    /// The server is killed, and comes back with old data or with none.
    Restart,
    /// A member is cut off from the server, or all listeners from the bus.
    Cut,
    /// The server forgets its scripts.
    Flush,
    /// A master is killed, and its follower takes its place.
    Failover,
    /// The slot of a partition is moved to another master while it is used.
    Move,
}

impl Fault {
    /// All of them.
    pub const ALL: [Fault; 8] = [
        Fault::Kill,
        Fault::Pause,
        Fault::Stop,
        Fault::Restart,
        Fault::Cut,
        Fault::Flush,
        Fault::Failover,
        Fault::Move,
    ];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Fault::Kill => "kill",
            Fault::Pause => "pause",
            Fault::Stop => "stop",
            Fault::Restart => "restart",
            Fault::Cut => "cut",
            Fault::Flush => "flush",
            Fault::Failover => "failover",
            Fault::Move => "move",
        }
    }

    /// Whether it can be made there: what a master's end brings is tried where another can take its place.
    pub(super) fn fits(self, ground: &Ground) -> bool {
        match ground {
            Ground::Single(_) => !matches!(self, Fault::Failover | Fault::Move),
            Ground::Sentinels(_) => !matches!(self, Fault::Stop | Fault::Restart | Fault::Move),
            Ground::Cluster(_) => !matches!(self, Fault::Stop | Fault::Restart),
        }
    }
}

impl std::str::FromStr for Fault {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let known = Fault::ALL.into_iter().find(|fault| fault.name() == name);
        known.ok_or_else(|| format!("{name:?} is no fault: {}", Fault::ALL.map(Fault::name).join(", ")))
    }
}

/// Makes a fault, and returns once it is over.
pub(super) async fn make(fault: Fault, crew: &Arc<Crew>, chance: &mut fastrand::Rng) {
    let pause = Duration::from_millis(chance.u64(200..3000));
    match (fault, &crew.ground) {
        (Fault::Kill, _) => crew.replace(chance.usize(..crew.places.len())).await,
        (Fault::Pause, _) => pause_member(crew, chance, pause * 2).await,
        (Fault::Stop, Ground::Single(server)) => {
            server.stop_signal();
            tokio::time::sleep(pause).await;
            server.continue_signal();
        }
        (Fault::Restart, Ground::Single(server)) => restart(server, chance, pause).await,
        (Fault::Cut, _) => cut(crew, chance, pause).await,
        (Fault::Flush, ground) => tell(ground, &["SCRIPT", "FLUSH"]).await,
        (Fault::Failover, Ground::Sentinels(sentinels)) => {
            let old = sentinels.master().await;
            sentinels.fail_over().await;
            tokio::time::sleep(pause).await;
            follow(old).await;
        }
        (Fault::Failover, Ground::Cluster(cluster)) => {
            let slot = slot(crew, cluster, chance).await;
            let old = cluster.master_of(slot).await;
            // One without a follower would not be replaced.
            cluster.replica_of(slot).await;
            cluster.fail_over(slot).await;
            tokio::time::sleep(pause).await;
            follow(old).await;
        }
        (Fault::Move, Ground::Cluster(cluster)) => {
            let slot = slot(crew, cluster, chance).await;
            let from = cluster.master_of(slot).await;
            let to = cluster.master_of(chance.u16(..16384)).await;
            if to.port() != from.port() {
                cluster.move_slot(slot, to).await;
            }
        }
        // It was asked before whether the fault fits.
        (Fault::Stop | Fault::Restart | Fault::Failover | Fault::Move, _) => {}
    }
}

async fn pause_member(crew: &Crew, chance: &mut fastrand::Rng, span: Duration) {
    let (_, member) = crew.places[chance.usize(..crew.places.len())].who();
    member.pause(true);
    tokio::time::sleep(span).await;
    member.pause(false);
}

async fn restart(server: &Server, chance: &mut fastrand::Rng, pause: Duration) {
    server.command(&["SAVE"]).await;
    tokio::time::sleep(pause / 2).await;
    server.kill();
    tokio::time::sleep(pause / 4).await;
    if chance.bool() { server.restart().await } else { server.restart_empty().await }
}

/// One member from the server, silently or not, where it has a relay; or all listeners from the bus.
async fn cut(crew: &Crew, chance: &mut fastrand::Rng, pause: Duration) {
    let relay = crew.places[chance.usize(..crew.places.len())].relay.as_ref();
    let Some(relay) = relay.filter(|_| chance.bool()) else {
        for _ in 0..5 {
            tell(&crew.ground, &["CLIENT", "KILL", "TYPE", "pubsub"]).await;
            tokio::time::sleep(pause / 20).await;
        }
        return;
    };
    if chance.bool() {
        relay.hold();
    } else {
        relay.cut();
    }
    tokio::time::sleep(pause).await;
    relay.mend();
}

/// A command to all servers.
async fn tell(ground: &Ground, command: &[&str]) {
    for server in ground.servers().await {
        server.command(command).await;
    }
}

/// The slot of some partition.
async fn slot(crew: &Crew, cluster: &Cluster, chance: &mut fastrand::Rng) -> u16 {
    let partition = chance.u32(..PARTITIONS);
    cluster.slot_of(&format!("{{{}:{partition}}}", crew.prefix)).await
}

/// Starts a server again that was a master, and waits until it follows its successor.
async fn follow(old: &Server) {
    old.restart().await;
    let follows = async || {
        let role = old.ask(&["INFO", "replication"]).await.unwrap_or_default();
        role.contains("role:slave") && role.contains("master_link_status:up")
    };
    crate::until("the old master to follow", Duration::from_secs(60), follows).await;
}
