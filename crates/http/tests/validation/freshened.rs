//! How what an origin calls current is updated.

use freshen_http::{
    Asked, Config, Cookies, End, Exchange, FIELDS_MOST, Freshened, Judgement, Mode, Outdating, Received, Rule,
    SELECTING_MOST, Selecting, Step, Stored, Terms, UPDATED_BYTES_MOST, Variant, judge,
};
use http::{HeaderMap, HeaderName, HeaderValue};
use proptest::prelude::*;

use crate::wire::{Lines, at, date, headers, kept, key, request, response, sent};

/// Ten minutes after what is stored came.
const LATER: Exchange = Exchange { asked_at: at_later(0), answered_at: at_later(2) };

const fn at_later(seconds: u64) -> freshen_core::Timestamp {
    freshen_core::Timestamp::from_micros(crate::wire::NOON.as_micros() + (600 + seconds) * 1_000_000)
}

fn by(method: &str, asked: Lines<'_>, stored: Lines<'_>, update: Lines<'_>, config: &Config) -> Freshened {
    kept(stored).freshened(&sent(request(method, asked)), &headers(update), &key(), &LATER, config)
}

fn get(stored: &Variant, update: &HeaderMap) -> Freshened {
    stored.freshened(&sent(request("GET", &[])), update, &key(), &LATER, &Config::default())
}

fn stored(before: Lines<'_>, update: Lines<'_>) -> (HeaderMap, Terms) {
    match by("GET", &[], before, update, &Config::default()) {
        Freshened::Kept { variant, .. } => (variant.stored.headers, variant.stored.terms),
        other => panic!("{other:?}"),
    }
}

/// RFC 9111, section 3.2.
#[test]
fn fields_of_the_update_replace_all_stored_lines_of_their_name_and_others_stay() {
    let (before, now) = (date(0), date(600));
    let stored = stored(
        &[
            ("date", &before),
            ("etag", r#""a""#),
            ("x-a", "1"),
            ("x-a", "2"),
            ("x-b", "1"),
            ("cache-control", "max-age=9"),
        ],
        &[("date", &now), ("x-a", "3"), ("x-c", "1"), ("x-c", "2"), ("cache-control", "max-age=60")],
    );
    let expected = [
        ("date", &*now),
        ("etag", r#""a""#),
        ("x-a", "3"),
        ("x-b", "1"),
        ("x-c", "1"),
        ("x-c", "2"),
        ("cache-control", "max-age=60"),
    ];
    assert_eq!(stored.0, headers(&expected));
}

/// RFC 9111, section 3.2.
#[test]
fn each_field_is_updated_that_is_not_excepted() {
    let updated = [
        "allow",
        "cache-control",
        "cdn-cache-control",
        "content-language",
        "content-location",
        "content-security-policy",
        "content-type",
        "etag",
        "expires",
        "last-modified",
        "link",
        "set-cookie",
        "vary",
        "x-unknown",
    ];
    let public = ("cache-control", "public, max-age=60");
    for name in updated {
        let (stored, _) = stored(&[(name, "1"), public], &[(name, "2"), public]);
        assert!(stored.get_all(name).iter().any(|line| line == "2"), "{name}");
        assert!(stored.get_all(name).iter().all(|line| line != "1"), "{name}");
    }
}

/// RFC 9111, section 3.2.
#[test]
fn what_is_of_the_stored_body_stays_as_it_was() {
    let public = ("cache-control", "public, max-age=60");
    for name in ["content-digest", "content-encoding", "content-length", "content-md5", "content-range"] {
        assert_eq!(stored(&[(name, "1"), public], &[(name, "2")]).0[name], "1", "{name}");
        assert!(!stored(&[public], &[(name, "2")]).0.contains_key(name), "{name}");
    }
}

/// RFC 9110, sections 8.8.1 and 8.8.3.3: the strong tag in a 304 may be that of content which was encoded on the way.
#[test]
fn a_weak_tag_does_not_become_strong_by_an_update() {
    let of = |before: &str, update: &str| {
        let public = ("cache-control", "public, max-age=60");
        let (headers, _) = stored(&[("etag", before), public], &[("etag", update)]);
        headers["etag"].to_str().unwrap().to_owned()
    };
    assert_eq!(of("W/\"a\"", "\"a\""), "W/\"a\"");
    assert_eq!(of("W/\"a\"", "W/\"a\""), "W/\"a\"");
    assert_eq!(of("\"a\"", "W/\"a\""), "W/\"a\"", "but a strong one becomes weak");
    assert_eq!(of("W/\"a\"", "\"b\""), "\"b\"", "and another is another");
}

/// RFC 9111, sections 3.1 and 3.2.
#[test]
fn what_is_of_a_connection_or_of_a_proxy_comes_with_no_update() {
    let of_others = [
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authentication-info",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "x-named",
    ];
    let (public, named) = (("cache-control", "public, max-age=60"), ("connection", "close, X-Named"));
    for name in of_others {
        assert!(!stored(&[public], &[(name, "2"), named]).0.contains_key(name), "{name}");
    }
    assert_eq!(stored(&[("x-named", "1"), public], &[("x-named", "2"), named]).0["x-named"], "1");
}

/// RFC 9111, sections 5.2.2.4 and 5.2.2.7: an update is kept no more of than a first response.
#[test]
fn an_update_brings_nothing_in_that_is_never_kept() {
    let kept = |config: &Config, update: Lines<'_>| match by(
        "GET",
        &[],
        &[("cache-control", "max-age=60"), ("x-user", "1")],
        update,
        config,
    ) {
        Freshened::Kept { variant, .. } => variant.stored.headers,
        other => panic!("{other:?}"),
    };
    let dropped = Config { cookies: Cookies::Dropped, ..Config::default() };
    assert!(!kept(&dropped, &[("set-cookie", "a=b")]).contains_key("set-cookie"));
    for directive in ["private=\"x-user\", max-age=60", "no-cache=\"x-user\", max-age=60"] {
        for field in ["cache-control", "cdn-cache-control"] {
            let headers = kept(&Config::default(), &[(field, directive), ("x-user", "2")]);
            assert!(!headers.contains_key("x-user"), "{field}: {directive}");
        }
    }
    assert_eq!(kept(&Config::default(), &[("x-user", "2")])["x-user"], "2");
}

/// RFC 9111, sections 4.2.3 and 4.3.4.
#[test]
fn freshness_begins_anew_with_the_update() {
    let (before, now) = (date(0), date(602));
    let old = [("date", &*before), ("age", "500"), ("etag", r#""a""#), ("cache-control", "max-age=60")];
    let age = |update: Lines<'_>| stored(&old, update).1.initial_age.as_secs();
    assert_eq!(age(&[("date", &now)]), 2, "it was two seconds under way");
    assert_eq!(age(&[("date", &now), ("age", "30")]), 32);
    assert_eq!(age(&[("date", &date(592))]), 10);
    assert_eq!(age(&[]), 2, "an update without a date is of the time at which it came");
    let (kept, terms) = stored(&old, &[]);
    assert_eq!((kept["date"].to_str().unwrap(), kept.contains_key("age")), (&*date(602), false));
    let config = Config::default();
    let asked = freshen_http::Asked::of(&request("GET", &[]), &config);
    let fresh = |seconds: i64| judge(Some(&terms), &asked, at(602 + seconds), &config);
    assert!(matches!(fresh(57), Judgement { step: Step::Serve, rule: Rule::Fresh, .. }));
    assert!(matches!(fresh(58), Judgement { step: Step::Validate, rule: Rule::Stale, .. }));
}

/// RFC 9111, sections 4.3.4 and 5.3.
#[test]
fn the_lifetime_is_that_of_the_updated_fields() {
    let (now, later) = (date(602), date(702));
    let span = |before: Lines<'_>, update: Lines<'_>| stored(before, update).1.lifetime.span.as_secs();
    assert_eq!(span(&[("cache-control", "max-age=60")], &[("cache-control", "max-age=90")]), 90);
    assert_eq!(span(&[("cache-control", "max-age=60")], &[]), 60);
    assert_eq!(span(&[("expires", "0")], &[("date", &now), ("expires", &later)]), 100);
    assert_eq!(
        span(&[("cache-control", "max-age=60"), ("expires", "0"), ("etag", r#""a""#)], &[("cache-control", "public")]),
        0
    );
}

/// RFC 9111, section 5.2.2: what an update forbids to store is served once more and leaves.
#[test]
fn an_update_that_forbids_storing_ends_what_was_stored() {
    let before = [("etag", r#""a""#), ("cache-control", "max-age=60")];
    for (update, rule) in [
        (("cache-control", "no-store"), Rule::NoStore),
        (("cache-control", "private"), Rule::Private),
        (("vary", "*"), Rule::VaryAny),
        (("vary", "a b"), Rule::VaryMalformed),
    ] {
        match by("GET", &[], &before, &[update], &Config::default()) {
            Freshened::Last(served, by) => {
                assert_eq!((by, &served.headers[update.0]), (rule, &HeaderValue::from_static(update.1)))
            }
            other => panic!("{other:?}"),
        }
    }
}

/// RFC 9111, sections 3.5 and 5.2.1.5: it says nothing of what others were given before.
#[test]
fn an_update_for_one_client_leaves_what_is_stored_as_it_was() {
    let before = [("etag", r#""a""#), ("cache-control", "max-age=60")];
    let cases: [(Lines<'_>, Lines<'_>, Rule); 3] = [
        (&[("cache-control", "no-store")], &[], Rule::RequestNoStore),
        (&[("authorization", "Basic eDp5")], &[], Rule::Authorization),
        (&[], &[("set-cookie", "a=b")], Rule::SetCookie),
    ];
    for (asked, update, rule) in cases {
        let once = by("GET", asked, &before, update, &Config::default());
        assert!(matches!(&once, Freshened::Once(_, by) if *by == rule), "{once:?}");
    }
    let public =
        by("GET", &[("authorization", "x")], &before, &[("cache-control", "public, max-age=60")], &Config::default());
    assert!(matches!(public, Freshened::Kept { .. }), "{public:?}");
    let private = Config { mode: Mode::Private, ..Config::default() };
    let stored = Config { cookies: Cookies::Stored, ..Config::default() };
    for config in [private, stored] {
        let stored = by("GET", &[], &before, &[("set-cookie", "a=b")], &config);
        assert!(matches!(stored, Freshened::Kept { .. }), "{stored:?}");
    }
}

/// RFC 9111, section 4.3.5: what a response to HEAD updates is a response to GET.
#[test]
fn a_response_to_head_updates_one_to_get() {
    let before = [("etag", r#""a""#), ("cache-control", "max-age=60"), ("content-length", "5")];
    let update = [("cache-control", "max-age=90"), ("content-length", "5"), ("content-encoding", "gzip")];
    let Freshened::Kept { variant, rule, .. } = by("HEAD", &[], &before, &update, &Config::default()) else {
        panic!("it is stored");
    };
    let Stored { headers, terms, .. } = variant.stored;
    assert_eq!((terms.lifetime.span.as_secs(), rule), (90, Rule::MaxAge));
    assert!(!headers.contains_key("content-encoding"));
}

/// RFC 9111, section 3.2: what is kept for others is one thing, what the client of the update is given another.
#[test]
fn whoever_asked_gets_the_fields_of_the_update_that_are_not_kept() {
    let dropped = Config { cookies: Cookies::Dropped, ..Config::default() };
    let named = "max-age=60, no-cache=\"set-cookie, x-user\"";
    let before = [("etag", r#""a""#), ("cache-control", "max-age=60"), ("x-old", "1")];
    for (config, control) in [(dropped, "max-age=60"), (Config::default(), named)] {
        let update = [("set-cookie", "a=b"), ("x-user", "ann"), ("cache-control", control)];
        let Freshened::Kept { variant, served, .. } = by("GET", &[], &before, &update, &config) else { panic!() };
        assert!(!variant.stored.headers.contains_key("set-cookie"), "{control}");
        assert_eq!(
            (&served.headers["set-cookie"], &served.headers["x-user"]),
            (&"a=b".parse().unwrap(), &"ann".parse().unwrap())
        );
        assert_eq!(
            (&served.headers["x-old"], served.body, served.terms),
            (&"1".parse().unwrap(), variant.stored.body, variant.stored.terms)
        );
    }
}

/// RFC 9111, sections 5.2.2.4 and 5.2.2.7: it may be somebody else's.
#[test]
fn a_stored_field_that_may_not_be_kept_any_more_is_not_served_either() {
    let before = [("etag", r#""a""#), ("cache-control", "max-age=60"), ("x-user", "ann")];
    for control in ["max-age=60, private=x-user", "max-age=60, no-cache=x-user"] {
        let update = [("cache-control", control)];
        let Freshened::Kept { variant, served, .. } = by("GET", &[], &before, &update, &Config::default()) else {
            panic!()
        };
        assert!(!variant.stored.headers.contains_key("x-user") && !served.headers.contains_key("x-user"), "{control}");
    }
    let taken_back = by("GET", &[], &before, &[("cache-control", "private, no-cache=x-user")], &Config::default());
    let Freshened::Last(served, Rule::Private) = taken_back else { panic!("{taken_back:?}") };
    assert!(!served.headers.contains_key("x-user"));
}

/// An answer that was for everybody does not make everybody's what a later one gives to one client.
#[test]
fn a_cookie_of_an_update_is_judged_by_the_update_alone() {
    let before = [("etag", r#""a""#), ("cache-control", "public, max-age=60")];
    let of = |update: Lines<'_>| by("GET", &[], &before, update, &Config::default());
    let cookie = ("set-cookie", "session=ann");
    let once = of(&[cookie]);
    let Freshened::Once(served, Rule::SetCookie) = &once else { panic!("{once:?}") };
    assert_eq!(served.headers["set-cookie"], "session=ann");
    assert!(matches!(of(&[cookie, ("cache-control", "max-age=60")]), Freshened::Once(_, Rule::SetCookie)));
    let public = of(&[cookie, ("cache-control", "public, max-age=60")]);
    let Freshened::Kept { variant, .. } = &public else { panic!("{public:?}") };
    assert_eq!(variant.stored.headers["set-cookie"], "session=ann", "it says so itself");
    assert!(matches!(of(&[cookie, ("cache-control", "no-store")]), Freshened::Last(_, Rule::NoStore)));
}

/// It was everybody's while its origin said so; the first user's is not for whoever asks next.
#[test]
fn a_stored_cookie_that_may_not_stay_is_removed_and_not_served() {
    let before = [("etag", r#""a""#), ("cache-control", "public, max-age=60"), ("set-cookie", "session=ann")];
    let of = |update: Lines<'_>| match by("GET", &[], &before, update, &Config::default()) {
        Freshened::Kept { variant, served, .. } => {
            [variant.stored, served].map(|it| it.headers.contains_key("set-cookie"))
        }
        other => panic!("{other:?}"),
    };
    assert_eq!(of(&[("cache-control", "max-age=60")]), [false, false]);
    assert_eq!(of(&[("x-other", "1")]), [true, true], "it is public still");
}

/// RFC 9111, section 5.2.1.5: a client that wants nothing stored does not keep what its origin takes back.
#[test]
fn what_an_update_takes_back_is_taken_back_whoever_asked() {
    let before = [("etag", r#""a""#), ("cache-control", "max-age=60")];
    for asked in [("cache-control", "no-store"), ("authorization", "x")] {
        for (update, rule) in [
            (("cache-control", "private"), Rule::Private),
            (("cache-control", "no-store"), Rule::NoStore),
            (("vary", "*"), Rule::VaryAny),
        ] {
            let last = by("GET", &[asked], &before, &[update], &Config::default());
            assert!(matches!(&last, Freshened::Last(_, by) if *by == rule), "{asked:?} {update:?}: {last:?}");
        }
    }
}

/// RFC 9111, section 4.1: what was everybody's is not selected by others once its origin says by what it varies.
#[test]
fn by_what_a_response_is_selected_is_told_by_the_update() {
    let before = [("etag", r#""a""#), ("cache-control", "max-age=60")];
    let [ann, bob] = ["ann", "bob"].map(|who| [("cookie", who)]);
    let update = [("vary", "cookie"), ("cache-control", "public, max-age=60")];
    let freshened = by("GET", &ann, &before, &update, &Config::default());
    let Freshened::Kept { variant, .. } = freshened else { panic!("{freshened:?}") };
    let selects = |asked: Lines<'_>| variant.selecting.matches(&sent(request("GET", asked)));
    assert_eq!([selects(&ann), selects(&bob), selects(&[])], [true, false, false]);
}

/// Whoever sends so much does not have what others are given leave the store.
#[test]
fn a_request_that_has_more_than_selects_is_answered_once_and_nothing_changes() {
    let before = [("etag", r#""a""#), ("cache-control", "max-age=60")];
    let update = [("vary", "cookie"), ("cache-control", "public, max-age=60"), ("x-a", "1")];
    let (long, many) = ("x".repeat(100_000), [("cookie", "a=b"); SELECTING_MOST + 1]);
    for asked in [&[("cookie", &*long)][..], &many] {
        let once = by("GET", asked, &before, &update, &Config::default());
        let Freshened::Once(served, Rule::SelectingTooLong) = once else { panic!("{once:?}") };
        assert_eq!((&served.headers["x-a"], served.terms.answered_at), (&"1".parse().unwrap(), at(602)));
    }
}

/// In however many lines a request says the same, its update is for all who say that.
#[test]
fn what_the_request_selects_by_its_normal_form_stays_selected_as_it_was() {
    let lines = [("etag", r#""a""#), ("vary", "accept-encoding"), ("cache-control", "max-age=60")];
    let first = sent(request("GET", &[("accept-encoding", "br, gzip")]));
    let selecting = Selecting::of(&first, &headers(&lines), &Config::default()).unwrap();
    let stored = Variant { selecting, ..kept(&lines) };
    let of = |asked: &[(&'static str, &str)], update: Lines<'_>| {
        stored.freshened(&sent(request("GET", asked)), &headers(update), &key(), &LATER, &Config::default())
    };
    let blank = [("accept-encoding", ""); SELECTING_MOST];
    let many = [&[("accept-encoding", "gzip,BR")], &blank[..]].concat();
    for update in [&[][..], &[("vary", "Accept-Encoding, accept-encoding")]] {
        let Freshened::Kept { variant, .. } = of(&many, update) else { panic!("{update:?}") };
        assert_eq!(variant.selecting, stored.selecting, "{update:?}");
    }
    let other = of(&[&[("accept-encoding", "zstd")], &blank[..]].concat(), &[]);
    assert!(matches!(other, Freshened::Once(_, Rule::SelectingTooLong)), "it says something else: {other:?}");
    let by_more = of(&many, &[("vary", "accept-encoding, accept")]);
    assert!(matches!(by_more, Freshened::Once(_, Rule::SelectingTooLong)), "it varies by more: {by_more:?}");
    let Freshened::Kept { variant, .. } = of(&many, &[("vary", "accept")]) else { panic!("it is kept") };
    assert_eq!(variant.selecting.names().collect::<Vec<_>>(), ["accept"], "it varies by something else");
    let Freshened::Kept { variant, .. } = of(&[("accept-encoding", "zstd")], &[]) else { panic!("it is kept") };
    assert!(variant.selecting.matches(&sent(request("GET", &[("accept-encoding", "ZSTD")]))), "for whoever asked");
}

fn tags(variant: &Variant) -> Vec<&str> {
    let own = |tag: &&str| tag.starts_with("s:") || tag.starts_with("g:");
    variant.tags.as_slice().iter().map(|tag| tag.as_str()).filter(own).map(|tag| &tag[..3]).collect()
}

/// What invalidates it must find it, though the fields that say so are not kept or come with the first response alone.
#[test]
fn an_update_changes_the_tags_of_the_kinds_that_it_has() {
    let control = ("cache-control", "max-age=60, no-cache=\"surrogate-key\"");
    let first = [("etag", r#""a""#), control, ("surrogate-key", "x y"), ("cache-groups", "\"one\"")];
    let response = response(200, &first);
    let received = Received { response: &response, content: &[], trailers: None, end: End::Clean };
    let asked = sent(request("GET", &[]));
    let stored = Variant::of(&received, &asked, &key(), &LATER, &Config::default()).unwrap();
    assert!(!stored.stored.headers.contains_key("surrogate-key"));
    let all = stored.tags.as_slice().len();
    let of = |update: Lines<'_>| match get(&stored, &headers(update)) {
        Freshened::Kept { variant, .. } => variant,
        other => panic!("{other:?}"),
    };
    let group = &tags(&stored)[0].to_owned();
    assert_eq!(tags(&stored), [group, "s:x", "s:y"]);
    assert_eq!(of(&[]).tags, stored.tags);
    assert_eq!(tags(&of(&[("xkey", "z")])), [group, "s:z"]);
    let regrouped = of(&[("cache-groups", "\"two\", \"three\"")]);
    assert_eq!((tags(&regrouped).len(), regrouped.tags.as_slice().len()), (4, all + 1));
    assert!(!regrouped.tags.as_slice().contains(&stored.tags.as_slice()[0]), "it is in the first no more");
    assert_eq!(of(&[("cache-groups", "broken (")]).tags, stored.tags, "what cannot be read says nothing");
    let many: Vec<String> = (0..100).map(|at| at.to_string()).collect();
    let too_many = get(&stored, &headers(&[("surrogate-key", &many.join(" "))]));
    assert!(matches!(too_many, Freshened::Last(_, Rule::TooManyTags)), "{too_many:?}");
}

/// RFC 9110, section 8.8.2.2: by the Date that came with the content.
#[test]
fn a_date_becomes_no_stronger_by_a_validation() {
    let (modified, noon, later) = (date(-5), date(0), date(600));
    let strong = |before: &str, update: Lines<'_>| {
        let lines = [("last-modified", before), ("date", &*noon), ("cache-control", "max-age=60")];
        stored(&lines, update).1.modified_is_strong
    };
    assert!(!strong(&modified, &[("date", &later)]));
    assert!(!strong(&modified, &[("date", &later), ("last-modified", &modified)]));
    let long_before = date(-60);
    assert!(strong(&long_before, &[("date", &later)]));
    assert!(strong(&long_before, &[("date", &later), ("last-modified", &long_before)]));
    assert!(!strong(&long_before, &[("date", &later), ("last-modified", &modified)]), "that is of other content");
}

/// RFC 9110, section 6.6.1.
#[test]
fn a_date_of_an_update_that_cannot_be_read_is_that_of_its_receipt() {
    for bad in ["yesterday", ""] {
        let (headers, terms) = stored(&[("date", &date(0)), ("etag", r#""a""#)], &[("date", bad)]);
        assert_eq!((headers["date"].to_str().unwrap(), terms.date), (&*date(602), at(602)), "{bad}");
    }
}

/// RFC 9111, section 4.3.4: of a 304 that serves one client alone, he gets the fields and the age.
#[test]
fn what_is_served_once_has_what_the_update_says() {
    let before = [("etag", r#""a""#), ("cache-control", "max-age=60"), ("x-a", "1"), ("age", "9")];
    let update = [("x-a", "2"), ("x-b", "3"), ("age", "30"), ("connection", "x-hop"), ("x-hop", "1")];
    let once = by("GET", &[("cache-control", "no-store")], &before, &update, &Config::default());
    let Freshened::Once(served, Rule::RequestNoStore) = once else { panic!("{once:?}") };
    let expected = [("etag", r#""a""#), before[1], ("x-a", "2"), ("x-b", "3"), ("date", &date(602))];
    assert_eq!(served.headers, headers(&expected));
    assert_eq!(served.terms.age(at(602)).as_secs(), 32);
    assert_eq!(served.body, kept(&[]).stored.body);
}

/// RFC 9111, sections 4.3.3 and 4.3.4: it has just been called current, whatever had outdated it, and what the update says counts.
#[test]
fn what_is_served_once_is_judged_as_what_is_kept() {
    let config = Config::default();
    let before = [("etag", r#""a""#), ("cache-control", "max-age=60"), ("date", &date(0))];
    let mut outdated = kept(&before);
    outdated.stored.terms = outdated.stored.terms.outdated(at(1), Outdating::Hard);
    for (asked, update, expected) in [
        (("cache-control", "no-store"), ("x-a", "1"), Rule::RequestNoStore),
        (("authorization", "x"), ("cache-control", "max-age=9, stale-if-error=5"), Rule::Authorization),
        (("accept", "x"), ("set-cookie", "a=b"), Rule::SetCookie),
        (("accept", "x"), ("cache-control", "no-store, max-age=7"), Rule::NoStore),
        (("accept", "x"), ("cache-control", "private, max-age=7"), Rule::Private),
    ] {
        let (asking, update) = (request("GET", &[asked]), headers(&[update]));
        let by = asking.clone();
        let freshened = outdated.freshened(&sent(asking), &update, &key(), &LATER, &config);
        let (Freshened::Once(served, rule) | Freshened::Last(served, rule)) = freshened else { panic!("{expected:?}") };
        assert_eq!(rule, expected);
        let judged = judge(Some(&served.terms), &Asked::of(&by, &config), LATER.answered_at, &config);
        assert_eq!((judged.step, judged.rule), (Step::Serve, Rule::Fresh), "{expected:?}");
        // The same update, of a request that lets it be kept.
        if let Freshened::Kept { served: kept, .. } = get(&outdated, &update) {
            assert_eq!(served.terms, kept.terms, "{expected:?}");
        }
    }
}

#[test]
fn an_update_makes_nothing_larger_than_the_bound() {
    let too_large = Freshened::Fetch(Rule::UpdateTooLarge);
    let of = |update: &HeaderMap| get(&kept(&[("cache-control", "max-age=60"), ("etag", r#""a""#)]), update);
    let name = |at: usize| HeaderName::from_bytes(format!("x-{at}").as_bytes()).unwrap();
    let lines = |most: usize| (0..most).map(|at| (name(at), HeaderValue::from_static("1"))).collect();
    // What is stored has two lines, and gets a date.
    assert!(matches!(of(&lines(FIELDS_MOST - 3)), Freshened::Kept { .. }));
    assert_eq!(of(&lines(FIELDS_MOST - 2)), too_large);
    let long = |bytes: usize| HeaderMap::from_iter([(name(0), HeaderValue::from_str(&"x".repeat(bytes)).unwrap())]);
    assert!(matches!(of(&long(UPDATED_BYTES_MOST - 200)), Freshened::Kept { .. }));
    assert_eq!(of(&long(UPDATED_BYTES_MOST)), too_large);
}

/// A scan of all named options for each field would take minutes.
#[test]
fn many_fields_and_many_options_are_read_in_a_moment() {
    let options: Vec<String> = (0..10_000).map(|at| format!("y-{at}")).collect();
    let mut update = HeaderMap::new();
    for at in 0..20_000 {
        let name = HeaderName::from_bytes(format!("x-{at}").as_bytes()).unwrap();
        update.insert(name, HeaderValue::from_static("1"));
    }
    update.insert("connection", HeaderValue::from_str(&options.join(",")).unwrap());
    assert_eq!(get(&kept(&[]), &update), Freshened::Fetch(Rule::UpdateTooLarge));
}

proptest! {
    /// What was updated once is not changed by the same update.
    #[test]
    fn an_update_is_the_same_twice(
        stored in prop::collection::vec((0..6_usize, "[a-z]{0,3}"), 0..8), update in prop::collection::vec((0..6_usize, "[a-z]{0,3}"), 0..8),
    ) {
        const NAMES: [&str; 6] = ["x-a", "x-b", "connection", "content-length", "etag", "age"];
        let lines = |of: &[(usize, String)]| {
            let lines: Vec<_> = of.iter().map(|(at, line)| (NAMES[*at], line.as_str())).collect();
            headers(&[&lines[..], &[("cache-control", "public, max-age=60")]].concat())
        };
        let mut variant = kept(&[]);
        variant.stored.headers = lines(&stored);
        let once = get(&variant, &lines(&update));
        match &once {
            Freshened::Kept { variant, .. } => prop_assert_eq!(get(variant, &lines(&update)), once),
            other => prop_assert!(false, "{:?}", other),
        }
    }
}

/// RFC 9213, section 2.2: its targets may have any name, and no sender may name them in Connection.
#[test]
fn a_target_of_the_update_counts_though_connection_names_it() {
    let config = Config { targets: vec![HeaderName::from_static("x-ours")], ..Config::default() };
    let stored = [("etag", r#""a""#), ("x-ours", "max-age=60")];
    let update = [("connection", "x-ours"), ("x-ours", "no-store")];
    let last = by("GET", &[], &stored, &update, &config);
    assert!(matches!(last, Freshened::Last(_, Rule::NoStore)), "{last:?}");
}
