//! The command `rules`: what judging a fresh hit, answering it and storing a response cost, in Freshen and in
//! http-cache-semantics.

use std::hint::black_box;
use std::time::{Duration, UNIX_EPOCH};

use bytes::Bytes;
use clap::Args;
use freshen_core::Timestamp;
use freshen_http::{
    Answer, Asked, CacheKey, Config, Content, End, Exchange, KeyParts, Received, Rule, Scheme, Sent, Step, Target,
    Variant, choose, judge,
};
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, Version, request, response};
use http_cache_semantics::{BeforeRequest, CachePolicy};

use crate::summary::median;
use crate::{Failure, cpu};

#[derive(Args)]
pub struct Rules {
    /// Runs; medians are printed
    #[arg(long, value_name = "N", default_value_t = 9, value_parser = clap::value_parser!(u32).range(1..))]
    runs: u32,
    /// Calls in each run
    #[arg(long, value_name = "N", default_value_t = 500_000, value_parser = clap::value_parser!(u32).range(1..))]
    calls: u32,
}

/// When the response comes, and how much later the hit.
const NOON_SECONDS: u64 = 1_795_262_400;
const LATER_SECONDS: u64 = 5;
const CONTENT_BYTES: usize = 18_342;

const ASKED: [(&str, &str); 8] = [
    ("host", "www.example.org"),
    ("user-agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"),
    ("accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"),
    ("accept-language", "en-GB,en;q=0.7,de;q=0.3"),
    ("accept-encoding", "gzip, deflate, br, zstd"),
    ("referer", "https://www.example.org/"),
    ("cookie", "session=0123456789abcdef; theme=dark"),
    ("cache-control", "max-age=600"),
];

const ANSWERED: [(&str, &str); 12] = [
    ("date", "Sat, 21 Nov 2026 12:00:00 GMT"),
    ("server", "nginx"),
    ("content-type", "text/html; charset=utf-8"),
    ("content-length", "18342"),
    ("last-modified", "Sat, 21 Nov 2026 09:12:44 GMT"),
    ("etag", "\"5f3c-62a1b7c9d4e00\""),
    ("cache-control", "public, max-age=600, stale-while-revalidate=60, stale-if-error=3600"),
    ("vary", "accept-encoding"),
    ("content-language", "en"),
    ("strict-transport-security", "max-age=31536000; includeSubDomains"),
    ("x-content-type-options", "nosniff"),
    ("x-request-id", "c0ffee00-1234-5678-9abc-def012345678"),
];

/// Measures and prints.
pub fn run(rules: &Rules) -> Result<(), Failure> {
    cpu::pin_this_thread(0)?;
    let (request, response) = (request()?, response()?);
    println!(
        "A request with {} fields and a response with {}; CPU nanoseconds a call, medians of {} runs of {} calls\n",
        ASKED.len(),
        ANSWERED.len(),
        rules.runs,
        rules.calls
    );
    println!("{:<24}{:>16}{:>16}{:>16}", "", "judge a hit", "and answer it", "store");
    let ours = ours(&request, &response)?;
    let theirs = theirs(&request, &response)?;
    let costs = (0..rules.runs).map(|_| ours.cost(rules.calls).into_iter().chain(theirs.cost(rules.calls)).collect());
    let costs: Vec<Vec<f64>> = costs.collect();
    let nanos = |cell: usize| median(costs.iter().map(|run| run[cell]).collect());
    println!("{:<24}{:>16.0}{:>16.0}{:>16.0}", "freshen", nanos(0), nanos(1), nanos(2));
    // It does both in one call.
    println!("{:<24}{:>16}{:>16.0}{:>16.0}", "http-cache-semantics", "", nanos(3), nanos(4));
    Ok(())
}

struct Ours<'a> {
    request: &'a request::Parts,
    response: &'a response::Parts,
    content: Bytes,
    config: Config,
    exchange: Exchange,
    place: Place,
    variant: Variant,
}

/// What is asked for, and where it is stored.
struct Place {
    target: Target,
    key: CacheKey,
}

struct Theirs<'a> {
    request: &'a request::Parts,
    response: &'a response::Parts,
    policy: CachePolicy,
}

fn ours<'a>(request: &'a request::Parts, response: &'a response::Parts) -> Result<Ours<'a>, Failure> {
    let noon = Timestamp::from_micros(NOON_SECONDS * 1_000_000);
    // Requests are obeyed, so that all of their directives are looked at, as they are by the other.
    let config = Config { obeys_reloads: true, ..Config::default() };
    let exchange = Exchange { asked_at: noon, answered_at: noon };
    let content = Bytes::from(vec![0; CONTENT_BYTES]);
    let place = place(request, &config)?;
    let variant = stored(request, response, &content, &exchange, &config, &place);
    let variant = variant.map_err(|rule| format!("freshen does not store the response: {}", rule.name()))?;
    Ok(Ours { request, response, content, config, exchange, place, variant })
}

fn place(request: &request::Parts, config: &Config) -> Result<Place, Failure> {
    let target = Target::of(request, Scheme::Https, config)?;
    let sent = Sent::of(request, &target, config);
    let asked = Asked::of(request, config).method;
    let key = CacheKey::of(&KeyParts { asked, sent: &sent, content: Content::Absent, audience: None }, config);
    let key = key.map_err(|rule| format!("freshen has no key for the request: {}", rule.name()))?;
    Ok(Place { target, key })
}

/// All that a cache does with a response that it stores: whether it is, which of its fields are kept, by what it is selected and
/// outdated.
fn stored(
    request: &request::Parts,
    response: &response::Parts,
    content: &Bytes,
    exchange: &Exchange,
    config: &Config,
    place: &Place,
) -> Result<Variant, Rule> {
    let sent = Sent::of(request, &place.target, config);
    let received = Received { response, content: std::slice::from_ref(content), trailers: None, end: End::Clean };
    Variant::of(&received, &sent, &place.key, exchange, config)
}

impl Ours<'_> {
    /// Nanoseconds for each call: judging, answering as well, storing.
    fn cost(&self, calls: u32) -> [f64; 3] {
        let later = self.exchange.answered_at + Duration::from_secs(LATER_SECONDS);
        let judging = nanos(calls, || self.serves(later));
        let answering = nanos(calls, || {
            let asked = Asked::of(black_box(self.request), &self.config);
            let answer =
                || self.variant.stored.answer(&black_box(self.request).headers, &asked, later, 0, &self.config);
            self.serves(later) && matches!(black_box(answer()), Answer::Serve(..))
        });
        let storing = nanos(calls, || {
            let (request, response) = (black_box(self.request), black_box(self.response));
            black_box(stored(request, response, &self.content, &self.exchange, &self.config, &self.place)).is_ok()
        });
        [judging, answering, storing]
    }

    /// What a cache does to find that it may serve the one variant that it has.
    fn serves(&self, now: Timestamp) -> bool {
        let request = black_box(self.request);
        let asked = Asked::of(request, &self.config);
        let sent = Sent::of(request, &self.place.target, &self.config);
        let terms = &black_box(&self.variant).stored.terms;
        choose([self.variant.candidate()], &sent) == Some(0)
            && judge(Some(terms), &asked, now, &self.config).step == Step::Serve
    }
}

fn theirs<'a>(request: &'a request::Parts, response: &'a response::Parts) -> Result<Theirs<'a>, Failure> {
    let policy = policy(request, response);
    if !policy.is_storable() {
        return Err("http-cache-semantics does not store the response".into());
    }
    Ok(Theirs { request, response, policy })
}

fn policy(request: &request::Parts, response: &response::Parts) -> CachePolicy {
    CachePolicy::new_options(request, response, UNIX_EPOCH + Duration::from_secs(NOON_SECONDS), Default::default())
}

impl Theirs<'_> {
    /// Nanoseconds for each call: judging and answering, storing.
    fn cost(&self, calls: u32) -> [f64; 2] {
        let later = UNIX_EPOCH + Duration::from_secs(NOON_SECONDS + LATER_SECONDS);
        let answering = nanos(calls, || {
            matches!(black_box(self.policy.before_request(black_box(self.request), later)), BeforeRequest::Fresh(_))
        });
        let storing = nanos(calls, || policy(black_box(self.request), black_box(self.response)).is_storable());
        [answering, storing]
    }
}

/// CPU time of a call, all of which have to succeed: what is measured is a hit, and a response that is stored.
fn nanos(calls: u32, call: impl Fn() -> bool) -> f64 {
    let begun = cpu::of_this_thread();
    let succeeded = (0..calls).filter(|_| call()).count();
    let spent = cpu::of_this_thread() - begun;
    assert_eq!(succeeded, calls as usize, "a call had another outcome than the first");
    spent.as_secs_f64() * 1e9 / f64::from(calls)
}

fn request() -> Result<request::Parts, Failure> {
    let mut request =
        Request::get("https://www.example.org/articles/2026/11?page=2").version(Version::HTTP_2).body(())?;
    *request.headers_mut() = fields(&ASKED);
    Ok(request.into_parts().0)
}

fn response() -> Result<response::Parts, Failure> {
    let mut response = Response::builder().status(200).body(())?;
    *response.headers_mut() = fields(&ANSWERED);
    Ok(response.into_parts().0)
}

fn fields(fields: &[(&'static str, &'static str)]) -> HeaderMap {
    fields.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_store_the_response_and_call_it_fresh() {
        let (request, response) = (request().unwrap(), response().unwrap());
        assert!(ours(&request, &response).unwrap().cost(1).into_iter().all(|nanos| nanos >= 0.0));
        assert!(theirs(&request, &response).unwrap().cost(1).into_iter().all(|nanos| nanos >= 0.0));
    }
}
