//! Messages as tables write them.

use std::time::Duration;

use freshen_core::{Tags, Timestamp};
use freshen_http::{
    Asked, AskedBy, Body, CacheKey, Config, Content, Exchange, KeyParts, Question, Scheme, Selecting, Sent, Stored,
    Storing, Target, Terms, Variant, format_date,
};
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode, Version, request, response};

pub type Lines<'a> = &'a [(&'static str, &'a str)];

/// A noon in November 2026.
pub const NOON: Timestamp = Timestamp::from_micros(1_795_262_400_000_000);

pub fn at(seconds: i64) -> Timestamp {
    Timestamp::from_micros(NOON.as_micros().saturating_add_signed(seconds * 1_000_000))
}

/// A date so many seconds after noon.
pub fn date(seconds: i64) -> String {
    format_date(at(seconds))
}

pub fn headers(lines: Lines<'_>) -> HeaderMap {
    let value = |value: &str| HeaderValue::from_bytes(value.as_bytes()).unwrap();
    lines.iter().map(|(name, line)| (HeaderName::from_bytes(name.as_bytes()).unwrap(), value(line))).collect()
}

pub fn request(method: &str, lines: Lines<'_>) -> request::Parts {
    let (mut parts, ()) = Request::builder()
        .method(method)
        .uri("http://a.example/")
        .version(Version::HTTP_2)
        .body(())
        .unwrap()
        .into_parts();
    parts.headers = headers(lines);
    parts
}

pub fn response(status: u16, lines: Lines<'_>) -> response::Parts {
    let (mut parts, ()) = Response::builder().status(status).body(()).unwrap().into_parts();
    parts.headers = headers(lines);
    parts
}

/// Tests borrow as long as they like.
pub fn sent(request: request::Parts) -> Sent<'static> {
    let config = Config::default();
    let target = Target::of(&request, Scheme::Http, &config).unwrap();
    Sent::of(Box::leak(Box::new(request)), Box::leak(Box::new(target)), &config)
}

pub fn key() -> CacheKey {
    let sent = sent(request("GET", &[]));
    let parts = KeyParts { asked: AskedBy::Get, sent: &sent, content: Content::Absent, audience: None };
    CacheKey::of(&parts, &Config::default()).unwrap()
}

/// What is asked about these for a request, at a time.
pub fn question(method: &str, lines: Lines<'_>, variants: &[Variant], seconds: i64) -> Question<'static> {
    question_by(method, lines, variants, seconds, Config::default())
}

/// The same under a configuration.
pub fn question_by(
    method: &str,
    lines: Lines<'_>,
    variants: &[Variant],
    seconds: i64,
    config: Config,
) -> Question<'static> {
    let (request, config) = (request(method, lines), Box::leak(Box::new(config)));
    let asked = Asked::of(&request, config);
    Question::about(&sent(request), &asked, variants.to_vec().leak(), at(seconds), config)
}

/// The terms of a response that came at noon.
pub fn terms(lines: Lines<'_>, config: &Config) -> Terms {
    let exchange = Exchange { asked_at: NOON, answered_at: NOON };
    let lines = [lines, &[("cache-control", "public, max-age=60")]].concat();
    match Storing::of(&sent(request("GET", &[])), &response(200, &lines), &exchange, config) {
        Storing::Store(terms, _) => terms,
        Storing::Pass(rule) => panic!("{rule:?}: {lines:?}"),
    }
}

/// A response with five bytes that came at noon, and that all requests select.
pub fn kept(lines: Lines<'_>) -> Variant {
    let (terms, trailers) = (terms(lines, &Config::default()), HeaderMap::new());
    let body = Body::complete(&["hello".into()]);
    let stored = Stored { status: StatusCode::OK, headers: headers(lines), trailers, terms, body };
    Variant { selecting: Selecting::default(), stored, tags: Tags::NONE }
}

/// One that no request here selects, by what of it in these fields.
pub fn of_another(by: &'static str, lines: Lines<'_>) -> Variant {
    let said: Vec<_> = by.split(", ").map(|name| (name, "of another")).collect();
    let other = sent(request("GET", &said));
    let selecting = Selecting::of(&other, &headers(&[("vary", by)]), &Config::default()).unwrap();
    Variant { selecting, ..kept(lines) }
}

/// One that has only the beginning.
pub fn too_short(lines: Lines<'_>) -> Variant {
    let mut variant = kept(lines);
    variant.stored.body = Body::part(0, &["hello".into()], None).unwrap();
    variant
}

/// The same, come so many seconds after noon.
pub fn answered(mut variant: Variant, seconds: u64) -> Variant {
    variant.stored.terms.answered_at = NOON + Duration::from_secs(seconds);
    variant.stored.terms.date = variant.stored.terms.answered_at;
    variant
}
