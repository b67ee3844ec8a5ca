//! A Cluster: which server has which slot.

use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use freshen_core::Clock;
use futures_util::{StreamExt, stream};
use redis::Value;
use tokio::time::Instant;

use crate::link::node::{Node, Origin};
use crate::link::place::SLOTS;
use crate::link::sentinel::address_of;
use crate::link::{Access, Address, Home, LinkError};

/// How many servers are asked for the map at a time.
const ASKED_AT_ONCE: usize = 16;
/// Most servers without slots whose connections are kept.
const OTHERS_MOST: usize = 16;
/// How soon the map is asked for again.
const REFRESH_LEAST: Duration = Duration::from_millis(100);

/// The servers of a Cluster, and the map that leads to them.
pub struct Cluster {
    /// Those that were named.
    seeds: Vec<(Address, Arc<Node>)>,
    access: Arc<Access>,
    clock: Clock,
    home: Home,
    map: RwLock<Arc<Map>>,
    /// Servers that have no slot yet, or none any more.
    others: Mutex<Vec<(Address, Arc<Node>)>>,
    /// Held while the map is asked for, by one caller for all who wait; when that was last done.
    asked: tokio::sync::Mutex<Option<Instant>>,
}

/// Who has which slot, as far as is known.
struct Map {
    version: u64,
    owners: Box<[Option<u16>]>,
    nodes: Vec<(Address, Arc<Node>)>,
}

impl Cluster {
    pub(super) fn new(seeds: Vec<Address>, access: Arc<Access>, clock: Clock, home: Home) -> Cluster {
        let map = Map { version: 0, owners: vec![None; SLOTS].into(), nodes: Vec::new() };
        let node = |at: &Address| Node::new(Origin::At(at.clone()), access.clone(), clock.clone(), home.clone());
        Cluster {
            seeds: seeds.into_iter().map(|seed| (seed.clone(), node(&seed))).collect(),
            access,
            clock,
            home,
            map: RwLock::new(Arc::new(map)),
            others: Mutex::default(),
            asked: tokio::sync::Mutex::default(),
        }
    }

    /// The server that has a slot.
    pub(super) async fn node(self: &Arc<Self>, slot: u16) -> Result<Arc<Node>, LinkError> {
        if self.map().version == 0 {
            self.refresh().await?;
        }
        self.owner(slot).ok_or_else(|| self.down(format!("nobody has slot {slot}")))
    }

    /// A server by its address, whether it has a slot or not.
    pub(super) fn at(&self, address: &Address) -> Arc<Node> {
        let is_it = |(known, _): &&(Address, Arc<Node>)| known == address;
        let map = self.map();
        if let Some((_, node)) = map.nodes.iter().chain(&self.seeds).find(is_it) {
            return node.clone();
        }
        let mut others = self.others.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, node)) = others.iter().find(is_it) {
            return node.clone();
        }
        others.truncate(OTHERS_MOST - 1);
        let node = self.new_node(address);
        others.insert(0, (address.clone(), node.clone()));
        node
    }

    fn new_node(&self, address: &Address) -> Arc<Node> {
        Node::new(Origin::At(address.clone()), self.access.clone(), self.clock.clone(), self.home.clone())
    }

    /// Learns the map again, unless somebody did so a moment ago. Who comes while it is learnt waits for that.
    pub(super) async fn refresh(self: &Arc<Self>) -> Result<(), LinkError> {
        // Not by the caller: he may not be polled for long, and the others must not wait for him.
        let own = self.clone();
        self.home.run(move || async move { own.learn_again().await }).await
    }

    async fn learn_again(&self) -> Result<(), LinkError> {
        let mut asked = self.asked.lock().await;
        if asked.is_some_and(|asked| asked.elapsed() < REFRESH_LEAST) {
            let none = self.map().version == 0;
            return if none {
                Err(self.down("nobody told a moment ago who has which slot".to_owned()))
            } else {
                Ok(())
            };
        }
        let learnt = self.learn().await;
        *asked = Some(Instant::now());
        let map = Arc::new(learnt?);
        *self.map.write().unwrap_or_else(PoisonError::into_inner) = map.clone();
        let mut others = self.others.lock().unwrap_or_else(PoisonError::into_inner);
        others.retain(|(other, _)| map.nodes.iter().all(|(node, _)| node != other));
        Ok(())
    }

    /// The map, from whoever tells it first. All are asked side by side, so that one who does not answer holds up nobody; those
    /// with a connection before the others, however many of those there are.
    async fn learn(&self) -> Result<Map, LinkError> {
        let known = self.map();
        let new = self.seeds.iter().filter(|(seed, _)| known.nodes.iter().all(|(node, _)| node != seed));
        let mut servers: Vec<_> = known.nodes.iter().chain(new).collect();
        servers.sort_by_key(|(_, node)| node.up().is_none());
        let asks: Vec<_> = servers.into_iter().map(|(address, node)| self.ask(address, node)).collect();
        let mut answers = stream::iter(asks).buffer_unordered(ASKED_AT_ONCE);
        let mut last = None;
        while let Some(answer) = answers.next().await {
            match answer {
                Ok(map) => return Ok(map),
                Err(error) => last = Some(error),
            }
        }
        Err(last.unwrap_or_else(|| self.down("no servers were named".to_owned())))
    }

    async fn ask(&self, address: &Address, node: &Arc<Node>) -> Result<Map, LinkError> {
        let link = node.link().await?;
        let answer = link.command(redis::cmd("CLUSTER").arg("SLOTS")).await?;
        let ranges = ranges_of(&answer, address)
            .ok_or_else(|| LinkError::unexpected(link.address(), "a map of slots", &answer))?;
        if ranges.is_empty() {
            // It is in no cluster yet, or not any more: others know better.
            return Err(self.down(format!("{address} knows of no slots")));
        }
        let mut map = Map { version: self.map().version + 1, owners: vec![None; SLOTS].into(), nodes: Vec::new() };
        for (first, last, owner) in ranges {
            let index = self.enter(&mut map, owner);
            map.owners[usize::from(first)..=usize::from(last)].fill(index);
        }
        Ok(map)
    }

    /// A server keeps its connection when the map changes.
    fn enter(&self, map: &mut Map, owner: Address) -> Option<u16> {
        let known = map.nodes.iter().position(|(address, _)| *address == owner);
        let index = known.unwrap_or_else(|| {
            let node = self.at(&owner);
            map.nodes.push((owner, node));
            map.nodes.len() - 1
        });
        u16::try_from(index).ok()
    }

    /// The server that has a slot, as far as is known.
    pub(super) fn owner(&self, slot: u16) -> Option<Arc<Node>> {
        let map = self.map();
        let index = map.owners.get(usize::from(slot)).copied().flatten()?;
        map.nodes.get(usize::from(index)).map(|(_, node)| node.clone())
    }

    fn map(&self) -> Arc<Map> {
        self.map.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn down(&self, reason: String) -> LinkError {
        let address = self.seeds.first().map_or_else(String::new, |(address, _)| address.to_string());
        LinkError::Down { address: format!("the cluster at {address}"), reason }
    }
}

/// The first and the last slot of each range, and its master.
fn ranges_of(answer: &Value, asked: &Address) -> Option<Vec<(u16, u16, Address)>> {
    let Value::Array(ranges) = answer else { return None };
    ranges.iter().map(|range| range_of(range, asked)).collect()
}

fn range_of(range: &Value, asked: &Address) -> Option<(u16, u16, Address)> {
    let Value::Array(parts) = range else { return None };
    let [Value::Int(first), Value::Int(last), master, ..] = &parts[..] else { return None };
    let slot = |number: i64| u16::try_from(number).ok().filter(|slot| usize::from(*slot) < SLOTS);
    let (first, last) = (slot(*first)?, slot(*last)?);
    (first <= last).then_some(())?;
    Some((first, last, address_of(master, asked)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(first: i64, last: i64, port: i64) -> Value {
        let master = Value::Array(vec![Value::BulkString(b"10.0.0.1".to_vec()), Value::Int(port)]);
        Value::Array(vec![Value::Int(first), Value::Int(last), master])
    }

    #[test]
    fn a_map_is_read_and_one_that_makes_no_sense_is_refused() {
        let asked = Address { host: "here".to_owned(), port: 1 };
        let read = |ranges: Vec<Value>| ranges_of(&Value::Array(ranges), &asked);
        let owner = Address { host: "10.0.0.1".to_owned(), port: 7 };
        assert_eq!(read(vec![range(0, 16_383, 7)]), Some(vec![(0, 16_383, owner)]));
        assert_eq!(read(vec![]), Some(vec![]));
        for nonsense in [range(5, 4, 7), range(0, 16_384, 7), range(-1, 3, 7), Value::Nil, Value::Int(3)] {
            assert_eq!(read(vec![nonsense.clone()]), None, "{nonsense:?}");
        }
    }
}
