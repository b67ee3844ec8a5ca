//! The rules, as users and other programs know them.

#![allow(clippy::unwrap_used)] // A test that cannot go on fails.

use std::fmt::Write;

use freshen_http::{About, Config, Cookies, Personal, Rule};

mod case;

const GOLDEN: &str = include_str!("golden/rules.txt");

/// Names are told to clients, and stand in snapshots. `FRESHEN_OVERWRITE` writes the file; read then what it changed.
#[test]
fn each_rule_has_its_name_its_section_and_what_it_is_about() {
    let mut table = String::new();
    for rule in Rule::ALL {
        writeln!(table, "{}: {}, {:?}", rule.name(), rule.section(), rule.about()).unwrap();
    }
    if std::env::var_os("FRESHEN_OVERWRITE").is_some() {
        std::fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/rules.txt"), &table).unwrap();
    } else {
        assert_eq!(table, GOLDEN);
    }
}

/// RFC 9111, section 3: what one client brings about says nothing of the answer to the next.
#[test]
fn what_forbids_to_store_is_about_the_response_only_where_it_is_so_for_whoever_asks() {
    let config = Config { cookies: Cookies::Careful, personal: Personal::Careful, ..Config::default() };
    let about = |request: &str, response: &str| case::rule(request, response, &config).unwrap_err().about();
    for (request, response) in [
        ("GET /", "200 | cache-control: no-store"),
        ("GET /", "200 | cache-control: private, max-age=60"),
        ("GET /", "200 | cache-control: max-age=60 | vary: *"),
        ("GET /", "302"),
        ("GET /", "200 | cache-control: max-age=0"),
        ("GET /", "299 | cache-control: must-understand, max-age=60"),
    ] {
        assert_eq!(about(request, response), About::Response, "{request} {response}");
    }
    for (request, response) in [
        ("GET / | authorization: x", "200 | cache-control: max-age=60"),
        ("GET / | cookie: sid=ann", "200 | etag: \"a\""),
        ("GET / | cache-control: no-store", "200 | cache-control: max-age=60"),
        ("GET / | range: bytes=0-1", "206 | cache-control: max-age=60"),
        ("GET / | if-match: x", "412"),
        ("GET / | if-none-match: x", "304"),
        ("GET /", "429 | cache-control: max-age=60"),
        ("GET /", "200 | cache-control: max-age=60 | set-cookie: sid=ann"),
        ("HEAD /", "200 | cache-control: max-age=60"),
    ] {
        assert_eq!(about(request, response), About::Request, "{request} {response}");
    }
}
