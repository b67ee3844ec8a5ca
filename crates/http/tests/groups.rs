//! Groups and surrogate keys: what belongs together, and what a response outdates of it.

#![allow(clippy::unwrap_used)] // A test that cannot go on fails.

mod case;

use case::{key, response, target};
use freshen_core::{TAGS_MAX, Tag, Tags};
use freshen_http::{
    CACHE_GROUP_INVALIDATION, CACHE_GROUPS, Config, GROUPS_MOST, Invalidation, Outgoing, Rule, group_tag,
    surrogate_tag, tags,
};
use http::header::HeaderName;
use http::{HeaderMap, HeaderValue, Request, Response};
use proptest::prelude::*;

fn headers(fields: &[(&str, &[u8])]) -> HeaderMap {
    let field =
        |(name, value): &(&str, &[u8])| (name.parse::<HeaderName>().unwrap(), HeaderValue::from_bytes(value).unwrap());
    fields.iter().map(field).collect()
}

/// The tags of what is stored of a target, but for those that all of it has.
fn tagged_at(uri: &str, headers: &HeaderMap, config: &Config) -> Result<Tags, Rule> {
    let tags = tags(headers, &key(uri, config), config)?;
    let own = own(uri, config);
    assert!(own.iter().all(|own| tags.as_slice().contains(own)));
    let others = tags.as_slice().iter().filter(|tag| !own.contains(tag));
    Ok(Tags::new(others.cloned().collect()).unwrap())
}

/// Those of its target and its origin.
fn own(uri: &str, config: &Config) -> Vec<Tag> {
    let [target, origin] = [
        Invalidation::of_target(&target(uri), config).tags,
        Invalidation::of_origin(target(uri).origin(), config).tags,
    ];
    [target, origin].concat()
}

fn tagged(fields: &[(&str, &[u8])]) -> Result<Tags, Rule> {
    tagged_at("http://a/b", &headers(fields), &Config::default())
}

fn groups(names: &[&str]) -> Result<Tags, Rule> {
    Ok(Tags::new(names.iter().map(|name| group_tag(target("http://a/").origin(), name)).collect()).unwrap())
}

fn outdated(method: &str, value: &[u8], config: &Config) -> Vec<Tag> {
    let request = Request::builder().method(method).uri("http://a/b").body(()).unwrap().into_parts().0;
    let mut response = Response::new(()).into_parts().0;
    response.headers.insert(CACHE_GROUP_INVALIDATION, HeaderValue::from_bytes(value).unwrap());
    let made = Invalidation::of(&request, &target("http://a/b"), &response, config);
    // The first tag is that of the target itself.
    made.map(|made| made.tags[1..].to_vec()).unwrap_or_default()
}

/// RFC 9875, section 2.
#[test]
fn a_response_belongs_to_the_groups_that_it_lists() {
    assert_eq!(tagged(&[("cache-groups", b"\"a\"")]), groups(&["a"]));
    assert_eq!(tagged(&[("cache-groups", b" \"b\" ,\t\"a\", \"b\"")]), groups(&["a", "b"]));
    assert_eq!(tagged(&[("cache-groups", b"\"a\""), ("cache-groups", b"\"b\"")]), groups(&["a", "b"]));
    assert_eq!(tagged(&[("cache-groups", b"\"a, \\\"b\\\\\"")]), groups(&["a, \"b\\"]));
    assert_eq!(tagged(&[("cache-groups", b"\"\"")]), groups(&[""]));
    assert_eq!(tagged(&[("cache-groups", b"")]), groups(&[]));
    assert_eq!(tagged(&[]), groups(&[]));
}

/// RFC 9875, section 2: unrecognised parameters are ignored.
#[test]
fn parameters_of_a_group_mean_nothing() {
    assert_eq!(tagged(&[("cache-groups", b"\"a\";x;y=1;z=\"b\", \"c\"")]), groups(&["a", "c"]));
    let request = outdated("POST", b"\"a\";x=\"b\"", &Config::default());
    assert_eq!(request, [group_tag(target("http://a/").origin(), "a")]);
}

/// RFC 9651, sections 2.2 and 4.2: what is malformed anywhere counts as if it were not there.
#[test]
fn a_malformed_list_of_groups_says_nothing() {
    let malformed: [&[u8]; 12] = [
        b"a",
        b"\"a\", b",
        b"\"a\", 1",
        b"\"a\", (\"b\")",
        b"\"a\", ?1",
        b"\"a\", :YQ==:",
        b"\"a\",",
        b"\"a\" \"b\"",
        b"\"a",
        b"\"a\\x\"",
        b"\"\xc3\xa9\"",
        b"\"a\";",
    ];
    for value in malformed {
        assert_eq!(tagged(&[("cache-groups", value)]), groups(&[]), "{:?}", String::from_utf8_lossy(value));
        assert_eq!(outdated("POST", value, &Config::default()), [], "{:?}", String::from_utf8_lossy(value));
    }
    assert_eq!(tagged(&[("cache-groups", b"\"a\""), ("cache-groups", b"b")]), groups(&[]), "a line of two");
}

/// RFC 9875, section 2.1.
#[test]
fn groups_are_compared_with_their_case_and_within_an_origin() {
    let origin = |uri: &str| target(uri).origin().clone();
    let of = |uri: &str, group: &str| group_tag(&origin(uri), group);
    assert_eq!(of("http://a/", "g"), of("http://A:80/b?c", "g"));
    for (one, other) in [
        (of("http://a/", "g"), of("http://a/", "G")),
        (of("http://a/", "g"), of("http://a/", "g ")),
        (of("http://a/", "g"), of("https://a/", "g")),
        (of("http://a/", "g"), of("http://a:81/", "g")),
        (of("http://a/", "g"), of("http://b/", "g")),
        (of("http://a/", "bg"), of("http://ab/", "g")),
    ] {
        assert_ne!(one, other);
    }
}

/// RFC 9875, section 3: MUST be ignored on responses to requests with a safe method.
#[test]
fn groups_are_outdated_by_unsafe_requests_alone() {
    let both = [group_tag(target("http://a/").origin(), "a"), group_tag(target("http://a/").origin(), "b")];
    for method in ["POST", "PUT", "DELETE", "PATCH", "UNHEARD-OF"] {
        assert_eq!(outdated(method, b"\"a\", \"b\"", &Config::default()), both, "{method}");
    }
    for method in ["GET", "HEAD", "OPTIONS", "TRACE", "QUERY"] {
        assert_eq!(outdated(method, b"\"a\", \"b\"", &Config::default()), [], "{method}");
    }
}

/// RFC 9875, section 2.2.1: what shares another group with what is outdated stays.
#[test]
fn outdating_groups_does_not_cascade() {
    let outdates = headers(&[("cache-group-invalidation", b"\"a\""), ("cache-groups", b"\"a\", \"b\"")]);
    let request = Request::post("http://a/b").body(()).unwrap().into_parts().0;
    let mut response = Response::new(()).into_parts().0;
    response.headers = outdates;
    let made = Invalidation::of(&request, &target("http://a/b"), &response, &Config::default()).unwrap();
    assert_eq!(
        made.tags,
        [own("http://a/b", &Config::default())[0].clone(), group_tag(target("http://a/").origin(), "a")]
    );
}

/// RFC 9875, sections 2 and 3: at least 32 groups, of at least 32 characters.
#[test]
fn so_many_groups_of_such_a_length_are_read_as_have_to_be() {
    let names: Vec<String> = (0..32).map(|n| format!("{n:0>32}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let value = names.iter().map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(", ");
    assert_eq!(tagged(&[("cache-groups", value.as_bytes())]), groups(&names));
    assert_eq!(outdated("POST", value.as_bytes(), &Config::default()).len(), 32);
    let long = "x".repeat(10_000);
    assert_eq!(tagged(&[("cache-groups", format!("\"{long}\"").as_bytes())]), groups(&[&long]));
}

fn numbered(count: usize, separator: &str, quote: &str) -> String {
    (0..count).map(|n| format!("{quote}{n}{quote}")).collect::<Vec<_>>().join(separator)
}

/// Served without one of its tags, a response would stay after what it is made of has changed.
#[test]
fn a_response_with_too_many_tags_is_not_stored() {
    for (name, separator, quote) in
        [("cache-groups", ",", "\""), ("surrogate-key", " ", ""), ("cache-tag", ",", ""), ("xkey", " ", "")]
    {
        // Two are the target's and the origin's.
        let most = TAGS_MAX - 2;
        let at_most = numbered(most, separator, quote);
        assert_eq!(tagged(&[(name, at_most.as_bytes())]).map(|tags| tags.as_slice().len()), Ok(most), "{name}");
        for count in [most + 1, 2 * TAGS_MAX + 1, 5000] {
            let more = numbered(count, separator, quote);
            assert_eq!(tagged(&[(name, more.as_bytes())]), Err(Rule::TooManyTags), "{name} {count}");
        }
    }
    let half = numbered(TAGS_MAX / 2 + 1, " ", "");
    let other_half = numbered(TAGS_MAX / 2 + 1, ",", "x");
    let both = [("surrogate-key", half.as_bytes()), ("cache-tag", other_half.as_bytes())];
    assert_eq!(tagged(&both), Err(Rule::TooManyTags));
    let repeats = "a ".repeat(1 << 20);
    assert_eq!(tagged(&[("xkey", repeats.as_bytes())]).map(|tags| tags.as_slice().len()), Ok(1));
}

#[test]
fn of_too_many_groups_the_first_are_outdated() {
    let value = numbered(GROUPS_MOST + 1, ",", "\"");
    let outdated = outdated("POST", value.as_bytes(), &Config::default());
    assert_eq!(outdated.len(), GROUPS_MOST);
    assert_eq!(outdated[0], group_tag(target("http://a/").origin(), "0"));
}

/// RFC 9875, section 5: shared hosts.
#[test]
fn groups_mean_nothing_where_they_are_switched_off() {
    let config = Config { groups: false, ..Config::default() };
    assert_eq!(tagged_at("http://a/", &headers(&[("cache-groups", b"\"a\"")]), &config), groups(&[]));
    assert_eq!(outdated("POST", b"\"a\"", &config), []);
}

fn surrogates(keys: &[&str]) -> Result<Tags, Rule> {
    Ok(Tags::new(keys.iter().map(|key| surrogate_tag(key.as_bytes())).collect()).unwrap())
}

#[test]
fn surrogate_keys_are_the_same_tags_whichever_field_they_stand_in() {
    assert_eq!(tagged(&[("surrogate-key", b"a  b\tc ")]), surrogates(&["a", "b", "c"]));
    assert_eq!(tagged(&[("cache-tag", b"a , b,,c\t,")]), surrogates(&["a", "b", "c"]));
    assert_eq!(tagged(&[("xkey", b"a b"), ("xkey", b"c")]), surrogates(&["a", "b", "c"]));
    assert_eq!(tagged(&[("xkey", b"a"), ("cache-tag", b"a"), ("surrogate-key", b"b")]), surrogates(&["a", "b"]));
    assert_eq!(tagged(&[("surrogate-key", b"a,b")]), surrogates(&["a,b"]));
    assert_eq!(tagged(&[("cache-tag", b"a b")]), surrogates(&["a b"]));
    assert_eq!(tagged(&[("surrogate-key", b" "), ("cache-tag", b",")]), surrogates(&[]));
    assert_ne!(tagged(&[("xkey", b"a")]), tagged(&[("xkey", b"A")]));
}

#[test]
fn a_surrogate_key_of_any_length_and_any_bytes_is_a_tag_of_its_own() {
    assert_eq!(surrogate_tag(b"product-1").as_str(), "s:product-1");
    let long = ["x".repeat(254), "x".repeat(255), "x".repeat(10_000)];
    let mut all: Vec<Tag> = long.iter().map(|key| surrogate_tag(key.as_bytes())).collect();
    all.extend([b"\xff".as_slice(), b"\xfe", b"\xef\xbf\xbd", b"a b", b"a"].map(surrogate_tag));
    let count = all.len();
    all.sort();
    all.dedup();
    assert_eq!(all.len(), count);
}

/// The application names surrogate keys, the origin groups: neither may pass for the other, nor for a target.
#[test]
fn no_surrogate_key_passes_for_a_group_or_a_target() {
    let own = own("http://a/b", &Config::default());
    let others = [group_tag(target("http://a/").origin(), "g"), surrogate_tag(&[b'x'; 300])];
    for other in own.into_iter().chain(others) {
        assert_ne!(surrogate_tag(other.as_str().as_bytes()), other);
        let hash = &other.as_str().as_bytes()[2..];
        assert_ne!(surrogate_tag(hash), other);
    }
}

#[test]
fn surrogate_keys_are_stripped_unless_they_are_to_be_shown() {
    let all = headers(&[
        ("surrogate-key", b"a"),
        ("cache-tag", b"a"),
        ("xkey", b"a"),
        ("xkey", b"b"),
        ("cache-groups", b"\"a\""),
    ]);
    let mut head = response("200");
    head.headers = all.clone();
    let sent_on = |config: &Config| Outgoing::of(&head, config).headers(&head.headers);
    assert_eq!(
        sent_on(&Config::default()),
        headers(&[("cache-groups", b"\"a\"")]),
        "groups are for the caches in front as well"
    );
    assert_eq!(sent_on(&Config { shows_surrogate_keys: true, ..Config::default() }), all);
}

proptest! {
    #[test]
    fn no_field_makes_it_panic(value in proptest::collection::vec(any::<u8>(), 0..64)) {
        if let Ok(value) = HeaderValue::from_bytes(&value) {
            let names = [CACHE_GROUPS, HeaderName::from_static("cache-tag"), HeaderName::from_static("xkey")];
            let headers: HeaderMap = names.into_iter().map(|name| (name, value.clone())).collect();
            let first = tagged_at("http://a/", &headers, &Config::default());
            prop_assert_eq!(tagged_at("http://a/", &headers, &Config::default()), first);
        }
    }
}

#[test]
fn a_field_that_is_too_long_says_nothing() {
    for value in
        ["\"a\",".repeat(1 << 18), "(".repeat(1 << 20), "\"".repeat(1 << 20), format!("\"a\"{}", ";x".repeat(1 << 19))]
    {
        assert_eq!(tagged(&[("cache-groups", value.as_bytes())]), groups(&[]));
        assert_eq!(outdated("POST", value.as_bytes(), &Config::default()), []);
    }
}
