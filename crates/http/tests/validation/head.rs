//! What a response to HEAD says of a stored response to GET.

use freshen_http::{Headed, Rule};

use crate::wire::{Lines, date, headers, response};

const CURRENT: Headed = Headed::Current(Rule::HeadMatches);
const OUTDATED: Headed = Headed::Outdated(Rule::HeadDiffers);

fn of(head: Lines<'_>, stored: Lines<'_>, length_bytes: Option<u64>) -> Headed {
    Headed::of(&response(200, head), &headers(stored), length_bytes)
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
        assert_eq!(Headed::of(&head, &headers(&[]), None), Headed::Untold(Rule::HeadUntold), "{status}");
    }
}
