//! The caches that are weighed: each holds values that are allocations of their own, under a `u64`, and is bounded by bytes
//! if it can be.

mod cached;
mod fibre;
mod foyer;
mod freshen;
mod hitbox;
mod moka;
mod quick_cache;

use crate::Failure;
use crate::footprint::{Case, Churn, Weighed, visit};

/// A cache that is weighed.
pub trait Holder: Sized {
    /// Its name in tables and on the command line.
    const NAME: &'static str;
    /// Whether it can be bounded by bytes.
    const BY_BYTES: bool = true;
    /// Whether it is weighed per entry too; not where it is the same as another.
    const PER_ENTRY: bool = true;

    /// An empty cache.
    fn with(room: Room) -> Self;

    /// Puts a value of this size under a key that is not there yet.
    fn put(&self, key: u64, size: usize);

    /// Carries out what the cache has put off.
    fn settle(&self) {}
}

/// How much a cache may hold.
#[derive(Clone, Copy)]
pub enum Room {
    /// All of so many entries of at most this size.
    Entries { count: u64, size: usize },
    /// At most so many bytes.
    Bytes(u64),
}

impl Room {
    /// In the unit of a cache that counts bytes; room for entries is more than they can take.
    fn bytes(self) -> u64 {
        match self {
            Room::Entries { count, size } => (count + count / 4 + 4_096) * (size as u64 + 1_024),
            Room::Bytes(bytes) => bytes,
        }
    }

    /// How many entries are to be expected, by caches that ask.
    fn entries(self) -> usize {
        let entries = match self {
            Room::Entries { count, .. } => count + count / 4 + 4_096,
            Room::Bytes(bytes) => bytes / crate::footprint::MEAN_SIZE,
        };
        usize::try_from(entries).expect("the entries fit into memory")
    }
}

/// A cache, without its type.
pub struct Listed {
    pub name: &'static str,
    pub by_bytes: bool,
    pub per_entry: bool,
    pub visit: fn(Case, Churn) -> Result<Weighed, Failure>,
}

/// Every cache, in the order in which they are weighed and printed.
pub const ALL: &[Listed] = &[
    listed::<freshen::Whole>(),
    listed::<freshen::Each>(),
    listed::<quick_cache::Raw>(),
    listed::<foyer::Memory>(),
    listed::<moka::Blocking>(),
    listed::<fibre::Blocking>(),
    listed::<cached::ShardedLruTtl>(),
    listed::<hitbox::OnMoka>(),
];

/// The names of our own, by which aims find them.
pub const OURS: &str = freshen::Whole::NAME;

/// The cache of this name.
pub fn named(name: &str) -> Result<&'static Listed, Failure> {
    let known = || ALL.iter().map(|cache| cache.name).collect::<Vec<_>>().join(", ");
    ALL.iter().find(|cache| cache.name == name).ok_or_else(|| format!("no cache {name}; there are {}", known()).into())
}

const fn listed<H: Holder>() -> Listed {
    Listed { name: H::NAME, by_bytes: H::BY_BYTES, per_entry: H::PER_ENTRY, visit: visit::<H> }
}

/// A value of this size. No byte is zero: untouched pages would not be resident.
fn bytes(key: u64, size: usize) -> Vec<u8> {
    vec![key as u8 | 1; size]
}

/// What a value counts for where the cache asks: key and value, as the documentation of such caches shows it.
fn counted(size: usize) -> u64 {
    (size + size_of::<u64>()) as u64
}
