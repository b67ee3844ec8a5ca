//! What is done for each request that is answered from what is stored allocates nothing.

#![allow(clippy::unwrap_used)] // A test that cannot go on fails.

mod case;

use std::hint::black_box;

use bytes::Bytes;
use case::{NOON, SECOND, key, request, response, sent, target, terms};
use freshen_http::{
    Answer, Asked, Body, Candidate, Config, End, Exchange, Received, Rule, Selecting, Sent, Step, Stored, Variant,
    choose, judge,
};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

fn headers(lines: &[(&'static str, &'static str)]) -> HeaderMap {
    let lines = lines.iter();
    lines.map(|(name, line)| (HeaderName::from_static(name), HeaderValue::from_static(line))).collect()
}

fn allocations(work: impl FnOnce()) -> u64 {
    allocation_counter::measure(work).count_total
}

const BROWSER: &str = "GET /page?x=y | host: a.example | user-agent: Browser/1.0 | accept: text/html | accept-language: en, de;q=0.5 \
                       | accept-encoding: gzip, br | cache-control: max-age=600, min-fresh=1 | cookie: a=b | referer: http://a.example/";

/// With twelve fields, as many come.
const STORED: &str = "200 | date: Sat, 21 Nov 2026 12:00:00 GMT | server: x | content-type: text/html; charset=utf-8 | etag: \"a\" \
                      | last-modified: Sat, 21 Nov 2026 09:12:44 GMT | cache-control: public, max-age=600, stale-if-error=60 \
                      | vary: accept-encoding | content-language: en | strict-transport-security: max-age=31536000 \
                      | x-content-type-options: nosniff | x-request-id: c0ffee00-1234-5678-9abc-def012345678 | link: </a>";

const ASKED: [(&str, &str); 3] =
    [("accept-encoding", "br, GZIP"), ("accept-language", "de;q=0.5,en"), ("if-none-match", r#""x", W/"y", "a""#)];
const VARY: [(&str, &str); 2] = [("vary", "accept-encoding, accept-language"), ("etag", r#""a""#)];

#[test]
fn a_fresh_hit_is_judged_without_an_allocation() {
    for config in [Config::default(), Config::private()] {
        let response = "200 | etag: \"a\" | cache-control: max-age=60, stale-while-revalidate=30, no-cache=\"x-user\"";
        let (terms, request) = (terms(response, &config), request(BROWSER));
        let judged = || {
            let asked = Asked::of(black_box(&request), &config);
            assert_eq!(judge(Some(&terms), &asked, NOON + SECOND, &config).step, Step::Serve);
        };
        assert_eq!(allocations(judged), 0);
    }
}

#[test]
fn choosing_a_variant_allocates_nothing() {
    let config = Config::default();
    let terms = terms("200 | cache-control: max-age=60", &config);
    let by = |encoding, language| {
        let asked = headers(&[("accept-encoding", encoding), ("accept-language", language)]);
        Selecting::of(&sent(&asked), &headers(&VARY), &config).unwrap()
    };
    let selecting = [by("gzip", "en"), by("gzip,br", "en, de; q=0.5"), by("br", "de")];
    let candidate = |selecting| Candidate { selecting, status: StatusCode::OK, terms: &terms };
    let variants = || selecting.iter().map(candidate);
    let as_sent = headers(&[("accept-encoding", "gzip,br"), ("accept-language", "en, de; q=0.5")]);
    for (asked, chosen) in [(as_sent, Some(1)), (headers(&ASKED), Some(1)), (headers(&ASKED[..1]), None)] {
        let asked = sent(&asked);
        assert_eq!(choose(variants(), &asked), chosen);
        assert_eq!(allocations(|| _ = black_box(choose(variants(), &asked))), 0);
    }
}

/// But for the Host that HTTP/2 does not have, and what a key is made of.
#[test]
fn what_is_sent_is_told_without_an_allocation() {
    let config = Config::default();
    let mut request = request(BROWSER);
    request.headers.insert("connection", HeaderValue::from_static("keep-alive"));
    request.headers.insert("te", HeaderValue::from_static("trailers"));
    let target = target("http://a.example/page?x=y");
    assert_eq!(allocations(|| _ = black_box(Sent::of(&request, &target, &config))), 0);
}

#[test]
fn the_key_of_a_variant_is_made_without_an_allocation() {
    let config = Config::default();
    let (asked, known) = (sent(&headers(&ASKED)), sent(&HeaderMap::new()));
    let known = Selecting::of(&known, &headers(&VARY), &config).unwrap();
    let own = Selecting::of(&asked, &headers(&VARY), &config).unwrap().key();
    assert_eq!(allocations(|| assert_eq!(known.key_of(&asked), own)), 0);
}

/// What is allocated is the answer.
#[test]
fn judging_the_conditions_of_a_client_allocates_nothing() {
    let config = Config::default();
    let stored = Stored {
        status: StatusCode::OK,
        headers: headers(&VARY),
        trailers: HeaderMap::new(),
        terms: terms("200 | cache-control: max-age=60 | etag: \"a\"", &config),
        body: Body::complete(&[]),
    };
    let answering = |tags: &str| {
        let request = request(&format!("GET / | if-none-match: {tags}"));
        let asked = Asked::of(&request, &config);
        let answer = || stored.answer(&request.headers, &asked, NOON, 7, &config);
        assert!(matches!(answer(), Answer::NotModified(_, Rule::IfNoneMatch)), "{tags}");
        allocations(|| drop(black_box(answer())))
    };
    let many = "\"x\", W/\"y\", z, ".repeat(1_000) + "W/\"a\"";
    assert_eq!(answering("*"), answering(&many));
}

/// Its fields and those that select it are kept in maps of their own, and it has two tags; its content is shared.
#[test]
fn storing_a_response_allocates_no_more_for_more_content() {
    let config = Config::default();
    let (request, response) = (request(BROWSER), response(STORED));
    let exchange = Exchange { asked_at: NOON, answered_at: NOON };
    let (target, key) = (target("http://a.example/page?x=y"), key("http://a.example/page?x=y", &config));
    let sent = Sent::of(&request, &target, &config);
    let stored = |content: &Bytes| {
        let content = std::slice::from_ref(content);
        let received = Received { response: &response, content, trailers: None, end: End::Clean };
        Variant::of(&received, &sent, &key, &exchange, &config).unwrap()
    };
    for content in [Bytes::from_static(b"hello"), Bytes::from(vec![0; 1 << 20])] {
        // Values are shared with the buffer that they came in; here the first copy makes them so.
        drop(stored(&content));
        let count = allocations(|| drop(black_box(stored(&content))));
        assert!(count <= 22, "{count}");
    }
}

#[test]
fn an_allocation_is_noticed() {
    let stored = headers(&VARY);
    assert!(allocations(|| drop(black_box(stored.clone()))) > 0);
}
