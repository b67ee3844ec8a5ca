//! The content of a request, as far as it makes a key: that of QUERY does (RFC 10008, section 2.7).

use std::fmt;

use http::header::{CONTENT_LENGTH, TRANSFER_ENCODING};
use http::{HeaderMap, request};
use serde::{Deserialize, Serialize};

use crate::config::Config;
use crate::digest::Digest;
use crate::mark::put;
use crate::rule::Rule;

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
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ContentHash(Digest);

/// Hashes the content of a QUERY while it comes, up to the bound in [`Config`].
#[derive(Clone, Debug)]
pub struct ContentHasher {
    hasher: blake3::Hasher,
    left_bytes: usize,
}

impl Content {
    /// That of a request with these fields whose body has ended before anything came of it, or has not. There is none only where
    /// both say so: a request of HTTP/2 or HTTP/3 need not declare what it has (RFC 9113, section 8.1).
    pub fn of(headers: &HeaderMap, has_ended: bool) -> Content {
        let mut lengths = headers.get_all(CONTENT_LENGTH).into_iter();
        let declared = headers.contains_key(TRANSFER_ENCODING) || lengths.any(|length| length != "0");
        if has_ended && !declared { Content::Absent } else { Content::Unread }
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
        ContentHash(self.hasher.finalize().into())
    }
}

impl ContentHash {
    pub(crate) fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }
}

impl fmt::Display for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ContentHash({self})")
    }
}

/// The fields about the content, in an order of their own, each part behind its length and the whole behind its number: no
/// content can continue it. Nothing is normalised: the origin gets the fields as they are, and may answer by how they are written.
fn metadata(request: &request::Parts) -> Vec<u8> {
    let about = |name: &str| name.starts_with("content-") && name != CONTENT_LENGTH.as_str();
    let fields = request.headers.iter().filter(|(name, _)| about(name.as_str()));
    let mut fields: Vec<_> = fields.map(|(name, value)| (name.as_str(), value)).collect();
    // A stable sort: the lines of one field keep their order.
    fields.sort_by_key(|(name, _)| *name);
    let mut bytes = (fields.len() as u64).to_be_bytes().to_vec();
    for (name, value) in fields {
        put(&mut bytes, name.as_bytes());
        put(&mut bytes, value.as_bytes());
    }
    bytes
}
