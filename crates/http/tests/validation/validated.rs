//! What the answer to a validation means.

use freshen_http::{Answer, Asked, Config, Failure, Rule, Validated, Variant};
use http::StatusCode;
use proptest::prelude::*;

use crate::wire::{Lines, NOON, answered, at, date, headers, kept, of_another, question, request, response, too_short};

fn of(status: u16, lines: Lines<'_>, stored: &[Variant]) -> Validated {
    question("GET", &[], stored, 100).answered(&response(status, lines), at(100))
}

fn is_304(lines: Lines<'_>, stored: &[Variant]) -> Validated {
    of(304, lines, stored)
}

fn current(served: usize, updated: &[usize], rule: Rule) -> Validated {
    Validated::Current { served, updated: updated.to_vec(), rule }
}

const NOTHING: Validated = Validated::AskAgain(Rule::ValidatesNothing);

/// RFC 9111, section 4.3.4.
#[test]
fn a_strong_tag_updates_all_that_have_it_and_no_other() {
    let stored = [
        kept(&[("etag", r#""a""#)]),
        answered(kept(&[("etag", r#""b""#)]), 30),
        answered(kept(&[("etag", r#""a""#)]), 20),
        answered(kept(&[("etag", r#"W/"a""#)]), 40),
        answered(kept(&[]), 50),
    ];
    assert_eq!(is_304(&[("etag", r#""a""#)], &stored), current(2, &[0, 2], Rule::ValidatedStrongly));
    assert_eq!(is_304(&[("etag", r#""b""#)], &stored), current(1, &[1], Rule::ValidatedStrongly));
    assert_eq!(is_304(&[("etag", r#""c""#)], &stored), NOTHING);
    assert_eq!(is_304(&[("etag", r#""a""#)], &stored[3..]), NOTHING, "a weak tag is no strong one");
}

/// RFC 9111, section 4.3.4; RFC 9110, section 12.5.5.
#[test]
fn what_the_request_does_not_select_serves_it_if_the_origin_names_its_strong_tag_but_is_not_updated() {
    let modified = date(-1000);
    let stored = [
        kept(&[("etag", r#""a""#), ("last-modified", &modified)]),
        answered(of_another("accept", &[("etag", r#""b""#), ("last-modified", &modified), ("date", &date(0))]), 9),
        answered(of_another("accept", &[("etag", r#""a""#)]), 9),
        of_another("accept", &[("etag", r#"W/"c""#)]),
    ];
    assert_eq!(is_304(&[("etag", r#""b""#)], &stored), current(1, &[], Rule::ValidatedStrongly));
    assert_eq!(is_304(&[("etag", r#""a""#)], &stored), current(0, &[0], Rule::ValidatedStrongly));
    assert_eq!(is_304(&[("etag", r#"W/"c""#)], &stored), NOTHING);
    assert_eq!(is_304(&[("etag", r#"W/"b""#)], &stored), NOTHING);
    assert_eq!(is_304(&[("last-modified", &modified)], &stored[1..]), NOTHING);
}

/// RFC 9111, section 4.3.4.
#[test]
fn a_weak_tag_updates_the_newest_that_has_it() {
    let stored = [
        answered(kept(&[("etag", r#"W/"a""#)]), 10),
        answered(kept(&[("etag", r#""a""#)]), 20),
        answered(kept(&[("etag", r#"W/"b""#)]), 30),
    ];
    assert_eq!(is_304(&[("etag", r#"W/"a""#)], &stored), current(1, &[1], Rule::ValidatedWeakly));
    assert_eq!(is_304(&[("etag", r#"W/"b""#)], &stored), current(2, &[2], Rule::ValidatedWeakly));
    assert_eq!(is_304(&[("etag", r#"W/"c""#)], &stored), NOTHING);
    assert_eq!(is_304(&[("etag", "a")], &[kept(&[("etag", "a")])]), current(0, &[0], Rule::ValidatedWeakly));
}

/// RFC 9111, section 4.3.4; RFC 9110, section 8.8.2.2: the date of what is stored tells how strong its modification is.
#[test]
fn a_modification_is_a_strong_or_a_weak_validator() {
    let (modified, noon) = (date(-60), date(0));
    let strong = || kept(&[("last-modified", &modified), ("date", &noon)]);
    let weak = || answered(kept(&[("last-modified", &modified), ("date", &date(-1))]), 9);
    let said = [("last-modified", &*modified)];
    assert_eq!(is_304(&said, &[strong(), weak(), strong()]), current(2, &[0, 2], Rule::ValidatedStrongly));
    assert_eq!(is_304(&said, &[weak(), answered(weak(), 8)]), current(0, &[0], Rule::ValidatedWeakly));
    assert_eq!(is_304(&[("last-modified", &date(-61))], &[strong(), weak()]), NOTHING);
    let tagged = [kept(&[("last-modified", &modified), ("date", &noon), ("etag", r#""a""#)])];
    assert_eq!(is_304(&said, &tagged), current(0, &[0], Rule::ValidatedStrongly));
    let other_tag = [("last-modified", &*modified), ("etag", r#""b""#)];
    assert_eq!(is_304(&other_tag, &tagged), NOTHING, "the tags tell that it is another");
    assert_eq!(is_304(&[("last-modified", &*modified), ("etag", r#"W/"b""#)], &tagged), NOTHING);
}

/// RFC 9111, section 4.3.4.
#[test]
fn an_answer_without_validators_is_about_the_only_one_that_was_asked_about() {
    let [tagged, dated] = [[("etag", r#""a""#)], [("last-modified", &*date(-5))]].map(|lines| kept(&lines));
    let alone = current(0, &[0], Rule::ValidatedAlone);
    assert_eq!(is_304(&[("date", &date(0))], std::slice::from_ref(&tagged)), alone);
    assert_eq!(is_304(&[], std::slice::from_ref(&dated)), alone);
    assert_eq!(is_304(&[], &[tagged.clone(), kept(&[])]), alone, "nobody can ask about the other");
    assert_eq!(is_304(&[], &[tagged.clone(), kept(&[("etag", r#""b""#)])]), NOTHING);
    assert_eq!(is_304(&[], &[dated.clone(), dated]), NOTHING);
    assert_eq!(is_304(&[], &[of_another("accept", &[("etag", r#""a""#)])]), NOTHING);
    for unclear in [&[("etag", r#""a""#), ("etag", r#""b""#)][..], &[("etag", "")], &[("last-modified", "x")]] {
        assert_eq!(is_304(unclear, std::slice::from_ref(&tagged)), NOTHING, "{unclear:?}");
    }
}

/// RFC 9111, section 4.3.4: what the request did not ask about may be another user's, or be older than its origin knows.
#[test]
fn an_answer_is_held_against_nothing_that_was_not_asked_about() {
    let modified = date(-1000);
    let said = [("last-modified", &*modified)];
    let both = [("etag", r#""a""#), ("last-modified", &*modified), ("date", &*date(0))];
    let stored = [answered(kept(&both), 1), kept(&both[1..])];
    assert_eq!(is_304(&said, &stored), current(0, &[0], Rule::ValidatedStrongly), "the second has no tag");
    let other = answered(of_another("cookie", &both), 9);
    let tags = [("etag", r#""a""#)];
    assert_eq!(is_304(&tags, &[kept(&[("etag", r#""b""#)]), other.clone()]), NOTHING);
    assert_eq!(is_304(&said, &[kept(&[("etag", r#""b""#)]), other]), NOTHING);
    let two = [kept(&both), kept(&[("etag", r#""b""#), both[1], both[2]])];
    assert_eq!(is_304(&said, &two), NOTHING, "the date was not sent");
    let long = |at: usize| format!("\"{at:0>98}\"");
    let many: Vec<Variant> = (0..100).map(|at| kept(&[("etag", &long(at))])).collect();
    assert_eq!(is_304(&[("etag", &long(0))], &many), NOTHING, "there was no room for it");
    assert_eq!(is_304(&[("etag", &long(99))], &many), current(99, &[99], Rule::ValidatedStrongly));
}

/// RFC 9111, section 4.3.2.
#[test]
fn a_part_that_lacks_what_is_asked_for_is_validated_by_nothing() {
    let stored = [too_short(&[("etag", r#""a""#)]), kept(&[("etag", r#""b""#)])];
    assert_eq!(is_304(&[("etag", r#""a""#)], &stored), NOTHING);
    assert_eq!(is_304(&[("etag", r#""b""#)], &stored), current(1, &[1], Rule::ValidatedStrongly));
    let question = question("GET", &[("range", "bytes=0-4")], &stored, 100);
    let part = response(304, &[("etag", r#""a""#)]);
    assert_eq!(
        question.answered(&part, at(100)),
        current(0, &[0], Rule::ValidatedStrongly),
        "it has what this asks for"
    );
}

/// RFC 9111, section 4.3.3: without a condition, a 304 is no answer to anybody.
#[test]
fn a_304_to_a_request_that_asked_about_nothing_is_a_failure_of_the_origin() {
    let (failure, tagged) = (Failure::Truncated, [("etag", r#""a""#)]);
    assert_eq!(failure.status(), StatusCode::BAD_GATEWAY);
    for stored in [vec![], vec![kept(&[])], vec![too_short(&tagged)]] {
        assert_eq!(is_304(&tagged, &stored), Validated::Failed { failure, rule: Rule::OriginFailed });
        assert_eq!(is_304(&[], &stored), Validated::Failed { failure, rule: Rule::OriginFailed });
    }
    let may = kept(&[("cache-control", "stale-if-error=60")]);
    assert_eq!(is_304(&tagged, &[may]), Validated::StandIn { served: 0, rule: Rule::StaleIfError });
}

/// RFC 9111, section 4.3.4.
#[test]
fn an_answer_about_nothing_is_asked_for_once_more_without_conditions() {
    let stored = [kept(&[("etag", r#""a""#), ("last-modified", &date(-5)), ("cache-control", "stale-if-error=60")])];
    let question = question("GET", &[("accept", "text/css")], &stored, 100);
    let other = response(304, &[("etag", r#""b""#)]);
    assert_eq!(question.answered(&other, at(100)), NOTHING);
    let again = question.again();
    assert_eq!(again.sent().headers(), headers(&[("accept", "text/css"), ("host", "a.example")]));
    let full = Validated::Answer { outdates: true, rule: Rule::FullResponse };
    assert_eq!(again.answered(&response(200, &[]), at(100)), full);
    let stands_in = Validated::StandIn { served: 0, rule: Rule::StaleIfError };
    assert_eq!(again.answered(&other, at(100)), stands_in, "never a 304 again");
    assert_eq!(again.failed(Failure::TimedOut, at(100)), stands_in);
}

/// RFC 9111, section 4.3.3.
#[test]
fn a_response_of_its_own_answers_and_outdates_where_it_tells_of_the_resource() {
    let cases = [
        (200, true),
        (203, true),
        (204, true),
        (206, true),
        (300, true),
        (301, true),
        (302, true),
        (303, true),
        (307, true),
        (308, true),
        (404, true),
        (410, true),
        (400, false),
        (401, false),
        (403, false),
        (412, false),
        (429, false),
        (501, false),
        (505, false),
    ];
    let stored = || [kept(&[("etag", r#""a""#)])];
    for (status, outdates) in cases {
        let answer = Validated::Answer { outdates, rule: Rule::FullResponse };
        assert_eq!(of(status, &[("etag", r#""a""#)], &stored()), answer, "{status}");
    }
}

/// RFC 9111, section 4.3.5: [`Headed`](freshen_http::Headed) compares them.
#[test]
fn a_response_to_head_outdates_nothing_by_its_status() {
    let question = question("HEAD", &[], &[kept(&[("etag", r#""a""#)])], 100);
    for status in [200, 404] {
        let expected = Validated::Answer { outdates: false, rule: Rule::FullResponse };
        assert_eq!(question.answered(&response(status, &[]), at(100)), expected, "{status}");
    }
}

/// RFC 9111, section 4.3.3; RFC 5861, section 4.
#[test]
fn while_the_origin_fails_what_is_stored_stands_in_as_long_as_it_may() {
    let with = |directives: &str| kept(&[("cache-control", directives), ("etag", r#""a""#)]);
    let stands_in = |served| Validated::StandIn { served, rule: Rule::StaleIfError };
    let may = || with("stale-if-error=60");
    for status in [500, 502, 503, 504, 599] {
        let failure = Failure::Status(StatusCode::from_u16(status).unwrap());
        let fails = |rule| Validated::Failed { failure, rule };
        assert_eq!(of(status, &[], &[may()]), stands_in(0), "{status}");
        assert_eq!(of(status, &[], &[with("stale-if-error=39")]), fails(Rule::OriginFailed), "{status}");
        let must = with("stale-if-error=60, must-revalidate");
        assert_eq!(of(status, &[], &[must]), fails(Rule::MustRevalidate), "{status}");
        let of_another = of_another("accept", &[("cache-control", "stale-if-error=60"), ("etag", r#""a""#)]);
        let too_short = too_short(&[("cache-control", "stale-if-error=60"), ("etag", r#""a""#)]);
        for useless in [&[][..], &[of_another], &[too_short]] {
            assert_eq!(of(status, &[], useless), fails(Rule::OriginFailed), "{status}");
        }
    }
    for failure in [Failure::Unreachable, Failure::TimedOut, Failure::Truncated] {
        let failed = |stored: &[Variant]| question("GET", &[], stored, 100).failed(failure, at(100));
        assert_eq!(failed(&[may()]), stands_in(0), "{failure:?}");
        assert_eq!(failed(&[]), Validated::Failed { failure, rule: Rule::OriginFailed }, "{failure:?}");
    }
}

/// RFC 5861, section 4: the window runs on while the origin is waited for.
#[test]
fn what_stands_in_may_do_so_when_the_origin_has_failed_and_not_when_it_was_asked() {
    let stored = [kept(&[("cache-control", "stale-if-error=60"), ("etag", r#""a""#)])];
    let question = question("GET", &[], &stored, 100);
    let (failed, unclear) = (response(503, &[]), response(304, &[]));
    let (failure, rule) = (Failure::Status(StatusCode::SERVICE_UNAVAILABLE), Rule::StaleIfError);
    let stands_in = Validated::StandIn { served: 0, rule };
    let fails = |failure| Validated::Failed { failure, rule: Rule::OriginFailed };
    assert_eq!(question.answered(&failed, at(120)), stands_in);
    assert_eq!(question.answered(&failed, at(121)), fails(failure));
    assert_eq!(question.failed(Failure::TimedOut, at(120)), stands_in);
    assert_eq!(question.failed(Failure::TimedOut, at(121)), fails(Failure::TimedOut));
    assert_eq!(question.again().answered(&unclear, at(120)), stands_in);
    assert_eq!(question.again().answered(&unclear, at(121)), fails(Failure::Truncated));
}

/// RFC 9111, section 4: the one that would have been served.
#[test]
fn the_newest_that_is_selected_stands_in() {
    let with = |etag: &str, directives: &str| kept(&[("cache-control", directives), ("etag", etag)]);
    let (old, new) = (with(r#""a""#, "stale-if-error=60"), answered(with(r#""b""#, "stale-if-error=90"), 5));
    let stands_in = |served| Validated::StandIn { served, rule: Rule::StaleIfError };
    assert_eq!(of(503, &[], &[old.clone(), new.clone()]), stands_in(1));
    assert_eq!(of(503, &[], &[new, old.clone()]), stands_in(0));
    let must = answered(with(r#""c""#, "must-revalidate"), 5);
    assert!(matches!(of(503, &[], &[old, must]), Validated::Failed { rule: Rule::MustRevalidate, .. }));
}

/// RFC 9111, section 4.3.2: the last sentence.
#[test]
fn a_client_gets_the_response_if_it_is_current_and_the_client_has_another() {
    let config = Config::default();
    let stored = kept(&[("etag", r#""a""#)]);
    assert!(matches!(
        is_304(&[("etag", r#""a""#)], std::slice::from_ref(&stored)),
        Validated::Current { served: 0, .. }
    ));
    for (has, expected) in [(r#""b""#, Err(200)), (r#""a""#, Ok(Rule::IfNoneMatch))] {
        let request = request("GET", &[("if-none-match", has)]);
        let asked = Asked::of(&request, &config);
        let got = match stored.stored.answer(&request.headers, &asked, NOON, 7, &config) {
            Answer::NotModified(_, rule) => Ok(rule),
            Answer::Serve(served, _) => Err(served.status.as_u16()),
            other => panic!("{other:?}"),
        };
        assert_eq!(got, expected, "{has}");
    }
}

proptest! {
    /// What was asked about can be written and read, and what is current was asked about and has room for it.
    #[test]
    fn no_validators_make_it_panic(
        tags in prop::collection::vec("[\"W/,* ab\u{e9}\t]{0,6}", 1..5),
        said in "[\"W/,* ab\u{e9}\t]{0,6}",
        modified in "\\PC{0,16}",
        selected in any::<bool>(),
    ) {
        let stored = |tag: &str| {
            let lines = [("etag", tag), ("last-modified", modified.as_str())];
            if selected { kept(&lines) } else { of_another("accept", &lines) }
        };
        let stored: Vec<Variant> = tags.iter().map(|tag| stored(tag)).collect();
        let sent = question("GET", &[], &stored, 0).sent().headers();
        prop_assert!(sent.get("if-none-match").is_none_or(|tags| tags != "*" && !tags.is_empty()));
        let answer = [("etag", &*said), ("last-modified", &modified)];
        let validated = is_304(&answer, &stored);
        if let Validated::Current { served, updated, .. } = &validated {
            prop_assert!(*served < stored.len() && updated.iter().all(|at| *at < stored.len() && selected));
        }
        prop_assert_eq!(validated, is_304(&answer, &stored));
    }
}
