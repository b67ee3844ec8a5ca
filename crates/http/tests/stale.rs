//! When a stale response is served, and when it is not.

mod case;

use std::time::Duration;

use case::{NOON, SECOND, asked, judged, terms};
use freshen_core::Timestamp;
use freshen_http::{Config, Failure, Grace, Rule, Step, judge, stand_in, takes_its_place};
use http::StatusCode;

const BOTH: &str = "200 | etag: \"a\" | cache-control: max-age=60, stale-while-revalidate=30, stale-if-error=90";
const REFRESH: (Step, Rule) = (Step::ServeAndRefresh, Rule::StaleWhileRevalidate);
const VALIDATE: (Step, Rule) = (Step::Validate, Rule::Stale);
const DOWN: Failure = Failure::Unreachable;

fn shared() -> Config {
    Config::default()
}

/// Windows of a user's own, of an hour.
fn gracious() -> Config {
    let grace = Grace { stale_while_revalidate: 3600 * SECOND, stale_if_error: 3600 * SECOND };
    Config { grace, ..shared() }
}

fn in_place(response: &str, fields: &str, failure: Failure, seconds: u64, config: &Config) -> Result<Rule, Rule> {
    stand_in(&terms(response, config), &asked(fields, config), failure, NOON + Duration::from_secs(seconds), config)
}

/// RFC 5861, section 3.
#[test]
fn a_response_is_served_stale_in_its_window_and_refreshed() {
    for (seconds, expected) in [(59, (Step::Serve, Rule::Fresh)), (60, REFRESH), (90, REFRESH), (91, VALIDATE)] {
        assert_eq!(judged(BOTH, "", seconds, &shared()), expected, "{seconds}");
    }
    let zero = "200 | etag: \"a\" | cache-control: max-age=60, stale-while-revalidate=0";
    assert_eq!(judged(zero, "", 60, &shared()), VALIDATE);
    let aged = format!("{BOTH} | age: 60");
    assert_eq!([judged(&aged, "", 30, &shared()), judged(&aged, "", 31, &shared())], [REFRESH, VALIDATE]);
    let negative = "200 | etag: \"a\" | cache-control: max-age=60, stale-while-revalidate=-1";
    assert_eq!(judged(negative, "", 60, &gracious()), VALIDATE, "what cannot be read is no window");
}

/// RFC 5861, section 4: both windows begin where the lifetime ends.
#[test]
fn a_response_stands_in_for_an_origin_that_fails_in_its_window() {
    for (seconds, expected) in [
        (59, Ok(Rule::Fresh)),
        (60, Ok(Rule::StaleIfError)),
        (150, Ok(Rule::StaleIfError)),
        (151, Err(Rule::OriginFailed)),
    ] {
        assert_eq!(in_place(BOTH, "", DOWN, seconds, &shared()), expected, "{seconds}");
    }
    let without = "200 | etag: \"a\" | cache-control: max-age=60";
    assert_eq!(in_place(without, "", DOWN, 60, &shared()), Err(Rule::OriginFailed));
    assert_eq!(in_place(without, " | cache-control: stale-if-error=5", DOWN, 65, &shared()), Ok(Rule::StaleIfError));
    assert_eq!(in_place(without, " | cache-control: stale-if-error=5", DOWN, 66, &shared()), Err(Rule::OriginFailed));
    assert_eq!(in_place(BOTH, " | cache-control: stale-if-error=5", DOWN, 150, &shared()), Ok(Rule::StaleIfError));
}

/// RFC 5861, section 3; RFC 9111, section 5.2.1.2: what may be served stale in any case may be so when the origin fails.
#[test]
fn every_permission_to_serve_what_is_stale_counts_where_the_origin_fails() {
    let with = |windows: &str| format!("200 | etag: \"a\" | cache-control: max-age=60{windows}");
    let obedient = Config { obeys_reloads: true, ..shared() };
    for (windows, wishes, seconds, expected) in [
        (", stale-while-revalidate=30", "", 90, Ok(Rule::StaleWhileRevalidate)),
        (", stale-while-revalidate=30", "", 91, Err(Rule::OriginFailed)),
        (", stale-while-revalidate=30, stale-if-error=5", "", 90, Ok(Rule::StaleWhileRevalidate)),
        (", stale-while-revalidate=30, stale-if-error=90", "", 90, Ok(Rule::StaleIfError)),
        (", stale-if-error=5", "stale-if-error=30", 90, Ok(Rule::StaleIfError)),
        (", stale-if-error=30", "stale-if-error=5", 90, Ok(Rule::StaleIfError)),
        (", stale-if-error=5", "stale-if-error=30", 91, Err(Rule::OriginFailed)),
        ("", "stale-if-error=x", 61, Err(Rule::OriginFailed)),
        ("", "max-stale=30", 90, Ok(Rule::RequestMaxStale)),
        ("", "max-stale=30", 91, Err(Rule::OriginFailed)),
        ("", "max-stale", 1 << 33, Ok(Rule::RequestMaxStale)),
        ("", "no-cache, max-stale=30", 90, Ok(Rule::RequestMaxStale)),
        (", must-revalidate, stale-while-revalidate=30", "max-stale", 61, Err(Rule::MustRevalidate)),
    ] {
        let fields = format!(" | cache-control: {wishes}");
        assert_eq!(
            in_place(&with(windows), &fields, DOWN, seconds, &obedient),
            expected,
            "{windows} {wishes} {seconds}"
        );
    }
}

/// RFC 5861, section 4: errors are what would be answered 500, 502, 503 or 504. RFC 9110, section 15: what is not known of 5xx is
/// taken for 500, and so is what is no status.
#[test]
fn nothing_stands_in_for_an_answer_that_is_no_failure_of_the_origin() {
    let registered_others = [501, 505, 506, 507, 508, 510, 511];
    for status in 200..1000 {
        let failure = Failure::Status(StatusCode::from_u16(status).unwrap());
        let fails = status >= 500 && !registered_others.contains(&status);
        let expected = if fails { Ok(Rule::StaleIfError) } else { Err(Rule::OriginAnswered) };
        assert_eq!(in_place(BOTH, "", failure, 70, &shared()), expected, "{status}");
    }
    for failure in [Failure::Unreachable, Failure::TimedOut, Failure::Truncated] {
        assert_eq!(in_place(BOTH, "", failure, 70, &shared()), Ok(Rule::StaleIfError), "{failure:?}");
    }
}

/// RFC 9111, section 5.2.2.2; RFC 9110, sections 15.6.3 and 15.6.5.
#[test]
fn where_nothing_stands_in_the_error_goes_out_and_504_for_no_answer() {
    let status = StatusCode::INTERNAL_SERVER_ERROR;
    assert_eq!(Failure::Status(status).status(), status);
    assert_eq!([DOWN.status(), Failure::TimedOut.status()], [StatusCode::GATEWAY_TIMEOUT; 2]);
    assert_eq!(Failure::Truncated.status(), StatusCode::BAD_GATEWAY);
}

/// RFC 9111, section 4.2.4, and the directives that it names.
#[test]
fn what_its_origin_forbids_to_serve_stale_is_not_whatever_else_is_said() {
    for (said, of_shared, of_private) in [
        ("must-revalidate", Some(Rule::MustRevalidate), Some(Rule::MustRevalidate)),
        ("must-revalidate=x", Some(Rule::MustRevalidate), Some(Rule::MustRevalidate)),
        ("proxy-revalidate", Some(Rule::ProxyRevalidate), None),
        ("s-maxage=60", Some(Rule::SMaxAge), None),
        ("no-cache", Some(Rule::NoCache), Some(Rule::NoCache)),
        ("x-must-revalidate", None, None),
    ] {
        let response = format!("{BOTH}, {said}");
        for (config, forbidden) in
            [(gracious(), of_shared), (Config { grace: gracious().grace, ..Config::private() }, of_private)]
        {
            let fields = " | cache-control: max-stale, stale-if-error=600";
            let expected = forbidden.map_or(REFRESH, |rule| (Step::Validate, rule));
            assert_eq!(judged(&response, fields, 70, &config), expected, "{said}");
            assert_eq!(in_place(&response, fields, DOWN, 70, &config).err(), forbidden, "{said}");
            let refused = judged(&response, " | cache-control: max-stale, only-if-cached", 70, &config).0;
            assert_eq!(refused == Step::Refuse, forbidden.is_some(), "{said}");
        }
    }
}

/// RFC 9111, section 5.2.2.2: it is stale responses that must be validated.
#[test]
fn what_is_fresh_stands_in_unless_each_use_is_to_be_validated() {
    let response = |said: &str| format!("200 | etag: \"a\" | cache-control: max-age=60, {said}");
    let reload = " | cache-control: no-cache";
    let obedient = Config { obeys_reloads: true, ..shared() };
    assert_eq!(judged(&response("must-revalidate"), reload, 59, &obedient).0, Step::Validate);
    assert_eq!(in_place(&response("must-revalidate"), reload, DOWN, 59, &obedient), Ok(Rule::Fresh));
    assert_eq!(in_place(&response("must-revalidate"), reload, DOWN, 60, &obedient), Err(Rule::MustRevalidate));
    assert_eq!(in_place(&response("no-cache"), "", DOWN, 0, &gracious()), Err(Rule::NoCache));
}

#[test]
fn windows_of_a_users_own_are_for_responses_that_say_none() {
    let silent = "200 | etag: \"a\" | cache-control: max-age=60";
    assert_eq!(judged(silent, "", 3660, &gracious()), REFRESH);
    assert_eq!(judged(silent, "", 3661, &gracious()), VALIDATE);
    assert_eq!(in_place(silent, "", DOWN, 3660, &gracious()), Ok(Rule::StaleIfError));
    assert_eq!(in_place(silent, "", DOWN, 3661, &gracious()), Err(Rule::OriginFailed));
    assert_eq!(judged(BOTH, "", 91, &gracious()), VALIDATE, "the origin's own is shorter");
    assert_eq!(in_place(BOTH, "", DOWN, 151, &gracious()), Err(Rule::OriginFailed));
    let failed = "503 | etag: \"a\" | cache-control: max-age=60";
    assert_eq!(judged(failed, "", 60, &gracious()), VALIDATE, "failures have none");
}

/// RFC 9111, section 4.2.4: an out-of-band contract, which may be made when the origin is down already.
#[test]
fn windows_of_a_users_own_count_for_what_is_stored_already() {
    let (page, wishes) = (terms("200 | etag: \"a\" | cache-control: max-age=60", &shared()), asked("", &shared()));
    let later = NOON + 600 * SECOND;
    for (config, step, in_place) in
        [(shared(), VALIDATE, Err(Rule::OriginFailed)), (gracious(), REFRESH, Ok(Rule::StaleIfError))]
    {
        let judgement = judge(Some(&page), &wishes, later, &config);
        assert_eq!((judgement.step, judgement.rule), step);
        assert_eq!(stand_in(&page, &wishes, DOWN, later, &config), in_place);
        let displaced = takes_its_place(StatusCode::BAD_GATEWAY, StatusCode::OK, &page, later, &config);
        assert_eq!(displaced, in_place.is_err());
    }
}

/// RFC 9111, section 4.2: an origin that says so, or says nothing, wants it validated at each use.
#[test]
fn what_is_stale_from_the_beginning_has_no_windows_but_its_origins_own() {
    for silent in [
        "200 | etag: \"a\"",
        "200 | etag: \"a\" | pragma: no-cache | expires: 0",
        "200 | etag: \"a\" | cache-control: max-age=0",
        "200 | etag: \"a\" | cache-control: max-age=60; no-store",
        "405 | etag: \"a\"",
        "414 | etag: \"a\"",
        "501 | etag: \"a\"",
    ] {
        assert_eq!(judged(silent, "", 600, &gracious()).0, Step::Validate, "{silent}");
        assert_eq!(in_place(silent, "", DOWN, 600, &gracious()), Err(Rule::OriginFailed), "{silent}");
        let bare = silent.replace(" | etag: \"a\"", "");
        assert_eq!(case::rule("GET /", &bare, &gracious()), Err(Rule::NeverOfUse), "{bare}");
    }
    let own = "200 | etag: \"a\" | cache-control: max-age=0, stale-while-revalidate=60, stale-if-error=60";
    assert_eq!(judged(own, "", 60, &shared()), REFRESH);
    assert_eq!(in_place(own, "", DOWN, 60, &shared()), Ok(Rule::StaleIfError));
    assert_eq!(judged(own, "", 600, &gracious()), VALIDATE);
}

#[test]
fn windows_without_end_are_no_overflow() {
    let forever = Grace { stale_while_revalidate: Duration::MAX, stale_if_error: Duration::MAX };
    let config = Config { grace: forever, ..shared() };
    let page = terms("200 | etag: \"a\" | cache-control: max-age=2147483648 | age: 2147483648", &config);
    let wishes = asked("", &config);
    assert_eq!(judge(Some(&page), &wishes, Timestamp::NEVER, &config).step, Step::ServeAndRefresh);
    assert_eq!(stand_in(&page, &wishes, DOWN, Timestamp::NEVER, &config), Ok(Rule::StaleIfError));
    assert!(!takes_its_place(StatusCode::BAD_GATEWAY, StatusCode::OK, &page, Timestamp::NEVER, &config));
    let kept = Config { failure_lifetime: Duration::MAX, ..config };
    assert_eq!(judge(Some(&terms("503", &kept)), &wishes, Timestamp::NEVER, &kept).step, Step::Serve);
}

/// RFC 9111, sections 5.2.1.1 and 5.2.1.2.
#[test]
fn a_request_may_take_or_refuse_what_is_stale() {
    let silent = "200 | etag: \"a\" | cache-control: max-age=60";
    let obedient = Config { obeys_reloads: true, ..shared() };
    let takes = (Step::Serve, Rule::RequestMaxStale);
    for (wish, seconds, expected) in [
        ("max-stale", 60, takes),
        ("max-stale", 1 << 33, takes),
        ("max-stale=10", 70, takes),
        ("max-stale=10", 71, VALIDATE),
        ("max-stale=x", 61, VALIDATE),
        ("max-stale=5, max-stale=10", 66, VALIDATE),
        ("max-age=100, max-stale=10", 70, takes),
        ("max-age=65, max-stale=10", 66, (Step::Validate, Rule::RequestMaxAge)),
        ("min-fresh=1, max-stale=10", 61, (Step::Validate, Rule::RequestMinFresh)),
        ("no-cache, max-stale", 61, (Step::Validate, Rule::RequestNoCache)),
        ("max-age=100", 61, (Step::Validate, Rule::RequestMaxAge)),
    ] {
        assert_eq!(
            judged(silent, &format!(" | cache-control: {wish}"), seconds, &obedient),
            expected,
            "{wish} {seconds}"
        );
    }
    assert_eq!(judged(silent, " | cache-control: max-stale=10", 70, &shared()), takes, "it costs the origin nothing");
    assert_eq!(judged(BOTH, " | cache-control: max-age=600", 70, &obedient), (Step::Validate, Rule::RequestMaxAge));
    assert_eq!(judged(BOTH, " | cache-control: max-age=600", 70, &shared()), REFRESH);
    assert_eq!(judged(BOTH, " | cache-control: max-stale", 70, &obedient), REFRESH, "it is refreshed all the same");
    let limited = |seconds, config: &Config| judged(BOTH, " | cache-control: max-stale=5", seconds, config);
    assert_eq!(limited(65, &obedient), REFRESH);
    assert_eq!(limited(66, &shared()), REFRESH);
    assert_eq!(limited(66, &obedient), (Step::Validate, Rule::RequestMaxStaleExceeded), "by no more than that");
    assert_eq!(limited(91, &obedient), VALIDATE, "nobody allows it");
}

#[test]
fn a_failure_never_takes_the_place_of_what_may_be_served() {
    let [ok, down, missing, lost, not_known, invalid] =
        [200, 503, 404, 520, 599, 700].map(|status| StatusCode::from_u16(status).unwrap());
    let page = terms(BOTH, &shared());
    let takes = |new, old, seconds| takes_its_place(new, old, &page, NOON + Duration::from_secs(seconds), &shared());
    assert!(!takes(down, ok, 0) && !takes(down, ok, 60) && !takes(down, ok, 150));
    assert!(!takes(lost, ok, 0) && !takes(not_known, ok, 0) && !takes(invalid, ok, 0));
    assert!(takes(down, ok, 151), "nothing may be served any more");
    assert!(takes(down, down, 0) && takes(ok, down, 0) && takes(ok, ok, 0) && takes(missing, ok, 0));
    let strict = terms("200 | etag: \"a\" | cache-control: max-age=60, must-revalidate", &gracious());
    assert!(!takes_its_place(down, ok, &strict, NOON + 59 * SECOND, &gracious()));
    assert!(takes_its_place(down, ok, &strict, NOON + 60 * SECOND, &gracious()));
    let refreshed = terms("200 | etag: \"a\" | cache-control: max-age=60, stale-while-revalidate=90", &shared());
    let takes = |seconds: u64| takes_its_place(down, ok, &refreshed, NOON + Duration::from_secs(seconds), &shared());
    assert_eq!([takes(150), takes(151)], [false, true]);
    let validated = terms("200 | etag: \"a\" | cache-control: no-cache", &shared());
    assert!(takes_its_place(down, ok, &validated, NOON, &shared()));
}
