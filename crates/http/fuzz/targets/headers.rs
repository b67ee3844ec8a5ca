//! Requests and responses with any headers: whatever they say, they are judged, kept and answered as the rules have it.
#![no_main]

use bytes::Bytes;
use freshen_core::Timestamp;
use freshen_http::{
    Answer, Asked, Config, ContentRange, Cookies, End, Exchange, Failure, HopByHop, Ranges, Received, Rule, Stored,
    Storing, judge, parse_date, stand_in,
};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, request, response};
use libfuzzer_sys::fuzz_target;

const NOON: Timestamp = Timestamp::from_micros(1_795_262_400_000_000);
const EXCHANGE: Exchange = Exchange { asked_at: NOON, answered_at: NOON };

// A request, a response and its content, with a record separator between them, and one behind them where the content broke off.
// The first line of a head is its method or status.
fuzz_target!(|bytes: &[u8]| {
    let mut messages = bytes.splitn(4, |byte| *byte == b'\x1e');
    let Some(request) = messages.next().and_then(request) else { return };
    let Some(response) = messages.next().and_then(response) else { return };
    let content = Bytes::copy_from_slice(messages.next().unwrap_or_default());
    let end = if messages.next().is_some() { End::Broken } else { End::Clean };
    let careless = Config { cookies: Cookies::Stored, stores_post: true, obeys_reloads: true, ..Config::default() };
    for config in [Config::default(), Config::private(), careless] {
        let received = Received {
            request: &request,
            response: &response,
            content: &content,
            trailers: Some(&request.headers),
            end,
        };
        one(&received, &config);
    }
    for value in response.headers.values() {
        parse_date(value.as_bytes(), NOON);
    }
    ContentRange::read(&response.headers);
    if let Ok(ranges) = Ranges::read(&request.headers) {
        assert!(ranges.of_length(1000).iter().all(|range| range.start() < range.end() && range.end() <= 1000));
    }
});

fn one(received: &Received<'_>, config: &Config) {
    let asked = Asked::of(received.request, config);
    let Storing::Store(terms, _) = Storing::of(received.request, received.response, &EXCHANGE, config) else { return };
    for now in [Timestamp::ZERO, NOON, Timestamp::NEVER] {
        assert_eq!(judge(Some(&terms), &asked, now, config), judge(Some(&terms), &asked, now, config));
        let _ = stand_in(&terms, &asked, Failure::TimedOut, now, config);
    }
    let Ok(stored) = Stored::of(received, terms, config) else { return };
    let hop_by_hop = HopByHop::of_response(&received.response.headers, config);
    assert!(stored.headers.keys().all(|name| !hop_by_hop.contains(name) && name != "age"));
    assert!(received.end == End::Clean || !stored.body.is_complete() || stored.headers.contains_key("content-length"));
    let answer = stored.answer(received.request, NOON, 7);
    assert_eq!(answer, stored.answer(received.request, NOON, 7));
    served(&answer, &stored);
    match stored.with(received, &EXCHANGE, config) {
        Ok(joined) => assert!(joined.body.held() >= stored.body.held()),
        Err(rule) => assert_ne!(rule, Rule::TooManyParts, "they are the same"),
    }
}

fn served(answer: &Answer, stored: &Stored) {
    let Answer::Serve(served, _) = answer else {
        assert!(!stored.body.is_complete());
        return;
    };
    let sent: u64 = served.content.iter().map(|bytes| bytes.len() as u64).sum();
    assert!(sent <= stored.body.held() || served.headers["content-type"].as_bytes().starts_with(b"multipart/"));
    if served.status == StatusCode::PARTIAL_CONTENT {
        assert_eq!(served.headers["content-length"].to_str().ok(), Some(sent.to_string().as_str()));
    }
    assert!(served.status != StatusCode::OK || stored.body.is_complete());
}

fn request(head: &[u8]) -> Option<request::Parts> {
    let (method, headers) = headers(head)?;
    let (mut parts, ()) = http::Request::builder().method(method).uri("/a?b").body(()).ok()?.into_parts();
    parts.headers = headers;
    Some(parts)
}

fn response(head: &[u8]) -> Option<response::Parts> {
    let (status, headers) = headers(head)?;
    let (mut parts, ()) = http::Response::builder().status(status).body(()).ok()?.into_parts();
    parts.headers = headers;
    Some(parts)
}

fn headers(head: &[u8]) -> Option<(&[u8], HeaderMap)> {
    let mut lines = head.split(|byte| *byte == b'\n');
    let first = lines.next()?;
    let mut headers = HeaderMap::new();
    for line in lines {
        let at = line.iter().position(|byte| *byte == b':')?;
        let name = HeaderName::from_bytes(&line[..at]).ok()?;
        headers.append(name, HeaderValue::from_bytes(&line[at + 1..]).ok()?);
    }
    Some((first, headers))
}
