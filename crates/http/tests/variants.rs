//! Which variants of a key stay, and the key that each has of its own.

#![allow(clippy::unwrap_used)] // A test that cannot go on fails.

mod case;

use std::time::Duration;

use case::{NOON, SECOND, date, key, request, response, sent};
use freshen_http::{
    Config, End, Exchange, Received, Rule, Selecting, Sent, Snapshot, Variant, VariantKey, Variants, choose, displaced,
};
use http::{HeaderMap, StatusCode};
use proptest::prelude::*;

fn asks(fields: &str) -> Sent<'static> {
    sent(&request(&format!("GET /{fields}")).headers)
}

fn vary(names: &str) -> HeaderMap {
    response(&format!("200 | vary: {names}")).headers
}

fn selecting(fields: &str, names: &str) -> Selecting {
    Selecting::of(&asks(fields), &vary(names), &Config::default()).unwrap()
}

/// A variant that came so many seconds after noon.
fn variant(fields: &str, names: &str, status: &str, seconds: u64) -> Variant {
    let head = response(&format!("{status} | cache-control: max-age=600 | vary: {names}"));
    let received = Received { response: &head, content: &["x".into()], trailers: None, end: End::Clean };
    let came_at = NOON + Duration::from_secs(seconds);
    let exchange = Exchange { asked_at: came_at, answered_at: came_at };
    let config = Config::default();
    Variant::of(&received, &asks(fields), &key("http://a/", &config), &exchange, &config).unwrap()
}

fn at_most(most: usize) -> Config {
    Config { variants: Variants { most, ..Variants::default() }, ..Config::default() }
}

/// When each came.
fn arrivals(snapshot: &Snapshot) -> Vec<u64> {
    let seconds = |variant: &Variant| (variant.stored.terms.answered_at.as_micros() - NOON.as_micros()) / 1_000_000;
    snapshot.variants.iter().map(seconds).collect()
}

#[test]
fn where_there_is_no_room_what_may_be_served_no_more_leaves_first_and_then_the_oldest() {
    let leaves = |came: [u64; 3], most: usize, now: u64| {
        let asked: Vec<String> = (0..3).map(|at| format!(" | a: {at}")).collect();
        let variants: Vec<Variant> = (0..3).map(|at| variant(&asked[at], "a", "200", came[at])).collect();
        let candidates: Vec<_> = variants.iter().map(Variant::candidate).collect();
        let (config, now) = (at_most(most), NOON + Duration::from_secs(now));
        let leave = displaced(&candidates, &asks(" | a: new"), StatusCode::OK, now, &config).unwrap();
        let mut snapshot = Snapshot { variants: variants.clone() };
        snapshot.keep(variant(" | a: new", "a", "200", 1800), &asks(" | a: new"), now, &config).unwrap();
        let stays = (0..3).filter(|at| !leave.contains(at)).map(|at| came[at]).chain([1800]);
        assert_eq!(arrivals(&snapshot), stays.collect::<Vec<_>>(), "there is one rule for both");
        leave
    };
    assert_eq!(leaves([3, 1, 2], 3, 4), [1], "all are fresh: the oldest");
    assert_eq!(leaves([3, 1, 2], 2, 4), [1, 2]);
    assert_eq!(leaves([1, 3, 2], 4, 9000), [0; 0], "there is room");
    assert_eq!(leaves([1, 1, 1], 3, 4), [0], "of those that are as old, the first");
    // Each is fresh for ten minutes.
    let leaves = |first: Variant, second: Variant| {
        let now = NOON + 30 * SECOND;
        let candidates = [first.candidate(), second.candidate()];
        displaced(&candidates, &asks(" | a: new"), StatusCode::OK, now, &at_most(2)).unwrap()
    };
    let came = |a: u64, head: &str, seconds| variant(&format!(" | a: {a}"), "a", head, seconds);
    assert_eq!(leaves(came(0, "200", 0), came(1, "200 | age: 590", 20)), [1], "it came last, and is stale");
    let validated = "200 | cache-control: no-cache | etag: \"a\"";
    assert_eq!(leaves(came(0, "200", 0), came(1, validated, 20)), [1], "it came last, and is validated at each use");
    assert_eq!(
        leaves(came(0, "200", 0), came(1, &format!("200 | date: {}", date(-5)), 20)),
        [1],
        "it came last, and is older"
    );
}

#[test]
fn what_is_kept_takes_the_place_of_what_its_request_selects() {
    let mut snapshot = Snapshot::default();
    let mut keep = |fields: &str, seconds, config: &Config| {
        snapshot.keep(variant(fields, "a", "200", seconds), &asks(fields), NOON, config).unwrap();
        arrivals(&snapshot)
    };
    let config = at_most(3);
    assert_eq!(keep(" | a: 1", 1, &config), [1]);
    assert_eq!(keep(" | a: 2", 2, &config), [1, 2]);
    assert_eq!(keep(" | a: 1", 3, &config), [2, 3]);
    assert_eq!(keep(" | a: 3", 4, &config), [2, 3, 4]);
    assert_eq!(keep(" | a: 4", 5, &config), [3, 4, 5], "there was no room");
    assert_eq!(keep(" | a: 5", 6, &at_most(1)), [6]);
}

#[test]
fn what_is_not_kept_displaces_nothing() {
    let mut snapshot = Snapshot::default();
    let all = Config { failure_lifetime: SECOND, ..Config::default() };
    snapshot.keep(variant(" | a: 1", "a", "200", 1), &asks(" | a: 1"), NOON, &all).unwrap();
    let before = snapshot.clone();
    let kept = snapshot.keep(variant(" | a: 1", "a", "503", 2), &asks(" | a: 1"), NOON, &all);
    assert_eq!((kept, &snapshot), (Err(Rule::StoredIsUsable), &before));
    snapshot.keep(variant(" | a: 2", "a", "503", 2), &asks(" | a: 2"), NOON, &all).unwrap();
    assert_eq!(arrivals(&snapshot), [1, 2]);
}

#[test]
fn requests_that_select_the_same_make_the_same_key_of_a_variant() {
    let of = |fields: &str, by: &Selecting| by.key_of(&asks(fields));
    let known = selecting(" | accept-encoding: gzip, br | accept: a", "accept, accept-encoding");
    for same in [
        " | accept-encoding: gzip, br | accept: a",
        " | accept-encoding: BR | accept-encoding: gzip | accept: a | x: y",
        " | accept: a , | accept-encoding: br,gzip",
    ] {
        assert_eq!(of(same, &known), known.key(), "{same}");
    }
    for other in
        ["", " | accept: a", " | accept-encoding: gzip | accept: a", " | accept-encoding: gzip, br | accept: A"]
    {
        assert_ne!(of(other, &known), known.key(), "{other}");
    }
    assert_eq!(known.names().collect::<Vec<_>>(), ["accept", "accept-encoding"]);
    assert_eq!(
        selecting(" | a: 1", "b, A, a").key(),
        selecting(" | a: 1", "a,b").key(),
        "in whatever order Vary names them"
    );
}

#[test]
fn no_part_of_the_key_of_a_variant_can_pass_for_another() {
    let keys: Vec<VariantKey> = [
        ("", ""),
        ("", "a"),
        (" | a: ", "a"),
        (" | a: b", "a"),
        (" | a: ", "a, b"),
        ("", "a, b"),
        ("", "ab"),
        (" | a: 1 | b: 2", "a, b"),
        (" | a: 2 | b: 1", "a, b"),
        (" | a: 1, 2", "a, b"),
        (" | b: 1", "a, b"),
        (" | accept: =a", "accept"),
        (" | accept: a", "accept"),
        (" | accept: \"a,b\"", "accept"),
        (" | accept: a,b", "accept"),
        (" | accept: a;b", "accept"),
        (" | accept-charset: a;b", "accept-charset"),
        (" | accept-charset: a,b", "accept-charset"),
        (" | accept-charset: ab", "accept-charset"),
    ]
    .map(|(fields, names)| selecting(fields, names).key())
    .into();
    for (at, key) in keys.iter().enumerate() {
        assert!(!keys[..at].contains(key), "{at}");
    }
}

proptest! {
    /// Stored apart or together: who finds a variant by its key finds the one that is chosen.
    #[test]
    fn a_request_selects_a_variant_where_its_key_is_that_of_it(
        one in "( \\| accept(-encoding|-language): [abAB;,q=05. ]{0,8}){0,3}",
        other in "( \\| accept(-encoding|-language): [abAB;,q=05. ]{0,8}){0,3}",
    ) {
        let known = selecting(&one, "accept-encoding, accept-language");
        let asked = asks(&other);
        prop_assert_eq!(known.matches(&asked), known.key_of(&asked) == known.key());
    }
}

#[test]
fn a_variant_is_chosen_from_what_is_kept() {
    let mut snapshot = Snapshot::default();
    for at in 0..3 {
        let fields = format!(" | a: {at}");
        snapshot.keep(variant(&fields, "a", "200", at), &asks(&fields), NOON, &Config::default()).unwrap();
    }
    for at in 0..3 {
        let chosen = choose(snapshot.variants.iter().map(Variant::candidate), &asks(&format!(" | a: {at}")));
        assert_eq!(chosen, Some(at));
    }
}
