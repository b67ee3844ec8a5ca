//! Keys of the partition that a test wants.

use freshen_core::{Key, KeyError};

/// A key in the first partition of every store whose number of partitions divides 64, so that the generations and the messages
/// of a test's keys can be compared.
pub(crate) fn first_partition(make: impl Fn(u32) -> Result<Key, KeyError>) -> Key {
    in_partition(64, 0, make)
}

/// A key in one of so many partitions.
pub(crate) fn in_partition(partitions: u32, partition: u32, make: impl Fn(u32) -> Result<Key, KeyError>) -> Key {
    let mut keys = (0..).map(|salt| make(salt).expect("a test's key is within its bounds"));
    keys.find(|key| key.partition(partitions) == partition).expect("keys do not end")
}
