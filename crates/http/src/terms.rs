//! Under which terms a stored response may be served (RFC 9111, sections 4.2 and 5.2.2): all that judgement needs of it, read once
//! when it is stored.

use std::time::Duration;

use freshen_core::Timestamp;
use http::HeaderMap;

use crate::config::{Config, Grace};
use crate::exchange::Exchange;
use crate::lifetime::{Lifetime, Lived};
use crate::response_directives::{Reach, ResponseDirectives};
use crate::rule::Rule;
use crate::status::is_origin_failure;
use crate::validators::{Validators, has_validator};

/// How far ahead of the clock a response may have come: clocks that are set are rarely set by more. Beyond that, one that was wrong
/// would make it fresh for as long as the clock was ahead.
const AHEAD_MOST: Duration = Duration::from_secs(60);

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
    /// For how long after that it is served while it is refreshed, where its origin says so.
    pub stale_while_revalidate: Option<Duration>,
    /// For how long after its lifetime it is served where its origin fails, where it says so.
    pub stale_if_error: Option<Duration>,
    /// Whether the windows of the cache's user count where its origin says none.
    pub takes_grace: bool,
    /// By which rule it is never served stale, if there is one.
    pub never_stale: Option<Rule>,
    /// Whether each use has to be validated.
    pub no_cache: bool,
    /// Whether it does not change while it is fresh.
    pub immutable: bool,
    /// Whether it can be validated.
    pub has_validator: bool,
    /// Whether its last modification is a strong validator, by the Date that came with its content: a validation brings another
    /// Date, and no other content (RFC 9110, section 8.8.2.2).
    pub modified_is_strong: bool,
}

/// Where a response stands in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    Fresh,
    /// Its lifetime has been over for so long.
    Stale(Duration),
    /// It came later than it is now, so that nobody knows.
    Unknown,
}

/// How a stored response is outdated before its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outdating {
    /// It is stale from now on, and its windows begin: what [`Headed`](crate::Headed) calls outdated, and whatever may still be
    /// served while another comes.
    Soft,
    /// It is not served again before its origin has called it current (RFC 9111, section 4.4).
    Hard,
}

impl Terms {
    pub(crate) fn of(lived: &Lived<'_>, exchange: &Exchange, config: &Config) -> Terms {
        let &Lived { status, headers, directives, .. } = lived;
        let span = |seconds: u32| Duration::from_secs(seconds.into());
        let lifetime = Lifetime::of(lived, exchange, config);
        Terms {
            answered_at: exchange.answered_at,
            initial_age: exchange.initial_age(headers),
            date: exchange.date(headers),
            lifetime,
            stale_while_revalidate: directives.stale_while_revalidate.map(span),
            stale_if_error: directives.stale_if_error.map(span),
            // An origin that has failed should not look as if it went on; and what is stale from the beginning is to be validated
            // at each use (RFC 9111, section 4.2).
            takes_grace: lived.may_guess && !is_origin_failure(status) && lifetime.span > Duration::ZERO,
            never_stale: never_stale(directives, config),
            no_cache: directives.no_cache == Reach::All,
            immutable: directives.immutable,
            has_validator: has_validator(headers, exchange.answered_at),
            modified_is_strong: Validators::of(headers, exchange.answered_at).modified_is_strong,
        }
    }

    /// How old it is (RFC 9111, section 4.2.3, `current_age`). A clock that jumps back makes it no younger than it came.
    pub fn age(&self, now: Timestamp) -> Duration {
        self.initial_age.saturating_add(now.since(self.answered_at))
    }

    /// The windows in which it is served stale, each after its lifetime: those that its origin says, and those of the cache's user
    /// where it says none.
    pub fn windows(&self, config: &Config) -> Grace {
        if self.never_stale.is_some() {
            return Grace::default();
        }
        let own = if self.takes_grace { config.grace } else { Grace::default() };
        Grace {
            stale_while_revalidate: self.stale_while_revalidate.unwrap_or(own.stale_while_revalidate),
            stale_if_error: self.stale_if_error.unwrap_or(own.stale_if_error),
        }
    }

    pub(crate) fn stage(&self, now: Timestamp) -> Stage {
        let age = self.age(now);
        match () {
            () if now.until(self.answered_at) > AHEAD_MOST => Stage::Unknown,
            () if age < self.lifetime.span && self.lifetime.rule != Rule::Outdated => Stage::Fresh,
            () => Stage::Stale(age.saturating_sub(self.lifetime.span)),
        }
    }

    /// Whether it may still be served without a word of its origin, for whatever reason.
    pub(crate) fn may_be_served(&self, now: Timestamp, config: &Config) -> bool {
        let windows = self.windows(config).longer();
        match self.stage(now) {
            _ if self.no_cache => false,
            Stage::Fresh => true,
            Stage::Stale(past) => past <= windows && windows > Duration::ZERO,
            // It may be, once the clock is right.
            Stage::Unknown => true,
        }
    }

    /// The terms of a response that was outdated at this time. They are never wider than before.
    ///
    /// Nothing here remembers what was outdated. Who keeps a response keeps that too, and gives the terms so made to whatever judges:
    /// [`judge`](crate::judge), [`stand_in`](crate::stand_in), [`Question::about`](crate::Question::about). Who has waited since, as
    /// for an origin, reads it again before the response is served.
    #[must_use]
    pub fn outdated(self, at: Timestamp, how: Outdating) -> Terms {
        let lifetime = Lifetime { span: self.lifetime.span.min(self.age(at)), rule: Rule::Outdated };
        let never_stale = match how {
            Outdating::Soft => self.never_stale,
            Outdating::Hard => Some(Rule::Outdated),
        };
        Terms { lifetime, never_stale, ..self }
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

    /// Whether it could ever be served, as things stand.
    pub(crate) fn is_of_use(&self, config: &Config) -> bool {
        let longest = self.lifetime.span.saturating_add(self.windows(config).longer());
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
