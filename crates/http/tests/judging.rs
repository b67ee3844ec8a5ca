//! What is done with a request for which a response is stored.

mod case;

use std::time::Duration;

use case::{NOON, asked, judged, request, target};
use freshen_http::{Asked, AskedBy, Config, Content, Inquiry, Judgement, Personal, Rule, Step, judge};
use http::Version;

const FRESH: (Step, Rule) = (Step::Serve, Rule::Fresh);
const PAGE: &str = "200 | etag: \"a\" | cache-control: max-age=60";

fn shared() -> Config {
    Config::default()
}

/// A cache that has validated what requests want validated.
fn obedient() -> Config {
    Config { obeys_reloads: true, ..Config::default() }
}

/// RFC 9111, section 4: what cannot be validated is fetched.
#[test]
fn what_is_stale_is_validated_where_it_has_a_validator() {
    for (validator, step) in [
        ("etag: \"a\"", Step::Validate),
        ("etag: W/\"a\"", Step::Validate),
        ("last-modified: Sun, 06 Nov 1994 08:49:37 GMT", Step::Validate),
        ("x: y", Step::Fetch),
    ] {
        let response = format!("200 | cache-control: max-age=60 | {validator}");
        assert_eq!(judged(&response, "", 60, &shared()), (step, Rule::Stale), "{validator}");
    }
}

/// RFC 9111, sections 4 and 5.2.2.4.
#[test]
fn what_is_to_be_validated_at_each_use_is_never_served_without() {
    let response = "200 | etag: \"a\" | cache-control: no-cache, max-age=60, stale-while-revalidate=60, immutable";
    for fields in ["", " | cache-control: max-stale", " | cache-control: max-age=600"] {
        for config in [shared(), obedient(), Config::private()] {
            assert_eq!(judged(response, fields, 0, &config), (Step::Validate, Rule::NoCache), "{fields}");
            assert_eq!(judged(response, fields, 70, &config), (Step::Validate, Rule::NoCache), "{fields}");
        }
    }
}

/// RFC 9111, section 5.2.1: a cache need not obey, and this one does where it is configured.
#[test]
fn a_request_may_want_something_newer_than_what_is_fresh() {
    for (wish, seconds, obeyed) in [
        ("no-cache", 0, (Step::Validate, Rule::RequestNoCache)),
        ("max-age=0", 1, (Step::Validate, Rule::RequestMaxAge)),
        ("max-age=10", 10, FRESH),
        ("max-age=10", 11, (Step::Validate, Rule::RequestMaxAge)),
        ("MAX-AGE=\"10\"", 11, (Step::Validate, Rule::RequestMaxAge)),
        ("max-age=\"10\"", 10, FRESH),
        ("max-age=x", 1, (Step::Validate, Rule::RequestMaxAge)),
        ("max-age=10, max-stale", 11, (Step::Validate, Rule::RequestMaxAge)),
        ("min-fresh=20", 40, FRESH),
        ("min-fresh=20", 41, (Step::Validate, Rule::RequestMinFresh)),
        ("min-fresh=x", 0, (Step::Validate, Rule::RequestMinFresh)),
        ("x, no-cachex, no_cache", 0, FRESH),
        ("immutable, must-revalidate, public, s-maxage=0", 1, FRESH),
    ] {
        let fields = format!(" | cache-control: {wish}");
        assert_eq!(judged(PAGE, &fields, seconds, &obedient()), obeyed, "{wish}");
        assert_eq!(judged(PAGE, &fields, seconds, &Config::private()), obeyed, "{wish}");
        assert_eq!(judged(PAGE, &fields, seconds, &shared()), FRESH, "{wish}");
    }
}

/// RFC 9111, section 5.4.
#[test]
fn pragma_counts_in_requests_without_cache_control() {
    assert_eq!(judged(PAGE, " | pragma: no-cache", 0, &obedient()), (Step::Validate, Rule::RequestNoCache));
    assert_eq!(judged(PAGE, " | pragma: no-cache | cache-control: x", 0, &obedient()), FRESH);
    assert_eq!(judged(PAGE, " | pragma: no-cache", 0, &shared()), FRESH);
}

/// RFC 9111, section 5.2.1.7.
#[test]
fn a_request_for_what_is_stored_alone_is_refused_where_nothing_may_be_served() {
    let only = " | cache-control: only-if-cached";
    for config in [shared(), obedient()] {
        assert_eq!(judged(PAGE, only, 59, &config), FRESH);
        assert_eq!(judged(PAGE, only, 60, &config), (Step::Refuse, Rule::OnlyIfCached));
        assert_eq!(judged(PAGE, &format!("{only}, max-stale=5"), 65, &config), (Step::Serve, Rule::RequestMaxStale));
        let nothing = |fields| judge(None, &asked(fields, &config), NOON, &config);
        let judgement = |step, rule| Judgement { step, rule, age: Duration::ZERO };
        assert_eq!(nothing(only), judgement(Step::Refuse, Rule::OnlyIfCached));
        assert_eq!(nothing(""), judgement(Step::Fetch, Rule::NothingStored));
    }
    assert_eq!(judged(PAGE, &format!("{only}, no-cache"), 0, &obedient()), (Step::Refuse, Rule::OnlyIfCached));
}

/// RFC 9111, section 5.2.1.5: what is stored already is not meant.
#[test]
fn a_request_with_no_store_is_answered_from_the_cache() {
    assert_eq!(judged(PAGE, " | cache-control: no-store", 0, &obedient()), FRESH);
}

/// RFC 8246, sections 2 and 2.1.
#[test]
fn what_is_immutable_is_served_to_a_reload_while_it_is_fresh() {
    let response = format!("{PAGE}, immutable");
    for config in [obedient(), Config::private()] {
        for wish in ["max-age=0", "min-fresh=100"] {
            let fields = format!(" | cache-control: {wish}");
            assert_eq!(judged(&response, &fields, 1, &config), (Step::Serve, Rule::Immutable), "{wish}");
            assert_eq!(judged(&response, &fields, 60, &config).0, Step::Validate, "{wish}");
        }
        assert_eq!(judged(&response, " | cache-control: no-cache", 1, &config), (Step::Validate, Rule::RequestNoCache));
        assert_eq!(judged(&response, "", 60, &config), (Step::Validate, Rule::Stale));
        for same in ["immutable=1", "immutable, immutable", "IMMUTABLE=\"x\""] {
            let response = format!("{PAGE}, {same}");
            assert_eq!(judged(&response, " | cache-control: max-age=0", 1, &config).1, Rule::Immutable, "{same}");
        }
    }
}

/// RFC 9111, section 4: what may change something is written through, and what is not known may.
#[test]
fn a_request_that_no_stored_response_can_answer_passes() {
    let of = |method: &str, config: &Config| Asked::of(&request(&format!("{method} /")), config);
    for method in ["GET", "HEAD", "QUERY"] {
        assert_eq!(of(method, &shared()).passes(), None, "{method}");
    }
    for method in ["POST", "PUT", "DELETE", "PATCH", "CONNECT", "LINK", "get", "X"] {
        assert_eq!(of(method, &shared()).passes(), Some(Rule::MethodUnsafe), "{method}");
    }
    for method in ["OPTIONS", "TRACE", "PROPFIND"] {
        assert_eq!(of(method, &shared()).passes(), Some(Rule::MethodNotUnderstood), "{method}");
    }
    let post = of("POST", &Config { stores_post: true, ..shared() });
    assert_eq!((post.method, post.passes()), (AskedBy::Post, Some(Rule::MethodUnsafe)));
    let query = of("QUERY", &Config { stores_query: false, ..shared() });
    assert_eq!(query.passes(), Some(Rule::MethodNotUnderstood));
}

/// RFC 9110, section 7.8: what is offered to nobody asks for nothing, and is answered from the store.
#[test]
fn a_request_that_offers_another_protocol_to_its_origin_passes() {
    let target = target("http://a.example/chat");
    let rule = |text: &str, version: Version| {
        let mut request = request(text);
        request.version = version;
        let of = Inquiry::of(&request, &target, Content::Absent, None, &shared()).map(drop);
        assert_eq!(Asked::of(&request, &shared()).passes(), of.err());
        of.err()
    };
    let websocket = "GET / | connection: keep-alive, Upgrade | upgrade: WebSocket";
    assert_eq!(rule(websocket, Version::HTTP_11), Some(Rule::Upgrade));
    assert_eq!(rule(&format!("{websocket}, h2c"), Version::HTTP_11), Some(Rule::Upgrade));
    assert_eq!(rule(websocket, Version::HTTP_10), None);
    assert_eq!(rule(websocket, Version::HTTP_2), None);
    assert_eq!(rule("GET / | upgrade: websocket", Version::HTTP_11), None, "nobody meant it");
    assert_eq!(rule("GET / | connection: upgrade", Version::HTTP_11), None);
    assert_eq!(rule("GET / | connection: upgrade, http2-settings | upgrade: h2c", Version::HTTP_11), None);
    assert_eq!(rule(&websocket.replace("GET", "POST"), Version::HTTP_11), Some(Rule::MethodUnsafe));
}

/// RFC 9111, sections 2 and 4.
#[test]
fn what_may_be_answered_from_the_store_is_asked_sent_and_keyed_as_one() {
    let config = Config { personal: Personal::Pass, ..shared() };
    let target = target("http://a.example/page?x");
    let inquiry = |text: &str, content, audience| {
        let request = request(text);
        let of = Inquiry::of(&request, &target, content, audience, &config);
        of.map(|Inquiry { asked, sent, key }| {
            assert_eq!(asked, Asked::of(&request, &config), "{text}");
            assert_eq!(sent.target(), &target, "{text}");
            (key.to_string(), key.audience().map(str::to_owned))
        })
    };
    let key = || "GET http://a.example/page?x".to_owned();
    assert_eq!(inquiry("GET /", Content::Absent, None), Ok((key(), None)));
    assert_eq!(inquiry("HEAD /", Content::Absent, Some("ann")), Ok((key(), Some("ann".to_owned()))));
    for (text, content, rule) in [
        ("POST /", Content::Absent, Rule::MethodUnsafe),
        ("OPTIONS /", Content::Absent, Rule::MethodNotUnderstood),
        ("GET /", Content::Unread, Rule::ContentOfGet),
        ("QUERY /", Content::Unread, Rule::QueryContentUnread),
        ("GET / | cookie: sid=ann", Content::Absent, Rule::Personal),
    ] {
        assert_eq!(inquiry(text, content, None), Err(rule), "{text}");
    }
}
