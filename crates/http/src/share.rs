//! How much of a stored response a request gets (RFC 9110, section 14.2; RFC 9111, section 3.3).

use freshen_core::Timestamp;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, IF_RANGE, RANGE};
use http::{HeaderMap, HeaderValue, StatusCode};

use crate::asked::{Asked, AskedBy};
use crate::body::Body;
use crate::byte_range::{ByteRange, POSITION_MOST};
use crate::conditions::unconditional;
use crate::entity_tag::strong_tag;
use crate::if_range::if_range;
use crate::range::{RangeSpec, Ranges};
use crate::rule::Rule;
use crate::sent::Sent;
use crate::stored::Stored;
use crate::validators::Validators;

/// What is written around one of several parts, its media type aside.
const PART_HEAD_BYTES: u64 = 120;

/// How many bytes that are there, or that nobody asked for, may lie between those that are fetched in one range.
const BRIDGED_BYTES_MOST: u64 = 64 << 10;

/// How much of what is stored a request gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Share {
    Whole,
    Part(ByteRange),
    Parts(Vec<ByteRange>),
    /// Nothing is there of what it asks for; so long is what is stored.
    Nothing(u64),
    /// Something of it is not stored.
    Missing(Missing),
    /// Something of it is not stored, and to fetch that would not help: it is HEAD, which gets no content, or what is missing lies
    /// too far apart for one range.
    TooFar,
}

/// What has to be fetched before a request can be answered from what is stored: [`Variant::with`](crate::Variant::with) puts what
/// comes together with that, unless it is a whole response, which takes its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Missing {
    /// A part.
    Part {
        /// Which.
        range: HeaderValue,
        /// What it has to be a part of; else the whole comes.
        if_range: HeaderValue,
    },
    /// All of it: nothing tells what is stored from other versions.
    Whole,
}

impl Missing {
    /// The request that fetches it for a client. Its own conditions are left out, as is its Range: what comes is for the cache.
    pub fn request<'a>(&self, client: &Sent<'a>) -> Sent<'a> {
        let mut headers = unconditional(client);
        if let Missing::Part { range, if_range } = self {
            headers.insert(RANGE, range.clone());
            headers.insert(IF_RANGE, if_range.clone());
        }
        client.with_headers(headers)
    }
}

impl Share {
    /// Decides, and tells by which rule, where it is another than that the request asks for the whole.
    pub fn of(request: &HeaderMap, asked: &Asked, stored: &Stored, now: Timestamp) -> (Share, Option<Rule>) {
        let case = Case { stored, body: &stored.body, method: asked.method };
        match asked_for(request, asked, stored, stored.body.length(), now) {
            Ok(Some(ranges)) => case.ranges(&ranges),
            Ok(None) => case.whole(None),
            Err(rule) => case.whole(Some(rule)),
        }
    }
}

/// The parts that count of a response whose content has this length; `Ok(None)`: none are asked for. `Err`: the rule by which they
/// do not count.
pub(crate) fn asked_for(
    request: &HeaderMap,
    asked: &Asked,
    stored: &Stored,
    length_bytes: Option<u64>,
    now: Timestamp,
) -> Result<Option<Ranges>, Rule> {
    if !asked.ranged {
        return Ok(None);
    }
    // RFC 9110, section 14.2: other methods know no ranges; QUERY has those of GET. They count only where the answer would be a
    // 200, and need not where there is no content.
    let ranged = matches!(asked.method, AskedBy::Get | AskedBy::Query);
    if !ranged || stored.status != StatusCode::OK || length_bytes == Some(0) {
        return Err(Rule::RangeIgnored);
    }
    if if_range(request, &Validators::of_stored(stored, now), now) == Some(false) {
        return Err(Rule::IfRange);
    }
    Ranges::read(request).map(Some)
}

struct Case<'a> {
    stored: &'a Stored,
    body: &'a Body,
    method: AskedBy,
}

impl Case<'_> {
    fn whole(&self, rule: Option<Rule>) -> (Share, Option<Rule>) {
        if self.body.is_complete() {
            return (Share::Whole, rule);
        }
        let share = match self.body.length() {
            _ if self.method == AskedBy::Head => Share::TooFar,
            Some(length) => self.gaps(&Vec::from_iter(ByteRange::new(0, length))).unwrap_or(Share::Whole),
            None => self.missing(self.behind(0)),
        };
        (share, Some(Rule::Incomplete))
    }

    fn ranges(&self, ranges: &Ranges) -> (Share, Option<Rule>) {
        match self.body.length() {
            Some(length) => self.of_length(ranges, length),
            None => self.of_no_length(ranges),
        }
    }

    fn of_length(&self, ranges: &Ranges, length: u64) -> (Share, Option<Rule>) {
        let parts = ranges.of_length(length);
        if let Some(missing) = self.gaps(&parts) {
            return (missing, Some(Rule::Incomplete));
        }
        match parts[..] {
            [] => (Share::Nothing(length), Some(Rule::RangeNotSatisfiable)),
            [part] => (Share::Part(part), Some(Rule::Range)),
            // With a content coding of the parts, that of their envelope would be anybody's guess.
            _ if self.stored.headers.contains_key(CONTENT_ENCODING) => self.whole(Some(Rule::RangeIgnored)),
            _ if self.body.is_complete() && self.in_parts(&parts) >= length => self.whole(Some(Rule::RangeExcessive)),
            _ => (Share::Parts(parts), Some(Rule::Range)),
        }
    }

    /// How long an answer in parts would be, about.
    fn in_parts(&self, parts: &[ByteRange]) -> u64 {
        let media_type = self.stored.headers.get(CONTENT_TYPE).map_or(0, HeaderValue::len) as u64;
        parts.iter().map(|part| part.len() + media_type + PART_HEAD_BYTES).sum()
    }

    /// What is missing of some parts is fetched in one range; `None`: nothing is.
    fn gaps(&self, parts: &[ByteRange]) -> Option<Share> {
        let hull = parts.iter().filter_map(|part| self.body.gap(*part)).reduce(ByteRange::hull)?;
        let lacking: u64 = parts.iter().map(|part| self.body.lacking(*part)).sum();
        let too_far = hull.len() - lacking > lacking.max(BRIDGED_BYTES_MOST);
        Some(if too_far { Share::TooFar } else { self.missing(Some(RangeSpec::Between(hull))) })
    }

    /// Nobody knows how long the whole is: one part is served if all of it is there, and fetched else. Several are too much to
    /// ask for.
    fn of_no_length(&self, ranges: &Ranges) -> (Share, Option<Rule>) {
        let missing = match ranges.as_slice() {
            [RangeSpec::Between(range)] => match self.gaps(&[*range]) {
                None => return (Share::Part(*range), Some(Rule::Range)),
                Some(share) => share,
            },
            [RangeSpec::From(start)] => self.missing(self.behind(*start)),
            [last @ RangeSpec::Last(_)] => self.missing(Some(*last)),
            _ => return self.whole(None),
        };
        (missing, Some(Rule::Incomplete))
    }

    /// What is not there from a position to an end that is not known.
    fn behind(&self, start: u64) -> Option<RangeSpec> {
        let gap = self.body.gap(ByteRange::new(start, POSITION_MOST)?)?;
        Some(RangeSpec::From(gap.start()))
    }

    fn missing(&self, spec: Option<RangeSpec>) -> Share {
        let tag = strong_tag(&self.stored.headers);
        Share::Missing(match spec.zip(tag) {
            Some((spec, tag)) => {
                let tag = HeaderValue::from_bytes(tag.as_bytes()).expect("what came in a field can stand in one");
                Missing::Part { range: written(spec), if_range: tag }
            }
            None => Missing::Whole,
        })
    }
}

/// A part as a request asks for it.
fn written(spec: RangeSpec) -> HeaderValue {
    let text = match spec {
        RangeSpec::Between(range) => format!("bytes={}-{}", range.start(), range.end() - 1),
        RangeSpec::From(start) => format!("bytes={start}-"),
        RangeSpec::Last(count) => format!("bytes=-{count}"),
    };
    HeaderValue::try_from(text).expect("words and digits are a value")
}
