//! A response that has come (RFC 9111, section 3.3).

use bytes::Bytes;
use http::{HeaderMap, response};

/// A response with what came of its content.
#[derive(Clone, Copy, Debug)]
pub struct Received<'a> {
    /// Its head.
    pub response: &'a response::Parts,
    /// What came of its content, in the pieces in which it came.
    pub content: &'a [Bytes],
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
