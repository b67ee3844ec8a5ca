//! Directives for caches that stand in for an origin (Edge Architecture 1.0).

#![allow(clippy::unwrap_used)] // A test that cannot go on fails.

mod case;

use case::{NOON, SECOND, key, request as request_of, response, rule, sent, terms};
use freshen_http::{
    Answer, Asked, Config, End, Exchange, Freshened, Identifier, Joined, Outgoing, Received, Rule, SURROGATE_CONTROL,
    Terms, Variant, surrogate_capability,
};
use http::HeaderMap;
use proptest::prelude::*;

fn surrogate() -> Config {
    Config { targets: vec![SURROGATE_CONTROL], ..Config::default() }
}

fn of(said: &str) -> Terms {
    terms(
        &format!("200 | etag: \"a\" | cache-control: max-age=7, s-maxage=7 | surrogate-control: {said}"),
        &surrogate(),
    )
}

/// Section 2.2.3.
#[test]
fn a_lifetime_for_surrogates_may_be_followed_by_one_for_what_is_stale() {
    for (said, fresh, stale) in [
        ("max-age=60", 60, 0),
        ("max-age=60+30", 60, 30),
        ("Max-Age=60+30", 60, 30),
        ("max-age=60+0", 60, 0),
        ("max-age=60, stale-while-revalidate=20", 60, 20),
        ("max-age=60+30, stale-while-revalidate=20", 60, 20),
        ("max-age=60+30, max-age=50+40", 50, 30),
        ("max-age=+30", 0, 30),
        ("max-age=60+", 60, 0),
        ("max-age=60+x", 60, 0),
        ("max-age=x+30", 0, 30),
        ("max-age=60+30+30", 60, 0),
        ("max-age=x", 0, 0),
        ("max-age=9999999999+9999999999", 1 << 31, 1 << 31),
    ] {
        let terms = of(said);
        let expected = (fresh * SECOND, stale * SECOND);
        assert_eq!((terms.lifetime.span, terms.stale_while_revalidate.unwrap_or_default()), expected, "{said}");
    }
}

/// Sections 2.2.1 and 2.2.2.
#[test]
fn what_surrogates_must_not_store_is_not_stored() {
    let by = |said: &str, config: &Config| {
        rule("GET /", &format!("200 | cache-control: max-age=60 | surrogate-control: {said}"), config)
    };
    for said in ["no-store", "NO-STORE, max-age=60", "no-store, content=\"ESI/1.0\"", "no-store-remote, max-age=60"] {
        assert_eq!(by(said, &surrogate()), Err(Rule::NoStore), "{said}");
        assert_eq!(by(said, &Config::default()), Ok(Rule::MaxAge), "{said}: it is no target");
    }
    assert_eq!(by("private", &surrogate()), Err(Rule::Private));
    let long = format!("max-age=60, {}", "x,".repeat(40_000));
    assert_eq!(by(&long, &surrogate()), Err(Rule::NoStore));
}

/// Section 2.2: it goes before Cache-Control, and where it says nothing, that counts.
#[test]
fn a_field_for_surrogates_goes_before_cache_control_where_it_says_something() {
    let by =
        |said: &str| rule("GET /", &format!("200 | cache-control: no-store | surrogate-control: {said}"), &surrogate());
    assert_eq!(by("max-age=60"), Ok(Rule::MaxAge));
    for nothing in ["", "content=\"ESI/1.0\"", "content=\"a, no-cache\", x", "x=y", "max-age=60;other"] {
        assert_eq!(by(nothing), Err(Rule::NoStore), "{nothing}");
    }
    assert_eq!(of("content=\"ESI/1.0\"").lifetime.span, 7 * SECOND);
    assert!(of("max-age=60, no-cache=\"a;b\"").no_cache, "what is quoted names no surrogate");
}

/// Section 2.3.
#[test]
fn a_directive_for_another_surrogate_is_not_for_this_one() {
    for (said, fresh) in [
        ("max-age=60;freshen", 60),
        ("max-age=60;freshen, max-age=5;abc", 60),
        ("max-age=60, max-age=5;abc, content=\"ESI/1.0;abc\"", 60),
        ("max-age=60, no-store;abc", 60),
        ("content=\"ESI/1.0\";abc, max-age=60+5;freshen", 60),
        ("max-age=60;Freshen", 7),
    ] {
        assert_eq!(of(said).lifetime.span, fresh * SECOND, "{said}");
    }
}

/// Section 2.2: it is not for those behind.
#[test]
fn what_is_for_this_surrogate_goes_no_further() {
    let head = response("200 | surrogate-control: max-age=60 | surrogate-control: x | cache-control: x");
    let sent_on = |config: &Config| Outgoing::of(&head, config).headers(&head.headers);
    assert_eq!(sent_on(&Config::default()).len(), 3, "it is no target, and passed through");
    assert_eq!(sent_on(&surrogate()), response("200 | cache-control: x").headers);
}

/// Section 2.2: it stays with what is stored, since an update that lacks it is judged by it, and goes to nobody.
#[test]
fn what_is_for_this_surrogate_is_stored_and_served_to_nobody() {
    let config = surrogate();
    let head =
        response("200 | etag: \"a\" | surrogate-control: max-age=60 | cache-control: no-store | surrogate-key: k");
    let exchange = Exchange { asked_at: NOON, answered_at: NOON };
    let received = Received { response: &head, content: &["abc".into()], trailers: None, end: End::Clean };
    let (key, sent) = (key("http://a/", &config), sent(&HeaderMap::new()));
    let variant = Variant::of(&received, &sent, &key, &exchange, &config).unwrap();
    let update = response("304 | etag: \"a\"").headers;
    let Freshened::Kept { variant: updated, served, .. } = variant.freshened(&sent, &update, &key, &exchange, &config)
    else {
        panic!("it is judged by what is stored")
    };
    let Joined::Kept { served: joined, .. } = variant.with(&received, &sent, &key, &exchange, &config) else {
        panic!()
    };
    for stored in [&variant.stored, &updated.stored, &served, &joined] {
        assert_eq!(stored.headers["surrogate-control"], "max-age=60");
        for request in [
            "GET /",
            "HEAD /",
            "GET / | range: bytes=0-1",
            "GET / | range: bytes=0-0,2-2",
            "GET / | if-none-match: \"a\"",
        ] {
            let request = request_of(request);
            let headers = match stored.answer(&request.headers, &Asked::of(&request, &config), NOON, 7, &config) {
                Answer::Serve(served, _) => served.headers,
                Answer::NotModified(headers, _) => headers,
                other => panic!("{other:?}"),
            };
            assert_eq!(headers["etag"], "\"a\"");
            assert!(
                !["surrogate-control", "surrogate-key"].iter().any(|name| headers.contains_key(*name)),
                "{headers:?}"
            );
        }
    }
}

/// RFC 9110, sections 6.5.1 and 7.6.1.
#[test]
fn what_is_for_one_connection_or_decides_behind_the_content_is_not_sent_on() {
    let config = Config::default();
    let head =
        response("200 | connection: x-hop | x-hop: 1 | cdn-cache-control: max-age=1 | b: 2 | upgrade: h2c | b: 3");
    let outgoing = Outgoing::of(&head, &config);
    assert_eq!(outgoing.headers(&head.headers), response("200 | cdn-cache-control: max-age=1 | b: 2 | b: 3").headers);
    // RFC 9110, section 7.8: by this the client learns what the connection is from now on.
    let switching = response("101 | connection: upgrade, x-hop | upgrade: websocket | x-hop: 1 | b: 2");
    let sent_on = Outgoing::of(&switching, &config).headers(&switching.headers);
    assert_eq!(sent_on, response("101 | b: 2 | connection: upgrade | upgrade: websocket").headers);
    // RFC 9110, section 15.5.22: by this it learns what it has to offer.
    let required = response("426 | connection: upgrade, close | upgrade: websocket, x/1 | upgrade: HTTP/3.0 | b: 2");
    let sent_on = Outgoing::of(&required, &config).headers(&required.headers);
    let expected = response("426 | b: 2 | connection: upgrade | upgrade: websocket, x/1 | upgrade: HTTP/3.0");
    assert_eq!(sent_on, expected.headers);
    let silent = response("426 | connection: upgrade | b: 2");
    assert_eq!(Outgoing::of(&silent, &config).headers(&silent.headers), response("426 | b: 2").headers);
    let trailers =
        response("200 | x-hop: 1 | repr-digest: a | content-length: 1 | xkey: k | surrogate-control: x").headers;
    assert_eq!(outgoing.trailers(&trailers), response("200 | repr-digest: a").headers);
}

/// Section 2.1.
#[test]
fn an_origin_learns_that_there_is_a_surrogate() {
    let said = |config: &Config| surrogate_capability(config).map(|said| said.to_str().unwrap().to_owned());
    assert_eq!(said(&Config::default()), None);
    assert_eq!(said(&surrogate()).as_deref(), Some("freshen=\"Surrogate/1.0\""));
    let named = |name: &str| Config { identifier: Identifier::new(name).unwrap(), ..surrogate() };
    assert_eq!(said(&named("edge-1")).as_deref(), Some("edge-1=\"Surrogate/1.0\""));
    assert_eq!(said(&named("a \"cache\"")).as_deref(), Some("freshen=\"Surrogate/1.0\""), "it is no token");
}

proptest! {
    #[test]
    fn no_field_for_surrogates_makes_it_panic(said in "(max-age=?|no-store|[0-9+;=,\" x]){0,8}") {
        let response = format!("200 | etag: \"a\" | surrogate-control: {said}");
        prop_assert_eq!(rule("GET /", &response, &surrogate()), rule("GET /", &response, &surrogate()));
    }
}
