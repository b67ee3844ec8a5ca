//! The judgement of a `get`: a pure function of what was found, the policy, the caller's wish and the time.

use std::time::Duration;

use crate::entry::{Facts, Generation};
use crate::event::Rule;
use crate::policy::{OnMiss, Policy};
use crate::store::Currency;
use crate::time::Timestamp;

/// An early refresh is not even considered this many load times (times beta) before the end: e^-16 is nothing.
const EARLY_HORIZON: f64 = 16.0;

/// What is in hand.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Found {
    pub facts: Facts,
    pub currency: Currency,
}

/// What the caller asks for beyond the policy.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Wish {
    /// The stalest answer it accepts: zero accepts only what is fresh.
    pub max_stale: Option<Duration>,
    /// The write it wants to see.
    pub after: Option<Generation>,
    /// Inside a load: only what is fresh counts.
    pub strict: bool,
}

/// The next action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Plan {
    /// Serve what is in hand.
    Serve(Rule),
    /// Serve what is in hand, and refresh it behind the request.
    ServeAndRefresh(Rule),
    /// Answer with nothing, and load behind the request.
    EmptyAndRefresh(Rule),
    /// Load while the caller waits; `fallback`: what is in hand may be served if the load fails or takes too long.
    Load { rule: Rule, fallback: bool },
}

/// Decides what a `get` does. `chance` in 0..1 is drawn for early refreshing.
pub(crate) fn plan(found: Option<&Found>, policy: &Policy, wish: &Wish, now: Timestamp, chance: f64) -> Plan {
    let Some(Found { facts, currency }) = found else { return on_miss(Rule::Missing, policy, wish) };
    if now >= facts.ends_at() {
        return on_miss(Rule::Missing, policy, wish);
    }
    if *currency == Currency::OutdatedHard {
        return on_miss(Rule::InvalidatedHard, policy, wish);
    }
    if wish.after.is_some_and(|write| facts.generation.outdated_by(write)) {
        return Plan::Load { rule: Rule::BehindWrite, fallback: false };
    }
    if *currency == Currency::Current && now < facts.fresh_until() {
        return if early(facts, policy, now, chance) {
            Plan::ServeAndRefresh(Rule::EarlyRefresh)
        } else {
            Plan::Serve(Rule::Fresh)
        };
    }
    on_stale(facts, *currency, wish, now)
}

fn on_stale(facts: &Facts, currency: Currency, wish: &Wish, now: Timestamp) -> Plan {
    if wish.strict {
        return Plan::Load { rule: Rule::Strict, fallback: false };
    }
    // What was invalidated is stale from then on; how long ago that was is not known, so only zero refuses it.
    let staleness = now.since(facts.fresh_until());
    if wish.max_stale.is_some_and(|most| staleness > most || most.is_zero()) {
        return Plan::Load { rule: Rule::TooStale, fallback: false };
    }
    if now >= facts.stale_until() {
        return Plan::Load { rule: Rule::WithinStaleIfError, fallback: true };
    }
    Plan::ServeAndRefresh(if currency == Currency::Current { Rule::WithinStale } else { Rule::Invalidated })
}

fn on_miss(rule: Rule, policy: &Policy, wish: &Wish) -> Plan {
    match policy.on_miss() {
        OnMiss::Empty if !wish.strict && wish.after.is_none() => Plan::EmptyAndRefresh(rule),
        OnMiss::Empty | OnMiss::Load => Plan::Load { rule, fallback: false },
    }
}

/// XFetch: refresh early if `now - load_time * beta * ln(chance) >= end of the ttl` (Vattani et al. 2015, figure 3).
fn early(facts: &Facts, policy: &Policy, now: Timestamp, chance: f64) -> bool {
    let Some(beta) = policy.early_refresh() else { return false };
    let ahead = facts.load_took.as_secs_f64() * beta * -chance.max(f64::MIN_POSITIVE).ln();
    now.until(facts.fresh_until()).as_secs_f64() <= ahead
}

/// Up to when a fresh entry needs no judgement but a look at the clock.
pub(crate) fn quick_until(facts: &Facts, policy: &Policy) -> Timestamp {
    let Some(beta) = policy.early_refresh() else { return facts.fresh_until() };
    let horizon = facts.load_took.as_secs_f64() * beta * EARLY_HORIZON;
    let horizon = Duration::try_from_secs_f64(horizon).unwrap_or(Duration::MAX);
    facts.loaded_at + facts.windows.ttl.saturating_sub(horizon)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Windows;

    const SECOND: Duration = Duration::from_secs(1);
    const NO_WISH: Wish = Wish { max_stale: None, after: None, strict: false };

    /// Loaded at 100 s, fresh to 110, stale to 130, kept for errors to 160.
    fn facts() -> Facts {
        Facts {
            loaded_at: at(100),
            generation: Generation { epoch: 1, number: 50 },
            windows: Windows { ttl: 10 * SECOND, stale_while_revalidate: 20 * SECOND, stale_if_error: 30 * SECOND },
            load_took: SECOND,
            absent: false,
            weight: 1,
        }
    }

    fn at(secs: u64) -> Timestamp {
        Timestamp::from_micros(secs * 1_000_000)
    }

    fn decide(currency: Currency, wish: Wish, secs: u64) -> Plan {
        let found = Found { facts: facts(), currency };
        plan(Some(&found), &Policy::default(), &wish, at(secs), 0.5)
    }

    #[test]
    fn each_window_has_its_action() {
        use Currency::{Current, OutdatedHard, OutdatedSoft};
        use Plan::{Load, Serve, ServeAndRefresh};
        let miss = |rule| Load { rule, fallback: false };
        let last_resort = Load { rule: Rule::WithinStaleIfError, fallback: true };
        let cases = [
            (Current, 100, Serve(Rule::Fresh)),
            (Current, 109, Serve(Rule::Fresh)),
            (Current, 110, ServeAndRefresh(Rule::WithinStale)),
            (Current, 129, ServeAndRefresh(Rule::WithinStale)),
            (Current, 130, last_resort),
            (Current, 159, last_resort),
            (Current, 160, miss(Rule::Missing)),
            (OutdatedSoft, 101, ServeAndRefresh(Rule::Invalidated)),
            (OutdatedSoft, 131, last_resort),
            (OutdatedSoft, 160, miss(Rule::Missing)),
            (OutdatedHard, 101, miss(Rule::InvalidatedHard)),
            (OutdatedHard, 160, miss(Rule::Missing)),
        ];
        for (currency, secs, expected) in cases {
            assert_eq!(decide(currency, NO_WISH, secs), expected, "{currency:?} at {secs}");
        }
    }

    #[test]
    fn a_clock_set_back_serves_what_was_fresh() {
        assert_eq!(decide(Currency::Current, NO_WISH, 1), Plan::Serve(Rule::Fresh));
    }

    #[test]
    fn a_wish_narrows_what_is_served() {
        let stale = |secs| Wish { max_stale: Some(secs * SECOND), ..NO_WISH };
        let too_stale = Plan::Load { rule: Rule::TooStale, fallback: false };
        assert_eq!(decide(Currency::Current, stale(5), 115), Plan::ServeAndRefresh(Rule::WithinStale));
        assert_eq!(decide(Currency::Current, stale(5), 116), too_stale);
        assert_eq!(decide(Currency::Current, stale(0), 109), Plan::Serve(Rule::Fresh));
        assert_eq!(decide(Currency::OutdatedSoft, stale(0), 109), too_stale);
        let strict = Wish { strict: true, ..NO_WISH };
        assert_eq!(decide(Currency::Current, strict, 109), Plan::Serve(Rule::Fresh));
        assert_eq!(decide(Currency::Current, strict, 111), Plan::Load { rule: Rule::Strict, fallback: false });
    }

    #[test]
    fn a_write_that_must_be_seen_is_not_hidden_by_what_is_fresh() {
        let after = |epoch, number| Wish { after: Some(Generation { epoch, number }), ..NO_WISH };
        let behind = Plan::Load { rule: Rule::BehindWrite, fallback: false };
        assert_eq!(decide(Currency::Current, after(1, 49), 101), Plan::Serve(Rule::Fresh));
        assert_eq!(decide(Currency::Current, after(1, 50), 101), behind);
        assert_eq!(decide(Currency::Current, after(2, 1), 101), behind);
    }

    #[test]
    fn an_empty_answer_is_given_only_to_those_who_accept_it() {
        let policy = Policy::builder().on_miss(OnMiss::Empty).build().unwrap();
        let decide = |wish: Wish| plan(None, &policy, &wish, at(100), 0.5);
        assert_eq!(decide(NO_WISH), Plan::EmptyAndRefresh(Rule::Missing));
        let load = Plan::Load { rule: Rule::Missing, fallback: false };
        assert_eq!(decide(Wish { strict: true, ..NO_WISH }), load);
        assert_eq!(decide(Wish { after: Some(Generation { epoch: 1, number: 1 }), ..NO_WISH }), load);
        assert_eq!(plan(None, &Policy::default(), &NO_WISH, at(100), 0.5), load);
    }

    #[test]
    fn early_refresh_follows_chance_and_never_fires_in_the_quick_window() {
        let policy = Policy::builder().early_refresh(1.0).build().unwrap();
        let found = Found { facts: facts(), currency: Currency::Current };
        let decide = |secs, chance| plan(Some(&found), &policy, &NO_WISH, at(secs), chance);
        // One second of load time: 1 s before the end the odds are 1/e, 5 s before it e^-5.
        assert_eq!(decide(109, 0.36), Plan::ServeAndRefresh(Rule::EarlyRefresh));
        assert_eq!(decide(109, 0.38), Plan::Serve(Rule::Fresh));
        assert_eq!(decide(105, 0.006), Plan::ServeAndRefresh(Rule::EarlyRefresh));
        assert_eq!(decide(105, 0.0068), Plan::Serve(Rule::Fresh));
        assert_eq!(quick_until(&facts(), &policy), at(100));
        assert_eq!(quick_until(&facts(), &Policy::default()), at(110));
    }
}
