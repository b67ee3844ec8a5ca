//! What others get of a response while its content comes (RFC 9111, section 4).

use freshen_core::Timestamp;
use freshen_http::{
    Admitted, Answer, Asked, Config, Cookies, End, FIELDS_MOST, Following, Personal, Portion, Rule, Served, Stored,
};
use http::{HeaderMap, request};

use crate::made::{ALPHABET, Came, EXCHANGE, Line, NOON, TAGGED, fields, key, lines, part, request, sent};

const LATER: Timestamp = Timestamp::from_micros(NOON.as_micros() + 5_000_000);

fn admitted(came: &Came, config: &Config) -> Admitted {
    sent(&came.request, |sent| Admitted::of(sent, &came.response, &key(), &EXCHANGE, config)).unwrap()
}

fn follows(came: &Came, request: &request::Parts, config: &Config) -> (Following, Rule) {
    let asked = Asked::of(request, config);
    admitted(came, config).answer(&request.headers, &asked, LATER, config).unwrap()
}

/// What a request would have got later of the same, from the store.
fn hits(stored: &Stored, request: &request::Parts, config: &Config) -> (Served, Rule) {
    match stored.answer(&request.headers, &Asked::of(request, config), LATER, 7, config) {
        Answer::Serve(served, rule) => (served, rule),
        Answer::NotModified(headers, rule) => {
            let (status, trailers) = (http::StatusCode::NOT_MODIFIED, HeaderMap::new());
            (Served { status, headers, content: Vec::new(), trailers }, rule)
        }
        other => panic!("{other:?}"),
    }
}

/// What came for its own client alone, and what is for no cache.
fn personal() -> Came {
    let more = [
        ("Cache-Control", "private=\"x-ann\", no-cache=\"x-token\""),
        ("X-Ann", "1"),
        ("X-Token", "2"),
        ("Set-Cookie", "session=ann"),
        ("Connection", "x-hop"),
        ("X-Hop", "3"),
        ("Surrogate-Key", "a"),
        ("Age", "7"),
        ("Content-Length", "26"),
        ("Content-Type", "text/plain"),
        ("Last-Modified", "Sat, 21 Nov 2026 11:00:00 GMT"),
        ("X-All", "4"),
    ];
    Came::new(200, &[&TAGGED[..], &more].concat(), ALPHABET)
}

fn dropping_cookies() -> Config {
    Config { cookies: Cookies::Dropped, ..Config::default() }
}

/// RFC 9111, sections 3.1, 4, 5.1, 5.2.2.4 and 5.2.2.7.
#[test]
fn who_follows_gets_the_fields_that_go_to_all_and_the_age_of_the_moment() {
    let (Following { status, headers, content }, rule) =
        follows(&personal(), &request("GET", &[]), &dropping_cookies());
    let expected = [
        "age: 12",
        "cache-control: max-age=60",
        "cache-control: private=\"x-ann\", no-cache=\"x-token\"",
        "content-length: 26",
        "content-type: text/plain",
        "date: Sat, 21 Nov 2026 12:00:00 GMT",
        "etag: \"1\"",
        "last-modified: Sat, 21 Nov 2026 11:00:00 GMT",
        "x-all: 4",
    ];
    let mut lines = lines(&headers);
    lines.sort();
    assert_eq!(lines, expected);
    assert_eq!((status.as_u16(), content, rule), (200, Portion::All, Rule::Unconditional));
}

/// RFC 9110, sections 9.3.2, 13, 14 and 15.5.17: whether the content has come makes no difference.
#[test]
fn who_follows_gets_what_a_hit_gets() {
    let config = dropping_cookies();
    let (came, modified) = (personal(), "Sat, 21 Nov 2026 11:00:00 GMT");
    let stored = came.variant_by(&config).unwrap().stored;
    for (method, asked) in [
        ("GET", &[][..]),
        ("HEAD", &[]),
        ("QUERY", &[]),
        ("GET", &[("If-None-Match", "\"1\"")]),
        ("GET", &[("If-None-Match", "\"2\"")]),
        ("HEAD", &[("If-None-Match", "*")]),
        ("GET", &[("If-Modified-Since", modified)]),
        ("GET", &[("If-Modified-Since", "Sat, 21 Nov 2026 10:00:00 GMT")]),
        ("GET", &[("If-None-Match", "\"1\""), ("Range", "bytes=0-4")]),
        ("GET", &[("Range", "bytes=0-4")]),
        ("GET", &[("Range", "bytes=20-99")]),
        ("GET", &[("Range", "bytes=-3")]),
        ("GET", &[("Range", "bytes=0-4, 3-6")]),
        ("GET", &[("Range", "bytes=26-")]),
        ("GET", &[("Range", "bytes=-0, 30-40")]),
        ("GET", &[("Range", "bytes=5-4")]),
        ("GET", &[("Range", "pages=1-2")]),
        ("GET", &[("Range", "bytes=0-4"), ("If-Range", "\"1\"")]),
        ("GET", &[("Range", "bytes=0-4"), ("If-Range", "\"2\"")]),
        ("QUERY", &[("Range", "bytes=0-4")]),
        ("HEAD", &[("Range", "bytes=0-4")]),
    ] {
        let request = request(method, asked);
        let ((following, by), (served, rule)) = (follows(&came, &request, &config), hits(&stored, &request, &config));
        assert_eq!((following.status, by), (served.status, rule), "{method} {asked:?}");
        assert_eq!(lines(&following.headers), lines(&served.headers), "{method} {asked:?}");
        let content = match following.content {
            Portion::All => ALPHABET,
            Portion::Part(range) => &ALPHABET[range.start() as usize..range.end() as usize],
            Portion::Nothing => "",
        };
        assert_eq!(content.as_bytes(), served.content.concat(), "{method} {asked:?}");
    }
}

/// RFC 9110, section 14.2: a range may be ignored.
#[test]
fn who_follows_gets_the_whole_where_the_length_is_not_said_or_several_parts_are_asked_for() {
    let chunked = Came::new(200, &TAGGED, ALPHABET);
    for (came, asked) in [
        (&chunked, "bytes=0-4"),
        (&chunked, "bytes=5-"),
        (&chunked, "bytes=-3"),
        (&chunked, "bytes=99-"),
        (&personal(), "bytes=0-1, 20-21"),
    ] {
        let (following, rule) = follows(came, &request("GET", &[("Range", asked)]), &dropping_cookies());
        let got = (following.status.as_u16(), following.content, rule);
        assert_eq!(got, (200, Portion::All, Rule::RangeIgnored), "{asked}");
    }
    let empty = Came::new(200, &[&TAGGED[..], &[("Content-Length", "0")]].concat(), "");
    let (following, rule) = follows(&empty, &request("GET", &[("Range", "bytes=0-4")]), &Config::default());
    assert_eq!((following.status.as_u16(), rule), (200, Rule::RangeIgnored));
    let gone = Came::new(404, &[&TAGGED[..], &[("Content-Length", "26")]].concat(), ALPHABET);
    let (following, rule) = follows(&gone, &request("GET", &[("Range", "bytes=0-4")]), &Config::default());
    assert_eq!((following.status.as_u16(), following.content, rule), (404, Portion::All, Rule::RangeIgnored));
}

/// RFC 9110, section 6.5.1; RFC 9111, section 5.2.2.7.
#[test]
fn who_follows_gets_the_trailers_that_are_kept() {
    let (config, came) = (dropping_cookies(), personal());
    let trailers = [("X-Ann", "1"), ("X-Token", "2"), ("Set-Cookie", "a=b"), ("Vary", "*"), ("X-Sum", "7")];
    let get = |trailers: &HeaderMap| admitted(&came, &config).trailers(trailers);
    assert_eq!(get(&fields(&trailers)), Ok(fields(&[("X-Sum", "7")])));
    let kept = admitted(&came, &config).keep(&came.content, Some(&fields(&trailers)), End::Clean).unwrap();
    assert_eq!(kept.stored.trailers, fields(&[("X-Sum", "7")]));
    assert_eq!(get(&fields(&vec![("X-A", "1"); FIELDS_MOST + 1])), Err(Rule::TooManyFields));
}

fn serves(response: &[Line<'_>], asked: &[Line<'_>], config: &Config) -> Result<Rule, Rule> {
    serves_by(&Came::new(200, response, "").asked("GET", &[("Accept", "text/css")]), "GET", asked, config)
}

fn serves_by(came: &Came, method: &str, asked: &[Line<'_>], config: &Config) -> Result<Rule, Rule> {
    let request = request(method, asked);
    let by = Asked::of(&request, config);
    sent(&request, |sent| admitted(came, config).serves(sent, &by, LATER, config))
}

/// RFC 9111, section 4: what holds for a stored response holds for one that may be stored.
#[test]
fn who_follows_is_one_for_whom_a_hit_might_be_made_of_it() {
    let config = Config::default();
    for (control, expected) in [
        ("max-age=60", Ok(Rule::Fresh)),
        ("max-age=60, no-cache", Err(Rule::NoCache)),
        ("max-age=60, no-cache=\"x-a\"", Ok(Rule::Fresh)),
        ("max-age=5", Err(Rule::Stale)),
        ("max-age=0", Err(Rule::Stale)),
        ("max-age=0, must-revalidate, stale-while-revalidate=9", Err(Rule::MustRevalidate)),
        ("max-age=0, stale-while-revalidate=5", Ok(Rule::StaleWhileRevalidate)),
        ("max-age=0, stale-while-revalidate=4", Err(Rule::Stale)),
        ("max-age=0, stale-if-error=60", Err(Rule::Stale)),
    ] {
        let response = [("Cache-Control", control), ("ETag", "\"1\"")];
        assert_eq!(serves(&response, &[], &config), expected, "{control}");
    }
    let old = [("Cache-Control", "max-age=60"), ("ETag", "\"1\""), ("Age", "55")];
    assert_eq!(serves(&old, &[], &config), Err(Rule::Stale), "it was old when it came");
}

/// RFC 9111, section 4.1.
#[test]
fn who_follows_has_selected_what_comes() {
    let config = Config::default();
    let varies = [&TAGGED[..], &[("Vary", "Accept")]].concat();
    assert_eq!(serves(&varies, &[("Accept", "text/css")], &config), Ok(Rule::Fresh));
    for other in [&[("Accept", "text/html")][..], &[]] {
        assert_eq!(serves(&varies, other, &config), Err(Rule::NotSelected), "{other:?}");
        assert_eq!(serves(&TAGGED, other, &config), Ok(Rule::Fresh), "{other:?}");
    }
}

/// RFC 9111, section 5.2.1.
#[test]
fn who_follows_gets_what_is_as_new_as_it_wants() {
    let obeys = Config { obeys_reloads: true, ..Config::default() };
    let stale = [("Cache-Control", "max-age=0"), ("ETag", "\"1\"")];
    for (control, config, expected) in [
        ("no-cache", &obeys, Err(Rule::RequestNoCache)),
        ("no-cache", &Config::default(), Ok(Rule::Fresh)),
        ("max-age=5", &obeys, Ok(Rule::Fresh)),
        ("max-age=4", &obeys, Err(Rule::RequestMaxAge)),
        ("min-fresh=55", &obeys, Ok(Rule::Fresh)),
        ("min-fresh=56", &obeys, Err(Rule::RequestMinFresh)),
        ("only-if-cached", &Config::default(), Err(Rule::OnlyIfCached)),
        ("no-store", &Config::default(), Ok(Rule::Fresh)),
    ] {
        assert_eq!(serves(&TAGGED, &[("Cache-Control", control)], config), expected, "{control}");
    }
    let max_stale = [("Cache-Control", "max-stale=5")];
    assert_eq!(serves(&stale, &max_stale, &Config::default()), Ok(Rule::RequestMaxStale));
}

/// RFC 9111, sections 3.3 and 4.
#[test]
fn nobody_follows_a_part_nor_with_a_request_that_passes() {
    let config = Config::default();
    let whole = Came::new(200, &TAGGED, "");
    for (method, expected) in [("GET", Ok(Rule::Fresh)), ("HEAD", Ok(Rule::Fresh)), ("POST", Err(Rule::MethodUnsafe))] {
        assert_eq!(serves_by(&whole, method, &[], &config), expected, "{method}");
    }
    assert_eq!(serves_by(&part("bytes 5-9/26", "", &[]), "GET", &[], &config), Err(Rule::Incomplete));
    let passing = Config { personal: Personal::Pass, ..Config::default() };
    assert_eq!(serves_by(&whole, "GET", &[("Cookie", "a=b")], &passing), Err(Rule::Personal));
    let request = request("POST", &[]);
    let answer = admitted(&whole, &config).answer(&request.headers, &Asked::of(&request, &config), LATER, &config);
    assert_eq!(answer, Err(Rule::MethodUnsafe));
}

/// RFC 9110, section 6.6.2: those that go to all, with all of the content alone.
#[test]
fn who_follows_is_told_of_the_trailers_that_will_come() {
    let more = [
        ("Content-Length", "26"),
        ("Cache-Control", "private=\"x-ann\""),
        ("Trailer", "X-Sum, X-Ann,, Vary, no name"),
        ("Trailer", "Transfer-Encoding, X-More"),
    ];
    let came = Came::new(200, &[&TAGGED[..], &more].concat(), ALPHABET);
    let config = Config::default();
    let whole = ["x-sum", "x-more"];
    for (method, asked, told) in [
        ("GET", &[][..], &whole[..]),
        ("QUERY", &[], &whole),
        ("HEAD", &[], &[]),
        ("GET", &[("Range", "bytes=0-4")], &[]),
        ("GET", &[("If-None-Match", "\"1\"")], &[]),
    ] {
        let request = request(method, asked);
        let (following, _) = follows(&came, &request, &config);
        let names: Vec<_> = following.headers.get_all("trailer").iter().collect();
        assert_eq!(names, told, "{method} {asked:?}");
        let asked_for = Asked::of(&request, &config);
        let own = admitted(&came, &config).own(&came.response, &request.headers, &asked_for, LATER, &config);
        let lines = own.unwrap().0.headers.get_all("trailer").iter().count();
        assert_eq!(lines, if told.is_empty() { 0 } else { 2 }, "{method} {asked:?}: as it came, or not at all");
    }
}
