//! With which fields an origin is asked about what is stored.

use freshen_http::{Config, ENTITY_TAG_BYTES_MOST, Likeness, SENT_TAGS_BYTES_MOST, Variant, Variants};
use http::{HeaderMap, HeaderName};

use crate::wire::{Lines, answered, date, headers, kept, of_another, question, question_by, too_short};

/// With which fields the origin is asked, but for Host, which is there in any case.
fn asks(request: Lines<'_>, kept: &[Variant]) -> HeaderMap {
    let mut headers = question("GET", request, kept, 0).sent().headers();
    assert_eq!(headers.remove("host").unwrap(), "a.example");
    headers
}

/// RFC 9111, section 4.3.1.
#[test]
fn one_response_is_asked_about_by_all_its_validators_as_they_came() {
    let modified = date(-1000);
    for (tag, modified) in [
        (Some(r#""a""#), Some(&*modified)),
        (Some(r#"W/"a""#), Some(&*modified)),
        (Some(r#""a,b""#), None),
        (Some("\"\u{e9}\""), None),
        (Some("a"), None),
        (Some("W/a"), Some(&*modified)),
        (None, Some(&*modified)),
        (None, Some("Sunday, 06-Nov-94 08:49:37 GMT")),
        (None, None),
    ] {
        let stored = [tag.map(|tag| ("etag", tag)), modified.map(|modified| ("last-modified", modified))];
        let stored: Vec<_> = stored.into_iter().flatten().collect();
        let expected =
            [tag.map(|tag| ("if-none-match", tag)), modified.map(|modified| ("if-modified-since", modified))];
        let expected: Vec<_> = expected.into_iter().flatten().collect();
        assert_eq!(asks(&[], &[kept(&stored)]), headers(&expected), "{tag:?} {modified:?}");
    }
}

/// RFC 9110, sections 8.8.2 and 8.8.3.
#[test]
fn what_is_no_validator_is_not_sent() {
    let (one, other) = (date(-1), date(-2));
    let long = format!("\"{}\"", "x".repeat(ENTITY_TAG_BYTES_MOST));
    for stored in [
        &[("etag", "*")][..],
        &[("etag", "")],
        &[("etag", "a, *")],
        &[("etag", r#""a""#), ("etag", r#""b""#)],
        &[("etag", &long)],
        &[("last-modified", "0")],
        &[("last-modified", "yesterday")],
        &[("last-modified", &one), ("last-modified", &other)],
    ] {
        let variant = kept(stored);
        assert!(!variant.stored.terms.has_validator, "{stored:?}");
        assert_eq!(asks(&[], &[variant]), HeaderMap::new(), "{stored:?}");
    }
}

/// RFC 9111, sections 4.1 and 4.3.1.
#[test]
fn several_responses_are_asked_about_by_their_tags_alone() {
    let modified = date(-1000);
    let stored = [
        kept(&[("etag", r#"W/"a""#), ("last-modified", &modified)]),
        of_another("accept", &[("etag", r#""b""#), ("last-modified", &modified)]),
        of_another("accept", &[("etag", r#""b""#)]),
    ];
    assert_eq!(asks(&[], &stored), headers(&[("if-none-match", r#"W/"a", "b""#)]));
}

/// Variants often have a weak tag, or the time of their modification, in common.
#[test]
fn variants_that_the_request_does_not_select_are_asked_about_by_strong_tags_alone() {
    let modified = date(-1000);
    let stored = [
        of_another("accept", &[("etag", r#"W/"a""#), ("last-modified", &modified)]),
        of_another("accept", &[("last-modified", &modified)]),
        of_another("accept", &[("etag", "c")]),
    ];
    assert_eq!(asks(&[], &stored), HeaderMap::new());
    let with_strong = [stored, [(); 3].map(|()| of_another("accept", &[("etag", r#""d""#)]))].into_iter().flatten();
    let asked = asks(&[], &with_strong.collect::<Vec<_>>());
    assert_eq!(asked, headers(&[("if-none-match", r#""d""#)]));
    let only = of_another("accept", &[("etag", r#""d""#), ("last-modified", &modified)]);
    assert_eq!(asks(&[], &[only]), headers(&[("if-none-match", r#""d""#)]), "though it is the only one");
}

/// Were it current, whoever asks would get the fields of somebody else's page. Who asks, any field may tell.
#[test]
fn what_varies_by_who_asks_is_not_asked_about_for_others() {
    let tagged = [("etag", r#""a""#)];
    for by in ["cookie", "authorization", "x-user", "cf-access-jwt-assertion", "accept-user", "user-agent"] {
        assert_eq!(asks(&[], &[of_another(by, &tagged)]), HeaderMap::new(), "{by}");
        let own = [(by, "of another")];
        let expected = headers(&[own[0], ("if-none-match", r#""a""#)]);
        assert_eq!(asks(&own, &[of_another(by, &tagged)]), expected, "it is his own");
    }
    for by in ["accept", "accept-charset", "accept-encoding", "accept-language"] {
        assert_eq!(asks(&[], &[of_another(by, &tagged)]), headers(&[("if-none-match", r#""a""#)]), "{by}");
    }
    let both = of_another("accept, x-user", &tagged);
    assert_eq!(asks(&[], &[both]), HeaderMap::new(), "one of them is enough");
}

/// In such a field, the application has said, differences tell nobody from anybody.
#[test]
fn what_varies_by_a_field_with_a_likeness_is_asked_about_for_others() {
    let names = ["x-device", "cookie", "authorization"].map(HeaderName::from_static);
    let likeness = names.map(|name| (name, Likeness::Members)).to_vec();
    let config = Config { variants: Variants { likeness, ..Variants::default() }, ..Config::default() };
    let asks = |by| {
        let stored = [of_another(by, &[("etag", r#""a""#)])];
        question_by("GET", &[], &stored, 0, config.clone()).sent().headers().contains_key("if-none-match")
    };
    assert!(asks("x-device") && asks("accept"), "content is negotiated by the usual fields in any case");
    assert!(!asks("x-user") && !asks("cookie") && !asks("authorization"), "these tell who asks in any case");
}

/// RFC 9111, section 4: that which would be served goes first.
#[test]
fn the_newest_is_wanted_most_and_one_with_a_vary_before_one_without() {
    let [a, b, c] = [r#""a""#, r#""b""#, r#""c""#].map(|tag| [("etag", tag)]);
    let own = [("accept", "of another")];
    let stored = [answered(kept(&a), 1), answered(kept(&b), 2), of_another("accept", &c)];
    assert_eq!(asks(&own, &stored)["if-none-match"], r#""c", "b", "a""#);
}

#[test]
fn what_can_only_be_asked_about_alone_is_where_it_is_wanted_most() {
    let modified = date(-1000);
    let other = || of_another("accept", &[("etag", r#""b""#)]);
    let by_date = [kept(&[("last-modified", &modified)]), other()];
    assert_eq!(asks(&[], &by_date), headers(&[("if-modified-since", &modified)]));
    let unquoted = [kept(&[("etag", "a")]), other()];
    assert_eq!(asks(&[], &unquoted), headers(&[("if-none-match", "a")]));
    let second = [answered(kept(&[("etag", r#""c""#)]), 1), kept(&[("etag", "a")])];
    assert_eq!(asks(&[], &second), headers(&[("if-none-match", r#""c""#)]));
}

/// RFC 9111, section 4.3.2.
#[test]
fn a_part_that_lacks_what_is_asked_for_is_not_asked_about() {
    let modified = date(-1000);
    let stored = [("etag", r#""a""#), ("last-modified", &*modified)];
    assert_eq!(asks(&[("range", "bytes=0-9")], &[too_short(&stored)]), HeaderMap::new());
    let stored = [too_short(&stored), kept(&[("etag", r#""b""#)])];
    assert_eq!(asks(&[], &stored), headers(&[("if-none-match", r#""b""#)]));
}

/// RFC 9111, section 4.3.2: the client validates what it has, the cache what it has.
#[test]
fn the_conditions_of_the_client_are_not_those_of_the_cache() {
    let (modified, since) = (date(-1000), date(0));
    let client = [
        ("if-none-match", r#""x""#),
        ("if-none-match", "*"),
        ("if-modified-since", &*since),
        ("if-range", r#""x""#),
        ("range", "bytes=0-1"),
        ("accept", "text/plain"),
        ("accept", "text/html"),
        ("cookie", "a=b"),
    ];
    let own = [("accept", "text/plain"), ("accept", "text/html"), ("cookie", "a=b")];
    let tagged = kept(&[("etag", r#""a""#), ("last-modified", &modified)]);
    let conditions = [("if-none-match", r#""a""#), ("if-modified-since", &*modified)];
    assert_eq!(asks(&client, &[tagged]), headers(&[&own[..], &conditions].concat()));
    let dated = kept(&[("last-modified", &modified)]);
    assert_eq!(asks(&client, &[dated]), headers(&[&own[..], &[("if-modified-since", &modified)]].concat()));
    assert_eq!(asks(&client, &[kept(&[])]), headers(&own), "it cannot be validated");
    assert_eq!(asks(&client, &[]), headers(&own));
}

/// RFC 9111, section 5.2: they may be for others behind this cache.
#[test]
fn the_directives_of_the_client_go_with_the_request() {
    let client = [("cache-control", "no-cache, x=1"), ("cache-control", "max-stale"), ("pragma", "no-cache")];
    assert_eq!(asks(&client, &[kept(&[])]), headers(&client));
}

/// RFC 9110, sections 13.1.1 and 13.1.4.
#[test]
fn what_the_origin_has_to_judge_goes_with_the_request() {
    let since = date(0);
    let client = [("if-match", r#""x""#), ("if-unmodified-since", &*since)];
    let stored = [kept(&[("etag", r#""a""#)])];
    assert_eq!(asks(&client, &stored), headers(&[&client[..], &[("if-none-match", r#""a""#)]].concat()));
}

#[test]
fn no_more_tags_are_sent_than_there_is_room_for() {
    let tag = |at: usize| format!("\"{at:0>98}\"");
    let stored: Vec<Variant> = (0..100).map(|at| kept(&[("etag", &tag(at))])).collect();
    let sent = asks(&[], &stored)["if-none-match"].to_str().unwrap().to_owned();
    // Each takes 100 bytes, and 2 more to be told from the next.
    let room = (SENT_TAGS_BYTES_MOST + 2) / 102;
    assert_eq!(sent, (0..100).rev().take(room).map(tag).collect::<Vec<_>>().join(", "), "the last that came first");
}
