//! A stored response in the stead of an origin that fails (RFC 9111, sections 4.2.4 and 4.3.3; RFC 5861, section 4).

use std::time::Duration;

use freshen_core::Timestamp;
use http::StatusCode;

use crate::asked::Asked;
use crate::config::{Config, Grace};
use crate::request_directives::RequestDirectives;
use crate::rule::Rule;
use crate::status::is_origin_failure;
use crate::terms::{Stage, Terms};

/// What came from an origin in place of the response that was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// An answer with this status. One that is no failure of the origin is passed on, whatever is stored.
    Status(StatusCode),
    /// No connection.
    Unreachable,
    /// No answer in time.
    TimedOut,
    /// An answer that broke off in its head, or was none.
    Truncated,
}

impl Failure {
    /// The status that a client gets where nothing stands in: the origin's own; 504 where it did not answer
    /// (RFC 9111, section 5.2.2.2), and 502 where its answer was none (RFC 9110, section 15.6.3).
    pub fn status(self) -> StatusCode {
        match self {
            Failure::Status(status) => status,
            Failure::Unreachable | Failure::TimedOut => StatusCode::GATEWAY_TIMEOUT,
            Failure::Truncated => StatusCode::BAD_GATEWAY,
        }
    }

    fn is_of_the_origin(self) -> bool {
        !matches!(self, Failure::Status(status) if !is_origin_failure(status))
    }
}

/// Whether a stored response is served where the origin was asked and fails. `Err`: by which rule it is not.
pub fn stand_in(terms: &Terms, asked: &Asked, failure: Failure, now: Timestamp, config: &Config) -> Result<Rule, Rule> {
    match terms.stage(now) {
        _ if !failure.is_of_the_origin() => Err(Rule::OriginAnswered),
        // A request wanted it validated, which is a preference; a response that wants that is never served without.
        _ if terms.no_cache => Err(Rule::NoCache),
        Stage::Fresh => Ok(Rule::Fresh),
        Stage::Stale(past) => {
            let allowed = || allowed(past, terms.windows(config), &asked.directives).ok_or(Rule::OriginFailed);
            terms.never_stale.map_or_else(allowed, Err)
        }
        Stage::Unknown => Err(Rule::ClockBehind),
    }
}

/// The first permission to serve what is so far past its lifetime. What may be served stale though the origin could be asked, may
/// be so the more where it fails.
fn allowed(past: Duration, windows: Grace, wishes: &RequestDirectives) -> Option<Rule> {
    let within = |window: Duration| past <= window && window > Duration::ZERO;
    let wanted = wishes.stale_if_error.map(|span| Duration::from_secs(span.into()));
    match () {
        () if within(windows.stale_if_error) || wanted.is_some_and(within) => Some(Rule::StaleIfError),
        () if within(windows.stale_while_revalidate) => Some(Rule::StaleWhileRevalidate),
        () if wishes.takes_stale(past) => Some(Rule::RequestMaxStale),
        () => None,
    }
}

/// Whether a response that may be stored takes the place of a stored one that had the status `stored`. A failure of the
/// origin does not while the other may be served, for whatever reason; all else does. [`displaced`](crate::displaced) asks this.
pub fn takes_its_place(
    response: StatusCode,
    stored: StatusCode,
    terms: &Terms,
    now: Timestamp,
    config: &Config,
) -> bool {
    !(is_origin_failure(response) && !is_origin_failure(stored) && terms.may_be_served(now, config))
}
