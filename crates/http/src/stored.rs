//! A stored response (RFC 9111, sections 3.1, 3.3 and 3.4).

use http::header::{AGE, CONTENT_LENGTH, DATE, IF_RANGE};
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, response};

use freshen_core::Timestamp;

use crate::body::Body;
use crate::config::Config;
use crate::date::{date_of, format_date};
use crate::entity_tag::share_strong_tag;
use crate::exchange::Exchange;
use crate::fields::{FIELDS_MOST, Kept, OF_THE_MESSAGE, updated, without};
use crate::received::Received;
use crate::rule::Rule;
use crate::storing::Storing;
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
    /// Keeps what came, under the terms that [`Storing`] gave.
    ///
    /// # Errors
    /// The rule by which it is not stored after all: its content did not come as it should have, or it has too many fields.
    pub fn of(received: &Received<'_>, terms: Terms, config: &Config) -> Result<Stored, Rule> {
        let body = received.body()?;
        let Received { request, response, trailers, .. } = *received;
        // RFC 9110, section 15.3.7: such a part comes without the fields that its client has.
        if response.status == StatusCode::PARTIAL_CONTENT && request.headers.contains_key(IF_RANGE) {
            return Err(Rule::FieldsLeftOut);
        }
        let kept = Kept::of(&response.headers, config);
        let headers = kept_headers(&kept, response, terms.answered_at)?;
        if response.status == StatusCode::PARTIAL_CONTENT || !body.is_complete() {
            return Stored::in_parts(headers, terms, body);
        }
        within_bound(trailers.map_or(0, HeaderMap::len))?;
        let trailers = trailers.map(|trailers| kept.trailers(trailers)).unwrap_or_default();
        Ok(Stored { status: response.status, trailers, terms: terms.described_by(&headers), headers, body })
    }

    /// Puts a part that came together with what is stored, where both have the same strong entity tag (RFC 9111, section 3.4;
    /// RFC 9110, section 15.3.7.3). The fields that came take the place of those that are stored. The terms are those of the
    /// result.
    ///
    /// # Errors
    /// The rule by which they are not one, or may not be stored as one. By [`Rule::TooManyParts`], and by [`Rule::RequestNoStore`],
    /// [`Rule::Authorization`], [`Rule::Personal`] and [`Rule::SetCookie`], which are about this client alone, what is stored stays.
    /// By any other it is not to be used again: it is of another version, or its origin takes it back.
    pub fn with(&self, received: &Received<'_>, exchange: &Exchange, config: &Config) -> Result<Stored, Rule> {
        let body = received.body()?;
        let Received { request, response, .. } = *received;
        if !share_strong_tag(&self.headers, &response.headers) {
            return Err(Rule::PartsDiffer);
        }
        let body = self.body.join(&body)?;
        let newer = kept_headers(&Kept::of(&response.headers, config), response, exchange.answered_at)?;
        let headers = match response.status {
            StatusCode::PARTIAL_CONTENT => updated(&self.headers, &newer),
            // RFC 9110, section 15.3.7.3: those of an incomplete 200 replace all.
            _ => newer,
        };
        // What directives say of fields now, they say of those that were stored before as well.
        let headers = Kept::of(&headers, config).headers(&headers);
        within_bound(headers.len())?;
        match Storing::of(request, &as_told(&headers, response)?, exchange, config) {
            Storing::Store(terms, _) => Stored::in_parts(headers, terms, body),
            Storing::Pass(rule) => Err(rule),
        }
    }

    /// One whose content came in parts. What its head says of content is about one of them.
    fn in_parts(headers: HeaderMap, terms: Terms, body: Body) -> Result<Stored, Rule> {
        let mut headers = without(&headers, &OF_THE_MESSAGE);
        if let Some(length) = body.length().filter(|_| body.is_complete()) {
            insert(&mut headers, CONTENT_LENGTH, length.into())?;
        }
        let terms = terms.described_by(&headers);
        Ok(Stored { status: StatusCode::OK, headers, trailers: HeaderMap::new(), terms, body })
    }
}

/// The fields that are kept of a response, with a Date: one that has none that can be read gets that of its receipt
/// (RFC 9110, section 6.6.1).
fn kept_headers(kept: &Kept<'_>, response: &response::Parts, came_at: Timestamp) -> Result<HeaderMap, Rule> {
    within_bound(response.headers.len())?;
    let mut headers = kept.headers(&response.headers);
    if date_of(&headers, &DATE, came_at).is_none() {
        let date = HeaderValue::try_from(format_date(came_at)).expect("words and digits are a value");
        insert(&mut headers, DATE, date)?;
    }
    Ok(headers)
}

/// What is judged of two responses that are put together: the fields of the result, and the Age that came, which is not kept.
fn as_told(headers: &HeaderMap, came: &response::Parts) -> Result<response::Parts, Rule> {
    let (mut told, ()) = Response::new(()).into_parts();
    told.headers = headers.clone();
    if let Some(age) = came.headers.get(AGE) {
        insert(&mut told.headers, AGE, age.clone())?;
    }
    Ok(told)
}

fn insert(headers: &mut HeaderMap, name: HeaderName, value: HeaderValue) -> Result<(), Rule> {
    headers.try_insert(name, value).map_err(|_| Rule::TooManyFields)?;
    within_bound(headers.len())
}

fn within_bound(fields: usize) -> Result<(), Rule> {
    if fields > FIELDS_MOST { Err(Rule::TooManyFields) } else { Ok(()) }
}
