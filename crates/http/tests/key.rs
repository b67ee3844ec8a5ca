//! What identifies a stored response, and what is bypassed for having no key.

#![allow(clippy::unwrap_used)] // A test that cannot go on fails.

mod case;

use case::{keyed, request, response};
use freshen_http::{
    AUDIENCE_BYTES_MOST, AskedBy, CacheKey, Choices, Config, Content, ContentHasher, Counting, KeyParts, NoVarySearch,
    Parameters, Rule, STEERING_BYTES_MOST, Scheme, Sent, TARGET_BYTES_MOST, Target,
};
use http::header::{CONTENT_LENGTH, HOST, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderValue, Request, Version};
use proptest::prelude::*;
use serde_json::json;

/// A target of a host, of however many bytes.
fn target(host: &str, resource: &str) -> Target {
    let request = Request::get(resource).header(HOST, host).body(()).unwrap().into_parts().0;
    Target::of(&request, Scheme::Http, &Config::default()).unwrap()
}

fn key_at(asked: AskedBy, target: &Target, content: Content) -> Result<CacheKey, Rule> {
    let (request, config) = (request("GET /"), Config::default());
    let sent = Sent::of(&request, target, &config);
    CacheKey::of(&KeyParts { asked, sent: &sent, content, audience: None }, &config)
}

fn key(asked: AskedBy, resource: &str, content: Content) -> Result<CacheKey, Rule> {
    key_at(asked, &target("example.com", resource), content)
}

/// The key of a request to `http://a/`, where a POST has one.
fn key_of(text: &str) -> Result<CacheKey, Rule> {
    let config = Config { stores_post: true, ..Config::default() };
    keyed(&request(text), &target("a", "/"), Content::Absent, None, &config)
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
    let at = |origin: &str, resource: &str| {
        let request =
            Request::get(format!("{origin}{resource}")).version(Version::HTTP_2).body(()).unwrap().into_parts().0;
        let scheme = if origin.starts_with("https:") { Scheme::Https } else { Scheme::Http };
        key_at(AskedBy::Get, &Target::of(&request, scheme, &Config::default()).unwrap(), Content::Absent).unwrap()
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
        key_at(AskedBy::Get, &target("example.com:8080", "/a"), Content::Absent).unwrap(),
        key_at(AskedBy::Get, &target("example.com.a", "/"), Content::Absent).unwrap(),
    ];
    for (at, one) in keys.iter().enumerate() {
        for other in &keys[..at] {
            assert_ne!(one.to_bytes(), other.to_bytes(), "{one} {other}");
        }
    }
}

/// Origins answer by these, and no Vary says so: what a poisoned one brings about has a key of its own.
#[test]
fn fields_that_steer_an_origin_are_a_part_of_the_key() {
    let plain = key_of("GET /");
    let steered = |name: &str| key_of(&format!("GET / | {name}: evil.example")).unwrap();
    let names = [
        "x-forwarded-host",
        "x-forwarded-https",
        "x-forwarded-path",
        "x-forwarded-scheme",
        "x-forwarded-proto",
        "x-forwarded-protocol",
        "x-forwarded-port",
        "x-forwarded-prefix",
        "x-forwarded-server",
        "x-forwarded-ssl",
        "x-forwarded-uri",
        "x-host",
        "x-http-host-override",
        "x-original-host",
        "x-original-uri",
        "x-original-url",
        "x-rewrite-url",
        "forwarded",
        "front-end-https",
        "cloudfront-forwarded-proto",
        "x-arr-ssl",
        "x-proxied-https",
        "x-scheme",
        "x-script-name",
        "x-url-scheme",
        "surrogate-capability",
    ];
    let keys = names.map(steered);
    for (at, key) in keys.iter().enumerate() {
        assert!(!keys[..at].contains(key) && Ok(key) != plain.as_ref(), "{}", names[at]);
        assert_ne!(key.to_bytes(), plain.as_ref().unwrap().to_bytes(), "{}", names[at]);
        assert_eq!(*key, steered(&names[at].to_uppercase()), "names have no case");
    }
    for other in ["x-forwarded-for", "x-forwarded-by", "x-wap-profile", "accept", "x-unheard-of", "user-agent"] {
        assert_eq!(key_of(&format!("GET / | {other}: x")), plain, "{other}");
    }
    let overrides = Config::default().steering.iter().filter(|name| name.as_str().contains("-method")).count();
    assert_eq!(names.len() + overrides, Config::default().steering.len());
}

#[test]
fn steering_fields_are_told_apart_by_every_line_and_not_by_the_order_of_their_names() {
    let of = |fields: &str| key_of(&format!("GET / | {fields}")).unwrap();
    let keys = [
        of("x-host: a | x-original-url: b"),
        of("x-host: b | x-original-url: a"),
        of("x-host: a"),
        of("x-host: a | x-host: b"),
        of("x-host: b | x-host: a"),
        of("x-host: a, b"),
        of("x-host: A"),
        of("x-host: "),
        of("x-original-host: a"),
    ];
    for (at, one) in keys.iter().enumerate() {
        for other in &keys[..at] {
            assert_ne!(one.to_bytes(), other.to_bytes());
        }
    }
    assert_eq!(of("x-original-url: b | accept: x | x-host: a"), keys[0]);
    assert_eq!(of("x-host: a | connection: x-original-url | x-original-url: b"), keys[2], "the origin does not get it");
}

#[test]
fn which_fields_steer_is_configured() {
    let config = Config { steering: vec!["x-tenant".parse().unwrap()], ..Config::default() };
    let of = |text: &str| keyed(&request(text), &target("a", "/"), Content::Absent, None, &config);
    assert_eq!(of("GET / | x-host: a | x-http-method-override: DELETE"), of("GET /"));
    assert_ne!(of("GET / | x-tenant: a"), of("GET /"));
}

#[test]
fn a_request_that_overrides_its_method_has_no_key() {
    for name in ["x-http-method-override", "x-method-override", "x-http-method"] {
        for method in ["GET", "HEAD", "POST"] {
            let overridden = key_of(&format!("{method} / | {name}: {method}"));
            assert_eq!(overridden, Err(Rule::MethodOverridden), "{method} {name}");
        }
        assert_eq!(key_of(&format!("GET / | {name}: PUT | connection: {name}")), key_of("GET /"));
    }
}

#[test]
fn steering_fields_that_are_too_long_or_no_text_are_not_kept() {
    let name = "x-host".len();
    let of = |line: &[u8]| {
        let mut request = request("GET /");
        request.headers.insert("x-host", HeaderValue::from_bytes(line).unwrap());
        keyed(&request, &target("a", "/"), Content::Absent, None, &Config::default())
    };
    assert!(of(&vec![b'a'; STEERING_BYTES_MOST - name]).is_ok());
    assert_eq!(of(&vec![b'a'; STEERING_BYTES_MOST - name + 1]), Err(Rule::SteeringNotKept));
    assert_eq!(of(&vec![b'a'; 1 << 20]), Err(Rule::SteeringNotKept));
    assert_eq!(of(b"\xe9"), Err(Rule::SteeringNotKept));
}

/// RFC 9110, section 4.1, wants 8000 bytes to be understood, and this is twice that.
#[test]
fn a_target_that_is_too_long_has_no_key() {
    let of = |bytes: usize| key(AskedBy::Get, &format!("/{}", "a".repeat(bytes - 1)), Content::Absent);
    assert!(of(TARGET_BYTES_MOST).is_ok());
    assert_eq!(of(TARGET_BYTES_MOST + 1), Err(Rule::TargetTooLong));
    assert_eq!(of(60_000), Err(Rule::TargetTooLong));
}

#[test]
fn what_is_for_one_audience_is_for_no_other() {
    let of = |audience: Option<&str>| {
        keyed(&request("GET /"), &target("a", "/"), Content::Absent, audience, &Config::default())
    };
    let keys =
        [None, Some(""), Some("ann"), Some("Ann"), Some("ann\0"), Some("b\u{e9}")].map(|of_whom| of(of_whom).unwrap());
    for (at, one) in keys.iter().enumerate() {
        for other in &keys[..at] {
            assert_ne!(one.to_bytes(), other.to_bytes());
        }
    }
    assert_eq!(keys[2].audience(), Some("ann"));
    assert!(!keys[2].to_string().contains("ann"), "who asked is not shown");
    assert!(of(Some(&"a".repeat(AUDIENCE_BYTES_MOST))).is_ok());
    assert_eq!(of(Some(&"a".repeat(AUDIENCE_BYTES_MOST + 1))), Err(Rule::AudienceTooLong));
}

/// The draft of No-Vary-Search, section 6. What is left out because all servers see it, by the application's choice, is something
/// else than what one origin says does not matter, however it is written.
#[test]
fn a_simplified_key_is_that_of_nothing_else() {
    let counting = Counting::AllBut(["id"].into_iter().collect());
    let choices = Choices { parameters: Parameters { counting, sorted: false }, ..Choices::default() };
    let config = Config { choices, no_vary_search: true, ..Config::default() };
    let of = |resource| keyed(&request("GET /"), &target("a", resource), Content::Absent, None, &config).unwrap();
    let says = |text: &str| NoVarySearch::read(&response(&format!("200 | no-vary-search: {text}")).headers, &config);
    let ordered = says("key-order");
    let simplified = of("/?%69d=1").simplified(&ordered);
    assert_eq!(simplified.target().to_string(), "http://a/?id=1", "it is not keyed once more");
    let keys = [
        simplified,
        of("/").simplified(&ordered),
        of("/"),
        of("/?%69d=1"),
        of("/").simplified(&says("params=(\"a\")")),
        of("/").simplified(&says("params=(\"b\")")),
        of("/").simplified(&says("except=(\"a\")")),
        of("/").simplified(&says("except=(\"a\"), key-order")),
    ];
    for (at, one) in keys.iter().enumerate() {
        for other in &keys[..at] {
            assert_ne!(one.to_bytes(), other.to_bytes(), "{one}");
        }
    }
    let names = ["params=(\"a\" \"b\")", "params=(\"b\" \"a\")"].map(|text| of("/?c").simplified(&says(text)));
    assert_eq!(names[0], names[1]);
    assert_eq!(of("/?c").simplified(&says("")), of("/?c"));
}

/// A queued refresh is a key, nothing else: the engine makes it bytes and reads it.
#[test]
fn a_key_is_read_as_it_was_written() {
    let config = Config { no_vary_search: true, ..Config::default() };
    let says = NoVarySearch::read(&response("200 | no-vary-search: key-order").headers, &config);
    let some = request("GET / | x-host: b | forwarded: c | x-host: \"a\" | accept: x");
    for resource in ["/", "/?", "/a?b", "/a??b=/&c", "/%00%2f", "/a//../b;c", "/\u{e9}?{}"] {
        for host in ["a", "a:443", "[::1]:8080", "a.b.", "!$&'()*+;="] {
            let target = target(host, resource);
            let plain = keyed(&request("GET /"), &target, Content::Absent, None, &config).unwrap();
            let full = keyed(&some, &target, Content::Absent, Some("b\u{e9}"), &config).unwrap();
            let query = key_at(AskedBy::Query, &target, hashed(b"x")).unwrap();
            for key in [plain.simplified(&says), plain, full.simplified(&says), full, query.simplified(&says), query] {
                let text = serde_json::to_string(&key).unwrap();
                assert_eq!(serde_json::from_str::<CacheKey>(&text).unwrap(), key, "{text}");
                let engines = freshen_core::Key::new("default", "page", &key).unwrap();
                assert_eq!(engines.decode::<CacheKey>().unwrap(), key, "{text}");
            }
        }
    }
}

#[test]
fn no_key_is_read_that_no_request_could_have() {
    let good = serde_json::to_value(key_of("GET / | x-host: b | forwarded: c").unwrap()).unwrap();
    let read = |value: &serde_json::Value| serde_json::from_value::<CacheKey>(value.clone());
    assert!(read(&good).is_ok());
    let long = "a".repeat(TARGET_BYTES_MOST);
    let digest = "0".repeat(63);
    let upper = "A".repeat(64);
    for (part, values) in [
        ("scheme", vec![json!("ftp"), json!("HTTP"), json!("")]),
        ("host", vec![json!(""), json!("A"), json!("a,b"), json!("u@a"), json!("a:80"), json!("a/b"), json!("[a]")]),
        ("port", vec![json!(65536), json!(-1), json!("80"), json!(null)]),
        (
            "path",
            vec![
                json!(""),
                json!("a"),
                json!("*"),
                json!("/a?b"),
                json!("/a#b"),
                json!("/a b"),
                json!("//\n"),
                json!(format!("/{long}")),
            ],
        ),
        ("query", vec![json!("a#b"), json!("a b"), json!("\0"), json!(long)]),
        ("content", vec![json!(""), json!(digest), json!(format!("{digest}g")), json!(upper)]),
        ("simplified", vec![json!(""), json!(digest), json!(upper)]),
        ("audience", vec![json!("a".repeat(AUDIENCE_BYTES_MOST + 1)), json!(1)]),
        (
            "steering",
            vec![
                json!([["X-Host", "a"]]),
                json!([["", "a"]]),
                json!([["x-host", "\n"]]),
                json!([["x-host", "\u{e9}"]]),
                json!([["x-host", "b"], ["forwarded", "a"]]),
                json!([["x-host", "a".repeat(STEERING_BYTES_MOST)]]),
            ],
        ),
        ("more", vec![json!(1)]),
    ] {
        for value in values {
            let mut bad = good.clone();
            bad[part] = value.clone();
            assert!(read(&bad).is_err(), "{part} {value}");
        }
    }
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
