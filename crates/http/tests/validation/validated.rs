//! What the answer to a validation means.

use freshen_http::{Asked, Config, Failure, Owed, Rule, Validated, owed};
use proptest::prelude::*;

use crate::wire::{Kept, Lines, NOON, asks, at, date, headers, nominees, request, response};

fn of(status: u16, lines: Lines<'_>, kept: &[Kept]) -> Validated {
    let asked = Asked::of(&request("GET", &[]), &Config::default());
    Validated::of(&response(status, lines), &nominees(kept), &asked, at(100))
}

fn is_304(lines: Lines<'_>, kept: &[Kept]) -> Validated {
    of(304, lines, kept)
}

fn current(served: usize, updated: &[usize], rule: Rule) -> Validated {
    Validated::Current { served, updated: updated.to_vec(), rule }
}

const NOTHING: Validated = Validated::AskAgain(Rule::ValidatesNothing);

/// RFC 9111, section 4.3.4.
#[test]
fn a_strong_tag_updates_all_that_have_it_and_no_other() {
    let kept = [
        Kept::new(&[("etag", r#""a""#)]),
        Kept::new(&[("etag", r#""b""#)]).answered(30),
        Kept::new(&[("etag", r#""a""#)]).answered(20),
        Kept::new(&[("etag", r#"W/"a""#)]).answered(40),
        Kept::new(&[]).answered(50),
    ];
    assert_eq!(is_304(&[("etag", r#""a""#)], &kept), current(2, &[0, 2], Rule::ValidatedStrongly));
    assert_eq!(is_304(&[("etag", r#""b""#)], &kept), current(1, &[1], Rule::ValidatedStrongly));
    assert_eq!(is_304(&[("etag", r#""c""#)], &kept), NOTHING);
    assert_eq!(is_304(&[("etag", r#""a""#)], &kept[3..]), NOTHING, "a weak tag is no strong one");
}

/// RFC 9111, section 4.3.4; RFC 9110, section 12.5.5.
#[test]
fn what_the_request_does_not_select_serves_it_if_the_origin_names_its_strong_tag_but_is_not_updated() {
    let modified = date(-1000);
    let kept = [
        Kept::new(&[("etag", r#""a""#), ("last-modified", &modified)]),
        Kept::of_another(&[("etag", r#""b""#), ("last-modified", &modified), ("date", &date(0))]).answered(9),
        Kept::of_another(&[("etag", r#""a""#)]).answered(9),
        Kept::of_another(&[("etag", r#"W/"c""#)]),
    ];
    assert_eq!(is_304(&[("etag", r#""b""#)], &kept), current(1, &[], Rule::ValidatedStrongly));
    assert_eq!(is_304(&[("etag", r#""a""#)], &kept), current(0, &[0], Rule::ValidatedStrongly));
    assert_eq!(is_304(&[("etag", r#"W/"c""#)], &kept), NOTHING);
    assert_eq!(is_304(&[("etag", r#"W/"b""#)], &kept), NOTHING);
    assert_eq!(is_304(&[("last-modified", &modified)], &kept[1..]), NOTHING);
}

/// RFC 9111, section 4.3.4.
#[test]
fn a_weak_tag_updates_the_newest_that_has_it() {
    let kept = [
        Kept::new(&[("etag", r#"W/"a""#)]).answered(10),
        Kept::new(&[("etag", r#""a""#)]).answered(20),
        Kept::new(&[("etag", r#"W/"b""#)]).answered(30),
    ];
    assert_eq!(is_304(&[("etag", r#"W/"a""#)], &kept), current(1, &[1], Rule::ValidatedWeakly));
    assert_eq!(is_304(&[("etag", r#"W/"b""#)], &kept), current(2, &[2], Rule::ValidatedWeakly));
    assert_eq!(is_304(&[("etag", r#"W/"c""#)], &kept), NOTHING);
    assert_eq!(is_304(&[("etag", "a")], &[Kept::new(&[("etag", "a")])]), current(0, &[0], Rule::ValidatedWeakly));
}

/// RFC 9111, section 4.3.4; RFC 9110, section 8.8.2.2: the date of what is stored tells how strong its modification is.
#[test]
fn a_modification_is_a_strong_or_a_weak_validator() {
    let (modified, noon) = (date(-60), date(0));
    let strong = || Kept::new(&[("last-modified", &modified), ("date", &noon)]);
    let weak = || Kept::new(&[("last-modified", &modified), ("date", &date(-1))]).answered(9);
    let said = [("last-modified", &*modified)];
    assert_eq!(is_304(&said, &[strong(), weak(), strong()]), current(2, &[0, 2], Rule::ValidatedStrongly));
    assert_eq!(is_304(&said, &[weak(), weak().answered(8)]), current(0, &[0], Rule::ValidatedWeakly));
    assert_eq!(is_304(&[("last-modified", &date(-61))], &[strong(), weak()]), NOTHING);
    let tagged = [Kept::new(&[("last-modified", &modified), ("date", &noon), ("etag", r#""a""#)])];
    assert_eq!(is_304(&said, &tagged), current(0, &[0], Rule::ValidatedStrongly));
    let other_tag = [("last-modified", &*modified), ("etag", r#""b""#)];
    assert_eq!(is_304(&other_tag, &tagged), NOTHING, "the tags tell that it is another");
    assert_eq!(is_304(&[("last-modified", &*modified), ("etag", r#"W/"b""#)], &tagged), NOTHING);
}

/// RFC 9111, section 4.3.4.
#[test]
fn an_answer_without_validators_is_about_the_only_one_that_was_asked_about() {
    let bare = || Kept::new(&[]);
    let tagged = || Kept::new(&[("etag", r#""a""#)]);
    let alone = current(0, &[0], Rule::ValidatedAlone);
    assert_eq!(is_304(&[], &[bare()]), alone);
    assert_eq!(is_304(&[("date", &date(0))], &[tagged()]), alone);
    assert_eq!(is_304(&[], &[tagged(), bare()]), NOTHING);
    assert_eq!(is_304(&[], &[Kept::of_another(&[("etag", r#""a""#)])]), NOTHING);
    assert_eq!(is_304(&[("etag", r#""a""#)], &[bare()]), NOTHING, "it names a validator that is not stored");
    for unclear in [&[("etag", r#""a""#), ("etag", r#""b""#)][..], &[("etag", "")], &[("last-modified", "x")]] {
        assert_eq!(is_304(unclear, &[bare()]), NOTHING, "{unclear:?}");
    }
}

/// RFC 9111, section 4.3.2.
#[test]
fn a_part_that_lacks_what_is_asked_for_is_validated_by_nothing() {
    let kept = [Kept::too_short(&[("etag", r#""a""#)])];
    assert_eq!(is_304(&[("etag", r#""a""#)], &kept), NOTHING);
    assert_eq!(is_304(&[], &kept), NOTHING);
}

#[test]
fn a_304_to_a_request_that_asked_about_nothing_is_not_asked_for_again() {
    let passed = Validated::Answer { outdates: false, rule: Rule::ValidatesNothing };
    assert_eq!(is_304(&[("etag", r#""a""#)], &[]), passed);
}

/// RFC 9111, section 4.3.3.
#[test]
fn a_response_of_its_own_answers_and_outdates_where_it_tells_of_the_resource() {
    let cases = [
        (200, true),
        (203, true),
        (204, true),
        (206, true),
        (301, true),
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
    let kept = || [Kept::new(&[("etag", r#""a""#)])];
    for (status, outdates) in cases {
        let answer = Validated::Answer { outdates, rule: Rule::FullResponse };
        assert_eq!(of(status, &[("etag", r#""a""#)], &kept()), answer, "{status}");
    }
}

/// RFC 9111, section 4.3.5: [`Headed`](freshen_http::Headed) compares them.
#[test]
fn a_response_to_head_outdates_nothing_by_its_status() {
    let asked = Asked::of(&request("HEAD", &[]), &Config::default());
    let kept = [Kept::new(&[("etag", r#""a""#)])];
    for status in [200, 404] {
        let validated = Validated::of(&response(status, &[]), &nominees(&kept), &asked, at(100));
        assert_eq!(validated, Validated::Answer { outdates: false, rule: Rule::FullResponse }, "{status}");
    }
}

/// RFC 9111, section 4.3.3; RFC 5861, section 4.
#[test]
fn while_the_origin_fails_what_is_stored_stands_in_as_long_as_it_may() {
    let with = |directives: &str| Kept::new(&[("cache-control", directives), ("etag", r#""a""#)]);
    let fails = |rule| Validated::Answer { outdates: false, rule };
    let may = || with("stale-if-error=60");
    for status in [500, 502, 503, 504] {
        assert_eq!(of(status, &[], &[may()]), Validated::StandIn(Rule::StaleIfError), "{status}");
        assert_eq!(of(status, &[], &[with("stale-if-error=39")]), fails(Rule::OriginFailed), "{status}");
        let must = with("stale-if-error=60, must-revalidate");
        assert_eq!(of(status, &[], &[must]), fails(Rule::MustRevalidate), "{status}");
    }
    assert_eq!(of(503, &[], &[]), fails(Rule::OriginFailed));
    for useless in [Kept { selected: false, ..may() }, Kept { suffices: false, ..may() }] {
        assert_eq!(of(503, &[], &[useless]), fails(Rule::OriginFailed));
    }
    let asked = Asked::of(&request("GET", &[]), &Config::default());
    for failure in [Failure::Unreachable, Failure::TimedOut, Failure::Truncated] {
        let failed = |kept: &[Kept]| Validated::failed(failure, &nominees(kept), &asked, at(100));
        assert_eq!(failed(&[may()]), Validated::StandIn(Rule::StaleIfError), "{failure:?}");
        assert_eq!(failed(&[]), fails(Rule::OriginFailed), "{failure:?}");
    }
}

/// RFC 9111, section 4.3.2: the last sentence.
#[test]
fn a_client_gets_the_response_if_it_is_current_and_the_client_has_another() {
    let config = Config::default();
    let kept = [Kept::new(&[("etag", r#""a""#)])];
    assert!(matches!(is_304(&[("etag", r#""a""#)], &kept), Validated::Current { served: 0, .. }));
    for (has, expected) in
        [(r#""b""#, Owed::AsAsked(Rule::ConditionsMet)), (r#""a""#, Owed::NotModified(Rule::IfNoneMatch))]
    {
        let request = request("GET", &[("if-none-match", has)]);
        let asked = Asked::of(&request, &config);
        assert_eq!(owed(&request.headers, &asked, &kept[0].represented(), NOON), expected, "{has}");
    }
}

/// RFC 9111, section 4.3.3: the response is stored whole, though its client has it already.
#[test]
fn a_client_that_has_what_has_just_come_gets_a_304() {
    let config = Config::default();
    let new = Kept::new(&[("etag", r#""b""#), ("content-length", "5")]);
    let kept = [Kept::new(&[("etag", r#""a""#)])];
    let has = [("if-none-match", r#""b""#)];
    let request = request("GET", &has);
    let sent = asks(&has, &kept);
    assert_eq!(sent, headers(&[("if-none-match", r#""a""#)]), "so that all of it comes");
    let answer = Validated::Answer { outdates: true, rule: Rule::FullResponse };
    assert_eq!(of(200, &[("etag", r#""b""#)], &kept), answer);
    let owed = owed(&request.headers, &Asked::of(&request, &config), &new.represented(), NOON);
    assert_eq!(owed, Owed::NotModified(Rule::IfNoneMatch));
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
        let stored = |tag: &str| Kept { selected, ..Kept::new(&[("etag", tag), ("last-modified", &modified)]) };
        let kept: Vec<Kept> = tags.iter().map(|tag| stored(tag)).collect();
        let sent = asks(&[], &kept);
        prop_assert!(sent.get("if-none-match").is_none_or(|tags| tags != "*" && !tags.is_empty()));
        let answer = [("etag", &*said), ("last-modified", &modified)];
        let validated = is_304(&answer, &kept);
        if let Validated::Current { served, updated, .. } = &validated {
            prop_assert!(*served < kept.len() && updated.iter().all(|at| *at < kept.len() && selected));
        }
        prop_assert_eq!(validated, is_304(&answer, &kept));
    }
}
