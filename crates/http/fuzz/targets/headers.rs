//! Requests and responses with any headers: whatever they say, they are judged, kept and answered as the rules have it.
#![no_main]

use bytes::Bytes;
use freshen_core::Timestamp;
use freshen_http::{
    Answer, Config, Content, ContentRange, Cookies, End, Exchange, Failure, Freshened, HopByHop, Inquiry, Joined, Question,
    Ranges, Received, Scheme, Stored, Target, Validated, Variant, judge, parse_date, stand_in,
};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Version, request, response};
use libfuzzer_sys::fuzz_target;

const NOON: Timestamp = Timestamp::from_micros(1_795_262_400_000_000);
const EXCHANGE: Exchange = Exchange { asked_at: NOON, answered_at: NOON };

// A request, a response and its content, with a record separator between them, and one behind them where the content broke off.
// The first line of a head is its method or status.
fuzz_target!(|bytes: &[u8]| {
    let mut messages = bytes.splitn(4, |byte| *byte == b'\x1e');
    let Some(request) = messages.next().and_then(request) else { return };
    let Some(response) = messages.next().and_then(response) else { return };
    let content = messages.next().unwrap_or_default().chunks(5).map(Bytes::copy_from_slice).collect::<Vec<_>>();
    let end = if messages.next().is_some() { End::Broken } else { End::Clean };
    let careless = Config { cookies: Cookies::Stored, stores_post: true, obeys_reloads: true, ..Config::default() };
    for config in [Config::default(), Config::private(), careless] {
        let received = Received { response: &response, content: &content, trailers: Some(&request.headers), end };
        one(&request, &received, &config);
    }
    for value in response.headers.values() {
        parse_date(value.as_bytes(), NOON);
    }
    ContentRange::read(&response.headers);
    if let Ok(ranges) = Ranges::read(&request.headers) {
        assert!(ranges.of_length(1000).iter().all(|range| range.start() < range.end() && range.end() <= 1000));
    }
});

fn one(request: &request::Parts, received: &Received<'_>, config: &Config) {
    let Ok(target) = Target::of(request, Scheme::Http, config) else { return };
    let Ok(inquiry) = Inquiry::of(request, &target, Content::Absent, None, config) else { return };
    let Inquiry { asked, sent, key } = &inquiry;
    let Ok(variant) = Variant::of(received, sent, key, &EXCHANGE, config) else { return };
    let Variant { stored, .. } = &variant;
    for now in [Timestamp::ZERO, NOON, Timestamp::NEVER] {
        assert_eq!(judge(Some(&stored.terms), asked, now, config), judge(Some(&stored.terms), asked, now, config));
        let _ = stand_in(&stored.terms, asked, Failure::TimedOut, now, config);
    }
    assert!(variant.selecting.matches(sent));
    let hop_by_hop = HopByHop::of_response(&received.response.headers, config);
    assert!(stored.headers.keys().all(|name| !hop_by_hop.contains(name) && name != "age"));
    assert!(received.end == End::Clean || !stored.body.is_complete() || stored.headers.contains_key("content-length"));
    let answer = || stored.answer(&request.headers, asked, NOON, 7, config);
    assert_eq!(answer(), answer());
    served(&answer(), stored);
    if let Joined::Kept { variant, .. } = variant.with(received, sent, key, &EXCHANGE, config) {
        assert_eq!(variant.stored.body, stored.body, "they are the same");
    }
    validated(&variant, &inquiry, received.response, config);
}

/// Whatever an origin answers, what is served of it was asked about.
fn validated(variant: &Variant, inquiry: &Inquiry<'_>, answer: &response::Parts, config: &Config) {
    let Inquiry { asked, sent, key } = inquiry;
    let variants = std::slice::from_ref(variant);
    let question = Question::about(sent, asked, variants, NOON, config);
    let mut answer = answer.clone();
    answer.status = StatusCode::NOT_MODIFIED;
    let conditional = question.sent().headers().keys().any(|name| *name == "if-none-match" || *name == "if-modified-since");
    match question.answered(&answer, NOON) {
        Validated::Current { served, .. } => assert!(served == 0 && conditional),
        Validated::AskAgain(_) => assert!(!matches!(question.again().answered(&answer, NOON), Validated::AskAgain(_))),
        Validated::StandIn { .. } | Validated::Failed { .. } => assert!(!conditional),
        Validated::Answer { .. } => unreachable!("it is a 304"),
    }
    if let Freshened::Kept { variant, .. } = variant.freshened(sent, &answer.headers, key, &EXCHANGE, config) {
        assert!(variant.selecting.matches(sent));
        assert!(variant.stored.headers.keys().all(|name| name != "age" && name != "connection"));
    }
}

fn served(answer: &Answer, stored: &Stored) {
    let served = match answer {
        Answer::Serve(served, _) => served,
        Answer::NotModified(..) => return,
        Answer::Fetch(..) | Answer::Pass(_) | Answer::Refuse(_) => {
            return assert!(!stored.body.is_complete());
        }
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
    let (mut parts, ()) = http::Request::builder().method(method).uri("http://a.example/a?b").version(Version::HTTP_2).body(()).ok()?.into_parts();
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
