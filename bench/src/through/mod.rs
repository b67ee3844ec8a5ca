//! The caches that load what is missing: one file each, and one line in [`ALL`]. Each holds one number, read from a
//! [`Source`] under one key, by the call that its documentation recommends for it.

mod cached;
mod fibre;
mod foyer;
mod freshen;
mod hitbox;
mod moka;
mod quick_cache;

use std::future::Future;
use std::time::Duration;

use crate::Failure;
use crate::hazards::cases;
use crate::source::Source;
use crate::storm::crowd;

/// A cache that loads.
pub trait Through: Sized + Send + Sync + 'static {
    /// Its name in tables and on the command line.
    const NAME: &'static str;
    /// Whether its values come to an end of their ttl.
    const EXPIRES: bool;

    /// An empty cache over this source, whose values are fresh for `ttl` if they expire at all.
    fn over(source: Source, ttl: Duration) -> impl Future<Output = Self> + Send;

    /// The number, from the cache or by a load. An error is told in words.
    fn get(&self) -> impl Future<Output = Result<u64, String>> + Send;

    /// Ends the time of what is cached, so that it is not served again. Caches without a word for it remove the key.
    fn outdate(&self) -> impl Future<Output = ()> + Send;

    /// Stores a number. `false`: it has no such call.
    fn put(&self, number: u64) -> impl Future<Output = bool> + Send;
}

/// A cache, without its type.
pub struct Listed {
    pub name: &'static str,
    pub expires: bool,
    pub crowd: fn(crowd::Size, crowd::Case) -> Result<crowd::Seen, Failure>,
    pub hazard: fn(cases::Case) -> Result<cases::Finding, Failure>,
}

/// Every cache, in the order in which they are visited and printed.
pub const ALL: &[Listed] = &[
    listed::<freshen::Get>(),
    listed::<moka::GetWith>(),
    listed::<cached::ByKey>(),
    listed::<foyer::GetOrFetch>(),
    listed::<hitbox::Offloading>(),
    listed::<fibre::FetchWith>(),
    listed::<quick_cache::GetOrInsert>(),
];

/// The name of our own, by which aims find it.
pub const OURS: &str = freshen::Get::NAME;

/// The cache of this name.
pub fn named(name: &str) -> Result<&'static Listed, Failure> {
    let known = || ALL.iter().map(|cache| cache.name).collect::<Vec<_>>().join(", ");
    ALL.iter().find(|cache| cache.name == name).ok_or_else(|| format!("no cache {name}; there are {}", known()).into())
}

/// The caches of these names, or all of them if there are none.
pub fn chosen(names: &[String]) -> Result<Vec<&'static Listed>, Failure> {
    names.iter().try_for_each(|name| named(name).map(drop))?;
    let wanted = |cache: &&Listed| names.is_empty() || names.iter().any(|name| name == cache.name);
    Ok(ALL.iter().filter(wanted).collect())
}

const fn listed<C: Through>() -> Listed {
    Listed { name: C::NAME, expires: C::EXPIRES, crowd: crowd::visit::<C>, hazard: cases::visit::<C> }
}

/// The one key.
const KEY: u64 = 7;
/// Longer than any measurement.
const HOUR: Duration = Duration::from_secs(3_600);
/// Entries or bytes: far more than one number takes.
const ROOM: u64 = 1 << 20;
