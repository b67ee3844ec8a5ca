//! What a client with conditions is owed of a stored response.

use freshen_http::{Answer, Asked, Body, Config, Rule, Stored, is_for_origin};
use http::{HeaderMap, StatusCode};
use proptest::prelude::*;

use crate::wire::{Lines, NOON, at, date, headers, request, terms};

/// The status that a client gets, and by which rule; 0: the request goes to the origin.
type Owed = (u16, Rule);

const HAS_IT: Owed = (304, Rule::IfNoneMatch);
const UNCHANGED: Owed = (304, Rule::IfModifiedSince);
const GETS_IT: Owed = (200, Rule::ConditionsMet);
const PART: Owed = (206, Rule::Range);
const WHOLE: Owed = (200, Rule::IfRange);

/// A response with five bytes.
fn kept(status: u16, lines: Lines<'_>) -> Stored {
    let terms = terms(lines, &Config::default());
    let (status, trailers) = (StatusCode::from_u16(status).unwrap(), HeaderMap::new());
    Stored { status, headers: headers(lines), trailers, terms, body: Body::complete(&["hello".into()]) }
}

fn answer(method: &str, asked: Lines<'_>, stored: &Stored) -> Answer {
    let (request, config) = (request(method, asked), Config::default());
    stored.answer(&request.headers, &Asked::of(&request, &config), at(10), 7, &config)
}

fn owed(method: &str, asked: Lines<'_>, stored: &Stored) -> Owed {
    match answer(method, asked, stored) {
        Answer::NotModified(_, rule) => (304, rule),
        Answer::Serve(served, rule) => (served.status.as_u16(), rule),
        Answer::Pass(rule) => (0, rule),
        other => panic!("{other:?}"),
    }
}

fn of(method: &str, asked: Lines<'_>, status: u16, stored: Lines<'_>) -> Owed {
    owed(method, asked, &kept(status, stored))
}

fn get(asked: Lines<'_>, stored: Lines<'_>) -> Owed {
    of("GET", asked, 200, stored)
}

/// RFC 9110, section 13.1.2.
#[test]
fn if_none_match_compares_weakly_with_each_tag_of_its_list() {
    let cases = [
        (r#""a""#, r#""a""#, HAS_IT),
        (r#"W/"a""#, r#""a""#, HAS_IT),
        (r#""a""#, r#"W/"a""#, HAS_IT),
        (r#"W/"a""#, r#"W/"a""#, HAS_IT),
        (r#""b", W/"c","a""#, r#""a""#, HAS_IT),
        (r#""b, a""#, r#""a""#, GETS_IT),
        (r#""b", "c""#, r#""a""#, GETS_IT),
        (r#""A""#, r#""a""#, GETS_IT),
        ("\"\u{e9}\"", "\"\u{e9}\"", HAS_IT),
        ("\"\u{e9}\"", "\"\u{e8}\"", GETS_IT),
        ("a", "a", HAS_IT),
        ("a", r#""a""#, GETS_IT),
        ("", r#""a""#, GETS_IT),
    ];
    for (listed, tag, expected) in cases {
        assert_eq!(get(&[("if-none-match", listed)], &[("etag", tag)]), expected, "{listed} {tag}");
    }
    let lines = [("if-none-match", r#""b""#), ("if-none-match", r#""a""#)];
    assert_eq!(get(&lines, &[("etag", r#""a""#)]), HAS_IT, "several lines are one list");
}

/// RFC 9110, section 13.1.2.
#[test]
fn a_star_is_any_response_but_not_beside_others() {
    assert_eq!(get(&[("if-none-match", "*")], &[("etag", r#""a""#)]), HAS_IT);
    assert_eq!(get(&[("if-none-match", " * ")], &[]), HAS_IT);
    assert_eq!(get(&[("if-none-match", "*, *")], &[("etag", r#""a""#)]), GETS_IT);
    assert_eq!(get(&[("if-none-match", r#"*, "b""#)], &[("etag", r#""a""#)]), GETS_IT);
    assert_eq!(get(&[("if-none-match", "*, x")], &[("etag", "*")]), GETS_IT, "a tag is no star");
}

/// RFC 9110, sections 13.1.3 and 13.2.2.
#[test]
fn if_none_match_goes_before_if_modified_since() {
    let modified = date(-1000);
    let stored = [("etag", r#""a""#), ("last-modified", &*modified)];
    let later = date(0);
    assert_eq!(get(&[("if-none-match", r#""b""#), ("if-modified-since", &later)], &stored), GETS_IT);
    let earlier = date(-2000);
    assert_eq!(get(&[("if-none-match", r#""a""#), ("if-modified-since", &earlier)], &stored), HAS_IT);
    let untagged = [("last-modified", &*modified)];
    assert_eq!(get(&[("if-none-match", r#""a""#), ("if-modified-since", &later)], &untagged), GETS_IT);
    let long = r#""x","#.repeat(20_000);
    assert_eq!(
        get(&[("if-none-match", &long), ("if-modified-since", &later)], &stored),
        GETS_IT,
        "too long to be read"
    );
}

/// RFC 9110, section 13.1.3.
#[test]
fn if_modified_since_holds_the_last_modification_against_a_date() {
    let modified = date(-1000);
    for (since, expected) in [(-1001, GETS_IT), (-1000, UNCHANGED), (-999, UNCHANGED), (99_999, UNCHANGED)] {
        assert_eq!(get(&[("if-modified-since", &date(since))], &[("last-modified", &modified)]), expected, "{since}");
    }
    let stored = [("last-modified", "Sunday, 06-Nov-94 08:49:37 GMT")];
    for since in ["Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"] {
        assert_eq!(get(&[("if-modified-since", since)], &stored), UNCHANGED, "{since}");
    }
    assert_eq!(get(&[("if-modified-since", "Sun Nov  6 08:49:36 1994")], &stored), GETS_IT);
}

/// RFC 9110, section 13.1.3: it is ignored.
#[test]
fn an_if_modified_since_that_is_no_single_date_counts_for_nothing() {
    let (modified, later) = (date(-1000), date(0));
    let stored = [("last-modified", &*modified)];
    for bad in ["", "0", "now", &format!("{later}, {later}"), &later.replace("GMT", "UTC")] {
        assert_eq!(get(&[("if-modified-since", bad)], &stored), GETS_IT, "{bad}");
    }
    assert_eq!(get(&[("if-modified-since", &later), ("if-modified-since", &later)], &stored), GETS_IT);
}

/// RFC 9111, section 4.3.2.
#[test]
fn without_a_last_modification_the_date_counts_and_else_when_the_response_came() {
    let (dated, noon) = (date(-30), date(0));
    let [before, same] = [date(-31), dated.clone()];
    assert_eq!(get(&[("if-modified-since", &same)], &[("date", &dated)]), UNCHANGED);
    assert_eq!(get(&[("if-modified-since", &before)], &[("date", &dated)]), GETS_IT);
    assert_eq!(get(&[("if-modified-since", &noon)], &[]), UNCHANGED);
    assert_eq!(get(&[("if-modified-since", &same)], &[]), GETS_IT);
    assert_eq!(get(&[("if-modified-since", &same)], &[("date", &dated), ("last-modified", "x")]), UNCHANGED);
}

/// RFC 9111, section 4.3.2: the date that a cache adds has whole seconds, and so has what clients make of it.
#[test]
fn a_response_without_a_date_that_came_within_a_second_is_as_old_as_that_second() {
    let mut stored = kept(200, &[]);
    stored.terms.date = freshen_core::Timestamp::from_micros(NOON.as_micros() + 999_999);
    assert_eq!(owed("GET", &[("if-modified-since", &date(0))], &stored), UNCHANGED);
}

/// RFC 9110, section 13.1.3: GET and HEAD alone.
#[test]
fn methods_have_the_conditions_that_are_defined_for_them() {
    let (modified, later) = (date(-1000), date(0));
    let stored = [("etag", r#""a""#), ("last-modified", &*modified)];
    let by_tag = [("if-none-match", r#""a""#)];
    let by_date = [("if-modified-since", &*later)];
    let by_range = [("if-range", r#""b""#), ("range", "bytes=0-1")];
    let [not_understood, unsafely] = [Rule::MethodNotUnderstood, Rule::MethodUnsafe].map(|rule| (0, rule));
    let cases = [
        ("GET", HAS_IT, UNCHANGED, WHOLE),
        ("HEAD", HAS_IT, UNCHANGED, (200, Rule::RangeIgnored)),
        ("QUERY", HAS_IT, GETS_IT, WHOLE),
        ("POST", unsafely, unsafely, unsafely),
        ("OPTIONS", not_understood, not_understood, not_understood),
    ];
    for (method, tag, date, range) in cases {
        let each = [&by_tag[..], &by_date, &by_range].map(|asked| of(method, asked, 200, &stored));
        assert_eq!(each, [tag, date, range], "{method}");
    }
}

/// RFC 9110, section 13.2.1.
#[test]
fn conditions_are_about_successes_alone() {
    for (status, expected) in [
        (200, HAS_IT),
        (203, HAS_IT),
        (206, HAS_IT),
        (301, (301, Rule::ConditionsIgnored)),
        (404, (404, Rule::ConditionsIgnored)),
        (410, (410, Rule::ConditionsIgnored)),
        (503, (503, Rule::ConditionsIgnored)),
    ] {
        assert_eq!(of("GET", &[("if-none-match", "*")], status, &[("etag", r#""a""#)]), expected, "{status}");
        let unchanged = if expected == HAS_IT { UNCHANGED } else { expected };
        assert_eq!(of("GET", &[("if-modified-since", &date(0))], status, &[]), unchanged, "{status}");
    }
}

/// RFC 9111, sections 3.3 and 4.3.2: they are held against it once the rest is there.
#[test]
fn conditions_of_a_request_that_wants_more_than_is_there_are_not_judged() {
    let asked = [("if-none-match", r#""a""#)];
    let mut stored = kept(200, &[("etag", r#""a""#)]);
    assert_eq!(owed("GET", &asked, &stored), HAS_IT);
    stored.body = Body::part(0, &["hello".into()], Some(6)).unwrap();
    assert!(matches!(answer("GET", &asked, &stored), Answer::Fetch(_, Rule::Incomplete)));
    assert_eq!(owed("GET", &[asked[0], ("range", "bytes=0-1")], &stored), HAS_IT);
}

/// RFC 9110, section 13.1.5.
#[test]
fn if_range_wants_the_same_strong_tag() {
    let cases = [
        (r#""a""#, r#""a""#, PART),
        (r#""b""#, r#""a""#, WHOLE),
        (r#"W/"a""#, r#"W/"a""#, WHOLE),
        (r#"W/"a""#, r#""a""#, WHOLE),
        (r#""a""#, r#"W/"a""#, WHOLE),
        ("a", "a", WHOLE),
        (r#""a", "b""#, r#""a""#, WHOLE),
        ("*", r#""a""#, WHOLE),
        ("", r#""a""#, WHOLE),
    ];
    for (part, tag, expected) in cases {
        assert_eq!(get(&[("range", "bytes=0-1"), ("if-range", part)], &[("etag", tag)]), expected, "{part} {tag}");
    }
    let twice = [("range", "bytes=0-1"), ("if-range", r#""a""#), ("if-range", r#""a""#)];
    assert_eq!(get(&twice, &[("etag", r#""a""#)]), WHOLE);
    assert_eq!(get(&[("range", "bytes=0-1"), ("if-range", r#""a""#)], &[]), WHOLE);
}

/// RFC 9110, sections 13.1.5 and 8.8.2.2.
#[test]
fn if_range_wants_the_same_strong_date() {
    let [noon, before, just_before] = [0, -60, -59].map(date);
    let of = |part: &str, modified: &str| {
        get(&[("range", "bytes=0-1"), ("if-range", part)], &[("date", &noon), ("last-modified", modified)])
    };
    assert_eq!(of(&before, &before), PART);
    assert_eq!(of(&just_before, &just_before), WHOLE, "too near to its date");
    assert_eq!(of(&noon, &before), WHOLE, "later is not the same");
    assert_eq!(of("Sun Nov  6 08:49:37 1994", "Sun, 06 Nov 1994 08:49:37 GMT"), PART);
    assert_eq!(get(&[("range", "bytes=0-1"), ("if-range", &before)], &[("last-modified", &before)]), WHOLE, "undated");
    let mut dated_by_the_cache = kept(200, &[("last-modified", &before)]);
    dated_by_the_cache.headers.insert("date", noon.parse().unwrap());
    assert_eq!(owed("GET", &[("range", "bytes=0-1"), ("if-range", &before)], &dated_by_the_cache), WHOLE);
    assert_eq!(get(&[("range", "bytes=0-1"), ("if-range", "x")], &[("last-modified", "x")]), WHOLE);
}

/// RFC 9110, sections 13.1.5 and 13.2.2.
#[test]
fn if_range_counts_only_beside_a_range_and_after_the_others() {
    let stored = [("etag", r#""a""#)];
    assert_eq!(get(&[("if-range", r#""b""#)], &stored), (200, Rule::Unconditional));
    let both = |none: &'static str| [("range", "bytes=0-1"), ("if-range", r#""b""#), ("if-none-match", none)];
    assert_eq!(get(&both(r#""a""#), &stored), HAS_IT);
    assert_eq!(get(&both(r#""c""#), &stored), WHOLE);
    assert_eq!(get(&[("range", "bytes=0-1")], &stored), PART);
    assert_eq!(get(&[], &stored), (200, Rule::Unconditional));
}

/// RFC 9111, section 4.3.2; RFC 9110, sections 13.1.1 and 13.1.4.
#[test]
fn what_is_for_the_origin_is_not_judged_by_a_cache() {
    let (modified, earlier) = (date(-1000), date(-2000));
    let stored = [("etag", r#""a""#), ("last-modified", &*modified)];
    for condition in [("if-match", r#""b""#), ("if-unmodified-since", &*earlier)] {
        assert_eq!(get(&[condition], &stored), (200, Rule::Unconditional));
        assert_eq!(get(&[condition, ("if-none-match", r#""a""#)], &stored), HAS_IT);
        assert!(is_for_origin(&headers(&[condition])));
    }
    assert!(!is_for_origin(&headers(&[("if-none-match", "*"), ("if-modified-since", &earlier), ("if-range", "x")])));
}

/// The fields of a 304 ten seconds after noon, for a response that came at noon.
fn not_modified(stored: Lines<'_>) -> HeaderMap {
    match answer("GET", &[("if-none-match", "*")], &kept(200, stored)) {
        Answer::NotModified(headers, _) => headers,
        other => panic!("{other:?}"),
    }
}

/// RFC 9110, section 15.4.5.
#[test]
fn a_304_has_what_identifies_the_response_and_what_caches_need() {
    let noon = date(0);
    let before = date(-5);
    let stored = [
        ("cache-control", "max-age=60"),
        ("cache-control", "public"),
        ("cdn-cache-control", "public, max-age=90"),
        ("content-location", "/a"),
        ("date", &*noon),
        ("etag", r#""a""#),
        ("expires", "0"),
        ("vary", "accept"),
        ("content-type", "text/plain"),
        ("content-length", "5"),
        ("content-encoding", "gzip"),
        ("content-language", "en"),
        ("last-modified", &before),
        ("set-cookie", "a=b"),
        ("x-other", "1"),
    ];
    let mut expected = headers(&[&stored[..], &[("age", "10")]].concat());
    for name in [
        "content-type",
        "content-length",
        "content-encoding",
        "content-language",
        "last-modified",
        "set-cookie",
        "x-other",
    ] {
        expected.remove(name);
    }
    assert_eq!(not_modified(&stored), expected);
    let untagged = [("last-modified", &*before), ("content-type", "text/plain")];
    assert_eq!(not_modified(&untagged), headers(&[("last-modified", &before), ("age", "10")]));
}

/// RFC 9111, section 4: it is made of a stored response that was not validated.
#[test]
fn a_304_says_how_old_the_response_is() {
    assert_eq!(not_modified(&[("etag", r#""a""#)])["age"], "10");
    assert_eq!(not_modified(&[("etag", r#""a""#), ("age", "30")])["age"], "40");
}

proptest! {
    /// The answer to the same is the same, and none panics.
    #[test]
    fn no_conditions_make_it_panic(
        none in "[\"W/,* a\\PC]{0,24}", since in "\\PC{0,32}", part in "[\"W/ a\\PC]{0,12}", tag in "[\"W/ab*,]{0,6}",
    ) {
        let asked = [("if-none-match", &*none), ("if-modified-since", &since), ("if-range", &part), ("range", "bytes=0-")];
        let stored = [("etag", &*tag)];
        prop_assert_eq!(get(&asked, &stored), get(&asked, &stored));
    }
}
