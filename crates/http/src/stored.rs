//! A stored response (RFC 9111, sections 3.1, 3.3 and 3.4).

use http::header::CONTENT_LENGTH;
use http::{HeaderMap, StatusCode};

use crate::body::Body;
use crate::fields::{OF_THE_MESSAGE, all_detached, without};
use crate::terms::Terms;

/// What is kept of a response. Where only parts of its content are there, it is kept as an incomplete response with status 200
/// (RFC 9111, section 3.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Its status.
    pub status: StatusCode,
    /// Its header fields, in their order and with their repeats. Date is always there, Age never.
    pub headers: HeaderMap,
    /// Its trailer fields, which are never mixed with the header's.
    pub trailers: HeaderMap,
    /// Under which terms it is served.
    pub terms: Terms,
    /// Its content.
    pub body: Body,
}

impl Stored {
    /// The same in memory of its own.
    pub(crate) fn detached(self) -> Stored {
        let Stored { headers, trailers, body, .. } = self;
        let (headers, trailers) = (all_detached(headers), all_detached(trailers));
        Stored { headers, trailers, body: body.detached(), ..self }
    }

    /// One whose content came in parts. What its head says of content is about one of them.
    pub(crate) fn in_parts(headers: &HeaderMap, terms: Terms, body: Body) -> Stored {
        let mut headers = without(headers, &OF_THE_MESSAGE);
        if let Some(length) = body.length().filter(|_| body.is_complete()) {
            headers.insert(CONTENT_LENGTH, length.into());
        }
        Stored { status: StatusCode::OK, headers, trailers: HeaderMap::new(), terms, body }
    }
}
