//! What is outdated before its time: by a tag, by a request that changed something, by what HEAD told.

mod case;

use std::time::Duration;

use case::{NOON, SECOND, asked, terms};
use freshen_core::Timestamp;
use freshen_http::{
    CacheStatus, Config, Failure, Forward, Forwarded, Grace, Handled, Outdating, Rule, Step, Terms, judge, stand_in,
    takes_its_place,
};
use http::StatusCode;

const PAGE: &str =
    "200 | etag: \"a\" | cache-control: max-age=600, stale-while-revalidate=30, stale-if-error=90, immutable";
const VALIDATE: (Step, Rule) = (Step::Validate, Rule::Outdated);

fn shared() -> Config {
    Config::default()
}

fn after(seconds: u64) -> Timestamp {
    NOON + Duration::from_secs(seconds)
}

/// Outdated a minute after noon.
fn outdated(response: &str, how: Outdating) -> Terms {
    terms(response, &shared()).outdated(after(60), how)
}

fn judged(terms: &Terms, fields: &str, seconds: u64) -> (Step, Rule) {
    let judgement = judge(Some(terms), &asked(fields, &shared()), after(seconds), &shared());
    (judgement.step, judgement.rule)
}

fn in_place(terms: &Terms, seconds: u64) -> Result<Rule, Rule> {
    stand_in(terms, &asked("", &shared()), Failure::TimedOut, after(seconds), &shared())
}

/// RFC 9111, section 4.3.5: it is considered stale.
#[test]
fn what_is_outdated_softly_is_stale_from_then_on_and_its_windows_begin() {
    let page = outdated(PAGE, Outdating::Soft);
    let refresh = (Step::ServeAndRefresh, Rule::StaleWhileRevalidate);
    for (seconds, expected) in [(60, refresh), (90, refresh), (91, VALIDATE), (599, VALIDATE)] {
        assert_eq!(judged(&page, "", seconds), expected, "{seconds}");
    }
    assert_eq!([in_place(&page, 60), in_place(&page, 150)], [Ok(Rule::StaleIfError); 2]);
    assert_eq!(in_place(&page, 151), Err(Rule::OriginFailed));
    assert_eq!(judged(&page, " | cache-control: max-stale", 599), (Step::Serve, Rule::RequestMaxStale));
    let strict = outdated("200 | etag: \"a\" | cache-control: max-age=600, must-revalidate", Outdating::Soft);
    assert_eq!(judged(&strict, "", 60), (Step::Validate, Rule::MustRevalidate));
}

/// RFC 9111, section 4.4: a mandatory validation before it can be sent.
#[test]
fn what_is_outdated_hard_is_served_to_nobody_before_it_is_validated() {
    let hour = 3600 * SECOND;
    let config = Config { grace: Grace { stale_while_revalidate: hour, stale_if_error: hour }, ..shared() };
    for response in [PAGE, "200 | etag: \"a\" | cache-control: max-age=600, must-revalidate", "200 | etag: \"a\""] {
        let page = terms(response, &config).outdated(after(60), Outdating::Hard);
        let eager = asked(" | cache-control: max-stale, stale-if-error=600", &config);
        for seconds in [60, 61, 599, 1 << 33] {
            let judgement = judge(Some(&page), &eager, after(seconds), &config);
            assert_eq!((judgement.step, judgement.rule), VALIDATE, "{response} {seconds}");
            let in_place = stand_in(&page, &eager, Failure::TimedOut, after(seconds), &config);
            assert_eq!(in_place, Err(Rule::Outdated), "{response} {seconds}");
            assert!(takes_its_place(StatusCode::BAD_GATEWAY, StatusCode::OK, &page, after(seconds), &config));
            let told = CacheStatus::judged(&judgement, &page).unwrap().handled;
            assert!(matches!(told, Handled::Forwarded(Forwarded { why: Forward::Stale, .. })), "{response} {seconds}");
        }
    }
}

#[test]
fn outdating_widens_nothing() {
    for how in [Outdating::Soft, Outdating::Hard] {
        let late = terms(PAGE, &shared()).outdated(after(700), how);
        assert_eq!(late.lifetime.span, 600 * SECOND, "its lifetime was over before");
        let twice = outdated(PAGE, how).outdated(after(80), Outdating::Soft);
        assert_eq!(twice, outdated(PAGE, how), "{how:?}");
        let validated = outdated("200 | etag: \"a\" | cache-control: max-age=600, no-cache", how);
        assert_eq!(judged(&validated, "", 60), (Step::Validate, Rule::NoCache), "{how:?}");
    }
}

#[test]
fn what_was_outdated_stays_so_though_the_clock_is_set_back() {
    for how in [Outdating::Soft, Outdating::Hard] {
        let page = outdated(PAGE, how);
        assert_ne!(judged(&page, "", 0).1, Rule::Fresh, "{how:?}");
        assert_ne!(in_place(&page, 0), Ok(Rule::Fresh), "{how:?}");
        let at_once = terms(PAGE, &shared()).outdated(Timestamp::ZERO, how);
        assert_ne!(judged(&at_once, "", 0).1, Rule::Fresh, "{how:?}");
    }
}
