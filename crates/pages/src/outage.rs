//! How the service behind failed, and whom that is about.

use std::time::Duration;

use freshen_core::Timestamp;
use freshen_http::{Failure, Inquiry, Rule, SECONDS_MOST, Stored, Variant, parse_date, stand_in};
use http::header::RETRY_AFTER;
use http::{HeaderValue, StatusCode, response};

use crate::error::PageError;
use crate::load::{Answered, Making};

/// How the service behind failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outage {
    pub(crate) failure: Failure,
    /// After how long it wants to be asked again, if it says so.
    pub(crate) retry_after: Option<Duration>,
}

impl Outage {
    /// By an answer.
    pub(crate) fn told(head: &response::Parts, now: Timestamp) -> Outage {
        let retry_after = head.headers.get(RETRY_AFTER).and_then(|said| span(said, now));
        let failure = match head.status {
            // It answers no question that was asked.
            StatusCode::NOT_MODIFIED => Failure::Truncated,
            status => Failure::Status(status),
        };
        Outage { failure, retry_after }
    }

    /// Whether it is about all who wait: the service does not answer, or the one before it says that (RFC 9110, sections 15.6.3 to
    /// 15.6.5). Any other error may be about one client's odd field.
    pub(crate) fn is_for_all(&self) -> bool {
        match self.failure {
            Failure::Unreachable | Failure::TimedOut => true,
            Failure::Status(status) => {
                [StatusCode::BAD_GATEWAY, StatusCode::SERVICE_UNAVAILABLE, StatusCode::GATEWAY_TIMEOUT]
                    .contains(&status)
            }
            Failure::Truncated => false,
        }
    }
}

impl From<Failure> for Outage {
    fn from(failure: Failure) -> Outage {
        Outage { failure, retry_after: None }
    }
}

impl Making<'_> {
    /// An error in the place of a page, which is not kept.
    pub(crate) fn refused(&self, inquiry: &Inquiry<'_>, answered: Answered, rule: Rule) -> PageError {
        let outage = Outage::told(&answered.head, self.cache.now());
        match outage.is_for_all() {
            true => self.hand_over(answered),
            false => self.alone(answered, rule),
        }
        self.failed(inquiry, outage)
    }

    /// After a failure the next attempts wait where the page stands in meanwhile. Elsewhere they do not: any failure may be what one
    /// client's odd field has brought about, and everybody else would get an error for it.
    pub(crate) fn failed(&self, inquiry: &Inquiry<'_>, outage: Outage) -> PageError {
        let config = &self.flight.fetch.settings.rules;
        let stands_in = |Variant { stored: Stored { terms, .. }, .. }: &Variant| {
            // Whether it was outdated by now, nobody knows here.
            terms.never_stale.is_none()
                && stand_in(terms, &inquiry.asked, outage.failure, self.cache.now(), config).is_ok()
        };
        let cools = self.previous.is_some_and(stands_in);
        PageError::Failed { outage, cools }
    }
}

/// Seconds, or a date (RFC 9110, section 10.2.3).
fn span(said: &HeaderValue, now: Timestamp) -> Option<Duration> {
    let text = said.to_str().ok()?;
    if text.is_empty() || text.bytes().any(|byte| !byte.is_ascii_digit()) {
        return parse_date(text.as_bytes(), now).map(|at| now.until(at));
    }
    // What does not fit is longer than any.
    let seconds: u64 = text.parse().unwrap_or(u64::MAX);
    Some(Duration::from_secs(seconds.min(SECONDS_MOST.into())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_says_by_seconds_or_by_a_date_after_how_long_it_wants_to_be_asked_again() {
        let now = Timestamp::ZERO + Duration::from_secs(784_111_777);
        let cases: [(&str, Option<u64>); 9] = [
            ("120", Some(120)),
            ("0", Some(0)),
            ("99999999999999999999999", Some(SECONDS_MOST.into())),
            ("Sun, 06 Nov 1994 08:50:37 GMT", Some(60)),
            ("Sun, 06 Nov 1994 08:48:37 GMT", Some(0)),
            ("", None),
            ("+1", None),
            ("-1", None),
            ("soon", None),
        ];
        for (said, seconds) in cases {
            let said = HeaderValue::from_static(said);
            assert_eq!(span(&said, now), seconds.map(Duration::from_secs), "{said:?}");
        }
    }
}
