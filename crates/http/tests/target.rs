//! Which requests are about the same target, and which about none.

#![allow(clippy::unwrap_used)] // A test that cannot go on fails.

use freshen_http::{Config, FIELDS_MOST, HOST_BYTES_MOST, Scheme, Target, TargetError};
use http::header::HOST;
use http::{HeaderValue, Method, Request, StatusCode, Version, request};
use proptest::prelude::*;

/// A request line's target, and its Host fields.
fn parts(uri: &str, hosts: &[&[u8]]) -> request::Parts {
    let mut parts = Request::get(uri).body(()).unwrap().into_parts().0;
    for host in hosts {
        parts.headers.append(HOST, HeaderValue::from_bytes(host).unwrap());
    }
    parts
}

/// Over a connection that has the scheme of the target, if that names one.
fn of(parts: &request::Parts) -> Result<Target, TargetError> {
    let scheme = if parts.uri.scheme_str() == Some("https") { Scheme::Https } else { Scheme::Http };
    Target::of(parts, scheme, &Config::default())
}

/// The target of a URI.
fn at(uri: &str) -> Target {
    let mut request = parts(uri, &[]);
    request.version = Version::HTTP_2;
    of(&request).unwrap()
}

/// The target of a path, asked for at a host.
fn on(host: &str, path: &str) -> Result<Target, TargetError> {
    of(&parts(path, &[host.as_bytes()]))
}

/// RFC 9111, section 4; RFC 9110, sections 4.2.3 and 4.3.1.
#[test]
fn targets_are_equal_that_differ_in_nothing_that_counts() {
    for (one, other) in [
        ("http://example.com/a", "HTTP://EXAMPLE.com/a"),
        ("http://example.com/a", "http://example.com:80/a"),
        ("http://example.com/a", "http://example.com:/a"),
        ("http://example.com/a", "http://example.com:080/a"),
        ("https://example.com/a", "https://example.com:443/a"),
        ("http://example.com:8080/a", "http://example.com:08080/a"),
        ("http://example.com", "http://example.com/"),
        ("http://example.com?q", "http://example.com/?q"),
        ("http://example.com#b", "http://example.com/"),
        ("http://example.com?q#b", "http://example.com/?q"),
        ("http://[::1]/a", "http://[::1]:80/a"),
        ("http://[2001:DB8::1]/a", "http://[2001:db8::1]/a"),
        ("http://example.com/a", "http://example.com/a#b"),
        ("http://example.com/a?q", "http://example.com/a?q#b"),
    ] {
        assert_eq!(at(one), at(other), "{one} {other}");
    }
}

/// RFC 9111, section 4; RFC 9110, sections 4.2.2, 4.2.3 and 4.3.1; RFC 3986, section 6.
#[test]
fn targets_are_kept_apart_that_an_origin_could_tell_apart() {
    for (one, other) in [
        ("http://example.com/a", "https://example.com/a"),
        ("http://example.com:443/a", "https://example.com/a"),
        ("http://example.com/a", "http://example.com:8080/a"),
        ("http://example.com/a", "http://example.com./a"),
        ("http://example.com/a", "http://www.example.com/a"),
        ("http://[::1]/a", "http://[0:0:0:0:0:0:0:1]/a"),
        ("http://127.0.0.1/a", "http://[::ffff:127.0.0.1]/a"),
        ("http://127.0.0.1/a", "http://127.1/a"),
        ("http://example.com/a", "http://example.com/A"),
        ("http://example.com/a", "http://example.com/a/"),
        ("http://example.com/a", "http://example.com//a"),
        ("http://example.com/a/b", "http://example.com/a//b"),
        ("http://example.com/b", "http://example.com/a/../b"),
        ("http://example.com/b", "http://example.com/./b"),
        ("http://example.com/a", "http://example.com/a/."),
        ("http://example.com/a", "http://example.com/a?"),
        ("http://example.com/a?", "http://example.com/a??"),
        ("http://example.com/a?q", "http://example.com/a?Q"),
        ("http://example.com/a?q", "http://example.com/a?q="),
        ("http://example.com/a?b=1&c=2", "http://example.com/a?c=2&b=1"),
        ("http://example.com/a?b=1", "http://example.com/a?b=1&b=1"),
        ("http://example.com/a?b+c", "http://example.com/a?b%20c"),
        ("http://example.com/a;b", "http://example.com/a"),
    ] {
        assert_ne!(at(one), at(other), "{one} {other}");
    }
}

/// What is encoded may be a delimiter for the origin and for nobody else: `/a%2f..%2fb` is another resource to one that decodes
/// before it walks, and the same to one that does not.
#[test]
fn what_is_encoded_is_another_target_than_what_is_not() {
    for (one, other) in [
        ("/a/b", "/a%2fb"),
        ("/a%2fb", "/a%2Fb"),
        ("/b", "/a/%2e%2e/b"),
        ("/a/../b", "/a/%2e%2e/b"),
        ("/a/../b", "/a%2f..%2fb"),
        ("/a\\b", "/a%5cb"),
        ("/a;b", "/a%3bb"),
        ("/a?b", "/a%3fb"),
        ("/a", "/a%23b"),
        ("/a", "/a%00"),
        ("/a", "/a%0a"),
        ("/a", "/a%0d%0aX:b"),
        ("/~a", "/%7ea"),
        ("/a", "/%61"),
        ("/%61", "/%2561"),
        ("/a?b=c&d", "/a?b=c%26d"),
    ] {
        assert_ne!(on("example.com", one), on("example.com", other), "{one} {other}");
    }
}

/// RFC 9112, section 3.3.
#[test]
fn a_target_is_made_of_the_connections_scheme_the_host_field_and_the_path() {
    let request = parts("/a?q", &[b"Example.com:8080"]);
    assert_eq!(of(&request), Ok(at("http://example.com:8080/a?q")));
    let secured = Target::of(&parts("/a", &[b"example.com"]), Scheme::Https, &Config::default());
    assert_eq!(secured, Ok(at("https://example.com/a")));
    let target = at("http://EXAMPLE.com:80/a?q#f");
    assert_eq!(
        (target.origin().host(), target.origin().port(), target.path(), target.query()),
        ("example.com", 80, "/a", Some("q"))
    );
    assert_eq!(target.to_string(), "http://example.com/a?q");
    assert_eq!(at("https://example.com:80").to_string(), "https://example.com:80/");
    assert_eq!(target.resource(), "/a?q");
}

/// RFC 9110, section 4.2.1 (no host), 4.2.4 (a user); RFC 9112, section 3.2.
#[test]
fn a_host_that_is_none_is_an_error() {
    let cases: [(&[u8], TargetError); 24] = [
        (b"", TargetError::NoHost),
        (b":80", TargetError::NoHost),
        (b"user@example.com", TargetError::User),
        (b"user:secret@example.com", TargetError::User),
        (b"@example.com", TargetError::User),
        (b"example.com, other.example", TargetError::Host),
        (b"example.com,other.example", TargetError::Host),
        (b",", TargetError::Host),
        (b"example.com/a", TargetError::Host),
        (b"example.com?a", TargetError::Host),
        (b"example.com#a", TargetError::Host),
        (b"example.com\\a", TargetError::Host),
        (b"ex%61mple.com", TargetError::Host),
        (b"ex\xc3\xa4mple.com", TargetError::Host),
        (b"ex\xffmple.com", TargetError::Host),
        (b"exa\tmple.com", TargetError::Host),
        (b"[::1", TargetError::Host),
        (b"[::1]x", TargetError::Host),
        (b"[::1%25eth0]", TargetError::Host),
        (b"[example]", TargetError::Host),
        (b"example.com:80:80", TargetError::Port),
        (b"example.com:65536", TargetError::Port),
        (b"example.com:+80", TargetError::Port),
        (b"example.com:8080808080808080808080", TargetError::Port),
    ];
    for (host, error) in cases {
        assert_eq!(of(&parts("/a", &[host])), Err(error), "{:?}", String::from_utf8_lossy(host));
    }
    assert_eq!(of(&parts("/a", &[])), Err(TargetError::NoHost));
    assert_eq!(of(&parts("http://user@example.com/a", &[b"example.com"])), Err(TargetError::User));
    for good in
        ["example.com:0", "example.com:65535", "_a.b-c~d", "127.0.0.1", "[::1]:8080", "[::ffff:127.0.0.1]", "a.b."]
    {
        assert!(on(good, "/a").is_ok(), "{good}");
    }
}

#[test]
fn a_host_that_is_too_long_is_an_error() {
    assert!(on(&"a".repeat(HOST_BYTES_MOST), "/").is_ok());
    assert_eq!(on(&"a".repeat(HOST_BYTES_MOST + 1), "/"), Err(TargetError::Host));
    assert_eq!(on(&"a:".repeat(1 << 20), "/"), Err(TargetError::Port));
    assert_eq!(on(&format!("a:{}80", "0".repeat(1 << 20)), "/"), Ok(at("http://a/")));
}

/// RFC 9112, section 3.2: 400, whatever the target is. Behind this one, a server that goes by Host might take it for another's.
#[test]
fn a_request_of_http_1_1_without_a_host_field_is_an_error() {
    for ignores_host in [false, true] {
        let config = Config { ignores_host, ..Config::default() };
        let of = |uri: &str, hosts: &[&[u8]], version| {
            let mut request = parts(uri, hosts);
            request.version = version;
            Target::of(&request, Scheme::Http, &config)
        };
        for uri in ["/a", "http://example.com/a", "*", "example.com:443", "ftp://example.com/a"] {
            assert_eq!(of(uri, &[], Version::HTTP_11), Err(TargetError::NoHost), "{uri}");
        }
        for version in [Version::HTTP_10, Version::HTTP_2, Version::HTTP_3] {
            assert_eq!(of("http://example.com/a", &[], version), Ok(at("http://example.com/a")), "{version:?}");
        }
        for host in [&b"a b"[..], b"a:x", b"u@a", b""] {
            assert!(of("http://example.com/a", &[host], Version::HTTP_11).is_err(), "{host:?} is none, ignored or not");
        }
    }
    assert_eq!(TargetError::NoHost.refusal(), Some(StatusCode::BAD_REQUEST));
}

/// RFC 9112, section 3.2: 400, whatever the target is.
#[test]
fn more_than_one_host_field_is_an_error() {
    let same: [&[u8]; 2] = [b"example.com", b"example.com"];
    assert_eq!(of(&parts("/a", &same)), Err(TargetError::Hosts));
    assert_eq!(of(&parts("http://example.com/a", &same)), Err(TargetError::Hosts));
}

/// RFC 9110, section 7.2: who can name two origins can have the answer of one stored for the other.
#[test]
fn a_host_field_that_contradicts_the_target_is_an_error() {
    for host in ["example.com", "EXAMPLE.COM", "example.com:80", "example.com:"] {
        assert_eq!(of(&parts("http://example.com/a", &[host.as_bytes()])), Ok(at("http://example.com/a")), "{host}");
    }
    for host in ["other.example", "example.com:8080", "example.com.", "www.example.com"] {
        let told = of(&parts("http://example.com/a", &[host.as_bytes()]));
        assert_eq!(told, Err(TargetError::Disagreement), "{host}");
    }
    assert_eq!(of(&parts("http://example.com/a", &[b""])), Err(TargetError::NoHost));
    assert_eq!(of(&parts("https://example.com/a", &[b"example.com:80"])), Err(TargetError::Disagreement));
}

/// RFC 9112, section 3.2.2, is about HTTP/1.1 alone: in later versions both are written by whoever made the request.
#[test]
fn a_host_field_is_ignored_where_the_choice_is_made_and_in_http_1_alone() {
    let config = Config { ignores_host: true, ..Config::default() };
    let mut request = parts("http://example.com/a", &[b"other.example"]);
    assert_eq!(Target::of(&request, Scheme::Http, &config), Ok(at("http://example.com/a")));
    request.version = Version::HTTP_2;
    assert_eq!(Target::of(&request, Scheme::Http, &config), Err(TargetError::Disagreement));
    // It never fills in for what the target does not say.
    assert_eq!(Target::of(&parts("/a", &[b"other.example"]), Scheme::Http, &config), Ok(at("http://other.example/a")));
}

/// RFC 9112, sections 3.2.3 and 3.2.4; RFC 9110, sections 4.2 and 9.3.6; RFC 8441, section 4.
#[test]
fn what_is_about_no_resource_of_http_has_no_target() {
    assert_eq!(on("example.com", "*"), Err(TargetError::NoResource));
    assert_eq!(on("example.com", "example.com:443"), Err(TargetError::NoResource));
    assert_eq!(of(&parts("*", &[b"a", b"b"])), Err(TargetError::Hosts), "it is no request all the same");
    for (uri, version) in [
        ("example.com:443", Version::HTTP_11),
        ("/a", Version::HTTP_11),
        ("http://example.com/chat", Version::HTTP_11),
        ("http://example.com/chat", Version::HTTP_2),
        ("https://example.com/chat", Version::HTTP_3),
    ] {
        let mut connect = parts(uri, &[b"example.com"]);
        (connect.method, connect.version) = (Method::CONNECT, version);
        assert_eq!(of(&connect), Err(TargetError::NoResource), "{uri} {version:?}");
    }
    assert_eq!(of(&parts("ftp://example.com/a", &[b"example.com"])), Err(TargetError::Scheme));
    assert_eq!(of(&parts("ws://example.com/a", &[b"example.com"])), Err(TargetError::Scheme));
}

/// RFC 9110, sections 4.2.2 and 7.4: who could name `https` on a connection without TLS would have what he likes stored for it.
#[test]
fn a_scheme_that_is_not_that_of_the_connection_is_misdirected() {
    for version in [Version::HTTP_11, Version::HTTP_2, Version::HTTP_3] {
        for (uri, connection) in [("https://example.com/a", Scheme::Http), ("http://example.com/a", Scheme::Https)] {
            let mut request = parts(uri, &[b"example.com"]);
            request.version = version;
            let told = Target::of(&request, connection, &Config::default());
            assert_eq!(told, Err(TargetError::Misdirected), "{version:?} {uri}");
            let other = if connection == Scheme::Http { Scheme::Https } else { Scheme::Http };
            assert_eq!(Target::of(&request, other, &Config::default()), Ok(at(uri)));
        }
    }
}

/// RFC 9110, sections 7.4 and 15.5.20; RFC 9112, sections 3.2 and 3.3.
#[test]
fn what_has_no_target_is_passed_on_or_refused() {
    let mut old = parts("/a", &[]);
    old.version = Version::HTTP_10;
    assert_eq!(of(&old), Err(TargetError::Hostless));
    let passed = [parts("*", &[b"a"]), parts("a:443", &[b"a"]), old];
    for request in passed {
        assert_eq!(of(&request).unwrap_err().refusal(), None, "{}", request.uri);
    }
    for (request, status) in [
        (parts("/a", &[]), 400),
        (parts("/a", &[b""]), 400),
        (parts("/a", &[b"a,b"]), 400),
        (parts("/a", &[b"a:x"]), 400),
        (parts("/a", &[b"u@a"]), 400),
        (parts("/a", &[b"a", b"a"]), 400),
        (parts("http://a/", &[b"b"]), 400),
        (parts("http://a/", &[]), 400),
        (parts("ftp://a/", &[b"a"]), 421),
    ] {
        let told = of(&request).unwrap_err().refusal().map(|status| status.as_u16());
        assert_eq!(told, Some(status), "{} {:?}", request.uri, request.headers);
    }
    assert_eq!(TargetError::Misdirected.refusal(), Some(StatusCode::MISDIRECTED_REQUEST));
}

/// RFC 6585, section 5.
#[test]
fn a_request_with_too_many_fields_is_refused() {
    let with = |fields: usize| parts("/a", &vec![&b"a"[..]; fields]);
    assert_eq!(of(&with(FIELDS_MOST)), Err(TargetError::Hosts));
    assert_eq!(of(&with(FIELDS_MOST + 1)), Err(TargetError::TooManyFields));
    assert_eq!(TargetError::TooManyFields.refusal().map(|status| status.as_u16()), Some(431));
}

proptest! {
    #[test]
    fn no_host_field_makes_it_panic_and_a_target_reads_as_itself(host in proptest::collection::vec(any::<u8>(), 0..40)) {
        if let Ok(value) = HeaderValue::from_bytes(&host) {
            let mut request = parts("/a?b", &[]);
            request.headers.insert(HOST, value);
            if let Ok(target) = of(&request) {
                prop_assert_eq!(at(&target.to_string()), target);
            }
        }
    }
}
