//! What is stored for one key as bytes.

use std::time::Duration;

use bytes::Bytes;
use freshen_core::{Tag, Tags, Timestamp};
use freshen_http::{
    Config, FIELDS_MOST, Joined, Rule, SELECTING_MOST, Scheme, Selecting, Sent, Snapshot, SnapshotError, Target,
    VARIANTS_MOST, Variant,
};
use http::header::VARY;
use http::{HeaderMap, HeaderName, HeaderValue};
use proptest::prelude::*;

use crate::made::{ALPHABET, Came, EXCHANGE, NOON, TAGGED, alphabet, answer, letters, part, request, variant};

const GOLDEN: [(&str, &[u8]); 4] = [
    ("empty", include_bytes!("../golden/snapshot/format-1-empty.bin")),
    ("plain", include_bytes!("../golden/snapshot/format-1-plain.bin")),
    ("parts", include_bytes!("../golden/snapshot/format-1-parts.bin")),
    ("full", include_bytes!("../golden/snapshot/format-1-full.bin")),
];
/// Where the checksum ends.
const HEAD_BYTES: usize = 21;

fn golden(name: &str) -> Snapshot {
    let plain = || variant(alphabet(&[]));
    let parts = || {
        let came = part("bytes 20-25/26", "uvwxyz", &[]);
        let joined = came.put_to(&letters(0, 10), &EXCHANGE, &Config::default());
        let Joined::Kept { variant, .. } = joined else { panic!("{joined:?}") };
        Variant { selecting: selecting(&[("accept", None)]), ..variant }
    };
    let variants = match name {
        "empty" => vec![],
        "plain" => vec![plain()],
        "parts" => vec![parts()],
        _ => vec![full(), parts(), plain()],
    };
    Snapshot { variants }
}

fn selecting(lines: &[(&'static str, Option<&[u8]>)]) -> Selecting {
    let value = |line: &[u8]| HeaderValue::from_bytes(line).unwrap();
    let there = lines.iter().filter_map(|(name, line)| Some((HeaderName::from_static(name), value((*line)?))));
    let names: Vec<&str> = lines.iter().map(|(name, _)| *name).collect();
    let vary = HeaderMap::from_iter([(VARY, value(names.join(",").as_bytes()))]);
    let (mut request, ()) = http::Request::get("/").header("host", "a.example").body(()).unwrap().into_parts();
    let target = Target::of(&request, Scheme::Http, &Config::default()).unwrap();
    request.headers.extend(there);
    Selecting::of(&Sent::of(&request, &target, &Config::default()), &vary, &Config::default()).unwrap()
}

fn decode(bytes: &Bytes) -> Result<Snapshot, SnapshotError> {
    Snapshot::decode(bytes, &Config::default())
}

/// Every field another value than usual.
fn full() -> Variant {
    let more = [("Link", "</a>"), ("X-Odd", "\u{e9}\t"), ("Link", "</b>"), ("Empty", "")];
    let came = Came::new(404, &[&TAGGED[..], &more].concat(), "gone").trailed(&[("Digest", "x"), ("Digest", "y")]);
    let mut stored = came.stored().unwrap();
    stored.terms.answered_at = Timestamp::from_micros(0x0102_0304_0506_0708);
    stored.terms.initial_age = Duration::from_micros(0x1112_1314_1516_1718);
    stored.terms.date = Timestamp::from_micros(0x2122_2324_2526_2728);
    stored.terms.lifetime.span = Duration::from_micros(0x3132_3334_3536_3738);
    stored.terms.lifetime.rule = Rule::SMaxAge;
    stored.terms.stale_while_revalidate = Some(Duration::from_micros(0x4142_4344_4546_4748));
    stored.terms.stale_if_error = Some(Duration::from_micros(u64::MAX - 1));
    stored.terms.takes_grace = false;
    stored.terms.never_stale = Some(Rule::MustRevalidate);
    (stored.terms.no_cache, stored.terms.immutable, stored.terms.modified_is_strong) = (true, true, true);
    let selecting = selecting(&[("accept-language", Some(b"en, \xff")), ("x-a", Some(b"")), ("x-b", None)]);
    let tag = |text: &str| Tag::new(text).unwrap();
    let tags = Tags::new(vec![tag("s:b"), tag("g:a"), tag("\u{e9}")]).unwrap();
    Variant { selecting, stored, tags }
}

/// Today's code writes the same bytes. `FRESHEN_OVERWRITE` writes the files, once for each new format.
#[test]
fn todays_code_writes_the_same_snapshots() {
    for (name, bytes) in GOLDEN {
        let written = golden(name).encode().unwrap();
        if std::env::var_os("FRESHEN_OVERWRITE").is_some() {
            let file = format!("{}/tests/golden/snapshot/format-1-{name}.bin", env!("CARGO_MANIFEST_DIR"));
            std::fs::write(file, &written).unwrap();
        } else {
            assert_eq!(written, bytes, "{name}");
        }
    }
}

#[test]
fn todays_code_reads_the_same_snapshots() {
    for (name, bytes) in GOLDEN {
        let read = decode(&Bytes::from_static(bytes)).unwrap();
        assert_eq!(read, golden(name), "{name}");
        assert_eq!(read.encode().unwrap(), bytes, "{name}: fields in their order");
    }
}

/// The bytes with the checksum that they should have.
fn sealed(mut bytes: Vec<u8>) -> Bytes {
    let sum = blake3::hash(&bytes[HEAD_BYTES..]);
    bytes[5..HEAD_BYTES].copy_from_slice(&sum.as_bytes()[..16]);
    bytes.into()
}

fn refused(change: impl FnOnce(&mut Vec<u8>)) -> String {
    let mut bytes = golden("plain").encode().unwrap().to_vec();
    change(&mut bytes);
    decode(&sealed(bytes)).unwrap_err().to_string()
}

#[test]
fn every_refusal_names_the_part_and_its_place() {
    assert_eq!(refused(|bytes| bytes[0] = b'x'), "snapshot: the magic at byte 0 is malformed");
    assert_eq!(refused(|bytes| bytes[4] = 2), "snapshot: the format at byte 4 is none that this version knows");
    assert_eq!(refused(|bytes| bytes[21] = 65), "snapshot: the variants at byte 21 is malformed");
    assert_eq!(refused(|bytes| bytes[22] = 33), "snapshot: the selecting fields at byte 22 is malformed");
    assert_eq!(refused(|bytes| bytes[23] = 65), "snapshot: the tags at byte 23 is malformed");
    assert_eq!(refused(|bytes| bytes[23] = 1), "snapshot: the tag at byte 24 is malformed");
    assert_eq!(refused(|bytes| bytes[24] = 0xff), "snapshot: the status at byte 24 is malformed");
    assert_eq!(refused(|bytes| bytes.truncate(40)), "snapshot: the terms at byte 26 is malformed");
    assert_eq!(refused(|bytes| bytes[74] = 32), "snapshot: the flags at byte 74 is none that this version knows");
    assert_eq!(refused(|bytes| bytes[76] = b'x'), "snapshot: the rule at byte 75 is none that this version knows");
    assert_eq!(refused(|bytes| bytes[84] = 0xff), "snapshot: the header fields at byte 84 is malformed");
    assert_eq!(refused(|bytes| bytes[88] = b'C'), "snapshot: the header fields at byte 84 is malformed");
    assert_eq!(refused(|bytes| bytes.push(0)), "snapshot: the end at byte 220 is malformed");
    for at in [169, 177, 178, 186] {
        assert_eq!(refused(|bytes| bytes[at] = 0xff), "snapshot: the body at byte 169 is malformed", "{at}");
    }
}

/// A snapshot that is cut off anywhere, or of which one bit is another, is none.
#[test]
fn damaged_bytes_are_refused() {
    for (name, bytes) in GOLDEN {
        for end in 0..bytes.len() {
            assert!(decode(&Bytes::from_static(&bytes[..end])).is_err(), "{name} up to {end}");
        }
        for bit in 0..bytes.len() * 8 {
            let mut damaged = bytes.to_vec();
            damaged[bit / 8] ^= 1 << (bit % 8);
            assert!(decode(&damaged.into()).is_err(), "{name} bit {bit}");
        }
    }
}

/// Even with the right checksum, a snapshot that is cut off anywhere is none.
#[test]
fn a_sealed_snapshot_that_is_cut_off_is_refused() {
    for (name, bytes) in GOLDEN {
        for end in HEAD_BYTES..bytes.len() {
            assert!(decode(&sealed(bytes[..end].to_vec())).is_err(), "{name} up to {end}");
        }
    }
}

#[test]
fn what_exceeds_a_bound_is_not_written() {
    let variant = || variant(alphabet(&[]));
    let too_many = |what, count, most| Err(SnapshotError::TooMany { what, count, most });
    let of = |variants: Vec<Variant>| Snapshot { variants }.encode();
    assert!(of(vec![variant(); VARIANTS_MOST]).is_ok());
    assert_eq!(of(vec![variant(); VARIANTS_MOST + 1]), too_many("variants", VARIANTS_MOST + 1, VARIANTS_MOST));
    let most = vec![Variant { selecting: selecting(&[("a", Some(&b"x"[..])); SELECTING_MOST]), ..variant() }];
    assert_eq!(decode(&of(most.clone()).unwrap()), Ok(Snapshot { variants: most }));
    let fields = |count| {
        let mut variant = variant();
        while variant.stored.headers.len() < count {
            variant.stored.headers.append("x-a", HeaderValue::from_static(""));
        }
        variant
    };
    let most = vec![fields(FIELDS_MOST)];
    assert_eq!(decode(&of(most.clone()).unwrap()), Ok(Snapshot { variants: most }));
    assert_eq!(of(vec![fields(FIELDS_MOST + 1)]), too_many("fields", FIELDS_MOST + 1, FIELDS_MOST));
}

#[test]
fn a_window_without_end_is_not_taken_for_none() {
    let Snapshot { mut variants } = golden("plain");
    variants[0].stored.terms.stale_if_error = Some(Duration::MAX);
    let written = Snapshot { variants }.encode().unwrap();
    let read = decode(&written).unwrap().variants.remove(0).stored.terms;
    assert_eq!(read.stale_if_error, Some(Duration::from_micros(u64::MAX - 1)));
    assert_eq!(read.stale_while_revalidate, None);
}

#[test]
fn what_is_read_shares_the_memory_of_the_bytes() {
    let bytes = golden("plain").encode().unwrap();
    let read = decode(&bytes).unwrap();
    let (_, content) = read.variants[0].stored.body.pieces().next().unwrap();
    assert!(bytes.as_ptr_range().contains(&content.as_ptr()));
    assert_eq!(content, ALPHABET);
}

/// Whatever is read can be used: no bytes make it panic.
fn use_of(bytes: &Bytes) {
    let Ok(read) = decode(bytes) else { return };
    assert_eq!(decode(&read.encode().unwrap()).as_ref(), Ok(&read));
    for variant in &read.variants {
        for asked in ["bytes=0-4", "bytes=-3, 0-0", "bytes=7-", "x"] {
            answer(&variant.stored, &request("GET", &[("Range", asked)]), NOON);
        }
        answer(&variant.stored, &request("GET", &[]), NOON);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn no_bytes_make_reading_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        use_of(&bytes.into());
    }

    #[test]
    fn no_change_of_a_snapshot_makes_reading_or_using_it_panic(
        which in 0..GOLDEN.len(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        cut in prop::option::of((any::<prop::sample::Index>(), any::<prop::sample::Index>())),
    ) {
        let mut bytes = GOLDEN[which].1.to_vec();
        for (at, byte) in changes {
            let at = HEAD_BYTES + at.index(bytes.len() - HEAD_BYTES);
            bytes[at] = byte;
        }
        if let Some((from, to)) = cut {
            let (from, to) = (from.index(bytes.len() - HEAD_BYTES), to.index(bytes.len() - HEAD_BYTES));
            bytes.drain(HEAD_BYTES + from.min(to)..HEAD_BYTES + from.max(to));
        }
        use_of(&sealed(bytes));
    }
}
