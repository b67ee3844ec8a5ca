//! What the status of a response says about storing it.

mod case;

use std::time::Duration;

use case::{check, judged, rule, storing, terms};
use freshen_http::{Config, Grace, Rule, Step, Storing, Terms};

fn shared() -> Config {
    Config::default()
}

/// RFC 9111, section 3: the status is final; RFC 9110, section 15: and is one.
#[test]
fn interim_and_invalid_responses_and_304_are_never_stored() {
    for status in 100..1000 {
        let expected = match status {
            100..=199 => Err(Rule::StatusInterim),
            304 => Err(Rule::StatusNotModified),
            600.. => Err(Rule::StatusInvalid),
            _ => continue,
        };
        let response = format!("{status} | cache-control: public, max-age=60 | etag: \"a\"");
        assert_eq!(rule("GET /", &response, &shared()), expected, "{status}");
    }
}

/// RFC 6585, sections 3 to 6; and those that answer what is no part of a key. What a 426 requires, it says in a field that is never
/// kept (RFC 9110, section 15.5.22).
#[test]
fn statuses_about_one_client_or_one_request_are_never_stored() {
    for (status, expected) in [
        (428, Rule::StatusNeverStored),
        (429, Rule::StatusNeverStored),
        (431, Rule::StatusNeverStored),
        (511, Rule::StatusNeverStored),
        (412, Rule::StatusOfRequest),
        (416, Rule::StatusOfRequest),
        (417, Rule::StatusOfRequest),
        (426, Rule::StatusOfRequest),
    ] {
        let response = format!("{status} | cache-control: public, max-age=60, must-understand");
        assert_eq!(rule("GET /", &response, &shared()), Err(expected), "{status}");
    }
}

/// RFC 9111, section 3: a status need not be known where the lifetime is said.
#[test]
fn any_other_final_status_is_stored_where_its_lifetime_is_said() {
    let apart = [206, 304, 412, 416, 417, 426, 428, 429, 431, 511];
    for status in (200..600).filter(|status| !apart.contains(status)) {
        let response = format!("{status} | cache-control: max-age=60");
        assert_eq!(rule("GET /", &response, &shared()), Ok(Rule::MaxAge), "{status}");
    }
}

/// RFC 9111, section 3, its last point; RFC 9110, section 15.1.
#[test]
fn without_a_lifetime_only_heuristically_cacheable_statuses_are_stored() {
    let stored: Vec<u16> = (200..600)
        .filter(|status| {
            let response = format!("{status} | etag: \"a\" | content-range: bytes 0-1/2");
            rule("GET /", &response, &shared()) == Ok(Rule::Heuristic)
        })
        .collect();
    assert_eq!(stored, [200, 203, 204, 206, 300, 301, 308, 404, 405, 410, 414, 451, 501]);
}

/// RFC 9111, sections 3 and 5.2.2.3.
#[test]
fn what_must_be_understood_is_stored_only_with_a_known_status_and_then_despite_no_store() {
    check(
        &shared(),
        &[
            ("200 | cache-control: no-store, must-understand, max-age=60", Ok(Rule::MaxAge)),
            ("404 | cache-control: no-store, must-understand, max-age=60", Ok(Rule::MaxAge)),
            ("299 | cache-control: must-understand, max-age=60", Err(Rule::StatusNotUnderstood)),
            ("499 | cache-control: no-store, must-understand, max-age=60", Err(Rule::StatusNotUnderstood)),
            ("599 | cache-control: must-understand, public, max-age=60", Err(Rule::StatusNotUnderstood)),
            ("200 | cache-control: no-store, must-understand=1, max-age=60", Err(Rule::NoStore)),
            ("200 | cache-control: private, no-store, must-understand, max-age=60", Err(Rule::Private)),
        ],
    );
}

/// RFC 9111, section 5.2.2.3: which they are.
#[test]
fn the_statuses_that_are_understood_are_those_of_the_standards_for_which_something_is_known() {
    // Without those that are not stored whatever they say.
    let understood: Vec<u16> = (200..600)
        .filter(|status| {
            let fields =
                "etag: \"a\" | content-range: bytes 0-1/2 | cache-control: must-understand, no-store, max-age=60";
            rule("GET /", &format!("{status} | {fields}"), &shared()) == Ok(Rule::MaxAge)
        })
        .collect();
    let successes = 200..=206;
    let redirections = [300, 301, 302, 303, 305, 307, 308];
    let of_clients = (400..=411).chain([413, 414, 415, 421, 422, 451]);
    assert_eq!(understood, successes.chain(redirections).chain(of_clients).chain(500..=505).collect::<Vec<u16>>());
}

/// RFC 9111, sections 3 and 3.3.
#[test]
fn a_part_is_stored_only_in_bytes_and_with_one_strong_validator() {
    let part =
        |fields: &str| rule("GET / | range: bytes=0-1", &format!("206 | cache-control: max-age=60{fields}"), &shared());
    assert_eq!(part(" | etag: \"a\" | content-range: bytes 0-1/9"), Ok(Rule::MaxAge));
    for fields in ["", " | etag: W/\"a\"", " | etag: a", " | last-modified: x", " | etag: \"a\" | etag: \"b\""] {
        let fields = format!("{fields} | content-range: bytes 0-1/9");
        assert_eq!(part(&fields), Err(Rule::PartialWithoutValidator), "{fields}");
    }
    for range in [
        "",
        " | content-range: pages 0-1/9",
        " | content-range: bytes",
        " | content-range: bytes 0-1/9 | content-range: bytes 2-3/9",
    ] {
        assert_eq!(part(&format!(" | etag: \"a\"{range}")), Err(Rule::PartNotUnderstood), "{range}");
    }
}

#[test]
fn a_failure_is_kept_for_a_while_only_where_that_is_configured() {
    let keeps = Config { failure_lifetime: Duration::from_secs(5), grace: hour_of_grace(), ..shared() };
    for status in [500, 502, 503, 504] {
        let response = status.to_string();
        assert_eq!(rule("GET /", &response, &shared()), Err(Rule::NothingAllows), "{status}");
        let Storing::Store(kept @ Terms { lifetime, .. }, Rule::Failure) = storing("GET /", &response, &keeps) else {
            panic!("{status} is not kept")
        };
        assert_eq!((lifetime.span, lifetime.rule), (Duration::from_secs(5), Rule::Failure));
        assert_eq!(kept.windows(&keeps), Grace::default());
        let said = format!("{status} | cache-control: max-age=60");
        assert_eq!(terms(&said, &keeps).lifetime.rule, Rule::MaxAge, "{status}");
    }
    check(
        &keeps,
        &[
            ("503 | cache-control: no-store", Err(Rule::NoStore)),
            ("503 | cache-control: max-age=0", Err(Rule::NeverOfUse)),
            ("501", Err(Rule::NeverOfUse)),
            ("505", Err(Rule::NothingAllows)),
            ("400", Err(Rule::NothingAllows)),
        ],
    );
}

/// RFC 9111, section 4: what is stored is served.
#[test]
fn a_status_that_is_not_known_is_served_where_its_lifetime_is_said() {
    let expires = format!("expires: {}", case::date(60));
    for status in [299, 399, 499, 599] {
        for said in ["cache-control: max-age=60", "cache-control: s-maxage=60", &expires] {
            let response = format!("{status} | {said}");
            assert_eq!(judged(&response, "", 59, &shared()), (Step::Serve, Rule::Fresh), "{response}");
            assert_eq!(judged(&response, "", 60, &shared()).0, Step::Fetch, "{response}");
        }
    }
}

fn hour_of_grace() -> Grace {
    let hour = Duration::from_secs(3600);
    Grace { stale_while_revalidate: hour, stale_if_error: hour }
}
