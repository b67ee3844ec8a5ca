use std::time::Duration;

use bytes::Bytes;
use proptest::prelude::*;

use super::super::{Codec, Header, WireError, decode, encode, payload};
use crate::entry::{Facts, Generation, TAGS_MAX, Tag, Tags, VALIDATORS_BYTES_MAX};
use crate::policy::Windows;
use crate::time::Timestamp;

fn tags(texts: &[&str]) -> Tags {
    Tags::new(texts.iter().map(|text| Tag::new(text).unwrap()).collect()).unwrap()
}

fn facts() -> Facts {
    let secs = Duration::from_secs;
    Facts {
        loaded_at: Timestamp::from_micros(1_700_000_000_000_001),
        generation: Generation { epoch: 0x0102_0304_0506_0708, number: 9 },
        windows: Windows {
            ttl: secs(600),
            stale_while_revalidate: secs(3600),
            stale_if_error: Duration::from_micros(1),
        },
        load_took: Duration::from_millis(12),
        absent: false,
        weight: 4096,
    }
}

fn plain() -> Header {
    Header { codec: Codec::MessagePack, schema: 0, facts: facts(), tags: Tags::NONE, validators: None }
}

fn full() -> Header {
    let facts = Facts { absent: true, ..facts() };
    let validators = Some(Bytes::from_static(b"\"v1\""));
    Header { codec: Codec::Json, schema: u64::MAX - 1, facts, tags: tags(&["user:ann", "a", "\u{e9}"]), validators }
}

const GOLDEN: [(&str, &[u8]); 3] = [
    ("plain", include_bytes!("../../../tests/golden/wire/format-1-plain.bin")),
    ("full", include_bytes!("../../../tests/golden/wire/format-1-full.bin")),
    ("empty", include_bytes!("../../../tests/golden/wire/format-1-empty.bin")),
];

fn golden(name: &str) -> (Header, &'static [u8]) {
    match name {
        "plain" => (plain(), b"\x93\x01\x02\x03"),
        "full" => (full(), b"{\"text\":\"hello\"}"),
        _ => (Header { validators: Some(Bytes::new()), ..plain() }, b""),
    }
}

#[test]
fn todays_code_writes_the_same_envelopes() {
    for (name, bytes) in GOLDEN {
        let (header, payload) = golden(name);
        assert_eq!(encode(&header, payload).unwrap(), bytes, "{name}");
    }
}

#[test]
fn todays_code_reads_the_same_envelopes() {
    for (name, bytes) in GOLDEN {
        let (header, payload) = golden(name);
        let envelope = decode(&Bytes::from_static(bytes)).unwrap();
        assert_eq!((envelope.header, &envelope.payload[..]), (header, payload), "{name}");
    }
}

/// The plain envelope with one byte changed.
fn changed(at: usize, byte: u8) -> String {
    let mut bytes = encode(&plain(), b"xyz").unwrap().to_vec();
    bytes[at] = byte;
    decode(&bytes.into()).unwrap_err().to_string()
}

#[test]
fn every_refusal_names_the_part_and_its_place() {
    let unknown =
        |what, at, found| format!("envelope: the {what} at byte {at} is {found}, which this version does not know");
    let malformed = |what, at| format!("envelope: the {what} at byte {at} is malformed");
    assert_eq!(changed(0, b'{'), malformed("magic", 0));
    assert_eq!(changed(4, 2), unknown("format", 4, 2));
    assert_eq!(changed(5, 9), unknown("codec", 5, 9));
    assert_eq!(changed(6, 1), unknown("compression", 6, 1));
    assert_eq!(changed(7, 4), unknown("flags", 7, 4));
    assert_eq!(changed(76, 1), malformed("tag", 77), "an empty tag");
    assert_eq!(changed(77, 1), malformed("payload", 85), "a payload longer than the bytes");
    assert_eq!(changed(84, 2), malformed("payload", 85), "a byte too many");
}

#[test]
fn tags_and_validators_are_read_within_their_bounds() {
    let whole = |header: &Header| encode(header, b"").unwrap().to_vec();
    let refused = |bytes: Vec<u8>| decode(&bytes.into()).unwrap_err().to_string();
    let mut unsorted = whole(&Header { tags: tags(&["a", "b"]), ..plain() });
    unsorted.swap(79, 82);
    assert_eq!(refused(unsorted), "envelope: the tags at byte 76 is malformed");
    let many: Vec<String> = (0..TAGS_MAX).map(|n| format!("{n:03}")).collect();
    let most = tags(&many.iter().map(String::as_str).collect::<Vec<_>>());
    let mut too_many = whole(&Header { tags: most, ..plain() });
    too_many[76] += 1;
    too_many.splice(77 + 5 * TAGS_MAX..77 + 5 * TAGS_MAX, *b"\x00\x03zzz");
    assert_eq!(refused(too_many), "envelope: the tags at byte 76 is malformed");
    let mut too_long = whole(&Header { validators: Some(vec![0; VALIDATORS_BYTES_MAX].into()), ..plain() });
    assert!(decode(&too_long.clone().into()).is_ok());
    too_long[78] += 1;
    assert_eq!(refused(too_long), "envelope: the validators at byte 77 is malformed");
}

#[test]
fn validators_over_the_bound_are_not_written() {
    let header = Header { validators: Some(vec![0; VALIDATORS_BYTES_MAX + 1].into()), ..plain() };
    assert!(matches!(encode(&header, b""), Err(WireError::TooLong { what: "validators", bytes: 1025, most: 1024 })));
}

#[test]
fn the_payload_shares_the_memory_it_was_read_from() {
    let bytes = encode(&full(), b"payload").unwrap();
    let envelope = decode(&bytes).unwrap();
    assert_eq!(envelope.payload.as_ptr(), bytes[bytes.len() - 7..].as_ptr());
    assert!(!bytes.as_ptr_range().contains(&envelope.header.validators.unwrap().as_ptr()));
}

#[test]
fn a_window_without_end_is_the_longest_that_can_be_written() {
    let mut header = plain();
    header.facts.windows.ttl = Duration::MAX;
    let read = decode(&encode(&header, b"").unwrap()).unwrap();
    assert_eq!(read.header.facts.windows.ttl, Duration::from_micros(u64::MAX));
}

fn header() -> impl Strategy<Value = Header> {
    let numbers = any::<[u64; 8]>();
    let tags = prop::collection::btree_set("[a-zé:]{1,12}", 0..5);
    let validators = prop::option::of(prop::collection::vec(any::<u8>(), 0..40));
    (numbers, any::<u32>(), any::<bool>(), any::<bool>(), tags, validators).prop_map(
        |([schema, at, epoch, number, ttl, stale, error, took], weight, absent, json, texts, validators)| Header {
            codec: if json { Codec::Json } else { Codec::MessagePack },
            schema,
            facts: Facts {
                loaded_at: Timestamp::from_micros(at),
                generation: Generation { epoch, number },
                windows: Windows {
                    ttl: Duration::from_micros(ttl),
                    stale_while_revalidate: Duration::from_micros(stale),
                    stale_if_error: Duration::from_micros(error),
                },
                load_took: Duration::from_micros(took),
                absent,
                weight,
            },
            tags: tags_of(texts),
            validators: validators.map(Bytes::from),
        },
    )
}

fn tags_of(texts: std::collections::BTreeSet<String>) -> Tags {
    tags(&texts.iter().map(String::as_str).collect::<Vec<_>>())
}

proptest! {
    #[test]
    fn envelopes_come_back(header in header(), payload in prop::collection::vec(any::<u8>(), 0..64)) {
        let bytes = encode(&header, &payload).unwrap();
        let envelope = decode(&bytes).unwrap();
        prop_assert_eq!(envelope.header, header);
        prop_assert_eq!(&envelope.payload[..], &payload[..]);
        for cut in 0..bytes.len() {
            prop_assert!(decode(&bytes.slice(..cut)).is_err(), "an envelope is never the begin of another");
        }
    }

    #[test]
    fn damaged_envelopes_are_refused_or_read_as_they_are(header in header(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut bytes = encode(&header, b"payload").unwrap().to_vec();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        if let Ok(envelope) = decode(&bytes.clone().into()) {
            prop_assert_eq!(encode(&envelope.header, &envelope.payload).unwrap(), bytes);
        }
    }

    #[test]
    fn random_bytes_are_no_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), shaped in any::<bool>()) {
        let bytes = if shaped { [&b"\xf5fre\x01\x01\x00\x02"[..], &bytes].concat() } else { bytes };
        let _ = decode(&bytes.into());
    }
}

#[test]
fn a_payload_is_found_where_the_rest_of_the_head_is_not_wanted_and_a_cut_is_noticed() {
    for header in [plain(), full()] {
        let bytes = encode(&header, b"payload").unwrap();
        assert_eq!(payload(&bytes).unwrap(), (header.codec, Bytes::from_static(b"payload")));
        for end in 0..bytes.len() {
            assert!(payload(&bytes.slice(..end)).is_err(), "cut at {end}");
        }
    }
    assert_eq!(payload(&vec![7; 100].into()).unwrap_err().to_string(), "envelope: the magic at byte 0 is malformed");
}
