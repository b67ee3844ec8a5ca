//! The faults of an audit, and how they are made.

use std::sync::Arc;
use std::time::Duration;

use super::crew::{Crew, Ground};

/// Something that goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fault {
    /// A member is killed, and another takes its place.
    Kill,
    /// The server stops answering for up to three seconds.
    Stop,
    /// The server is killed, and comes back with old data or with none.
    Restart,
    /// A member is cut off from the server, or all listeners from the bus.
    Cut,
    /// The server forgets its scripts.
    Flush,
    /// The master is killed, and its follower takes its place.
    Failover,
}

impl Fault {
    /// All of them.
    pub const ALL: [Fault; 6] = [Fault::Kill, Fault::Stop, Fault::Restart, Fault::Cut, Fault::Flush, Fault::Failover];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Fault::Kill => "kill",
            Fault::Stop => "stop",
            Fault::Restart => "restart",
            Fault::Cut => "cut",
            Fault::Flush => "flush",
            Fault::Failover => "failover",
        }
    }

    /// Whether it can be made there: what a master's end brings is tried where another can take its place.
    pub(super) fn fits(self, ground: &Ground) -> bool {
        match ground {
            Ground::Single(_) => self != Fault::Failover,
            Ground::Sentinels(_) => !matches!(self, Fault::Stop | Fault::Restart),
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
        (Fault::Stop, Ground::Single(server)) => {
            server.stop_signal();
            tokio::time::sleep(pause).await;
            server.continue_signal();
        }
        (Fault::Restart, Ground::Single(server)) => {
            server.command(&["SAVE"]).await;
            tokio::time::sleep(pause / 2).await;
            server.kill();
            tokio::time::sleep(pause / 4).await;
            if chance.bool() { server.restart().await } else { server.restart_empty().await }
        }
        (Fault::Cut, ground) => {
            let relay = crew.places[chance.usize(..crew.places.len())].relay.as_ref();
            match relay.filter(|_| chance.bool()) {
                Some(relay) => {
                    if chance.bool() {
                        relay.hold()
                    } else {
                        relay.cut()
                    }
                    tokio::time::sleep(pause).await;
                    relay.mend();
                }
                None => {
                    let server = ground.server().await;
                    for _ in 0..5 {
                        server.command(&["CLIENT", "KILL", "TYPE", "pubsub"]).await;
                        tokio::time::sleep(pause / 20).await;
                    }
                }
            }
        }
        (Fault::Flush, ground) => drop(ground.server().await.command(&["SCRIPT", "FLUSH"]).await),
        (Fault::Failover, Ground::Sentinels(sentinels)) => {
            let old = sentinels.master().await;
            sentinels.fail_over().await;
            tokio::time::sleep(pause).await;
            old.restart().await;
            crate::until("the follower to follow", Duration::from_secs(60), async || {
                let role = old.ask(&["INFO", "replication"]).await.unwrap_or_default();
                role.contains("role:slave") && role.contains("master_link_status:up")
            })
            .await;
        }
        // It was asked before whether the fault fits.
        (Fault::Stop | Fault::Restart | Fault::Failover, _) => {}
    }
}
