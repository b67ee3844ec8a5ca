//! Requests and responses as tables write them: the first line and the fields, divided by ` | `.

#![allow(dead_code, clippy::unwrap_used)] // Each file of tests uses its part, and a test that cannot go on fails.

use std::time::Duration;

use freshen_core::Timestamp;
use freshen_http::{
    Asked, CacheKey, Config, Content, Exchange, KeyParts, Rule, Scheme, Sent, Step, Storing, Target, TargetError,
    Terms, format_date, judge,
};
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, Version, request, response};

/// When every response here comes.
pub const NOON: Timestamp = Timestamp::from_micros(1_795_262_400_000_000);

pub const SECOND: Duration = Duration::from_secs(1);

/// So many seconds after noon, as a header says it.
pub fn date(seconds: i64) -> String {
    format_date(Timestamp::from_micros(NOON.as_micros().saturating_add_signed(seconds * 1_000_000)))
}

/// `GET /page | accept: text/html`
pub fn request(text: &str) -> request::Parts {
    let mut parts = text.split(" | ");
    let (method, target) = parts.next().unwrap().split_once(' ').unwrap();
    let mut request = Request::builder().method(method).uri(target).body(()).unwrap();
    *request.headers_mut() = fields(parts);
    request.into_parts().0
}

/// `200 | cache-control: max-age=60`
pub fn response(text: &str) -> response::Parts {
    let mut parts = text.split(" | ");
    let mut response = Response::builder().status(parts.next().unwrap()).body(()).unwrap();
    *response.headers_mut() = fields(parts);
    response.into_parts().0
}

fn fields<'a>(fields: impl Iterator<Item = &'a str>) -> HeaderMap {
    let of = |field: &'a str| {
        let (name, value) = field.split_once(':').unwrap();
        let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
        (name, HeaderValue::from_bytes(value.trim().as_bytes()).unwrap())
    };
    let mut map = HeaderMap::new();
    for (name, value) in fields.map(of) {
        map.append(name, value);
    }
    map
}

pub fn storing(request: &str, response: &str, config: &Config) -> Storing {
    let exchange = Exchange { asked_at: NOON, answered_at: NOON };
    let request = self::request(request);
    Storing::of(&Sent::of(&request, &asked_for(&request), config), &self::response(response), &exchange, config)
}

/// By which rule a response is stored, or is not.
pub fn rule(request: &str, response: &str, config: &Config) -> Result<Rule, Rule> {
    match storing(request, response, config) {
        Storing::Store(_, rule) => Ok(rule),
        Storing::Pass(rule) => Err(rule),
    }
}

/// A table of responses to GET, each with the rule by which a cache of this configuration stores it, or does not.
pub fn check(config: &Config, cases: &[(&str, Result<Rule, Rule>)]) {
    for (response, expected) in cases {
        assert_eq!(rule("GET /", response, config), *expected, "{response}");
    }
}

/// The terms of a response to `GET /`, which must be one that is stored.
pub fn terms(response: &str, config: &Config) -> Terms {
    match storing("GET /", response, config) {
        Storing::Store(terms, _) => terms,
        Storing::Pass(rule) => panic!("{response} is not stored, by {rule:?}"),
    }
}

pub fn asked(fields: &str, config: &Config) -> Asked {
    Asked::of(&request(&format!("GET /{fields}")), config)
}

/// What is done so many seconds after noon for a GET with these fields (` | name: value`).
pub fn judged(response: &str, fields: &str, seconds: u64, config: &Config) -> (Step, Rule) {
    let now = NOON + Duration::from_secs(seconds);
    let judgement = judge(Some(&terms(response, config)), &asked(fields, config), now, config);
    (judgement.step, judgement.rule)
}

/// The target of a request; where that does not say whose it is, one of `a`.
pub fn asked_for(request: &request::Parts) -> Target {
    match Target::of(request, Scheme::Http, &Config::default()) {
        Err(TargetError::NoHost) if request.uri.host().is_none() => target(&format!("http://a{}", request.uri)),
        Err(TargetError::NoHost) => target(&request.uri.to_string()),
        found => found.unwrap(),
    }
}

/// The target of a URI.
pub fn target(uri: &str) -> Target {
    let scheme = if uri.starts_with("https:") { Scheme::Https } else { Scheme::Http };
    let request = Request::get(uri).version(Version::HTTP_2).body(()).unwrap().into_parts().0;
    Target::of(&request, scheme, &Config::default()).unwrap()
}

/// A GET with fields, sent to `http://a/`.
pub fn sent(headers: &HeaderMap) -> Sent<'static> {
    let mut request = Request::new(()).into_parts().0;
    request.headers = headers.clone();
    // Tests borrow as long as they like.
    let (request, target) = (Box::leak(Box::new(request)), Box::leak(Box::new(target("http://a/"))));
    Sent::of(request, target, &Config::default())
}

/// The key of a GET for a target.
pub fn key(uri: &str, config: &Config) -> CacheKey {
    keyed(&request("GET /"), &target(uri), Content::Absent, None, config).unwrap()
}

/// The key of a request for a target.
pub fn keyed(
    request: &request::Parts,
    target: &Target,
    content: Content,
    audience: Option<&str>,
    config: &Config,
) -> Result<CacheKey, Rule> {
    let sent = Sent::of(request, target, config);
    let asked = Asked::of(request, config).method;
    CacheKey::of(&KeyParts { asked, sent: &sent, content, audience }, config)
}
