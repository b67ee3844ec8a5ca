//! Which parts of a query an origin says do not matter (draft-ietf-httpbis-no-vary-search).

#![allow(clippy::unwrap_used)] // A test that cannot go on fails.

mod case;

use case::{key, target};
use freshen_http::{CacheKey, Config, NO_VARY_SEARCH, NoVarySearch, Target};
use http::{HeaderMap, HeaderValue};
use proptest::prelude::*;

/// The key by which a target is found under what is said.
fn simplified(says: &NoVarySearch, target: &Target) -> CacheKey {
    key(&target.to_string(), &config()).simplified(says)
}

fn config() -> Config {
    Config { no_vary_search: true, ..Config::default() }
}

fn read(lines: &[&str]) -> NoVarySearch {
    let lines = lines.iter().map(|line| (NO_VARY_SEARCH, HeaderValue::from_bytes(line.as_bytes()).unwrap()));
    NoVarySearch::read(&lines.collect::<HeaderMap>(), &config())
}

fn matches(says: &NoVarySearch, one: &str, other: &str) -> bool {
    let [one, other] = [one, other].map(|query| target(&format!("http://a/b{query}")));
    let matches = says.matches(&one, &other);
    assert_eq!(says.matches(&other, &one), matches, "both ways round");
    assert_eq!(
        simplified(says, &one) == simplified(says, &other),
        matches,
        "{one} {other}: found by the simplified form"
    );
    matches
}

/// The draft's section 4.2.1.
#[test]
fn what_is_malformed_says_nothing() {
    for malformed in [
        "key-order=\"not a boolean\"",
        "key-order=1",
        "key-order=(\"a\")",
        "params=\"not an inner list\"",
        "params=(not-a-string)",
        "params=(\"a\" b)",
        "params=?0",
        "params=?1",
        "params",
        "params=?1, except=(\"x\")",
        "params, except=(\"x\")",
        "params=(\"a\"), except=(\"x\")",
        "params=(), except=()",
        "except=\"not an inner list\"",
        "except=(not-a-string)",
        "except=?1",
        "key-order, params=(a)",
        "key-order=1, params=(\"a\")",
        "params=(\"a\"",
        "params=(\"a\"),",
        "params=(\"a\"), Key-Order",
        "params=(\"\u{e9}\")",
        "(\"a\")",
        "\"a\"",
    ] {
        assert_eq!(read(&[malformed]), NoVarySearch::default(), "{malformed}");
    }
    // What is well formed, and says nothing all the same.
    for nothing in ["", "params=()", "key-order=?0", "unknown-key", "params=(), key-order=?0"] {
        assert_eq!(read(&[nothing]), NoVarySearch::default(), "{nothing}");
    }
    assert_eq!(read(&[]), NoVarySearch::default());
}

#[test]
fn the_same_is_read_however_it_is_written() {
    for (one, other) in [
        ("key-order=?1", "key-order"),
        ("except=(\"x\"), key-order", "key-order, except=(\"x\")"),
        ("params=(\"a\" \"b\")", "params=(\"b\"  \"a\" \"a\")"),
        ("params=(\"a\";x);y, z=1", "params=(\"a\")"),
        ("params=(\"%61\")", "params=(\"a\")"),
        ("params=(\"x\"), params=(\"a\")", "params=(\"a\")"),
    ] {
        assert_eq!(read(&[one]), read(&[other]), "{one}");
        assert_ne!(read(&[one]), NoVarySearch::default(), "{one}");
    }
    assert_eq!(read(&["key-order", "except=(\"x\")"]), read(&["key-order, except=(\"x\")"]));
}

#[test]
fn the_default_compares_byte_by_byte() {
    for (one, other) in [("", "?"), ("?a=b&&&c", "?a=b&c="), ("?a=%61", "?a=a"), ("?a&b", "?b&a")] {
        assert!(!matches(&NoVarySearch::default(), one, other), "{one} {other}");
        assert!(matches(&NoVarySearch::default(), one, one));
    }
}

/// The draft's section 5.1.
#[test]
fn with_anything_said_queries_are_compared_as_forms() {
    for says in ["key-order", "params=(\"unrelated\")"] {
        for (one, other) in [
            ("", "?"),
            ("?a=x", "?%61=%78"),
            ("?a=é", "?a=%C3%A9"),
            ("?a=%f6", "?a=%ef%bf%bd"),
            ("?a=x&&&&", "?a=x"),
            ("?a=", "?a"),
            ("?a=%20", "?a=+&"),
            ("?a=%2B", "?a=%2b"),
            ("?a=%zz", "?a=%25zz"),
        ] {
            assert!(matches(&read(&[says]), one, other), "{says}: {one} {other}");
        }
        for (one, other) in [
            ("?a=1", "?a=2"),
            ("?a", "?A"),
            ("?a=+", "?a=%2B"),
            ("?a", "?a&a"),
            ("?a=1=2", "?a=1"),
            ("?a", "?=a"),
            ("?a%26b", "?a&b"),
            ("?a%3Db", "?a=b"),
        ] {
            assert!(!matches(&read(&[says]), one, other), "{says}: {one} {other}");
        }
    }
}

#[test]
fn parameters_that_are_named_do_not_matter() {
    let says = read(&["params=(\"utm_source\" \"b\")"]);
    for (one, other) in [("?a=1&b=2", "?a=1"), ("?b", ""), ("?b=1&a=1&b=2", "?a=1&utm_source"), ("?a&%62=1", "?a=")] {
        assert!(matches(&says, one, other), "{one} {other}");
    }
    for (one, other) in [("?a=1&b=2", "?b=2"), ("?a=1&c=1", "?c=1&a=1"), ("?B", "?"), ("?utm_", "?")] {
        assert!(!matches(&says, one, other), "{one} {other}");
    }
}

#[test]
fn parameters_that_are_excepted_alone_matter() {
    let says = read(&["except=(\"id\")"]);
    for (one, other) in [("?id=1&b=2", "?c&id=1"), ("?b", ""), ("?i%64=1", "?id=1")] {
        assert!(matches(&says, one, other), "{one} {other}");
    }
    for (one, other) in [("?id=1", "?id=2"), ("?id=1&id=2", "?id=2&id=1"), ("?id", "")] {
        assert!(!matches(&says, one, other), "{one} {other}");
    }
    assert!(matches(&read(&["except=()"]), "?a=1&b", ""));
}

#[test]
fn the_order_of_names_does_not_matter_and_that_of_one_names_values_does() {
    let says = read(&["key-order"]);
    assert!(matches(&says, "?a=1&b=2&a=3", "?b=2&a=1&a=3"));
    assert!(!matches(&says, "?a=1&a=3", "?a=3&a=1"));
    assert!(!matches(&read(&["params=(\"x\")"]), "?a=1&b=2", "?b=2&a=1"));
    // Beyond the basic plane, where code units and bytes are ordered differently.
    assert!(matches(&says, "?\u{10000}=1&\u{e000}=2", "?\u{e000}=2&\u{10000}=1"));
    assert!(matches(&read(&["key-order, except=(\"a\" \"b\")"]), "?b&c&a", "?a&b&d"));
}

/// The draft's section 4.3.1.
#[test]
fn a_name_is_read_as_one_in_a_query_is() {
    let says = read(&["params=(\"%C3%A9+%E6%B0%97\")"]);
    for query in ["?é%20気=1", "?é+気=2", "?%C3%A9%20気=3", "?%C3%A9+%E6%B0%97=4"] {
        assert!(matches(&says, query, ""), "{query}");
    }
    assert!(!matches(&says, "?é=1", ""));
}

/// The draft's section 5, step 1.
#[test]
fn nothing_but_the_query_may_differ() {
    let says = read(&["except=()"]);
    for other in ["https://a/b", "http://c/b", "http://a:8080/b", "http://a/c", "http://a/b/", "http://a/%62"] {
        assert!(!says.matches(&target("http://a/b"), &target(other)), "{other}");
        assert_ne!(simplified(&says, &target("http://a/b")), simplified(&says, &target(other)), "{other}");
    }
}

#[test]
fn it_says_nothing_unless_it_is_switched_on() {
    let headers: HeaderMap = [(NO_VARY_SEARCH, HeaderValue::from_static("except=()"))].into_iter().collect();
    assert_eq!(NoVarySearch::read(&headers, &Config::default()), NoVarySearch::default());
    assert_ne!(NoVarySearch::read(&headers, &config()), NoVarySearch::default());
}

#[test]
fn a_field_that_is_too_long_says_nothing_and_a_long_query_is_read_in_a_moment() {
    let names = "\"a\" ".repeat(1 << 18);
    assert_eq!(read(&[&format!("params=({names})")]), NoVarySearch::default());
    let query = format!("?{}", "b&".repeat(8_000));
    assert!(matches(&read(&["key-order"]), &query, &query));
    // Too long once it is written in full: then it is found by its own form.
    for braces in [6_000, 16_000] {
        let key = key(&format!("http://a/?{}", "{".repeat(braces)), &config());
        assert_eq!(key.simplified(&read(&["key-order"])), key);
    }
}

proptest! {
    #[test]
    fn what_matches_is_found_by_one_form_and_nothing_else_is(
        one in "(\\?([abc]|%61|é)?=?[12+]?&?[ab]?(=[12])?&?[abc]?)?",
        other in "(\\?([abc]|%61|é)?=?[12+]?&?[ab]?(=[12])?&?[abc]?)?",
    ) {
        for says in ["key-order", "params=(\"a\")", "except=(\"a\")", "key-order, except=(\"a\" \"b\")", ""] {
            matches(&read(&[says]), &one, &other);
        }
    }

    #[test]
    fn no_field_and_no_query_makes_it_panic(field in "[a-z=(){}\";,?01% é-]{0,40}", query in "[a=&%+;?é0-9{]{0,40}") {
        let says = read(&[&field]);
        let target = target(&format!("http://a/?{query}"));
        prop_assert!(says.matches(&target, &target));
        let key = simplified(&says, &target);
        prop_assert_eq!(&key.simplified(&says), &key);
    }
}
