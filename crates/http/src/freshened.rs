//! A stored response, updated by the fields of one that says it is still current (RFC 9111, sections 3.2, 4.3.4 and 4.3.5).

use http::header::{AGE, DATE};
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode, request};

use crate::config::Config;
use crate::date::format_date;
use crate::exchange::Exchange;
use crate::fields::{FIELDS_MOST, Kept, updated};
use crate::hop_by_hop::HopByHop;
use crate::rule::Rule;
use crate::storing::Storing;
use crate::terms::Terms;

/// Most bytes of names and values after an update. Without a bound, an origin that names new fields each time would make what is
/// stored grow for ever; so would it without [`FIELDS_MOST`].
pub const UPDATED_BYTES_MOST: usize = 256 << 10;

/// What becomes of a stored response that its origin has called current.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Freshened {
    /// It is stored with these fields, under these terms, and served. They lack what is [never kept](crate::Stored) of a response,
    /// so an update brings no cookie and no private field in that the first response could not have brought. By what it is
    /// [selected](crate::Selecting) is read anew, from the request and these fields: the update may have another Vary.
    Stored {
        /// Its fields.
        headers: HeaderMap,
        /// Its terms from now on.
        terms: Terms,
        /// The rule that allows it to be stored.
        rule: Rule,
    },
    /// It is served with these fields to whoever asked, and to nobody else; what is stored stays as it was. The update is for one
    /// client: it was authorized, wanted nothing stored, or is given a cookie.
    Once {
        /// Its fields.
        headers: HeaderMap,
        /// The rule that forbids to store the update.
        rule: Rule,
    },
    /// It is served with these fields to whoever asked, and is not stored any more.
    Last {
        /// Its fields.
        headers: HeaderMap,
        /// The rule that forbids to store it.
        rule: Rule,
    },
    /// The update makes it too large: it is fetched anew, without conditions.
    Fetch(Rule),
}

impl Freshened {
    /// Updates a stored response by the fields of a 304, or of a response to HEAD, and judges the result as if it had just come
    /// in answer to this request.
    pub fn of(
        request: &request::Parts,
        stored: (StatusCode, &HeaderMap),
        update: &HeaderMap,
        exchange: &Exchange,
        config: &Config,
    ) -> Freshened {
        let Some(headers) = told(stored.1, update, exchange) else {
            return Freshened::Fetch(Rule::UpdateTooLarge);
        };
        let (mut response, ()) = Response::new(()).into_parts();
        (response.status, response.headers) = (stored.0, headers);
        let mut request = request.clone();
        if request.method == Method::HEAD {
            // What it freshens is a response to GET (RFC 9111, section 4.3.5).
            request.method = Method::GET;
        }
        let storing = Storing::of(&request, &response, exchange, config);
        let headers = response.headers;
        match storing {
            Storing::Store(terms, rule) => {
                let headers = Kept::of(&headers, config).headers(&headers);
                Freshened::Stored { terms: terms.described_by(&headers), headers, rule }
            }
            Storing::Pass(rule) if is_of_the_request(rule) => Freshened::Once { headers, rule },
            Storing::Pass(rule) => Freshened::Last { headers, rule },
        }
    }
}

/// Whether a rule forbids to store what this client gets, and says nothing of what others were given before.
fn is_of_the_request(rule: Rule) -> bool {
    matches!(rule, Rule::RequestNoStore | Rule::Authorization | Rule::SetCookie)
}

/// What the two say together: the stored fields, each replaced that the update has as well, and added what is new in it. `None`:
/// that is too much.
fn told(stored: &HeaderMap, update: &HeaderMap, exchange: &Exchange) -> Option<HeaderMap> {
    if stored.len().max(update.len()) > FIELDS_MOST {
        return None;
    }
    let mut stored = stored.clone();
    // Its age and date are those of the update, be they said or not (RFC 9111, section 4.2.3; RFC 9110, section 6.6.1).
    stored.remove(AGE);
    let now = format_date(exchange.answered_at);
    stored.insert(DATE, HeaderValue::from_str(&now).expect("a date is written in ASCII"));
    let headers = updated(&stored, &HopByHop::of(update).without(update));
    let bytes: usize = headers.iter().map(|(name, line)| name.as_str().len() + line.len()).sum();
    (headers.len() <= FIELDS_MOST && bytes <= UPDATED_BYTES_MOST).then_some(headers)
}
