//! What a response to HEAD says of a stored response to GET.

use freshen_http::{Body, Config, Headed, Rule, Stored};
use http::{HeaderMap, StatusCode};

use crate::wire::{Lines, date, headers, response, terms};

const CURRENT: Headed = Headed::Current(Rule::HeadMatches);
const OUTDATED: Headed = Headed::Outdated(Rule::HeadDiffers);

/// A response with five bytes, of so many if that is known.
fn kept(status: u16, lines: Lines<'_>, length_bytes: Option<u64>) -> Stored {
    let (terms, trailers) = (terms(lines, &Config::default()), HeaderMap::new());
    let body = Body::part(0, &["hello".into()], length_bytes).unwrap();
    Stored { status: StatusCode::from_u16(status).unwrap(), headers: headers(lines), trailers, terms, body }
}

fn of(head: Lines<'_>, stored: Lines<'_>, length_bytes: Option<u64>) -> Headed {
    Headed::of(&response(200, head), &kept(200, stored, length_bytes))
}

/// RFC 9111, section 4.3.5.
#[test]
fn each_validator_that_a_response_to_head_has_must_be_that_of_the_stored_response() {
    let [modified, other] = [-5, -6].map(date);
    let stored = [("etag", r#""a""#), ("last-modified", &*modified)];
    let cases: [(Lines<'_>, Headed); 9] = [
        (&stored, CURRENT),
        (&stored[..1], CURRENT),
        (&stored[1..], CURRENT),
        (&[], CURRENT),
        (&[("etag", r#""b""#)], OUTDATED),
        (&[("etag", r#"W/"a""#)], OUTDATED),
        (&[("etag", r#""a""#), ("etag", r#""b""#)], OUTDATED),
        (&[("last-modified", &other)], OUTDATED),
        (&[("etag", r#""a""#), ("last-modified", &other)], OUTDATED),
    ];
    for (head, expected) in cases {
        assert_eq!(of(head, &stored, Some(5)), expected, "{head:?}");
    }
    assert_eq!(of(&stored, &[], Some(5)), OUTDATED, "what is stored lacks it");
}

/// RFC 9111, section 4.3.5.
#[test]
fn a_length_that_a_response_to_head_has_must_be_that_of_the_stored_response() {
    let cases: [(Lines<'_>, Option<u64>, Headed); 11] = [
        (&[("content-length", "5")], Some(5), CURRENT),
        (&[("content-length", "005")], Some(5), CURRENT),
        (&[("content-length", "5"), ("content-length", "5")], Some(5), CURRENT),
        (&[("content-length", "6")], Some(5), OUTDATED),
        (&[("content-length", "5")], None, OUTDATED),
        (&[("content-length", "5, 6")], Some(5), OUTDATED),
        (&[("content-length", "5"), ("content-length", "6")], Some(5), OUTDATED),
        (&[("content-length", "+5")], Some(5), OUTDATED),
        (&[("content-length", "")], Some(5), OUTDATED),
        (&[("content-length", "x")], None, OUTDATED),
        (&[("content-length", "18446744073709551621")], Some(5), OUTDATED),
    ];
    for (head, length_bytes, expected) in cases {
        assert_eq!(of(head, &[], length_bytes), expected, "{head:?} {length_bytes:?}");
    }
    let tagged = [("etag", r#""a""#)];
    assert_eq!(of(&[("etag", r#""a""#), ("content-length", "6")], &tagged, Some(5)), OUTDATED);
}

/// RFC 9111, section 4.3.5: it is about 200.
#[test]
fn another_status_says_nothing() {
    for status in [204, 206, 301, 304, 404, 410, 500] {
        let head = response(status, &[("etag", r#""b""#)]);
        assert_eq!(Headed::of(&head, &kept(200, &[], None)), Headed::Untold(Rule::HeadUntold), "{status}");
    }
}

/// RFC 9111, section 4.3.5: GET would get a 200 now.
#[test]
fn a_response_to_head_outdates_what_is_stored_with_another_status() {
    let tagged = [("etag", r#""a""#)];
    for status in [203, 301, 404, 410] {
        assert_eq!(Headed::of(&response(200, &tagged), &kept(status, &tagged, Some(5))), OUTDATED, "{status}");
    }
    assert_eq!(Headed::of(&response(404, &tagged), &kept(404, &tagged, Some(5))), Headed::Untold(Rule::HeadUntold));
}
