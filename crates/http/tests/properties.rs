//! What holds for all requests and responses: valid, odd and hostile.

#![allow(clippy::unwrap_used)] // A test that cannot go on fails.

mod case;
mod story;

use std::collections::HashSet;
use std::time::Duration;

use freshen_http::{
    Asked, Config, Failure, Judgement, Mode, Rule, Step, Storing, Terms, judge, stand_in, takes_its_place,
};
use http::{HeaderName, HeaderValue, StatusCode};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{RngSeed, TestRunner};
use story::story;

/// How far a response may be served: while it is fresh, while it is refreshed, where its origin fails.
fn reach(terms: &Terms, config: &Config) -> [Duration; 3] {
    if terms.no_cache {
        return [Duration::ZERO; 3];
    }
    let (span, windows) = (terms.lifetime.span, terms.windows(config));
    [span, span.saturating_add(windows.stale_while_revalidate), span.saturating_add(windows.stale_if_error)]
}

/// Whether a line has a directive that lets others have the answer to an authorized request, written as it should be.
fn permits_sharing(name: &HeaderName, line: &HeaderValue) -> bool {
    let line = String::from_utf8_lossy(line.as_bytes()).to_ascii_lowercase();
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    line.split(',').map(str::trim).any(|member| match name.as_str() {
        "cache-control" => {
            let seconds = member.strip_prefix("s-maxage=");
            matches!(member, "public" | "must-revalidate") || seconds.is_some_and(|of| is_number(of.trim_matches('"')))
        }
        // Parameters mean nothing there.
        "freshen-cache-control" | "cdn-cache-control" => {
            let member = member.split(';').next().unwrap();
            matches!(member, "public" | "must-revalidate") || member.strip_prefix("s-maxage=").is_some_and(is_number)
        }
        _ => false,
    })
}

/// From a seed, so that what fails fails again.
fn chance() -> ProptestConfig {
    let cases = if std::env::var_os("FRESHEN_LONG").is_some() { 30_000 } else { 1_000 };
    ProptestConfig { cases, rng_seed: RngSeed::Fixed(9111), failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(chance())]

    #[test]
    fn judging_never_panics_and_answers_the_same_to_the_same(story in story()) {
        prop_assert_eq!(story.storing(), story.storing());
        if let Some(terms) = story.stored() {
            let judgement = judge(Some(&terms), &story.wishes, story.now, &story.config);
            prop_assert_eq!(judgement, judge(Some(&terms), &story.wishes, story.now, &story.config));
            prop_assert!(judgement.age >= terms.initial_age);
        }
        let nothing = judge(None, &story.wishes, story.now, &story.config);
        prop_assert!(matches!(nothing.step, Step::Fetch | Step::Refuse));
    }

    #[test]
    fn nothing_is_served_beyond_its_windows(story in story()) {
        let Some(terms) = story.stored() else { return Ok(()) };
        let Judgement { step, rule, age } = judge(Some(&terms), &story.wishes, story.now, &story.config);
        let [fresh, refreshed, failing] = reach(&terms, &story.config);
        let past = age.saturating_sub(terms.lifetime.span);
        match (step, rule) {
            (Step::Serve, Rule::RequestMaxStale) => {
                let most = story.wishes.directives.max_stale.unwrap();
                prop_assert!(!terms.no_cache && terms.never_stale.is_none());
                prop_assert!(most == freshen_http::SECONDS_MOST || past <= Duration::from_secs(most.into()));
            }
            (Step::Serve, _) => prop_assert!(age < fresh),
            (Step::ServeAndRefresh, _) => prop_assert!(age <= refreshed && terms.never_stale.is_none()),
            (Step::Validate, _) => prop_assert!(terms.has_validator),
            (Step::Fetch, _) => prop_assert!(!terms.has_validator),
            (Step::Refuse, _) => prop_assert!(story.wishes.directives.only_if_cached),
        }
        let wishes = &story.wishes.directives;
        let asked_for = wishes.stale_if_error.max(wishes.max_stale).unwrap_or(0);
        match stand_in(&terms, &story.wishes, Failure::TimedOut, story.now, &story.config) {
            Ok(Rule::Fresh) => prop_assert!(age < fresh),
            Ok(_) => {
                prop_assert!(terms.never_stale.is_none());
                let any_age = wishes.max_stale == Some(freshen_http::SECONDS_MOST);
                let in_window = age <= failing.max(refreshed) || past <= Duration::from_secs(asked_for.into());
                prop_assert!(any_age || in_window);
            }
            Err(rule) => prop_assert!(age >= fresh || rule == Rule::ClockBehind),
        }
    }

    #[test]
    fn what_was_stale_is_never_fresh_again(story in story(), steps in vec(0..100_000_000_u64, 1..5)) {
        let Some(terms) = story.stored() else { return Ok(()) };
        let (mut now, mut was_fresh) = (story.exchange.answered_at, true);
        for step in steps {
            now = now + Duration::from_micros(step);
            let is_fresh = judge(Some(&terms), &Asked::of(&case::request("GET /"), &story.config), now, &story.config).rule == Rule::Fresh;
            prop_assert!(was_fresh || !is_fresh);
            was_fresh = is_fresh;
        }
    }

    #[test]
    fn what_must_not_be_stored_never_is(story in story()) {
        let says = |directive| story.clone().saying(directive).stored().is_some();
        let understood = story.response.headers.get_all(http::header::CACHE_CONTROL).iter();
        let understood = understood.filter_map(|line| line.to_str().ok()).any(|line| line.contains("must-understand"));
        prop_assert!(understood || !says("no-store"));
        prop_assert!(story.config.mode == Mode::Private || !says("private"));
        prop_assert!(story.stored().is_none() || story.response.status.as_u16() >= 200);
        prop_assert!(story.stored().is_none() || story.response.status != StatusCode::NOT_MODIFIED);
        let mut refused = story.clone();
        refused.request.headers.append(http::header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        prop_assert!(refused.stored().is_none());
    }

    #[test]
    fn an_answer_to_an_authorized_request_is_shared_only_where_a_directive_says_so(story in story()) {
        let mut story = story;
        story.request.headers.insert(http::header::AUTHORIZATION, HeaderValue::from_static("x"));
        story.config.mode = Mode::Shared;
        prop_assert!(story.stored().is_none() || story.response.headers.iter().any(|(name, line)| permits_sharing(name, line)));
    }

    #[test]
    fn one_more_restriction_never_widens_what_may_be_served(story in story()) {
        for restriction in ["max-age=0, s-maxage=0", "no-cache", "stale-while-revalidate=0, stale-if-error=0"] {
            // What has no directive yet is stored by none: a span would allow it.
            let before = story.clone().saying("max-age=60, s-maxage=60");
            let (Some(terms), Some(restricted)) = (before.stored(), before.clone().saying(restriction).stored()) else { continue };
            for (wide, narrow) in reach(&terms, &story.config).into_iter().zip(reach(&restricted, &story.config)) {
                prop_assert!(narrow <= wide, "{restriction}");
            }
        }
    }

    #[test]
    fn a_failure_takes_no_place_of_what_stands_in_for_it(story in story()) {
        let Some(terms) = story.stored() else { return Ok(()) };
        let asked = Asked::of(&case::request("GET /"), &story.config);
        if stand_in(&terms, &asked, Failure::TimedOut, story.now, &story.config).is_ok() {
            prop_assert!(!takes_its_place(StatusCode::BAD_GATEWAY, StatusCode::OK, &terms, story.now, &story.config));
        }
    }
}

/// Else the properties would say nothing.
#[test]
fn stories_reach_every_step_and_every_rule() {
    let mut chance = TestRunner::deterministic();
    let (mut steps, mut rules) = (HashSet::new(), HashSet::new());
    for _ in 0..10_000 {
        let story = story().new_tree(&mut chance).unwrap().current();
        rules.insert(match story.storing() {
            Storing::Store(_, rule) | Storing::Pass(rule) => rule,
        });
        let Some(terms) = story.stored() else { continue };
        let judgement = judge(Some(&terms), &story.wishes, story.now, &story.config);
        steps.insert(judgement.step);
        rules.insert(judgement.rule);
        let (Ok(rule) | Err(rule)) = stand_in(&terms, &story.wishes, Failure::TimedOut, story.now, &story.config);
        rules.insert(rule);
    }
    assert_eq!(steps.len(), 5, "{steps:?}");
    let unreached: Vec<Rule> = Rule::ALL.iter().copied().filter(|rule| !rules.contains(rule)).collect();
    assert_eq!(unreached, ELSEWHERE);
}

/// Rules of other decisions (keys, validation, content), or of other failures; the tables of those reach them.
const ELSEWHERE: &[Rule] = &[
    Rule::MethodNotUnderstood,
    Rule::MethodUnsafe,
    Rule::Upgrade,
    Rule::ContentOfGet,
    Rule::QueryContentUnread,
    Rule::QueryContentTooLong,
    Rule::MethodOverridden,
    Rule::SteeringNotKept,
    Rule::TargetTooLong,
    Rule::ForNobody,
    Rule::AudienceTooLong,
    Rule::TooManyTags,
    Rule::VaryTooLong,
    Rule::SelectingTooLong,
    Rule::NotSelected,
    Rule::TooManyLoads,
    Rule::StoredIsUsable,
    Rule::NoLifetime,
    Rule::NothingStored,
    Rule::Outdated,
    Rule::OriginAnswered,
    Rule::Unconditional,
    Rule::ConditionsIgnored,
    Rule::ConditionsMet,
    Rule::IfNoneMatch,
    Rule::IfModifiedSince,
    Rule::ValidatedStrongly,
    Rule::ValidatedWeakly,
    Rule::ValidatedAlone,
    Rule::ValidatesNothing,
    Rule::FullResponse,
    Rule::UpdateTooLarge,
    Rule::ContentTooLong,
    Rule::HeadMatches,
    Rule::HeadDiffers,
    Rule::HeadUntold,
    Rule::TooManyFields,
    Rule::Incomplete,
    Rule::LengthContradicts,
    Rule::FieldsLeftOut,
    Rule::PartsDiffer,
    Rule::TooManyParts,
    Rule::Range,
    Rule::RangeIgnored,
    Rule::RangeExcessive,
    Rule::RangeNotSatisfiable,
    Rule::IfRange,
];
