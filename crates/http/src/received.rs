//! A response that has come, and how much of its representation came with it (RFC 9111, section 3.3; RFC 9110, section 8.6).

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, TRANSFER_ENCODING};
use http::{HeaderMap, Method, StatusCode, request, response};

use crate::body::Body;
use crate::byte_range::{POSITION_MOST, decimal};
use crate::content_range::ContentRange;
use crate::entity_tag::strong_tag;
use crate::rule::Rule;

/// A response with what came of its content.
#[derive(Clone, Copy, Debug)]
pub struct Received<'a> {
    /// The request that it answers.
    pub request: &'a request::Parts,
    /// Its head.
    pub response: &'a response::Parts,
    /// What came of its content.
    pub content: &'a Bytes,
    /// Its trailers, where it had some.
    pub trailers: Option<&'a HeaderMap>,
    /// How the content ended.
    pub end: End,
}

/// How the content of a message ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// As its framing foresees.
    Clean,
    /// The connection was lost, or the sender gave up.
    Broken,
}

impl Received<'_> {
    /// What came of the representation.
    ///
    /// # Errors
    /// The rule by which it is not stored: what came is not complete and nothing allows to keep a part, which part came cannot
    /// be told, or what the head says of the length contradicts itself or what came.
    pub fn body(&self) -> Result<Body, Rule> {
        match self.response.status {
            StatusCode::PARTIAL_CONTENT => self.part(),
            _ => self.prefix(),
        }
    }

    /// RFC 9112, section 8: with a length, all of it has to be there; without one, the end has to be clean.
    fn prefix(&self) -> Result<Body, Rule> {
        let said = content_length(&self.response.headers)?;
        let complete = match said {
            Some(length) if self.came() > length => return Err(Rule::LengthContradicts),
            Some(length) => self.came() == length,
            None => self.end == End::Clean,
        };
        match complete {
            true => Ok(Body::complete(self.content.clone())),
            false if self.response.status == StatusCode::OK => self.kept(0, said),
            false => Err(Rule::Incomplete),
        }
    }

    fn part(&self) -> Result<Body, Rule> {
        let ContentRange { range, length } =
            ContentRange::read(&self.response.headers).ok_or(Rule::PartNotUnderstood)?;
        let said = content_length(&self.response.headers)?;
        let short = said.is_none() && self.end == End::Clean && self.came() < range.len();
        if said.is_some_and(|said| said != range.len()) || self.came() > range.len() || short {
            return Err(Rule::LengthContradicts);
        }
        self.kept(range.start(), length)
    }

    /// Parts are kept of responses to GET, and where a strong validator tells what they are parts of.
    fn kept(&self, start: u64, length: Option<u64>) -> Result<Body, Rule> {
        if self.request.method != Method::GET {
            return Err(Rule::Incomplete);
        }
        strong_tag(&self.response.headers).ok_or(Rule::PartialWithoutValidator)?;
        Body::part(start, self.content.clone(), length).ok_or(Rule::Incomplete)
    }

    fn came(&self) -> u64 {
        self.content.len() as u64
    }
}

/// What a message says of the length of its content. To be there twice, even with the same value, or beside Transfer-Encoding,
/// is to contradict itself: somebody on the way may have read another (RFC 9110, section 8.6; RFC 9112, section 6.3).
fn content_length(headers: &HeaderMap) -> Result<Option<u64>, Rule> {
    let mut all = headers.get_all(CONTENT_LENGTH).into_iter();
    match (all.next(), all.next()) {
        (None, _) => Ok(None),
        (Some(said), None) if !headers.contains_key(TRANSFER_ENCODING) => {
            let said = decimal(said.as_bytes()).filter(|length| *length < POSITION_MOST);
            said.map(Some).ok_or(Rule::LengthContradicts)
        }
        _ => Err(Rule::LengthContradicts),
    }
}
