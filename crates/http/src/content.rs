//! The content of a request, as far as it makes a key: that of QUERY does (RFC 10008, section 2.7).

use std::borrow::Cow;
use std::fmt;

use http::header::{CONTENT_LENGTH, CONTENT_TYPE, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderValue, request};

use crate::config::Config;
use crate::members::trim;
use crate::request_directives::RequestDirectives;
use crate::rule::Rule;
use crate::target::put;

/// What is known of a request's content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// There is none.
    Absent,
    /// There is some, or there may be: nobody has read it.
    Unread,
    /// It was read.
    Hashed(ContentHash),
}

/// What identifies the content of a QUERY and what its fields say about it: their BLAKE3.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ContentHash([u8; 32]);

/// Hashes the content of a QUERY while it comes, up to the bound in [`Config`].
#[derive(Clone, Debug)]
pub struct ContentHasher {
    hasher: blake3::Hasher,
    left_bytes: usize,
}

impl Content {
    /// What the fields of a request say: no content only where its length is said to be 0, or nothing is said. A request of HTTP/2
    /// or HTTP/3 may have content all the same: whoever holds its body looks whether it has ended.
    pub fn declared(headers: &HeaderMap) -> Content {
        let mut lengths = headers.get_all(CONTENT_LENGTH).into_iter();
        let empty = lengths.all(|length| length == "0");
        if empty && !headers.contains_key(TRANSFER_ENCODING) { Content::Absent } else { Content::Unread }
    }
}

impl ContentHasher {
    /// Begins with what the fields of a QUERY say about its content: all whose names begin with `content-` but its length.
    ///
    /// # Errors
    /// The rule by which the request is not answered from the store: it is longer than [`Config`] allows.
    pub fn new(request: &request::Parts, config: &Config) -> Result<ContentHasher, Rule> {
        let mut hasher = ContentHasher { hasher: blake3::Hasher::new(), left_bytes: config.query_content_bytes_most };
        hasher.update(&metadata(request))?;
        Ok(hasher)
    }

    /// Goes on with a piece of the content.
    ///
    /// # Errors
    /// As [`new`](ContentHasher::new).
    pub fn update(&mut self, piece: &[u8]) -> Result<(), Rule> {
        self.left_bytes = self.left_bytes.checked_sub(piece.len()).ok_or(Rule::QueryContentTooLong)?;
        self.hasher.update(piece);
        Ok(())
    }

    /// Ends.
    pub fn finish(self) -> ContentHash {
        ContentHash(*self.hasher.finalize().as_bytes())
    }
}

impl ContentHash {
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Display for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&blake3::Hash::from_bytes(self.0).to_hex())
    }
}

impl fmt::Debug for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ContentHash({self})")
    }
}

/// The fields about the content, in an order of their own, each part behind its length and the whole behind its number: no
/// content can continue it.
fn metadata(request: &request::Parts) -> Vec<u8> {
    let keep = RequestDirectives::read(&request.headers).no_transform;
    let about = |name: &str| name.starts_with("content-") && name != CONTENT_LENGTH.as_str();
    let fields = request.headers.iter().filter(|(name, _)| about(name.as_str()));
    let mut fields: Vec<_> = fields.map(|(name, value)| (name.as_str(), value)).collect();
    // A stable sort: the lines of one field keep their order.
    fields.sort_by_key(|(name, _)| *name);
    let mut bytes = (fields.len() as u64).to_be_bytes().to_vec();
    for (name, value) in fields {
        put(&mut bytes, name.as_bytes());
        put(&mut bytes, &if name == CONTENT_TYPE && !keep { media_type(value) } else { value.as_bytes().into() });
    }
    bytes
}

/// A media type, its type and the names of its parameters in lower case, and without blanks around them (RFC 9110, section
/// 8.3.1). A quoted parameter might hold what separates parameters: such a type stays as it is. Nothing is changed in the content:
/// only its origin knows what means the same there.
fn media_type(value: &HeaderValue) -> Cow<'_, [u8]> {
    let text = value.as_bytes();
    if text.contains(&b'"') {
        return text.into();
    }
    let parts = text.split(|byte| *byte == b';').map(trim).map(|part| {
        let name = part.iter().position(|byte| *byte == b'=').unwrap_or(part.len());
        [part[..name].to_ascii_lowercase().as_slice(), &part[name..]].concat()
    });
    parts.collect::<Vec<_>>().join(&b';').into()
}
