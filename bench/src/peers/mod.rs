//! The caches that are measured: one file each, and one line in [`ALL`].

mod cached;
mod fibre;
mod foyer;
mod freshen;
mod hitbox;
mod moka;
mod quick_cache;

use std::future::Future;

use crate::visit::{Visit, visit};
use crate::{Failure, Size};

/// A cache under measurement. Each peer has its own copy of the loop over the keys, so no call in it is indirect.
pub trait Peer: Sync + Sized {
    /// Its name in the table and on the command line.
    const NAME: &'static str;
    /// The call that is measured, in a few words.
    const READ: &'static str;

    /// A cache that holds [`Value::of`](crate::value::Value::of) under each key below `keys`.
    fn fill(keys: u64) -> Self;

    /// Reads each of these keys once and adds up the marks of the values found; a miss adds nothing.
    fn read_all(&self, keys: &[u64]) -> u64;
}

/// A peer, without its type.
pub struct Listed {
    pub name: &'static str,
    pub read: &'static str,
    pub visit: fn(&Size) -> Result<Visit, Failure>,
}

/// Every peer, in the order in which they are visited and printed.
pub const ALL: &[Listed] = &[
    listed::<quick_cache::Raw>(),
    listed::<freshen::Get>(),
    listed::<freshen::GetWith>(),
    listed::<fibre::FetchWith>(),
    listed::<fibre::GetClosure>(),
    listed::<foyer::Memory>(),
    listed::<cached::ShardedLruTtl>(),
    listed::<moka::Blocking>(),
    listed::<moka::Async>(),
    listed::<hitbox::OnMoka>(),
];

/// The peer that all others are compared with: the engine beneath Freshen's near tier, bare.
pub const YARDSTICK: &str = quick_cache::Raw::NAME;

/// The peer of this name.
pub fn named(name: &str) -> Result<&'static Listed, Failure> {
    let known = || ALL.iter().map(|peer| peer.name).collect::<Vec<_>>().join(", ");
    ALL.iter().find(|peer| peer.name == name).ok_or_else(|| format!("no peer {name}; there are {}", known()).into())
}

const fn listed<P: Peer>() -> Listed {
    Listed { name: P::NAME, read: P::READ, visit: visit::<P> }
}

/// Room for the keys and a quarter more: shards fill unevenly, and a cache that is exactly full evicts.
fn capacity(keys: u64) -> u64 {
    keys + keys / 4 + 4_096
}

/// Adds up what `hit` finds under each key.
#[inline]
fn add_up(keys: &[u64], hit: impl Fn(u64) -> Option<u64>) -> u64 {
    keys.iter().fold(0, |sum, &key| sum.wrapping_add(hit(key).unwrap_or(0)))
}

/// As [`add_up`], for a peer whose reads are awaited: the whole loop is one future on the calling thread, so the price
/// of a runtime is paid once, not at each read.
#[inline]
fn add_up_awaiting<F: Future<Output = Option<u64>>>(keys: &[u64], hit: impl Fn(u64) -> F) -> u64 {
    block_on(async {
        let mut sum: u64 = 0;
        for &key in keys {
            sum = sum.wrapping_add(hit(key).await.unwrap_or(0));
        }
        sum
    })
}

fn block_on<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    runtime.expect("a runtime without drivers needs nothing that could be refused").block_on(work)
}
