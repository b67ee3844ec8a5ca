//! Messages as tables write them.

use std::time::Duration;

use freshen_core::Timestamp;
use freshen_http::{
    Config, Exchange, Nominee, Represented, Scheme, Sent, Storing, Target, Terms, format_date, validating,
};
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode, request, response};

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
    let (mut parts, ()) = Request::builder().method(method).uri("http://a.example/").body(()).unwrap().into_parts();
    parts.headers = headers(lines);
    parts
}

pub fn response(status: u16, lines: Lines<'_>) -> response::Parts {
    let (mut parts, ()) = Response::builder().status(status).body(()).unwrap().into_parts();
    parts.headers = headers(lines);
    parts
}

/// With which fields the origin is asked for a client with these, but for Host, which is there in any case.
pub fn asks(request: Lines<'_>, kept: &[Kept]) -> HeaderMap {
    let request = self::request("GET", request);
    let target = Target::of(&request, Scheme::Http, &Config::default()).unwrap();
    let sent = Sent::of(&request, &target, &Config::default());
    let mut headers = validating(&sent, &nominees(kept), NOON).headers();
    assert_eq!(headers.remove("host").unwrap(), "a.example");
    headers
}

/// The terms of a response that came at noon.
pub fn terms(lines: Lines<'_>, config: &Config) -> Terms {
    let exchange = Exchange { asked_at: NOON, answered_at: NOON };
    let lines = [lines, &[("cache-control", "public, max-age=60")]].concat();
    match Storing::of(&request("GET", &[]), &response(200, &lines), &exchange, config) {
        Storing::Store(terms, _) => terms,
        Storing::Pass(rule) => panic!("{rule:?}: {lines:?}"),
    }
}

/// A stored response with what a [`Nominee`] borrows.
pub struct Kept {
    pub headers: HeaderMap,
    pub terms: Terms,
    pub selected: bool,
    pub suffices: bool,
}

impl Kept {
    pub fn new(lines: Lines<'_>) -> Kept {
        Kept { headers: headers(lines), terms: terms(lines, &Config::default()), selected: true, suffices: true }
    }

    /// One that the request does not select.
    pub fn of_another(lines: Lines<'_>) -> Kept {
        Kept { selected: false, ..Kept::new(lines) }
    }

    /// One that lacks what is asked for.
    pub fn too_short(lines: Lines<'_>) -> Kept {
        Kept { suffices: false, ..Kept::new(lines) }
    }

    fn nominee(&self) -> Nominee<'_> {
        let Kept { headers, terms, selected, suffices } = self;
        Nominee { headers, terms, selected: *selected, suffices: *suffices }
    }

    pub fn represented(&self) -> Represented<'_> {
        let Kept { headers, terms, suffices, .. } = self;
        Represented { status: StatusCode::OK, headers, terms, suffices: *suffices }
    }

    /// The same, come so many seconds after noon.
    pub fn answered(mut self, seconds: u64) -> Kept {
        self.terms.answered_at = NOON + Duration::from_secs(seconds);
        self.terms.date = self.terms.answered_at;
        self
    }
}

pub fn nominees(kept: &[Kept]) -> Vec<Nominee<'_>> {
    kept.iter().map(Kept::nominee).collect()
}
