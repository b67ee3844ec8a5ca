//! How much of its representation a response has (RFC 9111, section 3.3; RFC 9110, sections 8.6 and 14.4; RFC 9112, section 8).

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, TRANSFER_ENCODING};
use http::{HeaderMap, Method, StatusCode, response};

use crate::body::Body;
use crate::byte_range::{POSITION_MOST, decimal};
use crate::content_range::ContentRange;
use crate::entity_tag::strong_tag;
use crate::received::End;
use crate::rule::Rule;

/// What the head of a response says of its content.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Framing {
    /// The part that it has; `None`: the whole.
    part: Option<ContentRange>,
    /// How long it is, where that is said.
    length: Option<u64>,
    /// The rule by which only all of its content is kept, if there is one.
    only_whole: Option<Rule>,
}

impl Framing {
    /// Reads it.
    ///
    /// # Errors
    /// The rule by which nothing of the content is stored: it contradicts itself, which part it is cannot be told, or it is one that
    /// may not be kept, or there is none.
    pub fn of(method: &Method, response: &response::Parts) -> Result<Framing, Rule> {
        if method == Method::HEAD {
            return Err(Rule::MethodNotStored);
        }
        let length = content_length(&response.headers)?;
        let only_whole = only_whole(method, response);
        if response.status != StatusCode::PARTIAL_CONTENT {
            return Ok(Framing { part: None, length, only_whole });
        }
        let part = ContentRange::read(&response.headers).ok_or(Rule::PartNotUnderstood)?;
        match only_whole {
            _ if length.is_some_and(|length| length != part.range.len()) => Err(Rule::LengthContradicts),
            Some(rule) => Err(rule),
            None => Ok(Framing { part: Some(part), length, only_whole }),
        }
    }

    /// How long the content is, where that is said.
    pub fn length_bytes(&self) -> Option<u64> {
        self.length
    }

    /// Whether so much content may come.
    ///
    /// # Errors
    /// [`Rule::LengthContradicts`]: it is more than the head says.
    pub fn admits(&self, came_bytes: u64) -> Result<(), Rule> {
        let most = self.part.map(|part| part.range.len()).or(self.length);
        if most.is_some_and(|most| came_bytes > most) { Err(Rule::LengthContradicts) } else { Ok(()) }
    }

    /// What came of the representation.
    ///
    /// # Errors
    /// The rule by which it is not stored: it contradicts what the head says, or is not complete and no part of it may be kept.
    pub fn body(&self, content: &[Bytes], end: End) -> Result<Body, Rule> {
        let came = content.iter().map(|piece| piece.len() as u64).sum();
        self.admits(came)?;
        let complete = match self.length {
            Some(length) => came == length,
            None => end == End::Clean,
        };
        match self.part {
            Some(part) if self.length.is_none() && complete && came < part.range.len() => Err(Rule::LengthContradicts),
            Some(part) => Body::part(part.range.start(), content, part.length).ok_or(Rule::Incomplete),
            None if complete => Ok(Body::complete(content)),
            None => self.prefix(content),
        }
    }

    fn prefix(&self, content: &[Bytes]) -> Result<Body, Rule> {
        match self.only_whole {
            Some(rule) => Err(rule),
            None => Body::part(0, content, self.length).ok_or(Rule::Incomplete),
        }
    }
}

/// Parts are kept of a 200 or a 206 to GET, and where a strong validator tells what they are parts of.
fn only_whole(method: &Method, response: &response::Parts) -> Option<Rule> {
    let in_parts = [StatusCode::OK, StatusCode::PARTIAL_CONTENT].contains(&response.status);
    match strong_tag(&response.headers) {
        _ if method != Method::GET || !in_parts => Some(Rule::Incomplete),
        None => Some(Rule::PartialWithoutValidator),
        Some(_) => None,
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
