//! What a request gets of a stored response that may be served (RFC 9111, sections 3.3, 4 and 5.1; RFC 9110, sections 14,
//! 15.3.7 and 15.5.17).

use bytes::Bytes;
use freshen_core::Timestamp;
use http::header::{
    AGE, CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, DATE, IF_RANGE, LAST_MODIFIED,
};
use http::{HeaderMap, HeaderValue, Method, StatusCode, request};

use crate::byte_range::ByteRange;
use crate::content_range::{ContentRange, unsatisfied};
use crate::date::format_date;
use crate::fields::without;
use crate::multipart::Multipart;
use crate::request_directives::RequestDirectives;
use crate::rule::Rule;
use crate::share::{Missing, Share};
use crate::stored::Stored;

/// What a request gets of what is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// This, by the rule, where the request asks for parts.
    Serve(Served, Option<Rule>),
    /// Nothing yet: not all of it is there (RFC 9111, section 3.3). Ask for the rest once, and for the whole if it is still not
    /// all: an origin need not send what it was asked for.
    Fetch(Missing, Rule),
    /// A 504, by this rule: not all of it is there, and the request wants nothing to be fetched (RFC 9111, section 5.2.1.7).
    Refuse(Rule),
}

/// A response that is made of a stored one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Served {
    /// Its status.
    pub status: StatusCode,
    /// Its header fields.
    pub headers: HeaderMap,
    /// Its content, in pieces that share the memory of what is stored.
    pub content: Vec<Bytes>,
    /// Its trailer fields.
    pub trailers: HeaderMap,
}

impl Stored {
    /// What a request gets, after it was judged that this may be served, and that no precondition of the request keeps it from
    /// being sent. `boundary` separates several parts: take it by chance, so that no content can hold it on purpose.
    pub fn answer(&self, request: &request::Parts, now: Timestamp, boundary: u128) -> Answer {
        let (share, rule) = Share::of(request, self, now);
        let mut served = match share {
            Share::Missing(_) if RequestDirectives::read(&request.headers).only_if_cached => {
                return Answer::Refuse(Rule::OnlyIfCached);
            }
            Share::Missing(missing) => return Answer::Fetch(missing, rule.unwrap_or(Rule::Incomplete)),
            Share::Nothing(length) => return Answer::Serve(not_satisfiable(length, now), rule),
            Share::Whole => self.whole(now),
            Share::Part(range) => self.part(request, range, now),
            Share::Parts(ranges) => self.parts(request, &ranges, now, boundary),
        };
        if request.method == Method::HEAD {
            served.content.clear();
            served.trailers.clear();
        }
        Answer::Serve(served, rule)
    }

    /// Whether all is there that a request asks for, so that it can be answered with this.
    pub fn suffices(&self, request: &request::Parts, now: Timestamp) -> bool {
        !matches!(Share::of(request, self, now).0, Share::Missing(_))
    }

    /// All of it, as it was stored, with its age. Date and Expires stay what they were.
    fn whole(&self, now: Timestamp) -> Served {
        let content = self.body.pieces().map(|(_, bytes)| bytes.clone()).collect();
        Served { status: self.status, headers: self.aged(&[], now), content, trailers: self.trailers.clone() }
    }

    fn part(&self, request: &request::Parts, range: ByteRange, now: Timestamp) -> Served {
        let mut headers = self.aged(left_out(request), now);
        let said = ContentRange { range, length: self.body.length() };
        headers.insert(CONTENT_RANGE, said.value());
        headers.insert(CONTENT_LENGTH, range.len().into());
        partial(headers, self.there(range))
    }

    fn parts(&self, request: &request::Parts, ranges: &[ByteRange], now: Timestamp, boundary: u128) -> Served {
        let media_type = self.headers.get(CONTENT_TYPE);
        let mut multipart = Multipart::new(boundary);
        for range in ranges {
            let said = ContentRange { range: *range, length: self.body.length() };
            multipart.add(media_type, &said, self.there(*range));
        }
        let mut headers = self.aged(left_out(request), now);
        headers.insert(CONTENT_TYPE, multipart.media_type());
        let content = multipart.content();
        let length: usize = content.iter().map(Bytes::len).sum();
        headers.insert(CONTENT_LENGTH, length.into());
        partial(headers, content)
    }

    fn there(&self, range: ByteRange) -> Vec<Bytes> {
        self.body.slice(range).expect("a share is of what is there")
    }

    /// The stored fields but for some, with the age of this moment in whole seconds (RFC 9111, section 5.1).
    fn aged(&self, left_out: &[http::HeaderName], now: Timestamp) -> HeaderMap {
        let mut headers = if left_out.is_empty() { self.headers.clone() } else { without(&self.headers, left_out) };
        headers.insert(AGE, self.terms.age(now).as_secs().into());
        headers
    }
}

/// What describes the representation is left out for whoever has it already: the request named this version in If-Range
/// (RFC 9110, section 15.3.7).
fn left_out(request: &request::Parts) -> &'static [http::HeaderName] {
    const DESCRIBING: &[http::HeaderName] = &[CONTENT_TYPE, CONTENT_ENCODING, CONTENT_LANGUAGE, LAST_MODIFIED];
    if request.headers.contains_key(IF_RANGE) { DESCRIBING } else { &[] }
}

/// Trailers are about the whole, and do not go with a part.
fn partial(headers: HeaderMap, content: Vec<Bytes>) -> Served {
    Served { status: StatusCode::PARTIAL_CONTENT, headers, content, trailers: HeaderMap::new() }
}

/// RFC 9110, section 15.5.17: how long what is stored would have been.
fn not_satisfiable(length: u64, now: Timestamp) -> Served {
    let date = HeaderValue::try_from(format_date(now)).expect("words and digits are a value");
    let headers = [(CONTENT_RANGE, unsatisfied(length)), (CONTENT_LENGTH, 0.into()), (DATE, date)];
    let headers = headers.into_iter().collect();
    Served { status: StatusCode::RANGE_NOT_SATISFIABLE, headers, content: Vec::new(), trailers: HeaderMap::new() }
}
