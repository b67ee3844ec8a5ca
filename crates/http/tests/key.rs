//! What identifies a stored response, and what is bypassed for having no key.

#![allow(clippy::unwrap_used)] // A test that cannot go on fails.

mod case;

use freshen_http::{AskedBy, CacheKey, Config, Content, ContentHasher, KeyParts, Rule, Scheme, Sent, Target};
use http::header::{CONTENT_LENGTH, HOST, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderValue, Request};
use proptest::prelude::*;

/// A target of a host, of however many bytes.
fn target(host: &str, resource: &str) -> Target {
    let request = Request::get(resource).header(HOST, host).body(()).unwrap().into_parts().0;
    Target::of(&request, Scheme::Http, &Config::default()).unwrap()
}

fn key_at(asked: AskedBy, target: &Target, content: Content) -> Result<CacheKey, Rule> {
    let (request, config) = (case::request("GET /"), Config::default());
    let sent = Sent::of(&request, target, &config);
    CacheKey::of(&KeyParts { asked, sent: &sent, content, partition: None }, &config)
}

fn key(asked: AskedBy, resource: &str, content: Content) -> Result<CacheKey, Rule> {
    key_at(asked, &target("example.com", resource), content)
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

/// RFC 9113, section 8.1: a request of HTTP/2 may have content that no field declares.
#[test]
fn content_is_absent_only_where_the_fields_say_nothing_else_and_the_body_has_ended() {
    let of = |fields: &[(http::HeaderName, &str)], has_ended| {
        let fields = fields.iter().map(|(name, value)| (name.clone(), HeaderValue::from_str(value).unwrap()));
        Content::of(&fields.collect::<HeaderMap>(), has_ended)
    };
    for nothing in [&[][..], &[(CONTENT_LENGTH, "0")]] {
        assert_eq!(of(nothing, true), Content::Absent);
        assert_eq!(of(nothing, false), Content::Unread);
    }
    for length in ["1", "00", "+0", "-0", "", "0, 0", "0, 5", "x", "18446744073709551616"] {
        assert_eq!(of(&[(CONTENT_LENGTH, length)], true), Content::Unread, "{length:?}");
    }
    assert_eq!(of(&[(CONTENT_LENGTH, "0"), (CONTENT_LENGTH, "5")], true), Content::Unread);
    assert_eq!(of(&[(TRANSFER_ENCODING, "chunked")], true), Content::Unread);
    assert_eq!(of(&[(CONTENT_LENGTH, "0"), (TRANSFER_ENCODING, "identity")], true), Content::Unread);
}

#[test]
fn a_key_is_shown_as_what_it_is_a_key_of() {
    assert_eq!(get("/a?b").to_string(), "GET http://example.com/a?b");
    let shown = key(AskedBy::Query, "/a", hashed(b"x")).unwrap().to_string();
    assert!(shown.starts_with("QUERY http://example.com/a ") && shown.len() == 27 + 64, "{shown}");
}

#[test]
fn no_part_of_a_key_can_pass_for_another() {
    let keys = [
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
        key_at(AskedBy::Get, &target("example.com:8080", "/a"), Content::Absent).unwrap(),
        key_at(AskedBy::Get, &target("example.com.a", "/"), Content::Absent).unwrap(),
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
    // No partition, and no steering fields.
    let end = [0; 9];
    assert_eq!(get("/a?b").to_bytes(), [&expected[..], &end].concat());
    let without_query = &expected[..expected.len() - 10];
    assert_eq!(get("/a").to_bytes(), [without_query, &[0], &end].concat());
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
            key_at(AskedBy::Get, &target(host, resource), Content::Absent).unwrap()
        };
        let (one, other) = (key(&one, &one_at), key(&other, &other_at));
        prop_assert_eq!(one == other, one.to_bytes() == other.to_bytes());
        prop_assert_eq!(one == other, one.to_string() == other.to_string());
    }
}
