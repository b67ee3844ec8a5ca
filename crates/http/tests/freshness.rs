//! How long a response is fresh, and how old it is.

mod case;

use std::time::Duration;

use case::{NOON, SECOND, asked, date, judged, sent, terms};
use freshen_core::Timestamp;
use freshen_http::{
    CacheStatus, Config, Exchange, Failure, Forward, Forwarded, Handled, Heuristic, Rule, Step, Storing, judge,
    stand_in, takes_its_place,
};
use http::{HeaderMap, StatusCode};

const FRESH: (Step, Rule) = (Step::Serve, Rule::Fresh);
const PAGE: &str = "200 | etag: \"a\" | cache-control: max-age=60";

fn shared() -> Config {
    Config::default()
}

/// RFC 9111, section 4.2: fresh is what is younger than its lifetime.
#[test]
fn a_response_is_fresh_until_its_age_reaches_its_lifetime() {
    for (age, seconds, expected) in [
        (0, 0, FRESH),
        (0, 59, FRESH),
        (0, 60, (Step::Validate, Rule::Stale)),
        (0, 61, (Step::Validate, Rule::Stale)),
        (50, 9, FRESH),
        (50, 10, (Step::Validate, Rule::Stale)),
        (60, 0, (Step::Validate, Rule::Stale)),
        (1_i64 << 31, 0, (Step::Validate, Rule::Stale)),
    ] {
        assert_eq!(judged(&format!("{PAGE} | age: {age}"), "", seconds, &shared()), expected, "{age} {seconds}");
    }
    let page = terms(PAGE, &shared());
    let just_before = NOON + Duration::from_micros(59_999_999);
    assert_eq!(judge(Some(&page), &asked("", &shared()), just_before, &shared()).step, Step::Serve);
}

/// RFC 9111, sections 4.2.1 and 5.3.
#[test]
fn the_lifetime_is_the_first_that_is_said() {
    let all = format!("s-maxage=10, max-age=20 | expires: {}", date(30));
    let some = format!("max-age=20 | expires: {}", date(30));
    let for_others = format!("s-maxage=10 | expires: {}", date(30));
    let date_alone = format!("public | expires: {}", date(30));
    for (said, of_shared, of_private) in [(&all, 10, 20), (&some, 20, 20), (&for_others, 10, 30), (&date_alone, 30, 30)]
    {
        let response = format!("200 | etag: \"a\" | cache-control: {said}");
        let span = |config| terms(&response, config).lifetime.span.as_secs();
        assert_eq!((span(&shared()), span(&Config::private())), (of_shared, of_private), "{said}");
    }
    let behind = format!("200 | date: {} | expires: {}", date(-100), date(-70));
    let ahead = format!("200 | date: {} | expires: {}", date(100), date(130));
    assert_eq!(terms(&format!("{behind} | etag: \"a\""), &shared()).lifetime.span, 30 * SECOND);
    assert_eq!(judged(&format!("{behind} | etag: \"a\""), "", 0, &shared()), (Step::Validate, Rule::Stale));
    assert_eq!(judged(&ahead, "", 29, &shared()), FRESH);
    assert_eq!(judged(&ahead, "", 30, &shared()), (Step::Fetch, Rule::Stale));
}

/// RFC 9111, sections 1.2.2, 4.2.1 and 5.2.
#[test]
fn a_span_is_digits_and_of_several_the_shortest() {
    for (said, seconds) in [
        ("max-age=60", 60),
        ("MAX-AGE=60", 60),
        ("max-age=\"60\"", 60),
        ("max-age=0060", 60),
        ("max-age=2147483648", 1 << 31),
        ("max-age=99999999999999999999", 1 << 31),
        ("max-age=-1", 0),
        ("max-age=60.5", 0),
        ("max-age=x", 0),
        ("max-age='60'", 0),
        ("max-age = 60", 0),
        ("max-age", 0),
        ("max-age=", 0),
        ("max-age=60, max-age=30", 30),
        ("max-age=30, max-age=60", 30),
        ("max-age=60, max-age=x", 0),
        ("max-age=60, x-max-age=10, max-agex=10", 60),
        ("x=\"max-age=10\", max-age=60", 60),
    ] {
        let response = format!("200 | etag: \"a\" | cache-control: {said}");
        assert_eq!(terms(&response, &shared()).lifetime.span.as_secs(), seconds, "{said}");
    }
}

/// RFC 9111, sections 4.2 and 5.3.
#[test]
fn an_expiry_that_cannot_be_read_is_past() {
    let good = date(60);
    for bad in ["0", "-1", "", "soon", &good.replace("GMT", "CET"), &good[5..], &format!("{good} | expires: {good}")] {
        let response = format!("200 | etag: \"a\" | expires: {bad}");
        assert_eq!(terms(&response, &shared()).lifetime.span, Duration::ZERO, "{bad}");
    }
    for same in [good.to_uppercase(), good.to_lowercase(), good.clone()] {
        assert_eq!(terms(&format!("200 | expires: {same}"), &shared()).lifetime.span, 60 * SECOND, "{same}");
    }
}

/// RFC 9111, sections 4.2.3 and 5.1.
#[test]
fn a_response_is_no_younger_than_it_says_or_was_under_way() {
    let old = format!("date: {}", date(-30));
    for (fields, delay, expected) in [
        ("x: y", 0, 0),
        ("age: 10", 0, 10),
        ("age: 10", 5, 15),
        (old.as_str(), 0, 30),
        (&format!("{old} | age: 10"), 5, 30),
        (&format!("{old} | age: 40"), 5, 45),
        ("age: 10, 50", 0, 10),
        ("age: -10", 0, 0),
        ("age: 10.5", 0, 0),
        ("age: 9223372036854775808", 0, 1 << 31),
    ] {
        let exchange =
            Exchange { asked_at: Timestamp::from_micros(NOON.as_micros() - delay * 1_000_000), answered_at: NOON };
        let response = case::response(&format!("{PAGE} | {fields}"));
        let Storing::Store(terms, _) = Storing::of(&sent(&HeaderMap::new()), &response, &exchange, &shared()) else {
            panic!("{fields} is not stored")
        };
        assert_eq!(terms.age(NOON), expected * SECOND, "{fields} {delay}");
        assert_eq!(terms.age(NOON + 7 * SECOND), (expected + 7) * SECOND, "{fields} {delay}");
    }
}

/// RFC 9111, section 4.2.2; RFC 9110, section 15.1.
#[test]
fn a_lifetime_is_guessed_only_where_none_is_said() {
    let modified = date(-1000);
    let span = |response: &str, config: &Config| {
        terms(&format!("{response} | etag: \"a\" | content-range: bytes 0-1/2 | last-modified: {modified}"), config)
            .lifetime
    };
    for status in [200, 203, 204, 206, 300, 301, 308, 404, 410] {
        let guessed = span(&status.to_string(), &shared());
        assert_eq!((guessed.span, guessed.rule), (100 * SECOND, Rule::Heuristic), "{status}");
    }
    // Not what a single odd request may have brought about, nor what somebody forbids for now.
    for status in [405, 414, 451, 501] {
        let silent = span(&status.to_string(), &shared());
        assert_eq!((silent.span, silent.rule), (Duration::ZERO, Rule::NoLifetime), "{status}");
        let guessed = span(&format!("{status} | cache-control: public"), &shared());
        assert_eq!((guessed.span, guessed.rule), (100 * SECOND, Rule::Heuristic), "{status}");
    }
    assert_eq!(span("299 | cache-control: public", &shared()).span, 100 * SECOND);
    let behind = format!("200 | date: {}", date(-500));
    assert_eq!(span(&behind, &shared()).span, 50 * SECOND, "by the clock of its origin, not by ours");
    assert_eq!(span("200 | cache-control: max-age=5", &shared()).span, 5 * SECOND);
    assert_eq!(span("200 | expires: 0", &shared()).span, Duration::ZERO);
    assert_eq!(span("200 | cache-control: max-age=x", &shared()).span, Duration::ZERO);
    assert_eq!(span("200 | cache-control: s-maxage=5", &shared()).span, 5 * SECOND);
    assert_eq!(span("200", &Config { heuristic: None, ..shared() }).rule, Rule::NoLifetime);
    let most = Heuristic { percent: 10, most: 30 * SECOND };
    assert_eq!(span("200", &Config { heuristic: Some(most), ..shared() }).span, 30 * SECOND);
}

/// RFC 9111, section 4.2.3: its age is what has passed since it came. Where that is less than nothing, it cannot be told.
#[test]
fn what_came_under_a_clock_that_was_ahead_is_validated() {
    let response = format!("{PAGE}, stale-while-revalidate=600, stale-if-error=600, immutable");
    let (page, asked) = (terms(&response, &shared()), asked(" | cache-control: max-stale", &shared()));
    let before = |seconds: u64| Timestamp::from_micros(NOON.as_micros() - seconds * 1_000_000);
    for (now, expected) in [
        (NOON, FRESH),
        (before(60), FRESH),
        (before(61), (Step::Validate, Rule::ClockBehind)),
        (before(3 * 365 * 86_400), (Step::Validate, Rule::ClockBehind)),
        (Timestamp::ZERO, (Step::Validate, Rule::ClockBehind)),
    ] {
        let judgement = judge(Some(&page), &asked, now, &shared());
        assert_eq!((judgement.step, judgement.rule), expected, "{now:?}");
        let told = CacheStatus::judged(&judgement, &page).unwrap().handled;
        let forwarded = matches!(told, Handled::Forwarded(Forwarded { why: Forward::Stale, .. }));
        assert_eq!(forwarded, expected != FRESH, "{now:?}");
        let in_place = stand_in(&page, &asked, Failure::TimedOut, now, &shared());
        assert_eq!(in_place, if expected == FRESH { Ok(Rule::Fresh) } else { Err(Rule::ClockBehind) }, "{now:?}");
        // What it is will show when the clock is right.
        assert!(!takes_its_place(StatusCode::BAD_GATEWAY, StatusCode::OK, &page, now, &shared()), "{now:?}");
    }
}

#[test]
fn a_clock_that_jumps_makes_no_response_younger_than_it_came() {
    let page = terms(&format!("{PAGE} | age: 59"), &shared());
    assert_eq!(page.age(Timestamp::ZERO), 59 * SECOND);
    assert_eq!(judge(Some(&page), &asked("", &shared()), Timestamp::NEVER, &shared()).step, Step::Validate);
    let expired = terms(&format!("{PAGE} | age: 60"), &shared());
    assert_eq!(judge(Some(&expired), &asked("", &shared()), Timestamp::ZERO, &shared()).step, Step::Validate);
}
