//! What to do with a request for which a response is stored (RFC 9111, sections 4, 4.2.4 and 5.2.1).

use std::time::Duration;

use freshen_core::Timestamp;

use crate::asked::Asked;
use crate::config::Config;
use crate::rule::Rule;
use crate::seconds::SECONDS_MOST;
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
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

/// Judges a stored response that was selected for a request which does not [pass](Asked::passes).
pub fn judge(terms: &Terms, asked: &Asked, now: Timestamp, config: &Config) -> Judgement {
    let case = Case { terms, asked, config, age: terms.age(now) };
    let (step, rule) = case.step();
    Judgement { step, rule, age: case.age }
}

/// What a cache does with a request that does not [pass](Asked::passes), and for which nothing is stored.
pub fn judge_nothing(asked: &Asked) -> (Step, Rule) {
    ask_the_origin(asked, Step::Fetch, Rule::NothingStored)
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
            // RFC 8246, section 2: while it is fresh, a reload would only bring the same. `no-cache` is the reload that insists.
            (true, Some(_)) if self.terms.immutable && !self.asked.directives.no_cache => {
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
            // RFC 9111, section 5.2.1.1: who says `max-age` wants nothing stale, unless it says `max-stale` as well.
            () if wishes.max_age.is_some() && wishes.max_stale.is_none() && left.is_zero() => Some(Rule::RequestMaxAge),
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
        // RFC 9111, section 5.2.1.2: without a number, any age will do.
        let suffices = |most: u32| most == SECONDS_MOST || past <= Duration::from_secs(most.into());
        match () {
            () if past <= self.terms.stale_while_revalidate && self.terms.stale_while_revalidate > Duration::ZERO => {
                (Step::ServeAndRefresh, Rule::StaleWhileRevalidate)
            }
            () if wishes.max_stale.is_some_and(suffices) => (Step::Serve, Rule::RequestMaxStale),
            () => self.ask_the_origin(Rule::Stale),
        }
    }

    fn ask_the_origin(&self, rule: Rule) -> (Step, Rule) {
        ask_the_origin(self.asked, if self.terms.has_validator { Step::Validate } else { Step::Fetch }, rule)
    }
}

/// RFC 9111, section 5.2.1.7.
fn ask_the_origin(asked: &Asked, how: Step, rule: Rule) -> (Step, Rule) {
    if asked.directives.only_if_cached { (Step::Refuse, Rule::OnlyIfCached) } else { (how, rule) }
}
