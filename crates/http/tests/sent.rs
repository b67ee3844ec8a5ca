//! What of a request its origin gets.

#![allow(clippy::unwrap_used)] // A test that cannot go on fails.

mod case;

use case::{NOON, key, keyed, request, response, target};
use freshen_http::{
    Admitted, AskedBy, CacheKey, Choices, Config, Content, ContentHasher, Counting, Exchange, HostAlias, Hosts,
    Inquiry, KeyParts, NoVarySearch, OriginSees, Outgoing, Parameters, Scheme, Selecting, Sent, Target,
};
use http::header::HOST;
use http::{HeaderMap, HeaderValue, Request, Version, request};
use proptest::prelude::*;

/// A request, as it goes on in a version.
fn head(text: &str, uri: &str, version: Version) -> request::Parts {
    Sent::of(&request(text), &target(uri), &Config::default()).head(version)
}

/// The lines of its head, without those of Host.
fn lines(head: &request::Parts) -> Vec<String> {
    let lines = head.headers.iter().filter(|(name, _)| *name != HOST);
    lines.map(|(name, line)| format!("{name}: {}", line.to_str().unwrap())).collect()
}

/// RFC 9110, section 7.6.1.
#[test]
fn what_is_for_the_clients_connection_goes_no_further() {
    let head = head(
        "GET / | a: 1 | connection: keep-alive, x-b | x-b: 2 | keep-alive: 5 | upgrade: h2c | te: gzip | a: 3",
        "http://a/",
        Version::HTTP_11,
    );
    assert_eq!(lines(&head), ["a: 1", "a: 3"]);
}

/// RFC 9112, section 3.2.2; RFC 9113, section 8.3.1.
#[test]
fn the_host_is_that_of_the_target() {
    for (uri, host) in [
        ("http://a.example/b?c", "a.example"),
        ("https://a.example:443/b", "a.example"),
        ("http://a.example:443/b", "a.example:443"),
        ("http://[::1]:80/", "[::1]"),
    ] {
        for came in
            ["GET /", "GET / | host: evil.example", "GET / | host: A.example:80", "GET / | host: a.example | host: b"]
        {
            let sent = head(came, uri, Version::HTTP_11);
            assert_eq!(sent.headers.get_all(HOST).iter().collect::<Vec<_>>(), [host], "{came}");
            assert_eq!(sent.uri.to_string(), target(uri).to_string());
            assert!(!head(came, uri, Version::HTTP_2).headers.contains_key(HOST), "its URI has it");
        }
    }
}

/// RFC 9113, section 8.2.3.
#[test]
fn cookies_go_on_in_one_line_however_they_came() {
    for version in [Version::HTTP_10, Version::HTTP_11, Version::HTTP_2] {
        let of = |text: &str| lines(&head(text, "http://a/", version));
        let came = "GET / | cookie: a=1 | b: x | cookie:  | cookie: c=2; d=3 | cookie: e=4";
        assert_eq!(of(came), ["cookie: a=1; c=2; d=3; e=4", "b: x"]);
        assert_eq!(of("GET / | cookie: a=1, b=2"), ["cookie: a=1, b=2"]);
        assert_eq!(of("GET / | cookie:  | cookie: "), ["cookie: "]);
        assert_eq!(of("GET / | b: 1 | b: 2"), ["b: 1", "b: 2"], "other lines are as they came");
    }
    let (config, target) = (Config::default(), target("http://a/"));
    let (split, whole) = (request("GET / | cookie: a=1 | cookie: b=2"), request("GET / | cookie: a=1; b=2"));
    let vary = response("200 | vary: cookie").headers;
    let selecting = Selecting::of(&Sent::of(&split, &target, &config), &vary, &config).unwrap();
    assert!(selecting.matches(&Sent::of(&whole, &target, &config)), "the origin gets the same");
    let key = key("http://a/", &config);
    let again = Sent::again(&key, &selecting, &config).unwrap();
    assert_eq!(lines(&again.head(Version::HTTP_11)), ["cookie: a=1; b=2"]);
}

#[test]
fn the_origin_is_asked_for_what_the_choices_make_of_the_target() {
    let counting = Counting::AllBut(["utm_*"].into_iter().collect());
    let hosts = Hosts::new([HostAlias::new("www.a", "a").unwrap()]).unwrap();
    let mut choices = Choices { hosts, parameters: Parameters { counting, sorted: false }, ..Choices::default() };
    let asked = target("http://www.a/b?utm_x=1&c=2");
    let request = request("GET /b | host: www.a");
    for (origin_sees, uri, host) in
        [(OriginSees::Keyed, "http://a/b?c=2", "a"), (OriginSees::Asked, "http://www.a/b?utm_x=1&c=2", "www.a")]
    {
        choices.origin_sees = origin_sees;
        let config = Config { choices: choices.clone(), ..Config::default() };
        let head = Sent::of(&request, &asked, &config).head(Version::HTTP_11);
        assert_eq!((head.uri.to_string().as_str(), &head.headers[HOST]), (uri, &HeaderValue::from_static(host)));
    }
}

/// RFC 9110, sections 6.5.1 and 10.1.4; RFC 9113, section 8.2.2.
#[test]
fn trailers_are_asked_for_where_the_client_takes_them_and_nothing_else_is() {
    for te in ["trailers", "Trailers, deflate;q=0.5", "gzip | te: trailers"] {
        let came = format!("GET / | te: {te} | connection: te");
        assert_eq!(lines(&head(&came, "http://a/", Version::HTTP_11)), ["te: trailers", "connection: te"], "{te}");
        assert_eq!(lines(&head(&came, "http://a/", Version::HTTP_2)), ["te: trailers"], "{te}");
        assert_eq!(lines(&head(&came, "http://a/", Version::HTTP_10)), [""; 0], "{te}");
    }
    for te in ["", "gzip", "trailers;q=1", "x-trailers"] {
        let came = format!("GET / | te: {te} | connection: te");
        assert_eq!(lines(&head(&came, "http://a/", Version::HTTP_11)), [""; 0], "{te}");
    }
}

/// RFC 9110, section 6.6.2: over HTTP/1.1 no more is sent behind the content than that.
#[test]
fn which_trailers_may_come_is_told_both_ways() {
    let came = "POST / | trailer: x-sum, x-b | trailer: x-c | x-d: 1";
    let trailers = ["trailer: x-sum, x-b", "trailer: x-c"];
    assert_eq!(lines(&head(came, "http://a/", Version::HTTP_11)), ["x-d: 1", trailers[0], trailers[1]]);
    assert_eq!(lines(&head(came, "http://a/", Version::HTTP_10)), ["x-d: 1"]);
    let (response, config) = (response("200 | trailer: x-sum, x-b | trailer: x-c"), Config::default());
    let headers = Outgoing::of(&response, &config).headers(&response.headers);
    assert_eq!(headers.get_all("trailer").iter().collect::<Vec<_>>(), ["x-sum, x-b", "x-c"]);
}

/// RFC 9110, section 7.8.
#[test]
fn another_protocol_is_offered_only_by_a_request_of_http_1_1_that_passes() {
    let (target, config) = (target("http://a/"), Config::default());
    let head = |text: &str, came: Version, goes: Version| {
        let mut request = request(text);
        request.version = came;
        lines(&Sent::passing(&request, &target, &config).head(goes))
    };
    let offers = "GET / | connection: keep-alive, Upgrade | upgrade: websocket | upgrade: x | x-b: 1";
    let (old, usual, new) = (Version::HTTP_10, Version::HTTP_11, Version::HTTP_2);
    assert_eq!(head(offers, usual, usual), ["x-b: 1", "connection: upgrade", "upgrade: websocket", "upgrade: x"]);
    assert_eq!(head(offers, old, usual), ["x-b: 1"]);
    let others = "GET / | connection: upgrade | upgrade: xh2, x-http, h";
    assert_eq!(head(others, usual, usual), ["connection: upgrade", "upgrade: xh2", "upgrade: x-http", "upgrade: h"]);
    assert_eq!(head(offers, usual, new), ["x-b: 1"], "there it is made by other means");
    assert_eq!(head("GET / | upgrade: websocket", usual, usual), [""; 0], "nobody meant it");
    assert_eq!(lines(&Sent::of(&request(offers), &target, &config).head(usual)), ["x-b: 1"]);
    // Each of these would carry requests past what reads them here.
    for http in [
        "h2c", "H2C", "h2", "HTTP/2.0", "http", "TLS/1.0", "h2c/x", "\"h2c\"", "h2c;q=1", "h2c x", "a/b/h2c",
        "a/b h2c", "h2c/", "h2c-14", "H2-14", "spdy/3.1", "SPDY", "tls1.3", "https",
    ] {
        let offers = |upgrade: &str| {
            format!("GET / | connection: upgrade, http2-settings | upgrade: {upgrade} | http2-settings: AAM")
        };
        assert_eq!(head(&offers(http), usual, usual), [""; 0], "{http}");
        let both = head(&offers(&format!("{http}, websocket, {http}")), usual, usual);
        assert_eq!(both, ["connection: upgrade", "upgrade: websocket"], "{http}");
    }
    assert_eq!(
        head("GET / | http2-settings: AAM", usual, usual),
        [""; 0],
        "it is of the connection, though that does not say so"
    );
}

/// A field that the origin does not get decides nothing of what it answers. Were it to select, whoever sends it could have the
/// response for those who lack the field stored for those who have it.
#[test]
fn a_field_that_connection_names_selects_nothing() {
    let (config, target) = (Config::default(), target("http://a/"));
    let vary = response("200 | vary: x-user, host, te").headers;
    let of = |text: &str| Selecting::of(&Sent::of(&request(text), &target, &config), &vary, &config).unwrap();
    let stripped = of("GET / | x-user: ann | connection: x-user | host: evil | te: gzip");
    assert_eq!(stripped, of("GET / | host: a"));
    let honest = request("GET / | x-user: ann");
    assert!(!stripped.matches(&Sent::of(&honest, &target, &config)));
    let protected = of("GET / | accept: x | connection: accept");
    assert_eq!(protected.key(), of("GET /").key(), "it is not named by Vary");
}

/// RFC 9111, section 4.3.1.
#[test]
fn what_is_refreshed_without_its_client_asks_for_the_same() {
    let config = Config::default();
    let (asked, target) =
        (request("GET / | x-host: b | x-host: c | accept: x | te: trailers | cookie: y"), target("http://a/b?c"));
    let sent = Sent::of(&asked, &target, &config);
    let key = keyed(&asked, &target, Content::Absent, None, &config).unwrap();
    for vary in ["", "accept, host, te", "x-host, accept"] {
        let selecting = Selecting::of(&sent, &response(&format!("200 | vary: {vary}")).headers, &config).unwrap();
        let again = Sent::again(&key, &selecting, &config).unwrap();
        let parts = KeyParts { asked: AskedBy::Get, sent: &again, content: Content::Absent, audience: None };
        assert_eq!(CacheKey::of(&parts, &config).as_ref(), Ok(&key));
        assert!(selecting.matches(&again), "{vary}");
        let head = again.head(Version::HTTP_11);
        assert_eq!((head.method.as_str(), head.uri.to_string().as_str()), ("GET", "http://a/b?c"));
        assert!(!head.headers.contains_key("cookie"));
    }
}

#[test]
fn what_the_key_does_not_tell_its_client_alone_can_ask_again() {
    let config = Config { no_vary_search: true, ..Config::default() };
    let says = NoVarySearch::read(&response("200 | no-vary-search: key-order").headers, &config);
    let simplified = key("http://a/?b=1&a=2", &config).simplified(&says);
    assert!(Sent::again(&simplified, &Selecting::default(), &config).is_none());
    let query = request("QUERY /");
    let content = ContentHasher::new(&query, &config).unwrap().finish();
    let content = Content::Hashed(content);
    let query = keyed(&query, &target("http://a/"), content, None, &config).unwrap();
    assert!(Sent::again(&query, &Selecting::default(), &config).is_none());
    let of_ann = keyed(&request("GET /"), &target("http://a/"), Content::Absent, Some("ann"), &config).unwrap();
    assert!(Sent::again(&of_ann, &Selecting::default(), &config).is_none(), "it would be the answer to nobody");
    assert!(Sent::again(&key("http://a/", &config), &Selecting::default(), &config).is_some());
}

/// RFC 9111, sections 3.3 and 4.3.2: a 304 to it would be for this client alone, and a 206 no answer to others.
#[test]
fn what_is_fetched_for_the_cache_is_the_whole_without_a_condition_of_the_client() {
    let (config, target) = (Config::default(), target("http://a/"));
    let own =
        "if-none-match: \"1\" | if-modified-since: Sun, 06 Nov 1994 08:49:37 GMT | if-range: \"1\" | range: bytes=0-1";
    let goes_on = "accept: x | if-match: \"2\" | if-unmodified-since: Sun, 06 Nov 1994 08:49:37 GMT | te: trailers | connection: te";
    let both = request(&format!("GET / | {own} | {goes_on} | connection: x-b | x-b: 1"));
    let inquiry = Inquiry::of(&both, &target, Content::Absent, None, &config).unwrap();
    let fetched = inquiry.fetch();
    assert_eq!(
        fetched.head(Version::HTTP_11).headers,
        head(&format!("GET / | {goes_on}"), "http://a/", Version::HTTP_11).headers
    );
    assert_eq!(inquiry.sent.head(Version::HTTP_11).headers.len(), fetched.head(Version::HTTP_11).headers.len() + 4);
    let passing = Sent::passing(&both, &target, &config).head(Version::HTTP_11);
    assert_eq!(passing.headers, inquiry.sent.head(Version::HTTP_11).headers, "what passes has all of them");
}

/// RFC 9110, section 13.2.1: what comes is not kept, so that nobody but the origin can hold the conditions against it.
#[test]
fn what_is_fetched_for_its_client_alone_has_its_conditions_and_its_range() {
    let (config, target) = (Config::default(), target("http://a/"));
    let own =
        "if-none-match: \"1\" | if-modified-since: Sun, 06 Nov 1994 08:49:37 GMT | if-range: \"1\" | range: bytes=0-1";
    for (first, keeps) in [
        ("HEAD /", true),
        ("GET / | cache-control: no-store", true),
        ("GET / | cache-control: no-cache", false),
        ("GET /", false),
    ] {
        let request = request(&format!("{first} | {own}"));
        let inquiry = Inquiry::of(&request, &target, Content::Absent, None, &config).unwrap();
        let (fetched, whole) = (inquiry.fetch().headers(), inquiry.sent.headers());
        assert_eq!(fetched.len() + if keeps { 0 } else { 4 }, whole.len(), "{first}");
        let comes = response("200 | cache-control: max-age=60 | etag: \"1\"");
        let exchange = Exchange { asked_at: NOON, answered_at: NOON };
        let admitted = Admitted::of(&inquiry.fetch(), &comes, &inquiry.key, &exchange, &config);
        assert_eq!(admitted.is_err(), keeps, "{first}");
    }
}

/// The origin redirects `/a` to `/a?utm_x=1`, both of which are keyed as `/a`. Asked again for `/a` in the stead of the target that
/// the client named, it would send everybody in a circle.
#[test]
fn where_the_origin_sees_a_target_that_the_key_does_not_tell_its_client_alone_can_ask_again() {
    let hosts = Hosts::new([HostAlias::new("www.a", "a").unwrap()]).unwrap();
    let counting = Counting::AllBut(["utm_*"].into_iter().collect());
    let none = Choices::default;
    for (choices, told) in [
        (none(), true),
        (Choices { hosts, ..none() }, false),
        (Choices { decoded: true, ..none() }, false),
        (Choices { parameters: Parameters { counting, sorted: false }, ..none() }, false),
        (Choices { parameters: Parameters { sorted: true, ..Parameters::default() }, ..none() }, false),
    ] {
        for (origin_sees, told) in [(OriginSees::Keyed, true), (OriginSees::Asked, told)] {
            let config = Config { choices: Choices { origin_sees, ..choices.clone() }, ..Config::default() };
            let key = key("http://www.a/b", &config);
            assert_eq!(
                Sent::again(&key, &Selecting::default(), &config).is_some(),
                told,
                "{choices:?} {origin_sees:?}"
            );
        }
    }
}

proptest! {
    /// Whatever host a request names: it is refused, or the origin is asked for it.
    #[test]
    fn each_target_can_be_asked_for(host in "[ -~]{1,8}(:[0-9]{0,5})?", path in "/[!-~é]{0,8}") {
        let mut request = Request::new(()).into_parts().0;
        request.headers = HeaderMap::from_iter([(HOST, HeaderValue::from_str(&host).unwrap())]);
        let Ok(uri) = path.parse() else { return Ok(()) };
        request.uri = uri;
        let told = Target::of(&request, Scheme::Http, &Config::default());
        if let Ok(target) = told {
            let head = Sent::of(&request, &target, &Config::default()).head(Version::HTTP_11);
            prop_assert_eq!(head.uri.to_string(), target.to_string());
            prop_assert_eq!(&head.headers[HOST], target.origin().authority());
        }
    }
}

#[test]
fn a_host_of_any_letter_that_one_may_have_makes_a_uri() {
    for letter in b' '..=b'~' {
        for host in [[letter].as_slice(), &[b'a', letter], &[letter, b'1'], &[letter, letter]] {
            let mut request = request("GET /");
            request.headers.insert(HOST, HeaderValue::from_bytes(host).unwrap());
            if let Ok(target) = Target::of(&request, Scheme::Https, &Config::default()) {
                let head = Sent::of(&request, &target, &Config::default()).head(Version::HTTP_11);
                assert_eq!(head.uri.to_string(), target.to_string());
            }
        }
    }
}
