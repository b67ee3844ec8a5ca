//! Which fields are kept, and what is served of them (RFC 9111, sections 3.1, 4 and 5.1).

use std::time::Duration;

use freshen_http::{Answer, Config, Cookies, FIELDS_MOST, Mode, Outgoing, Rule, Stored};
use http::HeaderName;

use crate::made::{ALPHABET, Came, Line, NOON, TAGGED, alphabet, answer, fields, lines, request};

const DATE: Line<'_> = ("Date", "Sat, 21 Nov 2026 11:59:50 GMT");
const CONTROL: &str = "cache-control: max-age=60";
const DATED: &str = "date: Sat, 21 Nov 2026 11:59:50 GMT";

fn kept_by(config: &Config, more: &[Line<'_>]) -> Vec<String> {
    lines(&Came::new(200, &[more, &[DATE]].concat(), "x").stored_by(config).unwrap().headers)
}

fn kept(more: &[Line<'_>]) -> Vec<String> {
    kept_by(&Config::default(), &[&[("Cache-Control", "max-age=60")], more].concat())
}

/// RFC 9111, section 3.1.
#[test]
fn all_fields_are_kept_that_are_not_for_the_connection() {
    let more = [
        ("X-Unknown", "1"),
        ("Connection", "close, X-Hop"),
        ("X-Hop", "1"),
        ("Link", "</a>"),
        ("X-Unknown", "2"),
        ("Link", "</b>"),
        ("Proxy-Authenticate", "Basic"),
        ("Proxy-Authentication-Info", "x"),
        ("Proxy-Authorization", "x"),
        ("Keep-Alive", "timeout=5"),
        ("Upgrade", "h2c"),
        ("Empty", ""),
    ];
    let expected = [CONTROL, "x-unknown: 1", "x-unknown: 2", "link: </a>", "link: </b>", "empty: ", DATED];
    assert_eq!(kept(&more), expected);
}

/// RFC 9111, section 5.2.2.4: nothing that was named is sent from the store.
#[test]
fn fields_that_no_cache_names_are_not_kept() {
    for config in [Config::default(), Config::private()] {
        let named =
            [("Cache-Control", "max-age=60, no-cache=\"X-A, Set-Cookie\""), ("X-A", "1"), ("Set-Cookie", "a=b")];
        assert_eq!(kept_by(&config, &[&named[..], &[("X-B", "2"), ("X-A", "3")]].concat())[1..], ["x-b: 2", DATED]);
    }
}

/// RFC 9111, section 5.2.2.4: a cache in front of this one reads them too.
#[test]
fn what_the_rest_is_understood_by_is_kept_whatever_no_cache_names() {
    let named = [("Cache-Control", "max-age=60, no-cache=\"vary, x-a\""), ("Vary", "Accept"), ("X-A", "1")];
    let stored = Came::new(200, &[&named[..], &[DATE, ("ETag", "\"1\"")]].concat(), "x").stored().unwrap();
    assert_eq!(lines(&stored.headers)[1..3], ["vary: Accept", "x-a: 1"]);
    assert!(stored.terms.no_cache, "so that each use is validated");
}

/// RFC 9111, section 5.2.2.4; RFC 9213, section 2.2: its targets may have any name.
#[test]
fn what_governs_the_response_is_kept_whoever_names_it() {
    let target = HeaderName::from_static("x-ours");
    let config = Config { targets: vec![target.clone()], ..Config::default() };
    let tagged = ("ETag", "\"1\"");
    for named in ["Cache-Control", "Vary", "X-Ours"] {
        let qualified = format!("max-age=60, no-cache=\"{named}\"");
        let lines = [("X-Ours", qualified.as_str()), ("Cache-Control", "max-age=60"), ("Vary", "Accept"), tagged];
        let stored = Came::new(200, &lines, "x").stored_by(&config).unwrap();
        assert!(stored.terms.no_cache, "{named}: each use is validated");
        assert!(["x-ours", "cache-control", "vary"].iter().all(|name| stored.headers.contains_key(*name)), "{named}");
        let private = qualified.replace("no-cache", "private");
        let lines = [("X-Ours", private.as_str()), ("Vary", "Accept"), tagged];
        assert_eq!(Came::new(200, &lines, "x").stored_by(&config), Err(Rule::Private), "{named}");
    }
    for named in [vec!["x-ours"], vec!["x-a"; 20_000]] {
        let connection = named.join(", ");
        let lines = [("Connection", connection.as_str()), ("X-Ours", "max-age=60"), ("X-A", "1")];
        let stored = Came::new(200, &lines, "x").stored_by(&config).unwrap();
        assert_eq!(stored.headers[&target], "max-age=60");
        assert_eq!(stored.headers.contains_key("x-a"), named.len() == 1);
        assert_eq!(Came::new(200, &lines[..2], "x").stored(), Err(Rule::NeverOfUse), "it is no target of others");
    }
}

/// RFC 9111, section 5.2.2.7: for shared caches.
#[test]
fn fields_that_private_names_are_not_kept_in_a_shared_cache() {
    let named = [("Cache-Control", "max-age=60, private=\"x-a\""), ("X-A", "1"), ("X-B", "2")];
    assert_eq!(kept_by(&Config::default(), &named)[1..], ["x-b: 2", DATED]);
    assert_eq!(kept_by(&Config::private(), &named)[1..], ["x-a: 1", "x-b: 2", DATED]);
}

#[test]
fn cookies_are_kept_as_its_user_decides() {
    let cookies = [("Cache-Control", "max-age=60, public"), ("Set-Cookie", "a=b"), ("Set-Cookie", "c=d")];
    let by = |mode, cookies_are| {
        let config = Config { mode, cookies: cookies_are, ..Config::default() };
        kept_by(&config, &cookies).iter().filter(|line| line.starts_with("set-cookie")).count()
    };
    assert_eq!(by(Mode::Shared, Cookies::Dropped), 0);
    assert_eq!(by(Mode::Shared, Cookies::Stored), 2);
    assert_eq!(by(Mode::Shared, Cookies::Careful), 2, "it is public");
    assert_eq!(by(Mode::Private, Cookies::Dropped), 2, "they are its user's own");
}

/// RFC 9111, section 5.2.2.4: without the field by which it was validated, it cannot be.
#[test]
fn a_validator_that_is_not_kept_is_none() {
    let lines = [("Cache-Control", "max-age=60, no-cache=etag"), ("ETag", "\"1\"")];
    assert!(!Came::new(200, &lines, "x").stored().unwrap().terms.has_validator);
    assert!(Came::new(200, &TAGGED, "x").stored().unwrap().terms.has_validator);
}

/// RFC 9110, section 6.6.1.
#[test]
fn a_date_is_added_where_there_is_none_that_can_be_read() {
    for more in [&[][..], &[("Date", "yesterday")], &[("Date", "")]] {
        let headers = [&[("Cache-Control", "max-age=60")], more].concat();
        let stored = Came::new(200, &headers, "x").stored().unwrap();
        assert_eq!(stored.headers.get_all("date").iter().count(), 1, "{more:?}");
        assert_eq!(stored.headers["date"], "Sat, 21 Nov 2026 12:00:00 GMT", "{more:?}");
    }
    let rfc850 = [("Cache-Control", "max-age=60"), ("Date", "Saturday, 21-Nov-26 11:59:50 GMT")];
    assert_eq!(Came::new(200, &rfc850, "x").stored().unwrap().headers["date"], rfc850[1].1);
}

fn served(stored: &Stored, seconds: u64) -> Vec<String> {
    let at = NOON + Duration::from_millis(seconds * 1000 + 999);
    let Answer::Serve(served, _) = answer(stored, &request("GET", &[]), at) else { panic!("it is whole") };
    lines(&served.headers)
}

/// RFC 9111, sections 4 and 5.1: whole seconds, and the origin's own are not passed on.
#[test]
fn each_use_writes_a_new_age() {
    let age = |ages: &[&str], seconds| {
        let ages: Vec<Line<'_>> = ages.iter().map(|age| ("Age", *age)).collect();
        let found = served(&alphabet(&ages), seconds);
        found.into_iter().filter(|line| line.starts_with("age")).collect::<Vec<_>>()
    };
    assert_eq!(age(&[], 0), ["age: 0"]);
    assert_eq!(age(&[], 7), ["age: 7"]);
    assert_eq!(age(&["30"], 7), ["age: 37"]);
    assert_eq!(age(&["30", "50"], 7), ["age: 37"]);
    assert_eq!(age(&["30, 50"], 7), ["age: 37"]);
    assert_eq!(age(&["x"], 7), ["age: 7"]);
}

#[test]
fn date_and_expires_stay_what_they_were() {
    let expires = "Sat, 21 Nov 2026 13:00:00 GMT";
    let of = |seconds| served(&alphabet(&[("Expires", expires)]), seconds);
    let dates = |lines: &[String]| lines.iter().filter(|line| !line.starts_with("age")).cloned().collect::<Vec<_>>();
    assert_eq!(dates(&of(0)), dates(&of(3000)));
    assert!(of(3000).contains(&format!("expires: {expires}")));
}

/// RFC 9111, section 5.5: Age says what a Warning said.
#[test]
fn what_is_served_stale_has_an_age_and_no_warning() {
    let stored = alphabet(&[]);
    let mut expected = lines(&stored.headers);
    expected.push("age: 3600".to_owned());
    assert_eq!(served(&stored, 3600), expected);
}

/// RFC 9111, section 3.1; RFC 9110, section 6.5.1.
#[test]
fn trailers_are_kept_apart_and_what_controls_is_none() {
    let came = Came::new(200, &[&TAGGED[..], &[("Connection", "X-Hop")]].concat(), ALPHABET).trailed(&[
        ("Digest", "x"),
        ("Digest", "y"),
        ("Cache-Control", "max-age=999"),
        ("Set-Cookie", "a=b"),
        ("Content-Length", "5"),
        ("Content-Type", "text/html"),
        ("Vary", "*"),
        ("Age", "0"),
        ("Date", "Sat, 21 Nov 2026 12:00:00 GMT"),
        ("Expires", "0"),
        ("Location", "/"),
        ("X-Hop", "1"),
        ("Trailer", "x"),
        ("Transfer-Encoding", "x"),
    ]);
    let stored = came.stored().unwrap();
    assert_eq!(lines(&stored.trailers), ["digest: x", "digest: y"]);
    assert!(!stored.headers.contains_key("digest"));
    let Answer::Serve(served, _) = answer(&stored, &request("GET", &[]), NOON) else { panic!("it is whole") };
    assert_eq!(served.trailers, fields(&[("Digest", "x"), ("Digest", "y")]));
}

/// RFC 9110, section 6.5.1: framing, routing, authentication, what a request is modified by, what controls a cache, and what the
/// content is. The definitions of Accept-Ranges, Content-Digest and ETag permit them in trailers all the same (sections 8.8.3 and
/// 14.3; RFC 9530, section 2).
#[test]
fn no_trailer_is_kept_by_which_anybody_would_decide_what_the_rest_is() {
    let config = Config { targets: vec![HeaderName::from_static("x-ours")], ..Config::default() };
    let kept = |name: &str| {
        let came = Came::new(200, &TAGGED, ALPHABET).trailed(&[(name, "1"), ("Server-Timing", "a")]);
        let kept = came.stored_by(&config).unwrap().trailers;
        let outgoing = Outgoing::of(&came.response, &config).trailers(came.trailers.as_ref().unwrap());
        assert_eq!(outgoing, kept, "{name} passes where it is kept");
        lines(&kept).len() == 2
    };
    for name in [
        "Connection",
        "Content-Length",
        "TE",
        "Trailer",
        "Transfer-Encoding",
        "Upgrade",
        "Alt-Svc",
        "Forwarded",
        "Host",
        "Location",
        "Max-Forwards",
        "Via",
        "X-Forwarded-For",
        "Authentication-Info",
        "Authorization",
        "Cookie",
        "Proxy-Authenticate",
        "Set-Cookie",
        "WWW-Authenticate",
        "Accept-Encoding",
        "Accept-Patch",
        "Expect",
        "If-None-Match",
        "Range",
        "Age",
        "Cache-Control",
        "CDN-Cache-Control",
        "Cache-Group-Invalidation",
        "Cache-Groups",
        "Cache-Status",
        "Cache-Tag",
        "Clear-Site-Data",
        "Date",
        "Expires",
        "Last-Modified",
        "No-Vary-Search",
        "Pragma",
        "Retry-After",
        "Surrogate-Control",
        "Surrogate-Key",
        "Vary",
        "Warning",
        "X-Ours",
        "XKey",
        "Content-Encoding",
        "Content-MD5",
        "Content-Range",
        "Content-Type",
        "X-Content-Type-Options",
        "Access-Control-Allow-Origin",
        "Strict-Transport-Security",
    ] {
        assert!(!kept(name), "{name}");
    }
    for name in ["Accept-Ranges", "Content-Digest", "ETag", "Repr-Digest", "grpc-status", "X-Theirs", "X-Checksum"] {
        assert!(kept(name), "{name}");
    }
}

#[test]
fn a_response_with_too_many_fields_is_not_stored() {
    let of = |headers: usize, trailers: usize| {
        let more = vec![("X-A", "1"); headers - TAGGED.len()];
        let came = Came::new(200, &[&TAGGED[..], &more].concat(), "x").trailed(&vec![("X-B", "1"); trailers]);
        came.stored().map(|stored| stored.headers.len() + stored.trailers.len())
    };
    assert_eq!(of(FIELDS_MOST, FIELDS_MOST), Ok(2 * FIELDS_MOST));
    assert_eq!(of(FIELDS_MOST + 1, 0), Err(Rule::TooManyFields));
    assert_eq!(of(TAGGED.len(), FIELDS_MOST + 1), Err(Rule::TooManyFields));
    let undated = [&TAGGED[..2], &vec![("X-A", "1"); FIELDS_MOST - 2]].concat();
    assert_eq!(Came::new(200, &undated, "x").stored(), Err(Rule::TooManyFields), "with its Date");
}
