//! Requests and responses for tests.

use bytes::Bytes;
use freshen_core::{Tags, Timestamp};
use freshen_http::{
    Answer, Asked, AskedBy, CacheKey, Config, Content, End, Exchange, Joined, KeyParts, Received, Rule, Scheme,
    Selecting, Sent, Stored, Target, Variant,
};
use http::{HeaderMap, HeaderName, HeaderValue, Version, request, response};

/// Saturday, 21 November 2026, 12:00:00 GMT.
pub const NOON: Timestamp = Timestamp::from_micros(1_795_262_400_000_000);
pub const EXCHANGE: Exchange = Exchange { asked_at: NOON, answered_at: NOON };
pub const ALPHABET: &str = "abcdefghijklmnopqrstuvwxyz";
/// What lets a part be kept.
pub const TAGGED: [(&str, &str); 3] =
    [("Cache-Control", "max-age=60"), ("ETag", "\"1\""), ("Date", "Sat, 21 Nov 2026 12:00:00 GMT")];

pub type Line<'a> = (&'a str, &'a str);

pub fn fields(lines: &[Line<'_>]) -> HeaderMap {
    let line = |(name, value): &Line<'_>| {
        (HeaderName::from_bytes(name.as_bytes()).unwrap(), HeaderValue::from_str(value).unwrap())
    };
    lines.iter().map(line).collect()
}

pub fn lines(fields: &HeaderMap) -> Vec<String> {
    fields.iter().map(|(name, value)| format!("{name}: {}", String::from_utf8_lossy(value.as_bytes()))).collect()
}

pub fn request(method: &str, lines: &[Line<'_>]) -> request::Parts {
    let (mut parts, ()) = http::Request::builder()
        .method(method)
        .uri("http://a.example/")
        .version(Version::HTTP_2)
        .body(())
        .unwrap()
        .into_parts();
    parts.headers = fields(lines);
    parts
}

pub fn response(status: u16, lines: &[Line<'_>]) -> response::Parts {
    let (mut parts, ()) = http::Response::builder().status(status).body(()).unwrap().into_parts();
    parts.headers = fields(lines);
    parts
}

/// A response that came in answer to GET, and how it ended.
pub struct Came {
    pub request: request::Parts,
    pub response: response::Parts,
    pub content: Vec<Bytes>,
    pub trailers: Option<HeaderMap>,
    pub end: End,
}

impl Came {
    pub fn new(status: u16, lines: &[Line<'_>], content: &str) -> Came {
        let content = vec![Bytes::copy_from_slice(content.as_bytes())];
        Came {
            request: request("GET", &[]),
            response: response(status, lines),
            content,
            trailers: None,
            end: End::Clean,
        }
    }

    pub fn broken(self) -> Came {
        Came { end: End::Broken, ..self }
    }

    pub fn asked(self, method: &str, lines: &[Line<'_>]) -> Came {
        Came { request: request(method, lines), ..self }
    }

    pub fn trailed(self, lines: &[Line<'_>]) -> Came {
        Came { trailers: Some(fields(lines)), ..self }
    }

    pub fn received(&self) -> Received<'_> {
        let Came { response, content, trailers, end, .. } = self;
        Received { response, content, trailers: trailers.as_ref(), end: *end }
    }

    pub fn stored(&self) -> Result<Stored, Rule> {
        self.stored_by(&Config::default())
    }

    pub fn stored_by(&self, config: &Config) -> Result<Stored, Rule> {
        self.variant_by(config).map(|variant| variant.stored)
    }

    pub fn variant_by(&self, config: &Config) -> Result<Variant, Rule> {
        sent(&self.request, |sent| Variant::of(&self.received(), sent, &key(), &EXCHANGE, config))
    }

    /// Puts it to what is stored.
    pub fn put_to(&self, stored: &Stored, exchange: &Exchange, config: &Config) -> Joined {
        sent(&self.request, |sent| variant(stored.clone()).with(&self.received(), sent, &key(), exchange, config))
    }
}

/// One that every request selects.
pub fn variant(stored: Stored) -> Variant {
    Variant { selecting: Selecting::default(), stored, tags: Tags::NONE }
}

/// What its origin gets of a request.
pub fn sent<T>(request: &request::Parts, use_of: impl FnOnce(&Sent<'_>) -> T) -> T {
    let config = Config::default();
    let target = Target::of(request, Scheme::Http, &config).unwrap();
    use_of(&Sent::of(request, &target, &config))
}

pub fn key() -> CacheKey {
    sent(&request("GET", &[]), |sent| {
        let parts = KeyParts { asked: AskedBy::Get, sent, content: Content::Absent, audience: None };
        CacheKey::of(&parts, &Config::default()).unwrap()
    })
}

/// A whole response with the alphabet.
pub fn alphabet(more: &[Line<'_>]) -> Stored {
    Came::new(200, &[&TAGGED[..], more].concat(), ALPHABET).stored().unwrap()
}

/// A part of the alphabet that came, as its Content-Range has it.
pub fn part(range: &str, text: &str, more: &[Line<'_>]) -> Came {
    Came::new(206, &[&TAGGED[..], &[("Content-Range", range)], more].concat(), text)
}

/// Some of the letters, stored.
pub fn letters(start: usize, end: usize) -> Stored {
    part(&format!("bytes {start}-{}/26", end - 1), &ALPHABET[start..end], &[]).stored().unwrap()
}

/// What a request gets of it.
pub fn answer(stored: &Stored, request: &request::Parts, now: Timestamp) -> Answer {
    let config = Config::default();
    stored.answer(&request.headers, &Asked::of(request, &config), now, 0xabc, &config)
}
