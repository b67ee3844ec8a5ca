//! Bytes that no encoder wrote, and arguments out of bounds: refused, never a panic.

use std::collections::BTreeMap;
use std::fmt;

use proptest::prelude::*;
use serde::de::IgnoredAny;
use serde::ser::SerializeMap;
use serde::{Deserialize, Serialize, Serializer};

use super::super::{ARGUMENTS_BYTES_MAX, ARGUMENTS_DEPTH_MAX, decode, show};
use super::tree::{Tree, tree};
use super::{encoded, try_encoded};
use crate::error::KeyError;

struct Shown<'a>(&'a [u8]);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        show::arguments(f, self.0)
    }
}

#[derive(Debug, Serialize, Deserialize, PartialEq)]
struct Chain(Option<Box<Chain>>);

fn chain(links: usize) -> Chain {
    (0..links).fold(Chain(None), |chain, _| Chain(Some(Box::new(chain))))
}

/// Whatever `check` takes is what the encoder writes for what it holds.
fn survives(bytes: &[u8]) {
    let checked = decode::check(bytes);
    let read = Tree::read(bytes);
    let text = Shown(bytes).to_string();
    assert!(text.chars().count() <= 220 && !text.chars().any(char::is_control), "{text:?}");
    let _ = decode::arguments::<IgnoredAny>(bytes);
    let _ = decode::arguments::<serde_json::Value>(bytes);
    let _ = decode::arguments::<Vec<(String, Option<u8>)>>(bytes);
    let _ = decode::arguments::<BTreeMap<u32, Chain>>(bytes);
    if checked.is_ok() {
        assert_eq!(encoded(&read.unwrap()), bytes);
        assert!(!text.contains("<malformed>") || text.contains('"'), "{text}");
    }
}

proptest! {
    #[test]
    fn random_bytes_are_refused_or_read(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        survives(&bytes);
    }

    #[test]
    fn random_tags_are_refused_or_read(bytes in prop::collection::vec(0u8..0x15, 0..24)) {
        survives(&bytes);
    }

    #[test]
    fn a_damaged_key_is_refused_or_another_key(tree in tree(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut bytes = encoded(&tree);
        let at = at.index(bytes.len());
        survives(&bytes[..at]);
        prop_assert!(decode::check(&bytes[..at]).is_err(), "an encoding is never the begin of another");
        bytes[at] = byte;
        survives(&bytes);
    }
}

#[test]
fn what_the_encoder_would_not_write_is_malformed() {
    let table: &[(&str, &[u8])] = &[
        ("nothing", &[]),
        ("an end", &[0x00]),
        ("an unknown tag", &[0x14]),
        ("two values", &[0x01, 0x01]),
        ("some of nothing", &[0x03]),
        ("a number that is not the shortest", &[0x07, 0x80, 0x00]),
        ("a number without end", &[0x07, 0xff, 0xff]),
        ("a number over 128 bits", &[&[0x07][..], &[0xff; 18], &[0x04]].concat()),
        ("a negative zero", &[0x08, 0x80, 0, 0, 0, 0, 0, 0, 0]),
        ("another NaN", &[0x08, 0x7f, 0xf8, 0, 0, 0, 0, 0, 1]),
        ("half a surrogate", &[0x09, 0x80, 0xb0, 0x03]),
        ("text that is not UTF-8", &[0x0a, 0x01, 0xff]),
        ("text longer than the key", &[0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f]),
        ("a list without end", &[0x0c, 0x01]),
        ("a map out of order", &[0x0e, 0x07, 2, 0x01, 0x07, 1, 0x01, 0x00]),
        ("a map with a key twice", &[0x0e, 0x07, 1, 0x01, 0x07, 1, 0x01, 0x00]),
        ("a map with a key alone", &[0x0e, 0x07, 1, 0x00]),
        ("a struct with a number for a name", &[0x0f, 0x07, 1, 0x01, 0x00]),
        ("a struct out of order", &[0x0f, 0x0a, 1, b'b', 0x01, 0x0a, 1, b'a', 0x01, 0x00]),
    ];
    for (what, bytes) in table {
        assert!(matches!(decode::check(bytes), Err(KeyError::Malformed { .. })), "{what}");
        survives(bytes);
    }
}

#[test]
fn arguments_may_be_as_deep_as_the_bound_and_no_deeper() {
    let deepest = chain(ARGUMENTS_DEPTH_MAX);
    let bytes = encoded(&deepest);
    assert_eq!(decode::check(&bytes), Ok(()));
    assert_eq!(decode::arguments::<Chain>(&bytes), Ok(deepest));
    let too_deep = KeyError::TooDeep { most: ARGUMENTS_DEPTH_MAX };
    assert_eq!(try_encoded(&chain(ARGUMENTS_DEPTH_MAX + 1)), Err(too_deep.clone()));
    for tag in [0x03, 0x0c, 0x0d] {
        let bottomless = vec![tag; ARGUMENTS_BYTES_MAX];
        assert_eq!(decode::check(&bottomless), Err(too_deep.clone()));
        assert_eq!(decode::arguments::<IgnoredAny>(&bottomless).map(|_| ()), Err(too_deep.clone()));
        assert_eq!(decode::arguments::<serde_json::Value>(&bottomless), Err(too_deep.clone()));
        survives(&bottomless);
    }
}

#[test]
fn arguments_may_be_as_long_as_the_bound_and_no_longer() {
    let longest = "x".repeat(ARGUMENTS_BYTES_MAX - 4);
    let bytes = encoded(&longest);
    assert_eq!(bytes.len(), ARGUMENTS_BYTES_MAX);
    assert_eq!(decode::arguments::<String>(&bytes), Ok(longest.clone()));
    let too_long = KeyError::TooLong {
        what: "encoding of the arguments",
        bytes: ARGUMENTS_BYTES_MAX + 1,
        most: ARGUMENTS_BYTES_MAX,
    };
    assert_eq!(try_encoded(&(longest + "x")), Err(too_long.clone()));
    assert_eq!(try_encoded(&vec![(); ARGUMENTS_BYTES_MAX]), Err(too_long.clone()));
    assert_eq!(decode::check(&[0x0a; ARGUMENTS_BYTES_MAX + 1]), Err(too_long));
}

/// A map whose entries come as a broken `Serialize` gives them.
struct Odd(&'static [(Option<u8>, Option<u8>)]);

impl Serialize for Odd {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut map = to.serialize_map(None)?;
        for (key, value) in self.0 {
            key.map(|key| map.serialize_key(&key)).transpose()?;
            value.map(|value| map.serialize_value(&value)).transpose()?;
        }
        map.end()
    }
}

#[test]
fn a_map_that_is_none_has_no_key() {
    let refused = |odd: Odd| matches!(try_encoded(&odd), Err(KeyError::Encode { .. }));
    assert!(refused(Odd(&[(Some(1), Some(1)), (Some(1), Some(2))])), "a key twice");
    assert!(refused(Odd(&[(Some(1), None)])), "a key alone at the end");
    assert!(refused(Odd(&[(Some(1), None), (Some(2), Some(2))])), "a key alone");
    assert!(refused(Odd(&[(None, Some(2))])), "a value alone");
    assert!(refused(Odd(&[(Some(1), Some(1)), (None, Some(2))])), "two values");
    assert!(!refused(Odd(&[(Some(2), Some(2)), (Some(1), Some(1))])), "out of order is put in order");
}
