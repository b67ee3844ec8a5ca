//! Judging a fresh hit allocates nothing, whatever stands in its headers: they were read when it was stored.

#![allow(clippy::unwrap_used)] // A test that cannot go on fails.

mod case;

use std::hint::black_box;

use case::{NOON, SECOND, request, terms};
use freshen_http::{Asked, Config, Step, judge};

const BROWSER: &str = "GET /page?x=y | host: a.example | user-agent: Browser/1.0 | accept: text/html | accept-language: en, de;q=0.5 \
                       | accept-encoding: gzip, br | cache-control: max-age=600, min-fresh=1 | cookie: a=b | referer: http://a.example/";

#[test]
fn a_fresh_hit_is_judged_without_an_allocation() {
    for config in [Config::default(), Config::private()] {
        let response = "200 | etag: \"a\" | cache-control: max-age=60, stale-while-revalidate=30, no-cache=\"x-user\"";
        let (terms, request) = (terms(response, &config), request(BROWSER));
        let counted = allocation_counter::measure(|| {
            let asked = Asked::of(black_box(&request), &config);
            assert_eq!(judge(&terms, &asked, NOON + SECOND, &config).step, Step::Serve);
        });
        assert_eq!(counted.count_total, 0);
    }
}

#[test]
fn an_allocation_is_noticed() {
    assert_eq!(allocation_counter::measure(|| drop(black_box(Box::new(1)))).count_total, 1);
}
