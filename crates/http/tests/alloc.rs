//! What is done for each request that is answered from what is stored allocates nothing.

#![allow(clippy::unwrap_used)] // A test that cannot go on fails.

mod case;

use std::hint::black_box;

use bytes::Bytes;
use case::{NOON, SECOND, request, response, terms};
use freshen_http::{
    Asked, Candidate, Config, End, Exchange, Owed, Received, Represented, Rule, Selecting, Step, Stored, Storing,
    Variant, choose, judge, not_modified, owed,
};
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode};

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
            assert_eq!(judge(&terms, &asked, NOON + SECOND, &config).step, Step::Serve);
        };
        assert_eq!(allocations(judged), 0);
    }
}

#[test]
fn choosing_a_variant_allocates_nothing() {
    let config = Config::default();
    let (mut request, ()) = Request::new(()).into_parts();
    request.headers = headers(&[("accept-encoding", "gzip,br"), ("accept-language", "en, de; q=0.5")]);
    let (mut response, ()) = Response::new(()).into_parts();
    response.headers = headers(&VARY);
    let exchange = Exchange { asked_at: NOON, answered_at: NOON };
    let Storing::Store(terms, _) = Storing::of(&request, &response, &exchange, &config) else { panic!("it is stored") };
    let selecting = Selecting::of(&request.headers, &response.headers, &config).unwrap();
    let asked = headers(&ASKED);
    let variants = || (0..8).map(|_| Candidate { selecting: &selecting, terms: &terms });
    assert_eq!(choose(variants(), &asked), Some(7));
    assert_eq!(allocations(|| _ = black_box(choose(variants(), &asked))), 0);
    let other = headers(&ASKED[..1]);
    assert_eq!(allocations(|| _ = black_box(choose(variants(), &other))), 0);
}

#[test]
fn judging_the_conditions_of_a_client_allocates_nothing() {
    let config = Config::default();
    let (mut request, ()) = Request::new(()).into_parts();
    request.headers = headers(&ASKED);
    let (mut response, ()) = Response::new(()).into_parts();
    response.headers = headers(&VARY);
    let exchange = Exchange { asked_at: NOON, answered_at: NOON };
    let Storing::Store(terms, _) = Storing::of(&request, &response, &exchange, &config) else { panic!("it is stored") };
    let stored = Represented { status: StatusCode::OK, headers: &response.headers, terms: &terms };
    let asked = Asked::of(&request, &config);
    let owes = || owed(&request.headers, &asked, &stored, NOON);
    assert_eq!(owes(), Owed::NotModified(Rule::IfNoneMatch));
    assert_eq!(allocations(|| _ = black_box(owes())), 0);
}

/// Its fields and those that select it are kept in maps of their own; its content is shared.
#[test]
fn storing_a_response_allocates_no_more_for_more_content() {
    let config = Config::default();
    let (request, response) = (request(BROWSER), response(STORED));
    let exchange = Exchange { asked_at: NOON, answered_at: NOON };
    let stored = |content: &Bytes| {
        let Storing::Store(terms, _) = Storing::of(&request, &response, &exchange, &config) else {
            panic!("it is stored")
        };
        let selecting = Selecting::of(&request.headers, &response.headers, &config).unwrap();
        let received = Received { request: &request, response: &response, content, trailers: None, end: End::Clean };
        Variant { selecting, stored: Stored::of(&received, terms, &config).unwrap() }
    };
    for content in [Bytes::from_static(b"hello"), Bytes::from(vec![0; 1 << 20])] {
        // Values are shared with the buffer that they came in; here the first copy makes them so.
        drop(stored(&content));
        let count = allocations(|| drop(black_box(stored(&content))));
        assert!(count <= 12, "{count}");
    }
}

#[test]
fn an_allocation_is_noticed() {
    let stored = headers(&VARY);
    assert!(allocations(|| drop(black_box(not_modified(&stored)))) > 0);
}
