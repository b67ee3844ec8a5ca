//! What identifies a stored response, and what is bypassed for having no key.

#![allow(clippy::unwrap_used)] // A test that cannot go on fails.

use freshen_http::{AskedBy, CacheKey, Config, Content, ContentHasher, Rule, Scheme, Target};
use http::header::{CONTENT_LENGTH, HOST, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderValue, Request};
use proptest::prelude::*;

fn target(host: &str, resource: &str) -> Target {
    let request = Request::get(resource).header(HOST, host).body(()).unwrap().into_parts().0;
    Target::of(&request, Scheme::Http, &Config::default()).unwrap()
}

fn key(asked: AskedBy, resource: &str, content: Content) -> Result<CacheKey, Rule> {
    CacheKey::of(asked, &target("example.com", resource), content, &Config::default())
}

fn get(resource: &str) -> CacheKey {
    key(AskedBy::Get, resource, Content::Absent).unwrap()
}

fn hashed(content: &[u8]) -> Content {
    let request = Request::builder().method("QUERY").body(()).unwrap().into_parts().0;
    let mut hasher = ContentHasher::new(&request, &Config::default()).unwrap();
    hasher.update(content).unwrap();
    Content::Hashed(hasher.finish())
}

/// RFC 9111, section 4; RFC 9110, section 9.3.3.
#[test]
fn get_and_head_share_a_key_and_a_stored_post_is_found_by_it() {
    assert_eq!(key(AskedBy::Head, "/a", Content::Absent), Ok(get("/a")));
    assert_eq!(key(AskedBy::Post, "/a", Content::Unread), Ok(get("/a")));
    assert_ne!(key(AskedBy::Query, "/a", hashed(b"")), Ok(get("/a")));
}

/// RFC 9111, section 3: what is not understood is not stored.
#[test]
fn other_methods_have_no_key() {
    assert_eq!(key(AskedBy::OtherSafe, "/a", Content::Absent), Err(Rule::MethodNotUnderstood));
    assert_eq!(key(AskedBy::Unsafe, "/a", Content::Absent), Err(Rule::MethodUnsafe));
}

/// RFC 9110, section 9.3.1.
#[test]
fn get_with_content_has_no_key() {
    for asked in [AskedBy::Get, AskedBy::Head] {
        assert_eq!(key(asked, "/a", Content::Unread), Err(Rule::ContentOfGet));
        assert_eq!(key(asked, "/a", hashed(b"x")), Err(Rule::ContentOfGet));
    }
}

/// RFC 10008, section 2.7.
#[test]
fn a_query_whose_content_was_not_read_has_no_key() {
    for content in [Content::Absent, Content::Unread] {
        assert_eq!(key(AskedBy::Query, "/a", content), Err(Rule::QueryContentUnread));
    }
}

#[test]
fn content_is_absent_only_where_the_fields_say_nothing_else() {
    let declared = |fields: &[(http::HeaderName, &str)]| {
        let fields = fields.iter().map(|(name, value)| (name.clone(), HeaderValue::from_str(value).unwrap()));
        Content::declared(&fields.collect::<HeaderMap>())
    };
    assert_eq!(declared(&[]), Content::Absent);
    assert_eq!(declared(&[(CONTENT_LENGTH, "0")]), Content::Absent);
    for length in ["1", "00", "+0", "-0", "", "0, 0", "0, 5", "x", "18446744073709551616"] {
        assert_eq!(declared(&[(CONTENT_LENGTH, length)]), Content::Unread, "{length:?}");
    }
    assert_eq!(declared(&[(CONTENT_LENGTH, "0"), (CONTENT_LENGTH, "5")]), Content::Unread);
    assert_eq!(declared(&[(TRANSFER_ENCODING, "chunked")]), Content::Unread);
    assert_eq!(declared(&[(CONTENT_LENGTH, "0"), (TRANSFER_ENCODING, "identity")]), Content::Unread);
}

#[test]
fn a_key_is_shown_as_what_it_is_a_key_of() {
    assert_eq!(get("/a?b").to_string(), "GET http://example.com/a?b");
    let shown = key(AskedBy::Query, "/a", hashed(b"x")).unwrap().to_string();
    assert!(shown.starts_with("QUERY http://example.com/a ") && shown.len() == 27 + 64, "{shown}");
}

#[test]
fn no_part_of_a_key_can_pass_for_another() {
    let at = |origin: &str, resource: &str| {
        let request = Request::get(format!("{origin}{resource}")).body(()).unwrap().into_parts().0;
        let target = Target::of(&request, Scheme::Http, &Config::default()).unwrap();
        CacheKey::of(AskedBy::Get, &target, Content::Absent, &Config::default()).unwrap()
    };
    let keys = [
        // Written one behind the other, the parts of each of these two would be the same bytes: `s` ends the scheme or begins the
        // host, and two letters are a port.
        at("http://s.example:8080", "/a"),
        at("https://.example:8080", "/a"),
        at("http://a:25186", "/x/y"),
        at("http://abb:12152", "/y"),
        get("/a?b"),
        get("/a??b"),
        get("/a%3Fb"),
        get("/a"),
        get("/a?"),
        get("/a%00?b"),
        get("/a/80/b"),
        key(AskedBy::Query, "/a", hashed(b"")).unwrap(),
        key(AskedBy::Query, "/a", hashed(b"?b")).unwrap(),
        key(AskedBy::Query, "/a?b", hashed(b"")).unwrap(),
        CacheKey::of(AskedBy::Get, &target("example.com:8080", "/a"), Content::Absent, &Config::default()).unwrap(),
        CacheKey::of(AskedBy::Get, &target("example.com.a", "/"), Content::Absent, &Config::default()).unwrap(),
    ];
    for (at, one) in keys.iter().enumerate() {
        for other in &keys[..at] {
            assert_ne!(one.to_bytes(), other.to_bytes(), "{one} {other}");
        }
    }
}

/// A key in a store outlives the process: its bytes change with its format alone.
#[test]
fn the_bytes_of_a_key_stay_what_they_are() {
    let mut expected = vec![1, b'G'];
    for part in [&b"http"[..], b"example.com"] {
        expected.extend((part.len() as u64).to_be_bytes());
        expected.extend(part);
    }
    expected.extend([0, 80]);
    expected.extend([0, 0, 0, 0, 0, 0, 0, 2, b'/', b'a', 1, 0, 0, 0, 0, 0, 0, 0, 1, b'b']);
    assert_eq!(get("/a?b").to_bytes(), expected);
    let without_query = &expected[..expected.len() - 10];
    assert_eq!(get("/a").to_bytes(), [without_query, &[0]].concat());
    let query = key(AskedBy::Query, "/a", hashed(b"x")).unwrap();
    let digest = "849545d511a5d7290d8355ee5dfce5e58ec97fcd894996d1caa7286808cf93bd";
    assert_eq!(query.to_string().rsplit(' ').next(), Some(digest));
}

proptest! {
    #[test]
    fn keys_are_the_same_bytes_only_if_they_are_the_same(
        one in "[ab.]{1,3}(:8[01])?", one_at in "/[a/?%]{0,6}", other in "[ab.]{1,3}(:8[01])?", other_at in "/[a/?%]{0,6}",
    ) {
        let key = |host: &str, resource: &str| {
            CacheKey::of(AskedBy::Get, &target(host, resource), Content::Absent, &Config::default()).unwrap()
        };
        let (one, other) = (key(&one, &one_at), key(&other, &other_at));
        prop_assert_eq!(one == other, one.to_bytes() == other.to_bytes());
        prop_assert_eq!(one == other, one.to_string() == other.to_string());
    }
}
