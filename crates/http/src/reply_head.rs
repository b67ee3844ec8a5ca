//! The header fields of what is made of a stored response (RFC 9111, sections 4 and 5.1; RFC 9110, sections 15.3.7 and 15.5.17).

use freshen_core::Timestamp;
use http::header::{
    AGE, CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, DATE, IF_RANGE, LAST_MODIFIED,
};
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::config::Config;
use crate::content_range::{ContentRange, unsatisfied};
use crate::date::format_date;
use crate::fields::{OF_THE_MESSAGE, without};
use crate::outgoing::strip_ours;
use crate::stored::Stored;

/// Makes the fields for a request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ReplyHead<'a> {
    pub stored: &'a Stored,
    pub request: &'a HeaderMap,
    pub now: Timestamp,
    pub config: &'a Config,
}

impl ReplyHead<'_> {
    /// Of the whole.
    pub fn whole(&self) -> HeaderMap {
        self.but_for(&[])
    }

    /// Of one part.
    pub fn part(&self, place: &ContentRange) -> HeaderMap {
        let mut headers = self.but_for(&self.left_out());
        headers.insert(CONTENT_RANGE, place.value());
        headers.insert(CONTENT_LENGTH, place.range.len().into());
        headers
    }

    /// Of several parts, written as one content of this type and length.
    pub fn parts(&self, media_type: HeaderValue, length_bytes: usize) -> HeaderMap {
        let mut headers = self.but_for(&self.left_out());
        headers.insert(CONTENT_TYPE, media_type);
        headers.insert(CONTENT_LENGTH, length_bytes.into());
        headers
    }

    /// RFC 9110, section 15.5.17: how long what is stored would have been.
    pub fn not_satisfiable(&self, length_bytes: u64) -> HeaderMap {
        let date = HeaderValue::try_from(format_date(self.now)).expect("words and digits are a value");
        let headers = [(CONTENT_RANGE, unsatisfied(length_bytes)), (CONTENT_LENGTH, 0.into()), (DATE, date)];
        headers.into_iter().collect()
    }

    /// What is about the content of the whole is left out of a part; and what describes the representation, for whoever named the
    /// version in If-Range, and so has it already (RFC 9110, section 15.3.7).
    fn left_out(&self) -> Vec<HeaderName> {
        const DESCRIBING: [HeaderName; 4] = [CONTENT_TYPE, CONTENT_ENCODING, CONTENT_LANGUAGE, LAST_MODIFIED];
        let has_fields = self.request.contains_key(IF_RANGE);
        [&OF_THE_MESSAGE[..], if has_fields { &DESCRIBING } else { &[] }].concat()
    }

    /// The stored fields but for some, with the age of this moment in whole seconds (RFC 9111, section 5.1).
    fn but_for(&self, left_out: &[HeaderName]) -> HeaderMap {
        let stored = &self.stored.headers;
        let mut headers = if left_out.is_empty() { stored.clone() } else { without(stored, left_out) };
        strip_ours(&mut headers, self.config);
        headers.insert(AGE, self.stored.terms.age(self.now).as_secs().into());
        headers
    }
}
