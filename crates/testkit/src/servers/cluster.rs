//! A cluster: three masters, each with a replica.

use super::client::run;
use super::topology::{self, Node};
use super::until::until;
use super::{Flavour, Server};

const NODES: usize = 6;

/// A running cluster of six nodes.
pub struct Cluster {
    nodes: Vec<Server>,
}

impl Cluster {
    /// Starts the nodes and joins them, and returns once all slots are served and each master has its replica.
    pub async fn start(flavour: Flavour) -> Cluster {
        let mut nodes = Vec::new();
        for _ in 0..NODES {
            let node = Server::redis(flavour)
                .arg("--cluster-enabled", "yes")
                .arg("--cluster-node-timeout", "500")
                .arg("--cluster-replica-validity-factor", "0")
                .arg("--repl-diskless-sync-delay", "0");
            nodes.push(node.start().await);
        }
        let cluster = Cluster { nodes };
        cluster.join(flavour).await;
        cluster
    }

    /// All nodes, those that were killed too.
    pub fn nodes(&self) -> &[Server] {
        &self.nodes
    }

    /// The slot of a key.
    pub async fn slot_of(&self, key: &str) -> u16 {
        let answer = self.up()[0].command(&["CLUSTER", "KEYSLOT", key]).await;
        answer.parse().expect("a slot is a number")
    }

    /// The master that holds a slot. Waits for one where there is none.
    pub async fn master_of(&self, slot: u16) -> &Server {
        until("a master of the slot", async || self.find_master(slot).await).await.0
    }

    /// The replica of the master that holds a slot. Waits for one where there is none.
    pub async fn replica_of(&self, slot: u16) -> &Server {
        until("a replica of the slot's master", async || {
            let (_, master, nodes) = self.find_master(slot).await?;
            let replica = nodes.iter().find(|node| !node.failed && node.master.as_ref() == Some(&master.id));
            self.at(replica.ok_or("there is none")?.port)
        })
        .await
    }

    /// Kills the master of a slot, and returns its follower once every node that is up knows it.
    pub async fn fail_over(&self, slot: u16) -> &Server {
        let old = self.master_of(slot).await;
        old.kill();
        until("another master of the slot", async || {
            let (new, ..) = self.find_master(slot).await?;
            for node in self.up() {
                let knows = node_of(&view(node).await?, slot)?.port == new.port();
                let serves = node.ask(&["CLUSTER", "INFO"]).await?.contains("cluster_state:ok");
                let differs = || format!("not known at {}", node.port());
                (knows && serves && new.port() != old.port()).then_some(()).ok_or_else(differs)?;
            }
            Ok(new)
        })
        .await
    }

    /// Moves a slot with its keys to another master.
    pub async fn move_slot(&self, slot: u16, to: &Server) {
        let mut moving = self.begin_move(slot, to).await;
        while moving.carry(100).await > 0 {}
        moving.finish().await;
    }

    /// Begins to move a slot: until it is finished, its keys are in two places.
    pub async fn begin_move<'a>(&'a self, slot: u16, to: &'a Server) -> Move<'a> {
        let from = self.master_of(slot).await;
        assert_ne!(from.port(), to.port(), "the slot is there already");
        let (from_id, to_id) = (from.command(&["CLUSTER", "MYID"]).await, to.command(&["CLUSTER", "MYID"]).await);
        let slot = slot.to_string();
        to.command(&["CLUSTER", "SETSLOT", &slot, "IMPORTING", &from_id]).await;
        from.command(&["CLUSTER", "SETSLOT", &slot, "MIGRATING", &to_id]).await;
        Move { cluster: self, slot, from, to, to_id }
    }

    async fn join(&self, flavour: Flavour) {
        let addresses: Vec<String> = self.nodes.iter().map(|node| format!("127.0.0.1:{}", node.port())).collect();
        let create = ["--cluster", "create"].into_iter().chain(addresses.iter().map(String::as_str));
        let create = create.chain(["--cluster-replicas", "1", "--cluster-yes"]);
        run(flavour, create).await.expect("new nodes can be joined");
        until("the cluster to be whole", async || {
            for node in &self.nodes {
                let state = node.ask(&["CLUSTER", "INFO"]).await?;
                let replication = node.ask(&["INFO", "replication"]).await?;
                let whole = state.contains("cluster_state:ok") && state.contains("cluster_known_nodes:6");
                let followed = ["connected_slaves:1", "master_link_status:up"];
                let followed = followed.iter().any(|sign| replication.contains(sign));
                (whole && followed).then_some(()).ok_or_else(|| format!("{state}\n{replication}"))?;
            }
            Ok(())
        })
        .await;
    }

    fn up(&self) -> Vec<&Server> {
        self.nodes.iter().filter(|node| node.is_up()).collect()
    }

    fn at(&self, port: u16) -> Result<&Server, String> {
        let node = self.nodes.iter().find(|node| node.port() == port && node.is_up());
        node.ok_or_else(|| format!("the node at {port} is down"))
    }

    /// The master of a slot, as it is known to the node with the newest knowledge, and all that this one knows.
    async fn find_master(&self, slot: u16) -> Result<(&Server, Node, Vec<Node>), String> {
        let mut newest: Option<(Node, Vec<Node>)> = None;
        for node in self.up() {
            let nodes = view(node).await?;
            let Ok(claim) = node_of(&nodes, slot).cloned() else { continue };
            if newest.as_ref().is_none_or(|(known, _)| known.epoch < claim.epoch) {
                newest = Some((claim, nodes));
            }
        }
        let (master, nodes) = newest.ok_or("nobody knows one")?;
        Ok((self.at(master.port)?, master, nodes))
    }
}

async fn view(node: &Server) -> Result<Vec<Node>, String> {
    let text = node.ask(&["CLUSTER", "NODES"]).await?;
    topology::nodes(&text).ok_or_else(|| format!("not understood: {text}"))
}

fn node_of(nodes: &[Node], slot: u16) -> Result<&Node, String> {
    nodes.iter().find(|node| node.holds(slot)).ok_or_else(|| format!("nobody holds slot {slot}"))
}

/// A slot on its way to another master.
pub struct Move<'a> {
    cluster: &'a Cluster,
    slot: String,
    from: &'a Server,
    to: &'a Server,
    to_id: String,
}

impl Move<'_> {
    /// Carries up to so many keys over, and answers how many there were.
    pub async fn carry(&mut self, most: usize) -> usize {
        // In a script keys are any bytes, which a line of the client's output could not hold.
        let script = "local keys = redis.call('CLUSTER', 'GETKEYSINSLOT', ARGV[1], ARGV[2]) \
            if #keys > 0 then redis.call('MIGRATE', '127.0.0.1', ARGV[3], '', 0, 5000, 'KEYS', unpack(keys)) end \
            return #keys";
        let (most, port) = (most.to_string(), self.to.port().to_string());
        let carried = self.from.command(&["EVAL", script, "0", &self.slot, &most, &port]).await;
        carried.parse().expect("a count is a number")
    }

    /// Ends the move: the slot is the new master's. No key may be left behind.
    pub async fn finish(self) {
        let set = ["CLUSTER", "SETSLOT", &self.slot, "NODE", &self.to_id];
        self.to.command(&set).await;
        self.from.command(&set).await;
        let slot = self.slot.parse().expect("a slot is a number");
        until("all nodes to know of the move", async || {
            for node in self.cluster.up() {
                let known = node_of(&view(node).await?, slot)?.port;
                (known == self.to.port()).then_some(()).ok_or_else(|| format!("{} thinks {known}", node.port()))?;
            }
            Ok(())
        })
        .await;
    }
}
