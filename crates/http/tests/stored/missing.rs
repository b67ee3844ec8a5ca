//! What a request gets of a part that is stored, and what is fetched for it (RFC 9111, section 3.3).

use freshen_http::{Answer, Missing, Rule, Stored};

use crate::answers::{answer, range, told};
use crate::made::{self, Came, Line, NOON, TAGGED, fields, letters, part, request};

/// What is asked for, and by which tag; `None`: the whole.
fn missing(stored: &Stored, lines: &[Line<'_>]) -> Option<(String, String)> {
    let Answer::Fetch(missing, Rule::Incomplete) = answer(stored, lines) else { panic!("{lines:?} is served") };
    let text = |value: http::HeaderValue| value.to_str().unwrap().to_owned();
    match missing {
        Missing::Part { range, if_range } => Some((text(range), text(if_range))),
        Missing::Whole => None,
    }
}

/// RFC 9111, section 3.3: a request for what lies wholly within what is there.
#[test]
fn a_stored_part_answers_what_lies_within_it() {
    for (asked, content, said) in [
        ("bytes=5-9", "fghij", "bytes 5-9/26"),
        ("bytes=6-7", "gh", "bytes 6-7/26"),
        ("bytes=9-9", "j", "bytes 9-9/26"),
    ] {
        let expected = (206, content.to_owned(), said.to_owned(), Rule::Range);
        assert_eq!(told(&letters(5, 10), &range(asked)), expected, "{asked}");
    }
    assert_eq!(told(&letters(20, 26), &range("bytes=-3")).1, "xyz");
    assert_eq!(told(&letters(20, 26), &range("bytes=22-")).1, "wxyz");
    assert_eq!(told(&letters(20, 26), &range("bytes=20-99")).1, "uvwxyz");
    let unknown = part("bytes 5-9/*", "fghij", &[]).stored().unwrap();
    let expected = (206, "gh".to_owned(), "bytes 6-7/*".to_owned(), Rule::Range);
    assert_eq!(told(&unknown, &range("bytes=6-7")), expected, "its length is not known");
}

/// RFC 9111, section 3.3: what is missing is asked for, if it is still of the same version.
#[test]
fn what_is_not_there_of_a_stored_part_is_fetched() {
    let asks = |stored: &Stored, lines: &[Line<'_>], expected: &str| {
        assert_eq!(missing(stored, lines), Some((expected.to_owned(), "\"1\"".to_owned())), "{lines:?}");
    };
    let stored = letters(5, 10);
    for (asked, expected) in [
        ("bytes=5-10", "bytes=10-10"),
        ("bytes=4-9", "bytes=4-4"),
        ("bytes=0-25", "bytes=0-25"),
        ("bytes=7-", "bytes=10-25"),
        ("bytes=-20", "bytes=10-25"),
        ("bytes=-3", "bytes=23-25"),
        ("bytes=12-13", "bytes=12-13"),
        ("bytes=5-6, 12-13, 20-20", "bytes=12-20"),
    ] {
        asks(&stored, &range(asked), expected);
    }
    asks(&stored, &[], "bytes=0-25");
    asks(&letters(0, 10), &[], "bytes=10-25");
    asks(&letters(0, 10), &[("Range", "bytes=0-1"), ("If-Range", "\"2\"")], "bytes=10-25");
    asks(&letters(0, 10), &range("bytes=x"), "bytes=10-25");
}

/// RFC 9110, section 14.4: how long the whole is was not known when the part was sent.
#[test]
fn what_is_not_there_of_an_unknown_length_is_fetched_to_its_end() {
    let of = |lines: &[Line<'_>]| missing(&part("bytes 5-9/*", "fghij", &[]).stored().unwrap(), lines).unwrap().0;
    assert_eq!(of(&range("bytes=7-")), "bytes=10-");
    assert_eq!(of(&range("bytes=12-")), "bytes=12-");
    assert_eq!(of(&range("bytes=7-12")), "bytes=10-12");
    assert_eq!(of(&range("bytes=-3")), "bytes=-3");
    assert_eq!(of(&range("bytes=5-6, 7-8")), "bytes=0-");
    assert_eq!(of(&[]), "bytes=0-");
    let first = Came::new(200, &TAGGED, "abc").broken().stored().unwrap();
    assert_eq!(missing(&first, &[]).unwrap().0, "bytes=3-");
    assert_eq!(told(&first, &range("bytes=1-2")), (206, "bc".to_owned(), "bytes 1-2/*".to_owned(), Rule::Range));
}

/// RFC 9111, section 5.2.1.7.
#[test]
fn what_is_not_there_is_not_fetched_for_a_request_that_wants_nothing_fetched() {
    let only = ("Cache-Control", "only-if-cached");
    let stored = letters(5, 10);
    assert_eq!(answer(&stored, &[only]), Answer::Refuse(Rule::OnlyIfCached));
    assert_eq!(answer(&stored, &[only, ("Range", "bytes=4-9")]), Answer::Refuse(Rule::OnlyIfCached));
    assert_eq!(told(&stored, &[only, ("Range", "bytes=5-9")]).1, "fghij");
}

/// RFC 9111, section 3.3: it may answer requests for ranges within it alone, and HEAD gets nothing that could complete it.
#[test]
fn head_of_a_part_goes_to_the_origin() {
    let of = |stored: &Stored, lines: &[Line<'_>]| made::answer(stored, &request("HEAD", lines), NOON);
    for lines in [&[][..], &range("bytes=5-9"), &[("If-None-Match", "\"1\"")]] {
        assert_eq!(of(&letters(5, 10), lines), Answer::Pass(Rule::Incomplete), "{lines:?}");
    }
    assert!(matches!(of(&letters(0, 26), &[]), Answer::Serve(..)));
    let only = [("Cache-Control", "only-if-cached")];
    assert_eq!(of(&letters(5, 10), &only), Answer::Refuse(Rule::OnlyIfCached));
}

/// One range for two bytes at both ends would be all that lies between.
#[test]
fn what_is_missing_too_far_apart_is_not_fetched() {
    const LARGE: u64 = 10_000_000_000;
    let at = |start: u64, bytes: usize| {
        let range = format!("bytes {start}-{}/{LARGE}", start + bytes as u64 - 1);
        part(&range, &"x".repeat(bytes), &[]).stored().unwrap()
    };
    let small = at(100, 1);
    let passes = Answer::Pass(Rule::Incomplete);
    assert_eq!(answer(&small, &range("bytes=0-0, -1")), passes);
    assert_eq!(
        answer(&small, &[range("bytes=0-0, -1")[0], ("Cache-Control", "only-if-cached")]),
        Answer::Refuse(Rule::OnlyIfCached)
    );
    assert_eq!(missing(&small, &range("bytes=0-0, 65537-65537")).unwrap().0, "bytes=0-65537");
    assert_eq!(answer(&small, &range("bytes=0-0, 65538-65538")), passes);
    assert_eq!(
        missing(&small, &range("bytes=0-99999, 299998-399997")).unwrap().0,
        "bytes=0-399997",
        "as much as is missing"
    );
    assert_eq!(answer(&small, &range("bytes=0-99999, 299999-399998")), passes);
    let large = at(1, 100_000);
    assert_eq!(answer(&large, &range("bytes=0-100001")), passes, "what is there lies between");
    assert_eq!(missing(&large, &range("bytes=0-200001")).unwrap().0, "bytes=0-200001");
}

/// RFC 9111, section 3.3; RFC 9110, section 13.1.5: what comes is for the cache, which judges the conditions of the client by it.
#[test]
fn what_is_missing_is_asked_for_without_the_conditions_of_the_client() {
    let conditions = [
        ("If-None-Match", "\"1\""),
        ("If-Modified-Since", "Sat, 21 Nov 2026 12:00:00 GMT"),
        ("If-Range", "\"2\""),
        ("Range", "bytes=0-9"),
        ("Connection", "close"),
    ];
    let client = request("GET", &[&conditions[..], &[("Accept", "text/css"), ("Accept", "*/*")]].concat());
    let asks = |missing: &Missing| {
        let mut headers = made::sent(&client, |sent| missing.request(sent).headers());
        assert_eq!(headers.remove("host").unwrap(), "a.example");
        headers
    };
    let Answer::Fetch(part, _) = answer(&letters(5, 10), &range("bytes=5-12")) else { panic!("it is not all there") };
    let of_part = [("Accept", "text/css"), ("Accept", "*/*"), ("Range", "bytes=10-12"), ("If-Range", "\"1\"")];
    assert_eq!(asks(&part), fields(&of_part));
    assert_eq!(asks(&Missing::Whole), fields(&of_part[..2]));
}

#[test]
fn what_has_no_strong_tag_is_fetched_whole() {
    let mut stored = letters(5, 10);
    stored.headers.remove("etag");
    assert_eq!(missing(&stored, &range("bytes=4-9")), None);
    assert_eq!(missing(&stored, &[]), None);
    assert_eq!(told(&stored, &range("bytes=5-9")).1, "fghij");
}
