//! What came of a representation (RFC 9111, section 3.3).

use freshen_http::{End, Rule};
use http::StatusCode;

use crate::made::{ALPHABET, Came, Line, TAGGED, part};

/// What is stored of the alphabet: the status, how many bytes of how many, and whether that is all.
type Kept = Result<(u16, u64, Option<u64>, bool), Rule>;

fn kept(came: &Came) -> Kept {
    let stored = came.stored()?;
    let body = &stored.body;
    Ok((stored.status.as_u16(), body.held(), body.length(), body.is_complete()))
}

fn came(status: u16, more: &[Line<'_>], content: &str) -> Came {
    Came::new(status, &[&TAGGED[..], more].concat(), content)
}

/// RFC 9111, section 3.3; RFC 9112, section 8.
#[test]
fn content_that_is_all_there_is_complete() {
    assert_eq!(kept(&came(200, &[("Content-Length", "26")], ALPHABET)), Ok((200, 26, Some(26), true)));
    assert_eq!(kept(&came(200, &[("Content-Length", "026")], ALPHABET)), Ok((200, 26, Some(26), true)));
    assert_eq!(kept(&came(200, &[], ALPHABET)), Ok((200, 26, Some(26), true)), "framed otherwise");
    assert_eq!(kept(&came(200, &[("Content-Length", "26")], ALPHABET).broken()), Ok((200, 26, Some(26), true)));
    assert_eq!(kept(&came(404, &[("Content-Length", "0")], "")), Ok((404, 0, Some(0), true)));
    assert_eq!(kept(&came(204, &[], "")), Ok((204, 0, Some(0), true)));
}

/// RFC 9111, section 3.3; RFC 9112, section 8.
#[test]
fn content_that_broke_off_is_kept_as_incomplete_and_never_as_complete() {
    let length = [("Content-Length", "26")];
    assert_eq!(kept(&came(200, &length, "abc").broken()), Ok((200, 3, Some(26), false)));
    assert_eq!(kept(&came(200, &length, "abc")), Ok((200, 3, Some(26), false)), "whatever the connection says");
    assert_eq!(kept(&came(200, &[], "abc").broken()), Ok((200, 3, None, false)));
    assert_eq!(kept(&came(200, &length, "").broken()), Err(Rule::Incomplete), "nothing came");
}

/// RFC 9111, section 3.3: GET and 200; and only a strong validator lets it be completed (section 3.4).
#[test]
fn incomplete_content_is_kept_only_of_a_tagged_200_to_get() {
    let length = [("Content-Length", "26")];
    for status in [203, 301, 404, 410, 500, 299] {
        assert_eq!(kept(&came(status, &length, "abc").broken()), Err(Rule::Incomplete), "{status}");
    }
    assert_eq!(kept(&came(200, &length, "abc").broken().asked("QUERY", &[])), Err(Rule::Incomplete));
    for tag in [&[][..], &[("ETag", "W/\"1\"")], &[("ETag", "1")], &[("ETag", "\"1\""), ("ETag", "\"2\"")]] {
        let lines = [&[("Cache-Control", "max-age=60"), length[0]], tag].concat();
        assert_eq!(kept(&Came::new(200, &lines, "abc").broken()), Err(Rule::PartialWithoutValidator), "{tag:?}");
        assert!(kept(&Came::new(200, &lines, ALPHABET)).is_ok(), "what is complete needs none");
    }
}

/// RFC 9110, section 8.6; RFC 9112, section 6.3.
#[test]
fn lengths_that_contradict_are_not_stored() {
    for lines in [
        &[("Content-Length", "25")][..],
        &[("Content-Length", "26"), ("Content-Length", "25")],
        &[("Content-Length", "26"), ("Content-Length", "26")],
        &[("Content-Length", "26, 26")],
        &[("Content-Length", "26, 25")],
        &[("Content-Length", "")],
        &[("Content-Length", "-26")],
        &[("Content-Length", "+26")],
        &[("Content-Length", "26.0")],
        &[("Content-Length", "0x1a")],
        &[("Content-Length", "26 ")],
        &[("Content-Length", "18446744073709551642")],
        &[("Content-Length", "99999999999999999999999999999999")],
        &[("Content-Length", "26"), ("Transfer-Encoding", "chunked")],
    ] {
        for came in [came(200, lines, ALPHABET), came(200, lines, ALPHABET).broken()] {
            assert_eq!(kept(&came), Err(Rule::LengthContradicts), "{lines:?}");
        }
    }
}

/// RFC 9111, section 3.3: a 206 is stored as an incomplete 200.
#[test]
fn a_part_is_kept_as_a_part_and_never_as_the_whole() {
    let length = [("Content-Length", "5")];
    assert_eq!(kept(&part("bytes 5-9/26", "fghij", &length)), Ok((200, 5, Some(26), false)));
    assert_eq!(kept(&part("bytes 0-4/26", "abcde", &[])), Ok((200, 5, Some(26), false)));
    assert_eq!(kept(&part("bytes 5-9/*", "fghij", &[])), Ok((200, 5, None, false)));
    assert_eq!(kept(&part("bytes 0-4/*", "abcde", &[])), Ok((200, 5, None, false)), "perhaps there is more");
    assert_eq!(kept(&part("bytes 5-9/26", "fgh", &length).broken()), Ok((200, 3, Some(26), false)), "it broke off");
    assert_eq!(kept(&part("bytes 5-9/26", "fgh", &[]).broken()), Ok((200, 3, Some(26), false)));
    assert_eq!(kept(&part("bytes 0-25/26", ALPHABET, &[])), Ok((200, 26, Some(26), true)), "it is all");
}

/// RFC 9111, section 3.3; RFC 9110, sections 14.4 and 15.3.7.
#[test]
fn a_part_that_cannot_be_placed_is_not_stored() {
    for range in ["bytes */26", "pages 1-2/3", "bytes 9-5/26", "bytes 5-9/9", "bytes 5-9", "5-9/26", ""] {
        assert_eq!(kept(&part(range, "fghij", &[])), Err(Rule::PartNotUnderstood), "{range:?}");
    }
    assert_eq!(kept(&came(206, &[], "fghij")), Err(Rule::PartNotUnderstood), "none is named");
    let several = [("Content-Type", "multipart/byteranges; boundary=x")];
    assert_eq!(kept(&came(206, &several, "--x")), Err(Rule::PartNotUnderstood));
    let twice = [("Content-Range", "bytes 5-9/26")];
    assert_eq!(kept(&part("bytes 5-9/26", "fghij", &twice)), Err(Rule::PartNotUnderstood));
    let weak = [("Cache-Control", "max-age=60"), ("ETag", "W/\"1\""), ("Content-Range", "bytes 5-9/26")];
    assert_eq!(kept(&Came::new(206, &weak, "fghij")), Err(Rule::PartialWithoutValidator));
    assert_eq!(kept(&part("bytes 5-9/26", "fghij", &[]).asked("QUERY", &[])), Err(Rule::Incomplete));
}

/// RFC 9110, sections 8.6 and 14.4.
#[test]
fn a_part_of_another_length_than_it_says_is_not_stored() {
    for (content, lines) in [
        ("fghijk", &[][..]),
        ("fghi", &[]),
        ("fghij", &[("Content-Length", "26")]),
        ("fghij", &[("Content-Length", "4")]),
        ("fghij", &[("Content-Length", "5"), ("Content-Length", "5")]),
    ] {
        assert_eq!(kept(&part("bytes 5-9/26", content, lines)), Err(Rule::LengthContradicts), "{content} {lines:?}");
    }
}

/// RFC 9110, section 15.3.7: who names its version in If-Range need not be sent the fields that it has.
#[test]
fn a_part_that_may_lack_fields_is_not_stored_by_itself() {
    let asked = [("Range", "bytes=5-9"), ("If-Range", "\"1\"")];
    assert_eq!(kept(&part("bytes 5-9/26", "fghij", &[]).asked("GET", &asked)), Err(Rule::FieldsLeftOut));
    assert!(kept(&part("bytes 5-9/26", "fghij", &[]).asked("GET", &asked[..1])).is_ok());
    assert!(kept(&came(200, &[], ALPHABET).asked("GET", &asked)).is_ok(), "this is another version, and whole");
}

/// RFC 9111, section 3.3: only its body makes a part a part; nothing else must tell of the part's length.
#[test]
fn what_a_part_said_of_its_length_is_not_kept() {
    let stored = part("bytes 5-9/26", "fghij", &[("Content-Length", "5")]).stored().unwrap();
    assert!(!stored.headers.contains_key("content-length") && !stored.headers.contains_key("content-range"));
    let broken = came(200, &[("Content-Length", "26")], "abc").broken();
    assert!(!broken.stored().unwrap().headers.contains_key("content-length"));
    let whole = part("bytes 0-25/26", ALPHABET, &[]).stored().unwrap();
    assert_eq!((whole.status, &whole.headers["content-length"]), (StatusCode::OK, &"26".parse().unwrap()));
    assert_eq!(came(200, &[], ALPHABET).received().end, End::Clean);
}
