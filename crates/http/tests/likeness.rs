//! What in a field does not matter, and how much work it is to tell.

#![allow(clippy::unwrap_used)] // A test that cannot go on fails.

mod case;

use std::time::{Duration, Instant};

use case::{response, sent, terms};
use freshen_http::{Candidate, Config, Likeness, Selecting, Variants, choose};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use proptest::prelude::*;

fn selecting(name: &str, value: &str, config: &Config) -> Selecting {
    let vary = response(&format!("200 | vary: {name}")).headers;
    Selecting::of(&sent(&headers(name, value)), &vary, config).unwrap()
}

fn headers(name: &str, value: &str) -> HeaderMap {
    HeaderMap::from_iter([(name.parse::<HeaderName>().unwrap(), HeaderValue::from_str(value).unwrap())])
}

fn matches(selecting: &Selecting, name: &str, value: &str) -> bool {
    selecting.matches(&sent(&headers(name, value)))
}

/// A configuration under which only this matters in `x`.
fn with(likeness: Likeness) -> Config {
    let likeness = vec![(HeaderName::from_static("x"), likeness)];
    Config { variants: Variants { likeness, ..Variants::default() }, ..Config::default() }
}

fn alike(likeness: Likeness, one: &str, other: &str) -> bool {
    let config = with(likeness);
    let [there, back] =
        [(one, other), (other, one)].map(|(of, as_of)| matches(&selecting("x", of, &config), "x", as_of));
    assert_eq!(there, back, "{one} {other}");
    assert_eq!(there, selecting("x", one, &config).key() == selecting("x", other, &config).key(), "{one} {other}");
    there
}

/// RFC 9110, section 12.5.4: some recipients take the order of equal quality for the user's priority.
#[test]
fn members_of_equal_quality_keep_their_order() {
    let alike = |one, other| alike(Likeness::ByQuality, one, other);
    for (one, other) in [
        ("de, en;q=0.5", "EN; q=0.5, de"),
        ("a;q=0.1, b;q=0.9, c", "c, b;q=0.9, a;q=0.1"),
        ("a;q=0, b", "b, a;q=0"),
        ("a;q=0.001, b;q=0.002", "b;q=0.002, a;q=0.001"),
        ("a;q=0.999, b;q=1.000", "b;q=1.000, a;q=0.999"),
        ("a;x=1;q=0.5, b;x=1", "b;x=1, a;x=1;q=0.5"),
        ("a, b;q=0.5, c, d;q=0.5", "a, c, b;q=0.5, d;q=0.5"),
    ] {
        assert!(alike(one, other), "{one} {other}");
    }
    for (one, other) in [
        ("de, en", "en, de"),
        ("a;q=0.5, b;q=0.5", "b;q=0.5, a;q=0.5"),
        ("a;q=0.5, b;q=0.50", "b;q=0.50, a;q=0.5"),
        ("a;q=1, b", "b, a;q=1"),
        ("a, b;q=0.5, c", "c, b;q=0.5, a"),
        ("a;q=0.5", "a"),
        ("a;q=0.5, b", "a, b;q=0.5"),
    ] {
        assert!(!alike(one, other), "{one} {other}");
    }
}

/// Who knows what somebody makes of a weight that is none.
#[test]
fn where_one_quality_is_malformed_all_members_keep_their_order() {
    for weight in ["", "x", "2", "1.001", "0.1234", ".5", "-1", "1.", "\"1\"", " 0.5", "00", "0.5x"] {
        let [one, other] = [format!("b;q=0.3, a;q={weight}"), format!("a;q={weight}, b;q=0.3")];
        let sorts = alike(Likeness::ByQuality, &one, &other);
        // RFC 9110, section 12.4.2: no digit has to follow.
        assert_eq!(sorts, weight == "1.", "{weight:?}");
    }
    assert!(!alike(Likeness::ByQuality, "a;q =0.5, b", "b, a;q =0.5,c"));
}

/// RFC 9110, sections 12.5.1 to 12.5.4, as `Variants::default` reads them.
#[test]
fn each_field_of_negotiation_is_compared_in_its_own_way() {
    let config = Config::default();
    let alike = |name: &str, one: &str, other: &str| matches(&selecting(name, one, &config), name, other);
    for (name, in_any_case, in_any_order, by_quality) in [
        ("accept", false, false, false),
        ("accept-charset", true, true, true),
        ("accept-encoding", true, true, true),
        ("accept-language", true, false, true),
        ("user-agent", false, false, false),
    ] {
        assert_eq!(alike(name, "a, b", "A, b"), in_any_case, "{name}");
        assert_eq!(alike(name, "a, b", "b, a"), in_any_order, "{name}");
        assert_eq!(alike(name, "a;q=0.5, b", "b, a;q=0.5"), by_quality, "{name}");
        assert_eq!(alike(name, "a, b", "a ,b,"), name != "user-agent", "{name}");
        assert!(!alike(name, "a, b", "a"), "{name}");
    }
}

/// Longer ones than people write are compared as they stand.
#[test]
fn of_a_list_that_is_too_long_every_byte_counts() {
    let list = |bytes: usize| format!("b,{}", "a".repeat(bytes - 2));
    let spaced = |bytes: usize| format!("b,{} ,", "a".repeat(bytes - 4));
    for likeness in [Likeness::Members, Likeness::AnyCase, Likeness::ByQuality, Likeness::AnyOrder] {
        assert!(alike(likeness, &list(1022), &spaced(1024)), "{likeness:?}");
        assert!(!alike(likeness, &list(1022), &spaced(1024).replace(" ,", "  ,")), "{likeness:?}");
        assert!(!alike(likeness, &list(2000), &list(2000).replace("b,", "b, ")), "{likeness:?}");
        assert!(alike(likeness, &list(60_000), &format!("{}  ", list(60_000))), "{likeness:?}");
    }
    let semicolons = ";".repeat(1024);
    assert!(alike(Likeness::AnyOrder, &semicolons, &format!("{semicolons} ")));
}

/// A client can make them, and have each of them stored: what is compared was then each member of each with each.
#[test]
fn a_long_list_is_told_from_many_others_in_a_moment() {
    let config = Config::default();
    let list = |at: usize| (0..9_000).map(|member| format!("{}{at}", member % 1000)).collect::<Vec<_>>().join(",");
    let terms = terms("200 | cache-control: max-age=60", &config);
    for likeness in ["accept-encoding", "accept-language", "accept"] {
        let stored: Vec<Selecting> = (0..32).map(|at| selecting(likeness, &list(10 + at), &config)).collect();
        let asked = sent(&headers(likeness, &list(99)));
        let variants = stored.iter().map(|selecting| Candidate { selecting, status: StatusCode::OK, terms: &terms });
        let began = Instant::now();
        assert_eq!(choose(variants, &asked), None);
        assert!(began.elapsed() < Duration::from_secs(2), "{likeness}: {:?}", began.elapsed());
    }
}

/// More fields than are remembered in place, and some of them by several variants.
#[test]
fn what_a_request_says_is_the_same_for_all_variants() {
    let config = Config { variants: Variants { names_most: 16, ..Variants::default() }, ..Config::default() };
    let mut asked = HeaderMap::new();
    let names = |from: usize| (0..16).map(move |at| format!("x-{}", from + at));
    for name in (0..4).flat_map(|variant| names(16 * variant)) {
        asked.insert(name.parse::<HeaderName>().unwrap(), HeaderValue::from_static("a"));
    }
    let mut blank = asked.clone();
    blank.values_mut().for_each(|line| *line = HeaderValue::from_static("a "));
    let vary = |from| response(&format!("200 | vary: {}", names(from).collect::<Vec<_>>().join(","))).headers;
    let stored = [0, 16, 32, 48].map(|from| Selecting::of(&sent(&asked), &vary(from), &config).unwrap());
    let terms = terms("200 | cache-control: max-age=60", &config);
    let candidate = |selecting| Candidate { selecting, status: StatusCode::OK, terms: &terms };
    assert_eq!(choose(stored.iter().map(candidate), &sent(&blank)), Some(3));
    let other = Selecting::of(&sent(&HeaderMap::new()), &vary(48), &config).unwrap();
    let twice = [&stored[3], &stored[0], &other, &stored[3], &stored[0]];
    assert_eq!(choose(twice.into_iter().map(candidate), &sent(&blank)), Some(4));
    blank.insert("x-0", HeaderValue::from_static("b"));
    assert_eq!(choose(twice.into_iter().map(candidate), &sent(&blank)), Some(3));
    blank.insert("x-63", HeaderValue::from_static("b"));
    assert_eq!(choose(twice.into_iter().map(candidate), &sent(&blank)), None);
    assert_eq!(choose(stored.iter().map(candidate), &sent(&blank)), Some(2));
}

proptest! {
    /// Sorting by quality is what a sort by quality of its members is.
    #[test]
    fn what_is_alike_by_quality_is_sorted_alike(
        members in prop::collection::vec(("[ab]", 0_u16..3), 0..6), order in any::<prop::sample::Index>(),
    ) {
        let write = |members: &[(String, u16)]| {
            members.iter().map(|(name, weight)| format!("{name};q=0.{weight}")).collect::<Vec<_>>().join(", ")
        };
        let by_quality = |members: &[(String, u16)]| {
            let mut sorted = members.to_vec();
            sorted.sort_by_key(|(_, weight)| u16::MAX - weight);
            sorted
        };
        let mut other = members.clone();
        if !other.is_empty() {
            other.swap(0, order.index(members.len()));
        }
        let expected = by_quality(&members) == by_quality(&other);
        prop_assert_eq!(alike(Likeness::ByQuality, &write(&members), &write(&other)), expected);
    }
}
