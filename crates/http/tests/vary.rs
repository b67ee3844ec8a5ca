//! Tables of Vary: which stored response a request selects, and how many there are.

#![allow(clippy::unwrap_used)] // A test that cannot go on fails.

mod case;

use std::time::Duration;

use case::{key, sent};
use freshen_core::Timestamp;
use freshen_http::{
    Candidate, Config, Exchange, Likeness, Rule, SELECTING_MOST, Selecting, Sent, Storing, Terms, VARIANTS_MOST,
    Variants, choose, displaced, format_date,
};
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use proptest::prelude::*;

type Lines<'a> = &'a [(&'a str, &'a str)];

const LIKENESSES: [Likeness; 5] =
    [Likeness::Value, Likeness::Members, Likeness::AnyCase, Likeness::ByQuality, Likeness::AnyOrder];

const NOON: Timestamp = Timestamp::from_micros(1_795_262_400_000_000);

fn headers(lines: Lines<'_>) -> HeaderMap {
    let value = |value: &str| HeaderValue::from_bytes(value.as_bytes()).unwrap();
    lines.iter().map(|(name, line)| (HeaderName::from_bytes(name.as_bytes()).unwrap(), value(line))).collect()
}

/// A GET with these fields, as it is sent.
fn asks(lines: Lines<'_>) -> Sent<'static> {
    sent(&headers(lines))
}

fn vary(lines: &[&str]) -> HeaderMap {
    headers(&lines.iter().map(|line| ("vary", *line)).collect::<Vec<_>>())
}

fn selecting(request: Lines<'_>, vary_lines: &[&str]) -> Result<Selecting, Rule> {
    Selecting::of(&asks(request), &vary(vary_lines), &Config::default())
}

/// Whether two requests select the same, where a field with this likeness is named; asked both ways.
fn alike(likeness: Likeness, one: &[&str], other: &[&str]) -> bool {
    let known = vec![(HeaderName::from_static("x"), likeness)];
    let config = Config { variants: Variants { likeness: known, ..Variants::default() }, ..Config::default() };
    let lines = |of: &[&str]| asks(&of.iter().map(|line| ("x", *line)).collect::<Vec<_>>());
    let [there, back] = [(one, other), (other, one)]
        .map(|(one, other)| Selecting::of(&lines(one), &vary(&["x"]), &config).unwrap().matches(&lines(other)));
    assert_eq!(there, back, "{one:?} {other:?}");
    there
}

/// Terms of a response with a date and an arrival so many seconds after noon.
fn terms(date: u64, answered: u64) -> Terms {
    let seconds = |seconds| NOON + Duration::from_secs(seconds);
    let (mut response, ()) = Response::new(()).into_parts();
    response.headers = headers(&[("date", &format_date(seconds(date))), ("cache-control", "max-age=999999")]);
    let exchange = Exchange { asked_at: seconds(answered), answered_at: seconds(answered) };
    match Storing::of(&sent(&HeaderMap::new()), &response, &exchange, &Config::default()) {
        Storing::Store(terms, _) => terms,
        Storing::Pass(rule) => panic!("{rule:?}"),
    }
}

fn ok<'a>(selecting: &'a Selecting, terms: &'a Terms) -> Candidate<'a> {
    Candidate { selecting, status: StatusCode::OK, terms }
}

/// Which variants leave for a 200.
fn leaving(variants: &[Candidate<'_>], request: Lines<'_>, config: &Config) -> Vec<usize> {
    displaced(variants, &asks(request), StatusCode::OK, NOON, config).unwrap()
}

/// RFC 9111, section 4.1.
#[test]
fn all_fields_that_vary_names_have_to_match() {
    let stored = [("a", "1"), ("b", "2"), ("c", "3")];
    let matches = |vary: &[&str], asked: Lines<'_>| selecting(&stored, vary).unwrap().matches(&asks(asked));
    assert!(matches(&["a, b"], &stored));
    assert!(matches(&["a, b"], &[("a", "1"), ("b", "2"), ("c", "4")]), "c is not named");
    assert!(!matches(&["a, b"], &[("a", "1"), ("b", "3")]));
    assert!(!matches(&["a, b"], &[("a", "2"), ("b", "2")]));
    assert!(!matches(&["a, b"], &[("a", "1")]));
    assert!(!matches(&["a", "b"], &[("a", "1"), ("b", "3")]), "several lines are one list");
    assert!(!matches(&["a", ",b,,"], &[("a", "1"), ("b", "3")]));
}

/// RFC 9111, section 4.1.
#[test]
fn a_field_that_is_absent_matches_only_where_it_is_absent() {
    for likeness in LIKENESSES {
        assert!(alike(likeness, &[], &[]), "{likeness:?}");
        assert!(!alike(likeness, &[], &["1"]), "{likeness:?}");
        assert!(!alike(likeness, &[], &[""]), "{likeness:?}");
        assert!(alike(likeness, &[""], &[""]), "{likeness:?}");
    }
}

/// RFC 9111, section 4.1; RFC 9110, section 5.6.1.
#[test]
fn a_star_matches_nothing_wherever_it_stands() {
    for star in [&["*"][..], &["*, *"], &["a, *"], &["*, a"], &[", *"], &["", "*"], &["a", "*"], &[" * "], &["a b, *"]]
    {
        assert_eq!(selecting(&[], star), Err(Rule::VaryAny), "{star:?}");
    }
}

/// RFC 9110, section 12.5.5: a list of names.
#[test]
fn what_is_no_name_is_as_a_star() {
    for bad in ["a b", "\"a\"", "a;q=1", ":path", "a\u{e9}", "a, (b)"] {
        assert_eq!(selecting(&[], &[bad]), Err(Rule::VaryMalformed), "{bad:?}");
    }
}

/// RFC 9110, section 5.1.
#[test]
fn names_are_compared_without_regard_to_case() {
    let stored = selecting(&[("accept", "a")], &["ACCEPT", "Accept, accept"]).unwrap();
    assert!(stored.matches(&asks(&[("Accept", "a")])) && !stored.matches(&asks(&[("accept", "b")])));
    assert_eq!(stored.headers(), &headers(&[("accept", "a")]));
}

#[test]
fn a_response_without_names_in_vary_matches_all() {
    for nothing in [&[][..], &[""], &[", ,"]] {
        let stored = selecting(&[("a", "1")], nothing).unwrap();
        assert!(stored.is_by_nothing() && stored.matches(&asks(&[("a", "2")])), "{nothing:?}");
        assert_eq!(stored.headers(), &HeaderMap::new());
    }
}

/// RFC 9111, section 4.1; RFC 9110, section 5.3.
#[test]
fn blanks_around_a_value_and_the_lines_that_it_is_on_do_not_matter() {
    let alike = |one: &[&str], other: &[&str]| alike(Likeness::Value, one, other);
    assert!(alike(&["a"], &[" a\t"]));
    assert!(alike(&["a, b"], &["a", "b"]));
    assert!(alike(&["a", "b, c"], &["a, b", "c"]));
    for other in ["a,b", "a,  b", "b, a", "A, b", "a, b,", "a", "a b"] {
        assert!(!alike(&["a, b"], &[other]), "{other:?}");
    }
    assert!(!alike(&["a", "b"], &["b", "a"]), "lines have an order");
    let cookies = selecting(&[("cookie", "a=b"), ("cookie", "c=d")], &["cookie"]).unwrap();
    assert!(cookies.matches(&asks(&[("cookie", "a=b; c=d")])) && !cookies.matches(&asks(&[("cookie", "a=b, c=d")])));
}

/// RFC 9111, section 4.1.
#[test]
fn in_lists_blanks_and_empty_members_do_not_matter() {
    let alike = |one: &[&str], other: &[&str]| alike(Likeness::Members, one, other);
    for other in [&["a,b"][..], &["a ,\tb"], &["a", "b"], &[",a,, b,"], &["a,b", ""]] {
        assert!(alike(&["a, b"], other), "{other:?}");
    }
    for other in [&["b, a"][..], &["A, b"], &["a b"], &["a"], &["a, b, b"], &["\"a, b\""]] {
        assert!(!alike(&["a, b"], other), "{other:?}");
    }
    assert!(!alike(&["\"a,b\""], &["\"a, b\""]), "in quotes they do");
}

/// RFC 9110, section 5.6.6; RFC 4647, section 2.
#[test]
fn in_lists_of_tokens_case_and_blanks_at_parameters_do_not_matter() {
    let alike = |one: &str, other: &str| alike(Likeness::AnyCase, &[one], &[other]);
    assert!(alike("en-GB;q=0.5, de", "EN-gb ; Q=0.5,de"));
    for other in
        ["de, en-GB;q=0.5", "en-GB;q=0.50, de", "en-GB, de", "en-GB;q=0.5", "en-GB;q=0.5, de, de", "en-GB;;q=0.5, de"]
    {
        assert!(!alike("en-GB;q=0.5, de", other), "{other:?}");
    }
}

#[test]
fn in_lists_without_order_each_member_has_to_be_there_as_often() {
    let alike = |one: &str, other: &str| alike(Likeness::AnyOrder, &[one], &[other]);
    assert!(alike("en;q=0.5, de, fr", "FR, EN; q=0.5, de"));
    assert!(alike("a, b, a", "a, a, b") && !alike("a, b, a", "b, a, b"));
    assert!(!alike("a, b", "a") && !alike("a, b", "a, c") && !alike("a", "a, a"));
}

/// Longer lists than people write would be compared each member with each.
#[test]
fn long_lists_without_order_have_to_be_in_the_same_one() {
    let list = |members: usize| (0..members).map(|at| format!("a{at}")).collect::<Vec<_>>();
    let turned = |members: usize| list(members).into_iter().rev().collect::<Vec<_>>().join(", ");
    let alike = |one: &str, other: &str| alike(Likeness::AnyOrder, &[one], &[other]);
    assert!(alike(&list(16).join(","), &turned(16)));
    assert!(!alike(&list(17).join(","), &turned(17)) && alike(&list(17).join(","), &list(17).join(", ")));
    let [long, back] = [list(20_000).join(","), turned(20_000)];
    assert!(!alike(&long[..60_000], &back[..60_000]));
}

/// RFC 9110, sections 12.5.1, 12.5.3 and 12.5.4: what their definitions call the same.
#[test]
fn negotiation_is_compared_as_its_fields_are_defined() {
    let same = |name: &str, one: &str, other: &str| {
        selecting(&[(name, one)], &[name]).unwrap().matches(&asks(&[(name, other)]))
    };
    assert!(same("accept-language", "de, en-GB;q=0.5", "EN-gb;q=0.5,de"));
    assert!(same("accept-encoding", "gzip, br", "br,GZIP"));
    assert!(same("accept", "text/html, */*;q=0.1", "text/html,*/*;q=0.1"));
    assert!(!same("accept", "text/html, text/plain", "text/plain, text/html"));
    assert!(!same("accept-encoding", "gzip, br", "gzip") && !same("accept-encoding", "gzip", "gzip, br"));
    assert!(!same("user-agent", "a, b", "a,b") && !same("cookie", "A=b", "a=b"));
}

#[test]
fn what_names_too_many_fields_is_not_kept() {
    let names = |count: usize| (0..count).map(|at| format!("a{at}")).collect::<Vec<_>>().join(",");
    assert!(selecting(&[], &[&names(16)]).is_ok() && selecting(&[], &[&names(16), &names(16)]).is_ok());
    assert_eq!(selecting(&[], &[&names(17)]), Err(Rule::VaryTooLong));
    assert_eq!(selecting(&[], &[&"a,".repeat(40_000)]), Err(Rule::VaryTooLong));
    let long = "x".repeat(1 << 16);
    assert!(selecting(&[("a", &long)], &["a"]).is_ok());
    assert_eq!(selecting(&[("a", &long), ("b", "1")], &["a, b"]), Err(Rule::SelectingTooLong));
}

/// RFC 9111, sections 3 and 4.1.
#[test]
fn what_no_request_selects_is_not_stored() {
    let exchange = Exchange { asked_at: NOON, answered_at: NOON };
    let names = (0..17).map(|at| format!("a{at}")).collect::<Vec<_>>().join(",");
    for (vary, rule) in [("*", Rule::VaryAny), ("a b", Rule::VaryMalformed), (&names, Rule::VaryTooLong)] {
        let (mut response, ()) = Response::new(()).into_parts();
        response.headers = headers(&[("cache-control", "max-age=60"), ("vary", vary)]);
        let sent = sent(&HeaderMap::new());
        assert_eq!(Storing::of(&sent, &response, &exchange, &Config::default()), Storing::Pass(rule));
    }
}

#[test]
fn what_was_kept_of_a_request_selects_as_the_request_did() {
    let asked = asks(&[("a", "1"), ("a", "2"), ("b", "3"), ("c", "4")]);
    let response = vary(&["a, x, b"]);
    let config = Config::default();
    let stored = Selecting::of(&asked, &response, &config).unwrap();
    assert_eq!(stored.headers(), &headers(&[("a", "1"), ("a", "2"), ("b", "3")]));
    let key = key("http://a/", &config);
    let again = Sent::again(&key, &stored, &config).unwrap();
    assert_eq!(Selecting::of(&again, &response, &config).as_ref(), Ok(&stored));
}

/// RFC 9111, sections 4 and 4.1.
#[test]
fn of_several_that_match_the_newest_with_a_vary_is_chosen() {
    let [one, other, all] = [(&[("a", "1")][..], "a"), (&[("a", "2")], "a"), (&[], "")]
        .map(|(request, vary)| selecting(request, &[vary]).unwrap());
    let by_b = selecting(&[], &["b"]).unwrap();
    let chosen = |variants: &[(&Selecting, u64, u64)], asked: Lines<'_>| {
        let terms: Vec<Terms> = variants.iter().map(|(_, date, answered)| terms(*date, *answered)).collect();
        let variants = variants.iter().zip(&terms).map(|((selecting, ..), terms)| ok(selecting, terms));
        choose(variants, &asks(asked))
    };
    let both = [(&one, 0, 0), (&other, 5, 5)];
    assert_eq!(chosen(&both, &[("a", "1")]), Some(0));
    assert_eq!(chosen(&both, &[("a", "2")]), Some(1));
    assert_eq!(chosen(&both, &[("a", "3")]), None);
    assert_eq!(chosen(&[], &[]), None);
    assert_eq!(chosen(&[(&one, 3, 9), (&by_b, 5, 7), (&one, 4, 8)], &[("a", "1")]), Some(1), "the newest by its Date");
    assert_eq!(chosen(&[(&one, 3, 7), (&by_b, 3, 9), (&one, 3, 8)], &[("a", "1")]), Some(1), "else the last that came");
    assert_eq!(chosen(&[(&one, 0, 0), (&all, 5, 5)], &[("a", "1")]), Some(0), "one without Vary comes last");
    assert_eq!(chosen(&[(&one, 0, 0), (&all, 5, 5)], &[("a", "2")]), Some(1));
}

#[test]
fn what_a_request_selects_makes_way_for_its_new_response() {
    let by_a: Vec<Selecting> = ["1", "2"].map(|a| selecting(&[("a", a)], &["a"]).unwrap()).into();
    let all = selecting(&[], &[]).unwrap();
    let old = terms(0, 0);
    let variants = [&by_a[0], &by_a[1], &all].map(|selecting| ok(selecting, &old));
    let leave = |asked: Lines<'_>| leaving(&variants, asked, &Config::default());
    assert_eq!(leave(&[("a", "1")]), [0, 2]);
    assert_eq!(leave(&[("a", "3")]), [2]);
    assert_eq!(leaving(&variants[..2], &[("a", "3")], &Config::default()), [0; 0]);
}

#[test]
fn above_the_bound_the_variants_leave_that_came_first() {
    let config = Config { variants: Variants { most: 3, ..Variants::default() }, ..Config::default() };
    let selecting: Vec<Selecting> = (0..5).map(|at| selecting(&[("a", &at.to_string())], &["a"]).unwrap()).collect();
    let terms: Vec<Terms> = [7, 3, 9, 1, 5].map(|answered| terms(0, answered)).into();
    let variants: Vec<_> = selecting.iter().zip(&terms).map(|(selecting, terms)| ok(selecting, terms)).collect();
    let leave = |variants: &[Candidate<'_>], a: &str| leaving(variants, &[("a", a)], &config);
    assert_eq!(leave(&variants, "new"), [1, 3, 4], "two stay, so that there are three");
    assert_eq!(leave(&variants[..3], "new"), [1]);
    assert_eq!(leave(&variants[..3], "1"), [1]);
    assert_eq!(leave(&variants[..3], "0"), [0], "there is room once it has left");
    assert_eq!(leave(&variants[..2], "new"), [0; 0]);
    let many: Vec<_> = variants.iter().copied().cycle().take(VARIANTS_MOST).collect();
    let all = Config { variants: Variants { most: usize::MAX, ..Variants::default() }, ..Config::default() };
    assert_eq!(leaving(&many, &[("a", "new")], &all), [3], "a snapshot has no more");
    let none = Config { variants: Variants { most: 0, ..Variants::default() }, ..Config::default() };
    assert_eq!(leaving(&variants[..2], &[("a", "new")], &none), [0, 1], "the new one always has room");
}

#[test]
fn a_failure_is_not_stored_where_it_would_take_the_place_of_what_may_be_served() {
    let config = Config { variants: Variants { most: 2, ..Variants::default() }, ..Config::default() };
    let by_a: Vec<Selecting> = ["1", "2"].map(|a| selecting(&[("a", a)], &["a"]).unwrap()).into();
    let fresh = terms(0, 0);
    let of = |statuses: [u16; 2], response: u16, a: &str, seconds: u64| {
        let status = |status| StatusCode::from_u16(status).unwrap();
        let variants = [0, 1].map(|at| Candidate { status: status(statuses[at]), ..ok(&by_a[at], &fresh) });
        displaced(&variants, &asks(&[("a", a)]), status(response), NOON + Duration::from_secs(seconds), &config)
    };
    for failure in [500, 502, 503, 504] {
        assert_eq!(of([200, 404], failure, "1", 0), Err(Rule::StoredIsUsable), "{failure}");
        assert_eq!(of([200, 404], failure, "3", 0), Err(Rule::StoredIsUsable), "{failure}: there is no room");
        assert_eq!(of([200, 404], failure, "1", 1_000_000), Ok(vec![0]), "{failure}: nothing may be served any more");
        assert_eq!(of([503, 200], failure, "1", 0), Ok(vec![0]), "{failure}: it is one itself");
    }
    for other in [200, 301, 404, 501] {
        assert_eq!(of([200, 404], other, "1", 0), Ok(vec![0]), "{other}");
        assert_eq!(of([200, 404], other, "3", 0), Ok(vec![0]), "{other}");
    }
}

proptest! {
    /// Whatever a request says, it selects what came in answer to it, and selecting goes both ways.
    #[test]
    fn each_request_selects_its_own_response(
        one in prop::collection::vec("[aA,;\" \\\\=\u{e9}]{0,8}", 0..3), other in prop::collection::vec("[aA,;\" \\\\=\u{e9}]{0,8}", 0..3),
    ) {
        for likeness in LIKENESSES {
            let [one, other] = [&one, &other].map(|lines| lines.iter().map(String::as_str).collect::<Vec<_>>());
            prop_assert!(alike(likeness, &one, &one) && alike(likeness, &other, &other));
            alike(likeness, &one, &other);
        }
    }

    /// A likeness that lets more differ lets differ what a stricter one lets.
    #[test]
    fn what_is_alike_stays_so_where_more_may_differ(one in "[aA,; b]{0,6}", other in "[aA,; b]{0,6}") {
        let of = |likeness| alike(likeness, &[&one], &[&other]);
        let each = LIKENESSES.map(of);
        prop_assert!(each.is_sorted(), "{each:?}");
    }

    #[test]
    fn no_vary_makes_it_panic(lines in prop::collection::vec("\\PC{0,16}", 0..4), value in "\\PC{0,16}") {
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        let first = selecting(&[("a", &value)], &lines);
        prop_assert_eq!(first, selecting(&[("a", &value)], &lines));
    }
}

#[test]
fn what_is_selected_by_more_lines_than_are_kept_is_selected_by_nothing() {
    let of = |count: usize| selecting(&vec![("a", "1"); count], &["a"]);
    assert!(of(SELECTING_MOST).is_ok());
    assert_eq!(of(SELECTING_MOST + 1), Err(Rule::SelectingTooLong));
    let variants = Variants { names_most: usize::MAX, ..Variants::default() };
    let config = Config { variants, ..Config::default() };
    let names = |count: usize| vary(&[&(0..count).map(|at| format!("x-{at}")).collect::<Vec<_>>().join(",")]);
    let of = |names: HeaderMap| Selecting::of(&sent(&HeaderMap::new()), &names, &config).map(drop);
    assert_eq!([of(names(SELECTING_MOST)), of(names(SELECTING_MOST + 1))], [Ok(()), Err(Rule::VaryTooLong)]);
}
