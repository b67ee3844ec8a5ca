//! Parts that are put together (RFC 9111, section 3.4; RFC 9110, section 15.3.7.3).

use std::time::Duration;

use freshen_core::Timestamp;
use freshen_http::{Answer, ByteRange, Config, Exchange, Rule, Stored};

use crate::made::{ALPHABET, Came, Line, NOON, TAGGED, letters, part, request};

const LATER: Timestamp = Timestamp::from_micros(NOON.as_micros() + 30_000_000);
const EXCHANGE: Exchange = Exchange { asked_at: LATER, answered_at: LATER };

fn with(stored: &Stored, came: &Came) -> Result<Stored, Rule> {
    stored.with(&came.received(), &EXCHANGE, &Config::default())
}

fn text(stored: &Stored, start: u64, end: u64) -> Option<String> {
    let pieces = stored.body.slice(ByteRange::new(start, end).unwrap())?;
    Some(String::from_utf8(pieces.concat()).unwrap())
}

fn part_with(range: &str, text: &str, lines: &[Line<'_>]) -> Came {
    Came::new(206, &[&[("Content-Range", range)], lines].concat(), text)
}

/// RFC 9110, section 15.3.7.3: the whole is a 200 with its length.
#[test]
fn parts_that_make_a_whole_are_served_as_a_whole() {
    let stored = with(&letters(0, 10), &part("bytes 10-25/26", &ALPHABET[10..], &[])).unwrap();
    let Answer::Serve(served, None) = stored.answer(&request("GET", &[]), LATER, 0) else { panic!("it is whole") };
    assert_eq!((served.status.as_u16(), &served.headers["content-length"]), (200, &"26".parse().unwrap()));
    assert!(!served.headers.contains_key("content-range"));
    assert_eq!(served.content.concat(), ALPHABET.as_bytes());
}

/// RFC 9111, section 3.4: what is not all of it stays recorded as such.
#[test]
fn parts_that_make_no_whole_stay_parts() {
    let stored = with(&letters(0, 10), &part("bytes 20-25/26", "uvwxyz", &[])).unwrap();
    assert!(!stored.body.is_complete());
    assert_eq!(text(&stored, 0, 10).as_deref(), Some("abcdefghij"));
    assert_eq!(text(&stored, 20, 26).as_deref(), Some("uvwxyz"));
    assert_eq!(text(&stored, 9, 11), None);
    let broken = part("bytes 10-25/26", "klm", &[("Content-Length", "16")]).broken();
    let stored = with(&letters(0, 10), &broken).unwrap();
    assert_eq!((stored.body.held(), stored.body.is_complete()), (13, false));
}

/// RFC 9111, section 3.4: an incomplete 200 and a part of it.
#[test]
fn an_incomplete_response_is_completed_by_a_part() {
    let lines = [&TAGGED[..], &[("Content-Length", "26")]].concat();
    let incomplete = Came::new(200, &lines, "abcde").broken().stored().unwrap();
    assert!(with(&incomplete, &part("bytes 5-25/26", &ALPHABET[5..], &[])).unwrap().body.is_complete());
    let unknown = Came::new(200, &TAGGED, "abcde").broken().stored().unwrap();
    assert!(with(&unknown, &part("bytes 5-25/26", &ALPHABET[5..], &[])).unwrap().body.is_complete());
}

/// RFC 9111, section 3.4: all share the same strong validator.
#[test]
fn parts_without_the_same_strong_tag_are_not_put_together() {
    let control = ("Cache-Control", "max-age=60");
    for tag in [
        &[][..],
        &[("ETag", "\"2\"")],
        &[("ETag", "W/\"1\"")],
        &[("ETag", "1")],
        &[("ETag", "\"1\""), ("ETag", "\"2\"")],
    ] {
        let came = part_with("bytes 10-25/26", &ALPHABET[10..], &[&[control], tag].concat());
        assert!(with(&letters(0, 10), &came).is_err(), "{tag:?}");
    }
    let modified = ("Last-Modified", "Sat, 21 Nov 2026 10:00:00 GMT");
    let dated = part_with("bytes 10-25/26", &ALPHABET[10..], &[control, modified]);
    assert!(with(&letters(0, 10), &dated).is_err(), "a date is not enough");
    let other = part_with("bytes 10-25/26", &ALPHABET[10..], &[control, ("ETag", "\"2\"")]);
    assert_eq!(with(&letters(0, 10), &other), Err(Rule::PartsDiffer));
}

/// RFC 9110, section 14.4: what is invalid is not recombined.
#[test]
fn parts_that_contradict_are_not_put_together() {
    let refused = |came: &Came| with(&letters(0, 10), came).unwrap_err();
    assert_eq!(refused(&part("bytes 10-24/25", &ALPHABET[10..25], &[])), Rule::PartsDiffer, "another length");
    assert_eq!(refused(&part("bytes 9-11/26", "xkl", &[])), Rule::PartsDiffer, "another byte in one place");
    assert_eq!(refused(&part("bytes 12-10/26", "x", &[])), Rule::PartNotUnderstood);
    assert_eq!(refused(&part("letters 10-25/26", &ALPHABET[10..], &[])), Rule::PartNotUnderstood);
    assert_eq!(refused(&part("bytes 10-25/26", "klm", &[])), Rule::LengthContradicts);
}

/// RFC 9111, sections 3.2 and 3.4.
#[test]
fn the_fields_that_came_take_the_place_of_those_that_are_stored() {
    let first =
        [("X-A", "1"), ("X-A", "2"), ("X-Stays", "1"), ("Content-Encoding", "br"), ("Content-Type", "text/css")];
    let stored = part("bytes 0-9/26", &ALPHABET[..10], &first).stored().unwrap();
    let newer = [
        ("X-A", "3"),
        ("X-New", "4"),
        ("Content-Encoding", "gzip"),
        ("Content-Length", "5"),
        ("Connection", "X-Hop"),
        ("X-Hop", "1"),
        ("Cache-Control", "max-age=90"),
        ("ETag", "\"1\""),
    ];
    let stored = with(&stored, &part_with("bytes 10-14/26", "klmno", &newer)).unwrap();
    let value =
        |name: &str| stored.headers.get_all(name).iter().map(|value| value.to_str().unwrap()).collect::<Vec<_>>();
    assert_eq!(value("x-a"), ["3"]);
    assert_eq!(value("x-stays"), ["1"]);
    assert_eq!(value("x-new"), ["4"]);
    assert_eq!(value("content-encoding"), ["br"], "it describes the bytes that are stored");
    assert_eq!(value("content-type"), ["text/css"], "it need not be sent again");
    for gone in ["content-length", "content-range", "connection", "x-hop"] {
        assert_eq!(value(gone), [""; 0], "{gone}");
    }
    assert_eq!(value("cache-control"), ["max-age=90"]);
    assert_eq!(value("date"), ["Sat, 21 Nov 2026 12:00:30 GMT"], "it came without one");
}

/// RFC 9110, section 15.3.7.3.
#[test]
fn the_fields_of_an_incomplete_200_replace_all() {
    let stored = part("bytes 10-25/26", &ALPHABET[10..], &[("X-Gone", "1")]).stored().unwrap();
    let lines = [&TAGGED[..], &[("Content-Length", "26")]].concat();
    let stored = with(&stored, &Came::new(200, &lines, &ALPHABET[..12]).broken()).unwrap();
    assert!(stored.body.is_complete() && !stored.headers.contains_key("x-gone"));
}

/// RFC 9111, sections 3.4 and 4.2.3: the result is as old as what came.
#[test]
fn the_terms_are_those_of_the_result() {
    let newer =
        [("ETag", "\"1\""), ("Cache-Control", "max-age=90"), ("Age", "20"), ("Date", "Sat, 21 Nov 2026 12:00:30 GMT")];
    let stored = with(&letters(0, 10), &part_with("bytes 10-14/26", "klmno", &newer)).unwrap();
    assert_eq!(stored.terms.lifetime.span, Duration::from_secs(90));
    assert_eq!(stored.terms.age(LATER), Duration::from_secs(20));
    assert!(!stored.headers.contains_key("age"));
    let silent = with(&letters(0, 10), &part_with("bytes 10-14/26", "klmno", &[("ETag", "\"1\"")])).unwrap();
    assert_eq!(silent.terms.lifetime.span, Duration::from_secs(60), "what came says nothing else");
    assert_eq!(silent.terms.age(LATER), Duration::ZERO);
}

/// RFC 9111, section 3: what may not be stored is not, though a part of it was.
#[test]
fn a_part_that_forbids_to_store_takes_back_what_is_stored() {
    let of = |control| {
        with(&letters(0, 10), &part_with("bytes 10-14/26", "klmno", &[("ETag", "\"1\""), ("Cache-Control", control)]))
    };
    assert_eq!(of("no-store"), Err(Rule::NoStore));
    assert_eq!(of("private"), Err(Rule::Private));
    let stored = part("bytes 0-9/26", &ALPHABET[..10], &[("X-A", "1")]).stored().unwrap();
    let newer = [("ETag", "\"1\""), ("Cache-Control", "max-age=60, no-cache=x-a")];
    let stored = with(&stored, &part_with("bytes 10-14/26", "klmno", &newer)).unwrap();
    assert!(!stored.headers.contains_key("x-a"), "it is named now");
}

/// RFC 9111, sections 3.5 and 5.2.1.5.
#[test]
fn a_part_for_one_client_alone_is_not_put_together_with_what_others_get() {
    let of = |asked: &[Line<'_>], more: &[Line<'_>]| {
        with(&letters(0, 10), &part("bytes 10-14/26", "klmno", more).asked("GET", asked)).err()
    };
    let authorized = [("Authorization", "Basic eDp5")];
    assert_eq!(of(&authorized, &[]), Some(Rule::Authorization));
    assert_eq!(of(&authorized, &[("Cache-Control", "public")]), None);
    assert_eq!(of(&[("Cache-Control", "no-store")], &[]), Some(Rule::RequestNoStore));
    assert_eq!(of(&[], &[("Set-Cookie", "a=b")]), Some(Rule::SetCookie));
}

#[test]
fn many_fields_of_many_parts_stay_within_the_bound() {
    let names: Vec<String> = (0..900).map(|number| format!("x-{number}")).collect();
    let more: Vec<Line<'_>> = names.iter().map(|name| (name.as_str(), "1")).collect();
    let stored = part("bytes 0-9/26", &ALPHABET[..10], &more[..500]).stored().unwrap();
    assert!(with(&stored, &part("bytes 10-14/26", "klmno", &more[400..])).is_ok());
    let others: Vec<String> = (0..900).map(|number| format!("y-{number}")).collect();
    let others: Vec<Line<'_>> = others.iter().map(|name| (name.as_str(), "1")).collect();
    assert_eq!(with(&stored, &part("bytes 10-14/26", "klmno", &others)), Err(Rule::TooManyFields));
}
