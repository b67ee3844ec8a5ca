//! What a response to an unsafe request outdates.

#![allow(clippy::unwrap_used)] // A test that cannot go on fails.

use freshen_http::{
    AskedBy, CacheKey, Choices, Config, Content, Counting, HostAlias, Invalidation, Parameters, Scheme, Target,
    group_tag,
};
use http::header::HeaderName;
use http::{HeaderValue, Request, Response, request};
use proptest::prelude::*;

fn request(method: &str, uri: &str) -> request::Parts {
    Request::builder().method(method).uri(uri).body(()).unwrap().into_parts().0
}

fn target(uri: &str) -> Target {
    Target::of(&request("GET", uri), Scheme::Http, &Config::default()).unwrap()
}

/// The targets whose keys are outdated, in their order.
fn outdated_by(method: &str, status: u16, uri: &str, fields: &[(&str, &[u8])], config: &Config) -> Vec<String> {
    let invalidation = invalidation(method, status, uri, fields, config);
    let keys = invalidation.map(|invalidation| invalidation.keys).unwrap_or_default();
    keys.iter().map(|key| key.target().to_string()).collect()
}

fn invalidation(
    method: &str,
    status: u16,
    uri: &str,
    fields: &[(&str, &[u8])],
    config: &Config,
) -> Option<Invalidation> {
    let mut response = Response::builder().status(status).body(()).unwrap().into_parts().0;
    for (name, value) in fields {
        let name: HeaderName = name.parse().unwrap();
        response.headers.append(name, HeaderValue::from_bytes(value).unwrap());
    }
    Invalidation::of(&request(method, uri), &target(uri), &response, config)
}

fn outdated(fields: &[(&str, &[u8])]) -> Vec<String> {
    outdated_by("POST", 201, "http://a/b/c?d", fields, &Config::default())
}

/// RFC 9111, section 4.4.
#[test]
fn an_answer_to_an_unsafe_method_outdates_its_target() {
    for method in ["POST", "PUT", "DELETE", "PATCH", "LOCK", "MOVE", "M-SEARCH", "UNHEARD-OF", "get", "query"] {
        let outdated = outdated_by(method, 200, "http://a/b?c", &[], &Config::default());
        assert_eq!(outdated, ["http://a/b?c"], "{method}");
    }
    // Where responses to POST are stored, it is unsafe all the same.
    let config = Config { stores_post: true, ..Config::default() };
    assert_eq!(outdated_by("POST", 200, "http://a/b", &[], &config), ["http://a/b"]);
}

/// RFC 9110, section 9.2.1; RFC 10008, section 2.
#[test]
fn an_answer_to_a_safe_method_outdates_nothing() {
    let fields: [(&str, &[u8]); 2] = [("location", b"/x"), ("cache-group-invalidation", b"\"g\"")];
    for stores_query in [true, false] {
        let config = Config { stores_query, ..Config::default() };
        for method in ["GET", "HEAD", "OPTIONS", "TRACE", "QUERY", "PROPFIND", "REPORT", "SEARCH"] {
            assert_eq!(invalidation(method, 200, "http://a/b", &fields, &config), None, "{method}");
        }
    }
}

/// RFC 9111, section 4.4: 2xx and 3xx are no errors.
#[test]
fn an_error_outdates_nothing() {
    let fields: [(&str, &[u8]); 2] = [("location", b"/x"), ("cache-group-invalidation", b"\"g\"")];
    for status in [200, 201, 204, 206, 299, 300, 303, 304, 308, 399] {
        assert!(invalidation("PUT", status, "http://a/b", &fields, &Config::default()).is_some(), "{status}");
    }
    for status in [100, 103, 400, 404, 409, 412, 499, 500, 503, 599, 600, 999] {
        assert_eq!(invalidation("PUT", status, "http://a/b", &fields, &Config::default()), None, "{status}");
    }
}

/// RFC 9111, section 4.4.
#[test]
fn location_and_content_location_of_the_same_origin_are_outdated_too() {
    assert_eq!(
        outdated(&[("location", b"/x"), ("content-location", b"y?z#f")]),
        ["http://a/b/c?d", "http://a/x", "http://a/b/y?z"]
    );
    let same: [(&[u8], &str); 7] = [
        (b"http://a/x", "http://a/x"),
        (b"HTTP://A:80/x", "http://a/x"),
        (b"//a/x", "http://a/x"),
        (b"../../x", "http://a/x"),
        (b"?x", "http://a/b/c?x"),
        (b"/\\other.example", "http://a/\\other.example"),
        (b".", "http://a/b/"),
    ];
    for (reference, expected) in same {
        assert_eq!(outdated(&[("location", reference)])[1..], [expected], "{:?}", String::from_utf8_lossy(reference));
        assert_eq!(outdated(&[("content-location", reference)])[1..], [expected]);
    }
}

/// RFC 9111, section 4.4: MUST NOT.
#[test]
fn nothing_of_another_origin_is_outdated() {
    let others: [&[u8]; 9] = [
        b"http://other.example/b/c?d",
        b"//other.example/b/c?d",
        b"https://a/b/c?d",
        b"http://a:8080/b/c?d",
        b"http://a./b/c?d",
        b"http://www.a/b/c?d",
        b"http://a@other.example/b/c?d",
        b"http://a:80@other.example/",
        b"ftp://a/b",
    ];
    for other in others {
        for name in ["location", "content-location"] {
            assert_eq!(outdated(&[(name, other)]), ["http://a/b/c?d"], "{:?}", String::from_utf8_lossy(other));
        }
    }
}

#[test]
fn what_is_no_reference_outdates_nothing_more() {
    let none: [&[u8]; 6] = [b"http://", b"http:///x", b"http:x", b"a b", b"\xff", b"http://a:x/"];
    for reference in none {
        assert_eq!(
            outdated(&[("location", reference)]),
            ["http://a/b/c?d"],
            "{:?}",
            String::from_utf8_lossy(reference)
        );
    }
    assert_eq!(outdated(&[("location", &[b'.'; 1 << 20])]), ["http://a/b/c?d"]);
}

/// Each key once, and of each field its first line: at most three.
#[test]
fn the_number_of_outdated_targets_is_bounded() {
    assert_eq!(outdated(&[("location", b""), ("content-location", b"#f")]), ["http://a/b/c?d"]);
    assert_eq!(outdated(&[("location", b"/x"), ("location", b"/y")]), ["http://a/b/c?d", "http://a/x"]);
}

#[test]
fn responses_to_query_are_outdated_by_the_tag_of_their_target() {
    let made = invalidation("POST", 200, "http://a/b", &[("location", b"/x")], &Config::default()).unwrap();
    assert_eq!(made.tags, [target("http://a/b").tag(), target("http://a/x").tag()]);
    assert_ne!(target("http://a/b").tag(), target("http://a/b?").tag());
}

/// What is outdated is what is keyed: an application's choices hold here as well.
#[test]
fn what_is_outdated_is_the_keyed_form() {
    let counting = Counting::AllBut(["utm_*"].into_iter().collect());
    let hosts = vec![HostAlias::new("www.a", "a").unwrap()];
    let choices = Choices { parameters: Parameters { counting, sorted: true }, hosts, ..Choices::default() };
    let config = Config { choices, ..Config::default() };
    let fields: [(&str, &[u8]); 2] = [("location", b"/x?c=1&b=2&utm_a=3"), ("cache-group-invalidation", b"\"g\"")];
    let made = invalidation("POST", 200, "http://www.a/b?utm_a=1", &fields, &config).unwrap();
    let get = |uri: &str| CacheKey::of(AskedBy::Get, &target(uri), Content::Absent, &config).unwrap();
    assert_eq!(made.keys, [get("http://a/b"), get("http://a/x?b=2&c=1")]);
    assert_eq!(made.tags[2], group_tag(target("http://a/").origin(), "g"));
}

proptest! {
    #[test]
    fn whatever_is_named_only_the_same_origin_is_outdated(
        reference in "((http|https)?:?//)?[htps:/a@b.?#%\\\\\\[\\]0-9é]{0,24}",
    ) {
        let fields = [("location", reference.as_bytes()), ("content-location", reference.as_bytes())];
        let made = invalidation("POST", 200, "http://a/b", &fields, &Config::default()).unwrap();
        prop_assert!(made.keys.len() <= 3);
        let own = target("http://a/");
        for key in &made.keys {
            prop_assert_eq!(key.target().origin(), own.origin());
        }
    }

    #[test]
    fn no_reference_makes_it_panic(reference in proptest::collection::vec(any::<u8>(), 0..64)) {
        if let Some(named) = target("http://a/b/c").resolve(&reference) {
            prop_assert_eq!(target(&named.to_string()), named);
        }
    }
}
