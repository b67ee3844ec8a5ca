//! Where something lives: one hash tag, so one slot, so one node.

use std::fmt;
use std::sync::Arc;

/// How many slots a Cluster has.
pub const SLOTS: usize = 16_384;

/// A hash tag, and the slot that it falls into.
///
/// All keys of one place are in one slot, so that one script can see them all. Make it once and keep it: cloning is one
/// reference count.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Place {
    tag: Arc<str>,
    slot: u16,
}

impl Place {
    /// The place of a name under a prefix, such as a partition's number or the name of a queue.
    pub fn new(prefix: &str, name: impl fmt::Display) -> Place {
        let tag: String = format!("{prefix}:{name}").chars().flat_map(harmless).collect();
        Place { slot: slot_of(tag.as_bytes()), tag: tag.into() }
    }

    /// The slot, below [`SLOTS`].
    pub fn slot(&self) -> u16 {
        self.slot
    }

    /// The name of a key here: the tag in braces, and what tells it from its neighbours.
    pub fn key(&self, suffix: impl fmt::Display) -> String {
        format!("{{{}}}{suffix}", self.tag)
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{{{}}}", self.tag)
    }
}

/// Braces would end the tag early, so they are written as in a URL.
fn harmless(of: char) -> impl Iterator<Item = char> {
    let escaped = match of {
        '{' => "%7B",
        '}' => "%7D",
        '%' => "%25",
        _ => "",
    };
    escaped.chars().chain(escaped.is_empty().then_some(of))
}

/// CRC16 (XMODEM) of a tag, by the specification of Redis Cluster.
fn slot_of(tag: &[u8]) -> u16 {
    let crc = tag.iter().fold(0u16, |crc, byte| {
        (0..8).fold(crc ^ u16::from(*byte) << 8, |crc, _| if crc & 0x8000 == 0 { crc << 1 } else { crc << 1 ^ 0x1021 })
    });
    crc % SLOTS as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_is_that_of_the_specification() {
        assert_eq!(slot_of(b"123456789"), 0x31C3);
        assert_eq!(slot_of(b"foo"), 12_182);
    }

    /// How many of so many partitions the fullest of so many masters has, where slots are divided evenly.
    fn fullest(partitions: usize, masters: usize) -> usize {
        let mut had = vec![0; masters];
        (0..partitions).for_each(|n| had[usize::from(Place::new("freshen", n).slot()) * masters / SLOTS] += 1);
        had.into_iter().max().unwrap_or_default()
    }

    #[test]
    fn partitions_lie_on_the_masters_of_a_cluster_as_the_guide_says() {
        assert_eq!((fullest(64, 3), fullest(64, 6)), (23, 13));
        assert_eq!((fullest(1024, 16), fullest(1024, 54)), (70, 24));
    }

    #[test]
    fn all_keys_of_a_place_have_its_tag_and_braces_in_a_name_do_not_end_it() {
        assert_eq!(Place::new("freshen", 7).key(":state"), "{freshen:7}:state");
        assert_eq!(Place::new("a{b}", "c%").key(""), "{a%7Bb%7D:c%25}");
        assert_ne!(Place::new("a{", "b"), Place::new("a%7B", "b"));
    }
}
