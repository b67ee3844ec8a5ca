//! What to do with a request for which a response is stored (RFC 9111, sections 4, 4.2.4 and 5.2.1).

use std::time::Duration;

use freshen_core::Timestamp;

use crate::asked::Asked;
use crate::config::Config;
use crate::rule::Rule;
use crate::terms::{Stage, Terms};

/// What a cache does next, by which rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// What it does.
    pub step: Step,
    /// By which rule.
    pub rule: Rule,
    /// How old the stored response is; zero where nothing is stored.
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

/// Judges the stored response that a request selects, by its terms; `None`: there is none. What the request
/// [asks](crate::Inquiry::asked) is read from one that does not pass.
pub fn judge(terms: Option<&Terms>, asked: &Asked, now: Timestamp, config: &Config) -> Judgement {
    let age = terms.map_or(Duration::ZERO, |terms| terms.age(now));
    let (step, rule) = match terms {
        Some(terms) => Case { terms, asked, config, age }.step(terms.stage(now)),
        None => ask_the_origin(asked, Step::Fetch, Rule::NothingStored),
    };
    Judgement { step, rule, age }
}

struct Case<'a> {
    terms: &'a Terms,
    asked: &'a Asked,
    config: &'a Config,
    age: Duration,
}

impl Case<'_> {
    fn step(&self, stage: Stage) -> (Step, Rule) {
        match stage {
            _ if self.terms.no_cache => self.ask_the_origin(Rule::NoCache),
            Stage::Fresh => self.fresh(),
            Stage::Stale(past) => self.stale(past),
            Stage::Unknown => self.ask_the_origin(Rule::ClockBehind),
        }
    }

    fn fresh(&self) -> (Step, Rule) {
        match self.wants_newer() {
            None => (Step::Serve, Rule::Fresh),
            // RFC 8246, section 2: while it is fresh, a reload would only bring the same. `no-cache` is the reload that insists.
            Some(_) if self.terms.immutable && !self.asked.directives.no_cache => (Step::Serve, Rule::Immutable),
            Some(rule) => self.ask_the_origin(rule),
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

    fn stale(&self, past: Duration) -> (Step, Rule) {
        if let Some(rule) = self.terms.never_stale.or_else(|| self.wants_newer()) {
            return self.ask_the_origin(rule);
        }
        let refreshed = self.terms.windows(self.config).stale_while_revalidate;
        let wishes = &self.asked.directives;
        let takes_it = wishes.takes_stale(past);
        let limited = self.config.obeys_reloads && wishes.max_stale.is_some() && !takes_it;
        let is_refreshed = past <= refreshed && refreshed > Duration::ZERO;
        match () {
            // RFC 9111, section 5.2.1.2: by no more than that.
            () if is_refreshed && limited => self.ask_the_origin(Rule::RequestMaxStaleExceeded),
            () if is_refreshed => (Step::ServeAndRefresh, Rule::StaleWhileRevalidate),
            () if takes_it => (Step::Serve, Rule::RequestMaxStale),
            () if self.terms.lifetime.rule == Rule::Outdated => self.ask_the_origin(Rule::Outdated),
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
