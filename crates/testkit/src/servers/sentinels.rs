//! A master with two replicas, watched by three sentinels.

use super::until::until;
use super::{Flavour, Server};

const MASTER: &str = "tests";

/// Three servers of which one is the master, and three sentinels that name it.
pub struct Sentinels {
    servers: Vec<Server>,
    sentinels: Vec<Server>,
}

impl Sentinels {
    /// Starts all six, and returns once the sentinels know each other and the replicas. That takes about ten seconds.
    pub async fn start(flavour: Flavour) -> Sentinels {
        let server = || Server::redis(flavour).arg("--repl-diskless-sync-delay", "0");
        let mut servers = vec![server().start().await];
        let master = servers[0].port();
        for _ in 0..2 {
            servers.push(server().arg("--replicaof", format!("127.0.0.1 {master}")).start().await);
        }
        let mut sentinels = Vec::new();
        for _ in 0..3 {
            sentinels.push(Server::redis(flavour).sentinel(settings(master)).start().await);
        }
        let sentinels = Sentinels { servers, sentinels };
        sentinels.meet().await;
        sentinels
    }

    /// The name by which the sentinels know the master.
    pub fn master_name(&self) -> &'static str {
        MASTER
    }

    /// The master and its replicas, in no order.
    pub fn servers(&self) -> &[Server] {
        &self.servers
    }

    /// The sentinels, whose `url` a client is given.
    pub fn sentinels(&self) -> &[Server] {
        &self.sentinels
    }

    /// The master that the sentinels agree on. Waits until they do.
    pub async fn master(&self) -> &Server {
        until("the sentinels to agree on a master", async || self.agreed().await).await
    }

    /// Kills the master, and returns its follower once all sentinels name it and it takes writes.
    pub async fn fail_over(&self) -> &Server {
        let old = self.master().await;
        old.kill();
        until("another master", async || {
            let new = self.agreed().await?;
            let role = new.ask(&["ROLE"]).await?;
            let promoted = new.port() != old.port() && role.starts_with("master");
            promoted.then_some(new).ok_or(role)
        })
        .await
    }

    async fn agreed(&self) -> Result<&Server, String> {
        let mut named = Vec::new();
        for sentinel in self.sentinels.iter().filter(|sentinel| sentinel.is_up()) {
            named.push(sentinel.ask(&["SENTINEL", "GET-MASTER-ADDR-BY-NAME", MASTER]).await?);
        }
        named.dedup();
        let [address] = &named[..] else { return Err(format!("{named:?}")) };
        let at = |server: &&Server| address.ends_with(&format!("\n{}", server.port()));
        self.servers.iter().find(at).ok_or_else(|| format!("no server of ours is at {address}"))
    }

    async fn meet(&self) {
        until("the sentinels to know all others", async || {
            for sentinel in &self.sentinels {
                let known = sentinel.ask(&["SENTINEL", "MASTER", MASTER]).await?;
                let whole = ["flags\nmaster\n", "num-slaves\n2\n", "num-other-sentinels\n2\n"];
                whole.iter().all(|sign| known.contains(sign)).then_some(()).ok_or(known)?;
            }
            Ok(())
        })
        .await;
    }
}

fn settings(master_port: u16) -> String {
    format!(
        "sentinel monitor {MASTER} 127.0.0.1 {master_port} 2\n\
         sentinel down-after-milliseconds {MASTER} 500\n\
         sentinel failover-timeout {MASTER} 2000\n\
         sentinel parallel-syncs {MASTER} 1\n"
    )
}
