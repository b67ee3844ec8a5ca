//! Responses that say to some caches something else than to others (RFC 9213).

#![allow(clippy::unwrap_used)] // A test that cannot go on fails.

mod case;

use case::{NOON, SECOND, asked, date, key, response, rule, sent, terms};
use freshen_http::{Admitted, Answer, Config, End, Exchange, Rule};
use http::{HeaderMap, HeaderName};

fn cdn() -> Config {
    Config { targets: vec![HeaderName::from_static("cdn-cache-control")], ..Config::default() }
}

/// RFC 9213, section 2.2: Cache-Control and Expires do not count beside it.
#[test]
fn a_targeted_field_is_heeded_and_cache_control_and_expires_are_not() {
    let expires = date(1000);
    for (said, expected) in [
        (format!("cdn-cache-control: max-age=600 | cache-control: max-age=60, s-maxage=120 | expires: {expires}"), 600),
        (format!("cdn-cache-control: none | cache-control: max-age=60 | expires: {expires}"), 0),
        ("cdn-cache-control: max-age=600 | cache-control: no-store".into(), 600),
        ("cdn-cache-control: max-age=600 | cache-control: private, no-cache".into(), 600),
        ("cdn-cache-control: s-maxage=30, max-age=600".into(), 30),
    ] {
        let terms = terms(&format!("200 | etag: \"a\" | {said}"), &cdn());
        assert_eq!((terms.lifetime.span, terms.no_cache), (expected * SECOND, false), "{said}");
    }
    let unknown = format!("299 | etag: \"a\" | cdn-cache-control: none | cache-control: public | expires: {expires}");
    assert_eq!(rule("GET /", &unknown, &cdn()), Err(Rule::NothingAllows));
    let private =
        terms("200 | etag: \"a\" | cdn-cache-control: max-age=600 | cache-control: max-age=60", &Config::private());
    assert_eq!(private.lifetime.span, 60 * SECOND, "it is no target of this cache");
}

/// RFC 9213, section 2.2: what it forbids is forbidden.
#[test]
fn the_directives_of_a_targeted_field_mean_what_they_mean_in_cache_control() {
    let by = |said: &str| {
        rule("GET /", &format!("200 | etag: \"a\" | cache-control: max-age=60 | cdn-cache-control: {said}"), &cdn())
    };
    assert_eq!(by("no-store"), Err(Rule::NoStore));
    assert_eq!(by("max-age=60, no-store"), Err(Rule::NoStore));
    assert_eq!(by("max-age=60, no-store=?0"), Ok(Rule::MaxAge));
    assert_eq!(by("private, max-age=60"), Err(Rule::Private));
    let of = |said: &str| terms(&format!("200 | etag: \"a\" | cdn-cache-control: max-age=60, {said}"), &cdn());
    assert!(of("no-cache").no_cache && of("immutable").immutable);
    assert!(of("no-cache=\"vary\"").no_cache && !of("no-cache=\"x-user\"").no_cache);
    assert_eq!(of("must-revalidate").never_stale, Some(Rule::MustRevalidate));
    assert_eq!(of("stale-while-revalidate=7").stale_while_revalidate, Some(7 * SECOND));
    let authorized = |said: &str| rule("GET / | authorization: x", &format!("200 | cdn-cache-control: {said}"), &cdn());
    assert_eq!(
        [authorized("max-age=60"), authorized("max-age=60, public")],
        [Err(Rule::Authorization), Ok(Rule::MaxAge)]
    );
}

/// RFC 9213, section 2.1: what is no dictionary, or empty, or of another type, is as if it were not there.
#[test]
fn a_targeted_field_that_is_not_valid_leaves_cache_control_in_force() {
    for said in [
        "",
        "max-age=\"600\"",
        "max-age=600.0",
        "max-age=-600",
        "Max-Age=600",
        "max-age=600,",
        "max-age = 600",
        "\u{e9}",
    ] {
        let fallen_back = terms(&format!("200 | cdn-cache-control: {said} | cache-control: max-age=60"), &cdn());
        assert_eq!(fallen_back.lifetime.span, 60 * SECOND, "{said}");
        let forbidden = rule("GET /", &format!("200 | cdn-cache-control: {said} | cache-control: no-store"), &cdn());
        assert_eq!(forbidden, Err(Rule::NoStore), "{said}");
    }
}

/// RFC 9213, sections 2.2 and 3: those behind may heed them.
#[test]
fn targeted_fields_are_passed_on_whether_or_not_they_are_heeded() {
    let lines = "cdn-cache-control: max-age=60 | other-cache-control: no-store | other-cache-control: x,";
    let response = response(&format!("200 | {lines}"));
    let (sent, exchange) = (sent(&HeaderMap::new()), Exchange { asked_at: NOON, answered_at: NOON });
    let admitted = Admitted::of(&sent, &response, &key("http://a/", &cdn()), &exchange, &cdn()).unwrap();
    assert_eq!(admitted.rule(), Rule::MaxAge);
    let stored = admitted.keep(&[], None, End::Clean).unwrap().stored;
    let answer = stored.answer(&HeaderMap::new(), &asked("", &cdn()), NOON, 0, &cdn());
    let Answer::Serve(served, _) = answer else { panic!("it is whole") };
    for name in ["cdn-cache-control", "other-cache-control"] {
        let [came, goes] = [&response.headers, &served.headers].map(|headers| headers.get_all(name).iter());
        assert!(came.eq(goes), "{name}");
    }
}

/// RFC 9213, section 2.4: how a name ends makes no target of it.
#[test]
fn a_field_that_is_named_as_targets_are_is_none_where_it_is_not_listed() {
    for name in ["x-cache-control", "example-cache-control", "cache-control-cdn", "freshen-cache-control"] {
        let response = format!("200 | cache-control: max-age=60 | {name}: no-store");
        assert_eq!(terms(&response, &cdn()).lifetime.span, 60 * SECOND, "{name}");
    }
}

/// RFC 9213, section 2.1: a value of another type is not used; what else the field forbids was meant all the same.
#[test]
fn what_a_targeted_field_forbids_holds_though_another_of_its_values_is_of_another_type() {
    let by = |said: &str| {
        let response = format!("200 | etag: \"a\" | cdn-cache-control: {said} | cache-control: public, max-age=600");
        rule("GET /", &response, &cdn())
    };
    assert_eq!(by("no-store, max-age=\"60\""), Err(Rule::NoStore));
    assert_eq!(by("max-age=\"60\", private"), Err(Rule::Private));
    for allowed in ["max-age=\"60\"", "no-store=1, max-age=60", "no-store=?0, max-age=\"60\"", "no-store, max-age=60,"]
    {
        assert_eq!(by(allowed), Ok(Rule::MaxAge), "{allowed}");
    }
    let of = |said: &str| {
        terms(&format!("200 | etag: \"a\" | cdn-cache-control: {said} | cache-control: public, max-age=600"), &cdn())
    };
    assert_eq!(of("max-age=\"60\", max-age=1.5, stale-if-error=60").lifetime.span, 600 * SECOND, "it is fallen back");
    assert_eq!(of("stale-if-error=60, max-age=\"60\"").stale_if_error, None);
    assert!(of("no-cache, max-age=\"60\"").no_cache && !of("no-cache=1, max-age=60").no_cache);
    assert_eq!(of("must-revalidate, max-age=\"60\"").never_stale, Some(Rule::MustRevalidate));
    assert_eq!(of("proxy-revalidate, max-age=\"60\"").never_stale, Some(Rule::ProxyRevalidate));
}

#[test]
fn what_a_more_wanted_target_forbids_holds_beside_the_one_that_counts() {
    let of = |ours: &str, theirs: &str| {
        let fields = format!("freshen-cache-control: {ours} | cdn-cache-control: {theirs} | cache-control: max-age=10");
        rule("GET /", &format!("200 | etag: \"a\" | {fields}"), &Config::default())
    };
    assert_eq!(of("no-store, max-age=x", "max-age=20"), Err(Rule::NoStore));
    assert_eq!(of("max-age=30", "no-store, max-age=x"), Ok(Rule::MaxAge), "it was not come to");
}

/// RFC 9213, section 2.2: the order is that of the list.
#[test]
fn the_most_wanted_target_that_is_valid_counts() {
    let config = Config::default();
    let both = |ours: &str| {
        format!("200 | cdn-cache-control: max-age=20 | freshen-cache-control: {ours} | cache-control: max-age=10")
    };
    for (ours, expected) in [("max-age=30", 30), ("max-age=x", 20), ("", 20), ("x, max-age=40", 40)] {
        assert_eq!(terms(&both(ours), &config).lifetime.span, expected * SECOND, "{ours}");
    }
    let other = "200 | other-cache-control: no-store | cache-control: max-age=10";
    assert_eq!(rule("GET /", other, &config), Ok(Rule::MaxAge), "it is not on the list");
}
