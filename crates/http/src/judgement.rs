//! What to do with a request for which a response is stored (RFC 9111, section 4).

use std::time::Duration;

use freshen_core::Timestamp;

use crate::asked::Asked;
use crate::config::Config;
use crate::rule::Rule;
use crate::terms::Terms;

/// What a cache does next, by which rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// What it does.
    pub step: Step,
    /// By which rule.
    pub rule: Rule,
    /// How old the stored response is.
    pub age: Duration,
}

/// What a cache does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Serves what is stored.
    Serve,
    /// Serves what is stored, and has it validated or fetched behind the request.
    ServeAndRefresh,
    /// Asks the origin whether what is stored may be served.
    Validate,
    /// Asks the origin for a new response: what is stored cannot be validated.
    Fetch,
    /// Answers 504: nothing may be served, and the request wants nothing to be fetched.
    Refuse,
}

/// Judges a stored response that was selected for a request.
pub fn judge(terms: &Terms, asked: &Asked, now: Timestamp, config: &Config) -> Judgement {
    let case = Case { terms, asked, config, age: terms.age(now) };
    let (step, rule) = case.step();
    Judgement { step, rule, age: case.age }
}

struct Case<'a> {
    terms: &'a Terms,
    asked: &'a Asked,
    config: &'a Config,
    age: Duration,
}

impl Case<'_> {
    fn step(&self) -> (Step, Rule) {
        if self.terms.no_cache {
            return self.ask_the_origin(Rule::NoCache);
        }
        match (self.age < self.terms.lifetime.span, self.wants_newer()) {
            (true, None) => (Step::Serve, Rule::Fresh),
            // RFC 8246, section 2: while it is fresh, a reload would only bring the same.
            (true, Some(_)) if self.terms.immutable && !self.config.is_shared() && !self.asked.directives.no_cache => {
                (Step::Serve, Rule::Immutable)
            }
            (true, Some(rule)) => self.ask_the_origin(rule),
            (false, newer) => self.stale(newer),
        }
    }

    /// The rule by which the request wants something newer than what is fresh, if it does.
    fn wants_newer(&self) -> Option<Rule> {
        let wishes = &self.asked.directives;
        let seconds = |seconds: u32| Duration::from_secs(seconds.into());
        let left = self.terms.lifetime.span.saturating_sub(self.age);
        match () {
            () if !self.config.obeys_reloads => None,
            () if wishes.no_cache => Some(Rule::RequestNoCache),
            () if wishes.max_age.is_some_and(|most| self.age > seconds(most)) => Some(Rule::RequestMaxAge),
            () if wishes.min_fresh.is_some_and(|least| left < seconds(least)) => Some(Rule::RequestMinFresh),
            () => None,
        }
    }

    fn stale(&self, newer: Option<Rule>) -> (Step, Rule) {
        if let Some(rule) = self.terms.never_stale.or(newer) {
            return self.ask_the_origin(rule);
        }
        let past = self.age.saturating_sub(self.terms.lifetime.span);
        let wishes = &self.asked.directives;
        match () {
            // RFC 9111, section 5.2.1.2.
            () if wishes.max_stale.is_some_and(|most| past <= Duration::from_secs(most.into())) => {
                (Step::Serve, Rule::RequestMaxStale)
            }
            () if past <= self.terms.stale_while_revalidate && self.terms.stale_while_revalidate > Duration::ZERO => {
                (Step::ServeAndRefresh, Rule::StaleWhileRevalidate)
            }
            () => self.ask_the_origin(Rule::Stale),
        }
    }

    fn ask_the_origin(&self, rule: Rule) -> (Step, Rule) {
        match () {
            () if self.asked.directives.only_if_cached => (Step::Refuse, Rule::OnlyIfCached),
            () if self.terms.has_validator => (Step::Validate, rule),
            () => (Step::Fetch, rule),
        }
    }
}

/// Whether a stored response stands in for an origin that fails: it answers 500, 502, 503 or 504, or not at all, or breaks off in
/// its head (RFC 5861, section 4). `Err`: by which rule it does not.
pub fn stand_in(terms: &Terms, asked: &Asked, now: Timestamp) -> Result<Rule, Rule> {
    let past = terms.age(now).saturating_sub(terms.lifetime.span);
    let asked_for = asked.directives.stale_if_error.map(|span| Duration::from_secs(span.into())).unwrap_or_default();
    let window = terms.stale_if_error.max(asked_for);
    match terms.never_stale {
        Some(rule) => Err(rule),
        // What is fresh, but had to be validated, stands in as well.
        None if past <= window => Ok(Rule::StaleIfError),
        None => Err(Rule::OriginFailed),
    }
}
