//! A Cluster: which server has which slot.

use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use freshen_core::Clock;
use redis::Value;
use tokio::time::Instant;

use crate::link::node::{Node, Origin};
use crate::link::place::SLOTS;
use crate::link::sentinel::address_of;
use crate::link::{Access, Address, LinkError};

/// Most servers without slots whose connections are kept.
const OTHERS_MOST: usize = 16;
/// How soon the map is asked for again.
const REFRESH_LEAST: Duration = Duration::from_millis(100);

/// The servers of a Cluster, and the map that leads to them.
pub struct Cluster {
    seeds: Vec<Address>,
    access: Arc<Access>,
    clock: Clock,
    map: RwLock<Arc<Map>>,
    /// Servers that have no slot yet, or none any more; forgotten when the map is learnt again.
    others: Mutex<Vec<(Address, Arc<Node>)>>,
    /// Held while the map is asked for, by one caller for all; when that was last done.
    asked: tokio::sync::Mutex<Option<Instant>>,
}

/// Who has which slot, as far as is known.
struct Map {
    version: u64,
    owners: Box<[Option<u16>]>,
    nodes: Vec<(Address, Arc<Node>)>,
}

impl Cluster {
    pub(super) fn new(seeds: Vec<Address>, access: Arc<Access>, clock: Clock) -> Cluster {
        let map = Map { version: 0, owners: vec![None; SLOTS].into(), nodes: Vec::new() };
        Cluster {
            seeds,
            access,
            clock,
            map: RwLock::new(Arc::new(map)),
            others: Mutex::default(),
            asked: tokio::sync::Mutex::default(),
        }
    }

    /// The server that has a slot.
    pub(super) async fn node(&self, slot: u16) -> Result<Arc<Node>, LinkError> {
        if self.map().version == 0 {
            self.refresh().await?;
        }
        self.owner(slot).ok_or_else(|| self.down(format!("nobody has slot {slot}")))
    }

    /// A server by its address, whether it has a slot or not.
    pub(super) fn at(&self, address: &Address) -> Arc<Node> {
        let known = self.map().nodes.iter().find(|(known, _)| known == address).map(|(_, node)| node.clone());
        known.unwrap_or_else(|| {
            let mut others = self.others.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some((_, node)) = others.iter().find(|(other, _)| other == address) {
                return node.clone();
            }
            others.truncate(OTHERS_MOST - 1);
            let node = self.new_node(address);
            others.insert(0, (address.clone(), node.clone()));
            node
        })
    }

    /// Learns the map again, unless somebody did so a moment ago. The servers that are known are asked first, then the seeds.
    pub(super) async fn refresh(&self) -> Result<(), LinkError> {
        let mut asked = self.asked.lock().await;
        let known = self.map();
        if asked.is_some_and(|asked| asked.elapsed() < REFRESH_LEAST) {
            let none = known.version == 0;
            return if none {
                Err(self.down("nobody told a moment ago who has which slot".to_owned()))
            } else {
                Ok(())
            };
        }
        let seeds = self.seeds.iter().filter(|seed| known.nodes.iter().all(|(known, _)| known != *seed));
        let seeds: Vec<_> = seeds.map(|seed| (seed.clone(), self.new_node(seed))).collect();
        let mut last = None;
        for (address, node) in known.nodes.iter().chain(&seeds) {
            match self.ask(address, node).await {
                Ok(map) => {
                    *self.map.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(map);
                    self.others.lock().unwrap_or_else(PoisonError::into_inner).clear();
                    *asked = Some(Instant::now());
                    return Ok(());
                }
                Err(error) => last = Some(error),
            }
        }
        *asked = Some(Instant::now());
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

    fn owner(&self, slot: u16) -> Option<Arc<Node>> {
        let map = self.map();
        let index = map.owners.get(usize::from(slot)).copied().flatten()?;
        map.nodes.get(usize::from(index)).map(|(_, node)| node.clone())
    }

    fn new_node(&self, address: &Address) -> Arc<Node> {
        Node::new(Origin::At(address.clone()), self.access.clone(), self.clock.clone())
    }

    fn map(&self) -> Arc<Map> {
        self.map.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn down(&self, reason: String) -> LinkError {
        let address = self.seeds.first().map_or_else(String::new, Address::to_string);
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
