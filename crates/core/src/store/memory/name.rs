//! A key as a record has it.

use std::fmt;

use crate::key::Key;
use crate::wire::ALLOCATION_BYTES;

/// The longest key that lies in the record itself.
const SHORT: usize = 30;

/// Which key a record is of: the whole of it, because two keys of one hash must not meet.
pub(super) struct Name {
    place: u64,
    bytes: Bytes,
}

/// A long key costs an allocation more.
enum Bytes {
    Short { length: u8, bytes: [u8; SHORT] },
    Long(Box<[u8]>),
}

impl Name {
    pub(super) fn new(key: &Key) -> Name {
        let whole = key.as_bytes();
        let bytes = match u8::try_from(whole.len()) {
            Ok(length) if whole.len() <= SHORT => {
                let mut bytes = [0; SHORT];
                bytes[..whole.len()].copy_from_slice(whole);
                Bytes::Short { length, bytes }
            }
            _ => Bytes::Long(whole.into()),
        };
        Name { place: place(key), bytes }
    }

    /// Where its record stands in the table.
    pub(super) fn place(&self) -> u64 {
        self.place
    }

    pub(super) fn is(&self, key: &Key) -> bool {
        self.place == place(key) && self.as_bytes() == key.as_bytes()
    }

    fn as_bytes(&self) -> &[u8] {
        match &self.bytes {
            Bytes::Short { length, bytes } => &bytes[..usize::from(*length)],
            Bytes::Long(bytes) => bytes,
        }
    }

    /// What it takes in memory outside the record.
    pub(super) fn bytes(&self) -> u64 {
        bytes_outside(self.as_bytes().len())
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match Key::from_bytes(self.as_bytes()) {
            Ok(key) => fmt::Debug::fmt(&key, f),
            Err(error) => fmt::Debug::fmt(&error, f),
        }
    }
}

/// What a key takes in memory outside its record.
pub(super) fn bytes_of(key: &Key) -> u64 {
    bytes_outside(key.as_bytes().len())
}

fn bytes_outside(length: usize) -> u64 {
    if length <= SHORT { 0 } else { (length + ALLOCATION_BYTES) as u64 }
}

/// The half of the hash that does not choose the shard.
pub(super) fn place(key: &Key) -> u64 {
    key.hash().0 as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_of_any_length_is_told_from_all_others() {
        let key = |length: usize| Key::new("n", "j", &"x".repeat(length)).unwrap();
        for length in 0..2 * SHORT {
            let (one, name) = (key(length), Name::new(&key(length)));
            assert!(name.is(&one) && !name.is(&key(length + 1)), "{length}");
            let whole = one.as_bytes().len();
            let outside = if whole > SHORT { (whole + ALLOCATION_BYTES) as u64 } else { 0 };
            assert_eq!((name.bytes(), bytes_of(&one)), (outside, outside), "{length}");
        }
    }

    #[test]
    fn two_keys_of_one_hash_do_not_meet() {
        let (one, other) = (Key::new("n", "j", &1).unwrap(), Key::new("n", "j", &2).unwrap());
        let forged = Name { place: place(&other), ..Name::new(&one) };
        assert!(!forged.is(&other));
    }
}
