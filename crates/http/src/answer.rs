//! What a request gets of a stored response that may be served (RFC 9111, sections 3.3, 4, 4.3.2 and 5.1; RFC 9110, sections 13,
//! 14, 15.3.7 and 15.5.17).

use bytes::Bytes;
use freshen_core::Timestamp;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, StatusCode};

use crate::asked::{Asked, AskedBy};
use crate::byte_range::ByteRange;
use crate::conditions::{has_it, not_modified};
use crate::config::Config;
use crate::content_range::ContentRange;
use crate::multipart::Multipart;
use crate::reply_head::ReplyHead;
use crate::rule::Rule;
use crate::share::{Missing, Share};
use crate::stored::Stored;

/// What a request gets of what is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// A 304 with these fields: it has the response already.
    NotModified(HeaderMap, Rule),
    /// This.
    Serve(Served, Rule),
    /// Nothing yet: not all of it is there (RFC 9111, section 3.3). Ask for the rest once, and for the whole if it is still not
    /// all: an origin need not send what it was asked for.
    Fetch(Missing, Rule),
    /// Nothing of this: the request goes to the origin as it is.
    Pass(Rule),
    /// A 504: not all of it is there, and the request wants nothing to be fetched (RFC 9111, section 5.2.1.7).
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
    /// What a request with these fields gets, after it was judged that this may be served. Its conditions are held against what
    /// is stored, but for those that are [for the origin](crate::is_for_origin). `boundary` separates several parts: take it by
    /// chance, so that no content can hold it on purpose.
    pub fn answer(
        &self,
        request: &HeaderMap,
        asked: &Asked,
        now: Timestamp,
        boundary: u128,
        config: &Config,
    ) -> Answer {
        if let Some(rule) = asked.passes() {
            return Answer::Pass(rule);
        }
        let (share, of_range) = Share::of(request, asked, self, now);
        match share {
            Share::Missing(_) | Share::TooFar if asked.directives.only_if_cached => {
                return Answer::Refuse(Rule::OnlyIfCached);
            }
            Share::Missing(missing) => return Answer::Fetch(missing, Rule::Incomplete),
            Share::TooFar => return Answer::Pass(Rule::Incomplete),
            _ => {}
        }
        let rule = match has_it(request, asked, self, now) {
            Ok(rule) => return Answer::NotModified(not_modified(self, now), rule),
            Err(rule) => of_range.unwrap_or(rule),
        };
        let reply = Reply { stored: self, head: ReplyHead { stored: self, request, now, config }, boundary };
        let mut served = reply.with(&share);
        if asked.method == AskedBy::Head {
            served.content.clear();
            served.trailers.clear();
        }
        Answer::Serve(served, rule)
    }

    /// Whether all is there that a request asks for, so that it can be answered with this.
    pub(crate) fn suffices(&self, request: &HeaderMap, asked: &Asked, now: Timestamp) -> bool {
        !matches!(Share::of(request, asked, self, now).0, Share::Missing(_) | Share::TooFar)
    }
}

/// A response in the making.
struct Reply<'a> {
    stored: &'a Stored,
    head: ReplyHead<'a>,
    boundary: u128,
}

impl Reply<'_> {
    fn with(&self, share: &Share) -> Served {
        match share {
            Share::Part(range) => partial(self.head.part(&self.place(*range)), self.there(*range)),
            Share::Parts(ranges) => self.parts(ranges),
            Share::Nothing(length) => self.not_satisfiable(*length),
            Share::Whole | Share::Missing(_) | Share::TooFar => self.whole(),
        }
    }

    /// All of it, as it was stored. Date and Expires stay what they were.
    fn whole(&self) -> Served {
        let Stored { status, body, trailers, .. } = self.stored;
        let content = body.pieces().map(|(_, bytes)| bytes.clone()).collect();
        Served { status: *status, headers: self.head.whole(), content, trailers: trailers.clone() }
    }

    fn parts(&self, ranges: &[ByteRange]) -> Served {
        let media_type = self.stored.headers.get(CONTENT_TYPE);
        let mut multipart = Multipart::new(self.boundary);
        for range in ranges {
            multipart.add(media_type, &self.place(*range), self.there(*range));
        }
        let media_type = multipart.media_type();
        let content = multipart.content();
        let length = content.iter().map(Bytes::len).sum();
        partial(self.head.parts(media_type, length), content)
    }

    fn not_satisfiable(&self, length: u64) -> Served {
        let (status, headers) = (StatusCode::RANGE_NOT_SATISFIABLE, self.head.not_satisfiable(length));
        Served { status, headers, content: Vec::new(), trailers: HeaderMap::new() }
    }

    fn place(&self, range: ByteRange) -> ContentRange {
        ContentRange { range, length: self.stored.body.length() }
    }

    fn there(&self, range: ByteRange) -> Vec<Bytes> {
        self.stored.body.slice(range).expect("a share is of what is there")
    }
}

/// Trailers are about the whole, and do not go with a part.
fn partial(headers: HeaderMap, content: Vec<Bytes>) -> Served {
    Served { status: StatusCode::PARTIAL_CONTENT, headers, content, trailers: HeaderMap::new() }
}
