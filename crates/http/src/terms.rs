//! Under which terms a stored response may be served (RFC 9111, sections 4.2 and 5.2.2): all that judgement needs of it, read once
//! when it is stored.

use std::time::Duration;

use freshen_core::Timestamp;
use http::HeaderMap;

use crate::config::Config;
use crate::exchange::Exchange;
use crate::lifetime::{Lifetime, Lived};
use crate::response_directives::{Reach, ResponseDirectives};
use crate::rule::Rule;
use crate::status::is_origin_failure;
use crate::validators::has_validator;

/// The terms of a stored response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// When its head had come.
    pub answered_at: Timestamp,
    /// How old it was then.
    pub initial_age: Duration,
    /// When its origin made it.
    pub date: Timestamp,
    /// For how long it is fresh.
    pub lifetime: Lifetime,
    /// For how long after that it is served while it is refreshed.
    pub stale_while_revalidate: Duration,
    /// For how long after its lifetime it is served where its origin fails.
    pub stale_if_error: Duration,
    /// By which rule it is never served stale, if there is one.
    pub never_stale: Option<Rule>,
    /// Whether each use has to be validated.
    pub no_cache: bool,
    /// Whether it does not change while it is fresh.
    pub immutable: bool,
    /// Whether it can be validated.
    pub has_validator: bool,
}

impl Terms {
    pub(crate) fn of(lived: &Lived<'_>, exchange: &Exchange, config: &Config) -> Terms {
        let &Lived { status, headers, directives, .. } = lived;
        let never_stale = never_stale(directives, config);
        let window = |said: Option<u32>, grace: Duration| match (never_stale, said) {
            (Some(_), _) => Duration::ZERO,
            (None, Some(said)) => Duration::from_secs(said.into()),
            // An origin that has failed should not look as if it went on.
            (None, None) if is_origin_failure(status) => Duration::ZERO,
            (None, None) => grace,
        };
        Terms {
            answered_at: exchange.answered_at,
            initial_age: exchange.initial_age(headers),
            date: exchange.date(headers),
            lifetime: Lifetime::of(lived, exchange, config),
            stale_while_revalidate: window(directives.stale_while_revalidate, config.grace.stale_while_revalidate),
            stale_if_error: window(directives.stale_if_error, config.grace.stale_if_error),
            never_stale,
            no_cache: directives.no_cache == Reach::All,
            immutable: directives.immutable,
            has_validator: has_validator(headers, exchange.answered_at),
        }
    }

    /// How old it is (RFC 9111, section 4.2.3, `current_age`). A clock that jumps back makes it no younger than it came.
    pub fn age(&self, now: Timestamp) -> Duration {
        self.initial_age.saturating_add(now.since(self.answered_at))
    }

    /// The same of what is kept: a validator may have been among the fields that are not.
    pub(crate) fn described_by(self, headers: &HeaderMap) -> Terms {
        Terms { has_validator: has_validator(headers, self.answered_at), ..self }
    }

    /// Of several responses to one request that with the greatest is used: the newest by its Date (RFC 9111, section 4), and of
    /// those of one second the last that came.
    pub(crate) fn newness(&self) -> (Timestamp, Timestamp) {
        (self.date, self.answered_at)
    }

    /// Whether it could ever be served.
    pub(crate) fn is_of_use(&self) -> bool {
        let longest = self.lifetime.span.saturating_add(self.stale_while_revalidate.max(self.stale_if_error));
        self.has_validator || (!self.no_cache && self.initial_age < longest)
    }
}

/// What an origin forbids stays forbidden, whatever windows it or the cache's user names (RFC 9111, section 4.2.4).
fn never_stale(directives: &ResponseDirectives, config: &Config) -> Option<Rule> {
    match () {
        () if directives.must_revalidate => Some(Rule::MustRevalidate),
        () if directives.no_cache == Reach::All => Some(Rule::NoCache),
        () if config.is_shared() && directives.proxy_revalidate => Some(Rule::ProxyRevalidate),
        () if config.is_shared() && directives.s_maxage.is_some() => Some(Rule::SMaxAge),
        () => None,
    }
}
