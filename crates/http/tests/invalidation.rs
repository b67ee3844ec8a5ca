//! What a response to an unsafe request outdates.

#![allow(clippy::unwrap_used)] // A test that cannot go on fails.

mod case;

use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use case::{NOON, SECOND, key, keyed, target};
use freshen_core::store::{self, Begin, Begun, Committed, Currency, Lease, MemoryStore, Role, Store as _};
use freshen_core::{Bare, BoxFuture, Clock, Entry, Facts, Key, Strength, Tag, Tags, Value, Windows};
use freshen_http::{
    CacheKey, Choices, Config, Content, ContentHasher, Counting, HostAlias, Hosts, Invalidation, NO_VARY_SEARCH,
    NoVarySearch, OriginSees, Parameters, Rule, group_tag, tags,
};
use http::header::HeaderName;
use http::{HeaderMap, HeaderValue, Request, Response, request};
use proptest::prelude::*;

fn request(method: &str, uri: &str) -> request::Parts {
    Request::builder().method(method).uri(uri).body(()).unwrap().into_parts().0
}

/// The tags that are outdated, those of what is named behind the others.
fn outdated_by(method: &str, status: u16, uri: &str, fields: &[(&str, &[u8])], config: &Config) -> Vec<Tag> {
    invalidation(method, status, uri, fields, config).map(|made| [made.tags, made.named].concat()).unwrap_or_default()
}

/// The tags of targets.
fn of(uris: &[&str]) -> Vec<Tag> {
    uris.iter().flat_map(|uri| Invalidation::of_target(&target(uri), &Config::default()).tags).collect()
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

fn outdated(fields: &[(&str, &[u8])]) -> Vec<Tag> {
    outdated_by("POST", 201, "http://a/b/c?d", fields, &Config::default())
}

/// RFC 9111, section 4.4.
#[test]
fn an_answer_to_an_unsafe_method_outdates_its_target() {
    for method in ["POST", "PUT", "DELETE", "PATCH", "LOCK", "MOVE", "M-SEARCH", "UNHEARD-OF", "get", "query"] {
        let outdated = outdated_by(method, 200, "http://a/b?c", &[], &Config::default());
        assert_eq!(outdated, of(&["http://a/b?c"]), "{method}");
    }
    // Where responses to POST are stored, it is unsafe all the same.
    let config = Config { stores_post: true, ..Config::default() };
    assert_eq!(outdated_by("POST", 200, "http://a/b", &[], &config), of(&["http://a/b"]));
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
        of(&["http://a/b/c?d", "http://a/x", "http://a/b/y?z"])
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
        assert_eq!(
            outdated(&[("location", reference)])[1..],
            of(&[expected]),
            "{:?}",
            String::from_utf8_lossy(reference)
        );
        assert_eq!(outdated(&[("content-location", reference)])[1..], of(&[expected]));
    }
}

/// RFC 9111, section 4.4: what was asked for must be, what is named may be.
#[test]
fn what_the_response_names_is_told_apart_from_what_was_asked_for() {
    let fields: [(&str, &[u8]); 3] =
        [("location", b"/b/c?d"), ("content-location", b"/x"), ("cache-group-invalidation", b"\"g\"")];
    let made = invalidation("POST", 303, "http://a/b/c?d", &fields, &Config::default()).unwrap();
    assert_eq!(made.tags[0], of(&["http://a/b/c?d"])[0], "though it is named as well");
    assert_eq!((made.tags.len(), made.named), (2, of(&["http://a/x"])));
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
            assert_eq!(outdated(&[(name, other)]), of(&["http://a/b/c?d"]), "{:?}", String::from_utf8_lossy(other));
        }
    }
}

#[test]
fn what_is_no_reference_outdates_nothing_more() {
    let none: [&[u8]; 6] = [b"http://", b"http:///x", b"http:x", b"a b", b"\xff", b"http://a:x/"];
    for reference in none {
        assert_eq!(
            outdated(&[("location", reference)]),
            of(&["http://a/b/c?d"]),
            "{:?}",
            String::from_utf8_lossy(reference)
        );
    }
    assert_eq!(outdated(&[("location", &[b'.'; 1 << 20])]), of(&["http://a/b/c?d"]));
}

/// Each key once, and of each field its first line: at most three.
#[test]
fn the_number_of_outdated_targets_is_bounded() {
    assert_eq!(outdated(&[("location", b""), ("content-location", b"#f")]), of(&["http://a/b/c?d"]));
    assert_eq!(outdated(&[("location", b"/x"), ("location", b"/y")]), of(&["http://a/b/c?d", "http://a/x"]));
}

/// RFC 9111, section 4.4: all stored responses of the target.
#[test]
fn whatever_is_stored_of_a_target_carries_the_tag_by_which_it_is_outdated() {
    let config = Config { stores_post: true, no_vary_search: true, ..Config::default() };
    let target = target("http://a/b?c");
    let outdated = Invalidation::of_target(&target, &config);
    let content = |method: &str| match method {
        "QUERY" => Content::Hashed(ContentHasher::new(&request(method, "/"), &config).unwrap().finish()),
        _ => Content::Absent,
    };
    let steered = "x-forwarded-host: evil.example";
    for request in ["GET /".into(), "QUERY /".into(), "POST /".into(), format!("GET / | {steered}")] {
        let request = case::request(&request);
        for audience in [None, Some("ann")] {
            let key = keyed(&request, &target, content(request.method.as_str()), audience, &config).unwrap();
            let tags = tags(&HeaderMap::new(), &key, &config).unwrap();
            assert!(tags.as_slice().iter().any(|tag| outdated.tags.contains(tag)), "{key}");
        }
    }
    assert_ne!(of(&["http://a/b"]), of(&["http://a/b?"]));
}

#[test]
fn what_is_stored_of_an_origin_is_outdated_together() {
    let hosts = Hosts::new([HostAlias::new("www.a", "a").unwrap()]).unwrap();
    let config = Config { choices: Choices { hosts, ..Choices::default() }, ..Config::default() };
    let carries = |uri: &str| tags(&HeaderMap::new(), &key(uri, &config), &config).unwrap();
    let by = |uri: &str| Invalidation::of_origin(target(uri).origin(), &config).tags;
    for (stored, outdated, expected) in [
        ("http://a/b?c", "http://a/", true),
        ("http://a/", "http://www.a/x", true),
        ("http://www.a/", "http://a:80/", true),
        ("http://a/", "https://a/", false),
        ("http://a/", "http://a:8080/", false),
        ("http://a/", "http://b/", false),
    ] {
        let outdated = by(outdated);
        assert_eq!(outdated.len(), 1);
        assert_eq!(carries(stored).as_slice().contains(&outdated[0]), expected, "{stored} {outdated:?}");
    }
}

/// What is outdated is what is keyed: an application's choices hold here as well.
#[test]
fn what_is_outdated_is_the_keyed_form() {
    let counting = Counting::AllBut(["utm_*"].into_iter().collect());
    let hosts = Hosts::new([HostAlias::new("www.a", "a").unwrap()]).unwrap();
    let choices = Choices { parameters: Parameters { counting, sorted: true }, hosts, ..Choices::default() };
    let group = group_tag(target("http://a/").origin(), "g");
    for origin_sees in [OriginSees::Keyed, OriginSees::Asked] {
        let config = Config { choices: Choices { origin_sees, ..choices.clone() }, ..Config::default() };
        for location in ["/x?c=1&b=2&utm_a=3", "http://a/x?b=2&c=1", "http://www.a/x?b=2&c=1"] {
            let fields: [(&str, &[u8]); 2] =
                [("location", location.as_bytes()), ("cache-group-invalidation", b"\"g\"")];
            let made = invalidation("POST", 200, "http://www.a/b?utm_a=1", &fields, &config).unwrap();
            assert_eq!(made.tags, [of(&["http://a/b"]), vec![group.clone()]].concat(), "{origin_sees:?} {location}");
            assert_eq!(made.named, of(&["http://a/x?b=2&c=1"]), "{origin_sees:?} {location}");
        }
    }
}

/// A reference is read as its origin meant it, who knows only what it was asked for; what it names has one keyed form.
#[test]
fn what_a_reference_names_is_outdated_in_its_keyed_form_whatever_the_origin_was_asked_for() {
    let choices = Choices { decoded: true, ..Choices::default() };
    for origin_sees in [OriginSees::Keyed, OriginSees::Asked] {
        let config = Config { choices: Choices { origin_sees, ..choices.clone() }, ..Config::default() };
        // Each part of a path is decoded by itself, and where a per cent sign encodes nothing it stays.
        for (location, named) in [("d", "b/d"), ("%zz", "b/%zz"), ("%64/%zz", "b/d/%zz"), ("../%64", "d")] {
            let location = [("location", location.as_bytes())];
            let made = invalidation("POST", 200, "http://a/%62/c", &location, &config).unwrap();
            assert_eq!(made.tags, of(&["http://a/b/c"]), "{origin_sees:?}");
            assert_eq!(made.named, of(&[&format!("http://a/{named}")]), "{origin_sees:?} {named}");
        }
    }
}

/// RFC 9111, section 4.4; the draft of No-Vary-Search, section 5: what is stored of `/b?utm=2` may be found by `/b`.
#[test]
fn where_not_all_of_a_query_matters_the_path_is_outdated() {
    let config = Config { no_vary_search: true, ..Config::default() };
    let says = HeaderMap::from_iter([(NO_VARY_SEARCH, HeaderValue::from_static("params=(\"utm\")"))]);
    let nvs = NoVarySearch::read(&says, &config);
    let carries = |headers: &HeaderMap, key: &CacheKey| tags(headers, key, &config).unwrap();
    let by = |uri: &str| invalidation("POST", 200, uri, &[], &config).unwrap().tags;
    let outdates = |uri: &str, tags: &Tags| by(uri).iter().any(|tag| tags.as_slice().contains(tag));
    let stored = key("http://a/b?utm=1", &config);
    for of in [
        carries(&says, &stored),
        carries(&says, &stored.simplified(&nvs)),
        carries(&HeaderMap::new(), &stored.simplified(&nvs)),
    ] {
        assert!(outdates("http://a/b?utm=2", &of) && outdates("http://a/b", &of));
        for other in ["http://a/c?utm=1", "http://a/b/?utm=1", "https://a/b?utm=1", "http://b/b?utm=1"] {
            assert!(!outdates(other, &of), "{other}");
        }
    }
    // Where all of it does, other targets of the path stay.
    let of = carries(&HeaderMap::new(), &stored);
    assert!(outdates("http://a/b?utm=1", &of) && !outdates("http://a/b?utm=2", &of));
    assert_eq!(by("http://a/b").len(), 2);
}

/// RFC 9110, section 9.3.3; RFC 9111, section 4.4: it is stored under the tag of its target, which its method outdates. Begun before
/// that, it would be outdated by itself; begun after, it stays until another request outdates it.
#[test]
fn a_response_to_post_is_current_where_its_storing_begins_after_what_it_outdates() {
    let config = Config { stores_post: true, ..Config::default() };
    let (post, target) = (case::request("POST / | host: a"), target("http://a/"));
    let head = case::response("200 | cache-control: max-age=60 | content-location: /");
    assert_eq!(
        case::rule("POST / | host: a", "200 | cache-control: max-age=60 | content-location: /", &config),
        Ok(Rule::MaxAge)
    );
    let key = keyed(&post, &target, Content::Absent, None, &config).unwrap();
    let tags = tags(&head.headers, &key, &config).unwrap();
    let outdated = Invalidation::of(&post, &target, &head, &config).unwrap().tags;

    let store = Store::new();
    let too_early = store.begin();
    store.outdate(&outdated);
    assert!(matches!(store.commit(&too_early, &tags), Committed::Invalidated(_)));
    assert_eq!(store.commit(&store.begin(), &tags), Committed::Stored);
    assert_eq!(store.currency(), Currency::Current);
    store.outdate(&outdated);
    assert_eq!(store.currency(), Currency::OutdatedHard);
}

/// A store with one key. What it does in memory is done at once.
struct Store(MemoryStore, Key);

impl Store {
    fn new() -> Store {
        let store = MemoryStore::builder(Clock::manual(NOON)).build().unwrap();
        Store(store, Key::new("pages", "page", &"/").unwrap())
    }

    fn begin(&self) -> Lease {
        let request = Begin { role: Role::TakeOver, lease: 60 * SECOND, at_least: None, heeds_backoff: false };
        let Begun::Granted(lease) = done(self.0.begin(&self.1, request)).unwrap() else { panic!("it takes over") };
        lease
    }

    fn outdate(&self, tags: &[Tag]) {
        let targets: Vec<_> = tags.iter().cloned().map(store::Target::Tag).collect();
        done(self.0.invalidate(&targets, Strength::Hard)).unwrap();
    }

    fn commit(&self, lease: &Lease, tags: &Tags) -> Committed {
        let windows = Windows { ttl: 60 * SECOND, stale_while_revalidate: SECOND, stale_if_error: SECOND };
        let (loaded_at, generation) = (lease.begun_at, lease.generation);
        let facts = Facts { loaded_at, generation, windows, load_took: SECOND, absent: false, weight: 1 };
        let value = Value::Shared(Arc::new(Bare(())));
        done(self.0.commit(&self.1, lease, Entry { value, facts, tags: tags.clone(), validators: None })).unwrap()
    }

    fn currency(&self) -> Currency {
        done(self.0.read(std::slice::from_ref(&self.1))).remove(0).unwrap().currency
    }
}

fn done<T>(future: BoxFuture<'_, T>) -> T {
    let Poll::Ready(done) = pin!(future).poll(&mut Context::from_waker(Waker::noop())) else { panic!("it waits") };
    done
}

proptest! {
    #[test]
    fn whatever_is_named_only_the_same_origin_is_outdated(
        reference in "((http|https)?:?//)?[htps:/a@b.?#%\\\\\\[\\]0-9é]{0,24}",
    ) {
        let fields = [("location", reference.as_bytes()), ("content-location", reference.as_bytes())];
        let config = Config::default();
        let made = invalidation("POST", 200, "http://a/b", &fields, &config).unwrap();
        let own = target("http://a/b");
        // Both say the same.
        let named = own.resolve(reference.as_bytes()).filter(|named| named.origin() == own.origin());
        let named = named.filter(|named| *named != own);
        let expected = [Some(own), named].into_iter().flatten().flat_map(|target| Invalidation::of_target(&target, &config).tags);
        prop_assert_eq!([made.tags, made.named].concat(), expected.collect::<Vec<_>>());
    }

    #[test]
    fn no_reference_makes_it_panic(reference in proptest::collection::vec(any::<u8>(), 0..64)) {
        if let Some(named) = target("http://a/b/c").resolve(&reference) {
            prop_assert_eq!(target(&named.to_string()), named);
        }
    }
}
