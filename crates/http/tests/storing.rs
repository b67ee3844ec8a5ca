//! Which responses are stored, by which rule.

mod case;

use std::time::{Duration, Instant};

use case::{check, date, rule, terms};
use freshen_http::{Config, Cookies, Grace, Mode, Personal, Rule, Storing};

const PAGE: &str = "200 | cache-control: max-age=60";

fn shared() -> Config {
    Config::default()
}

/// RFC 9111, section 3: the method.
#[test]
fn a_response_is_stored_only_if_its_method_is_understood() {
    let by = |method: &str| rule(&format!("{method} /"), PAGE, &shared());
    assert_eq!([by("GET"), by("QUERY")], [Ok(Rule::MaxAge); 2]);
    for method in ["HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "get", "M-SEARCH", "FOO"] {
        assert_eq!(by(method), Err(Rule::MethodNotStored), "{method}");
    }
    let without_query = Config { stores_query: false, ..shared() };
    assert_eq!(rule("QUERY /", PAGE, &without_query), Err(Rule::MethodNotStored));
}

/// RFC 9110, section 9.3.3.
#[test]
fn an_answer_to_post_is_stored_where_it_says_its_lifetime_and_names_its_target() {
    let stores = Config { stores_post: true, ..shared() };
    let by = |response: &str| rule("POST http://a.example/x?y", response, &stores);
    assert_eq!(by("200 | cache-control: max-age=60 | content-location: /x?y"), Ok(Rule::MaxAge));
    assert_eq!(by("200 | cache-control: max-age=60 | content-location: http://a.example/x?y"), Ok(Rule::MaxAge));
    for refused in [
        "200 | cache-control: max-age=60",
        "200 | cache-control: max-age=60 | content-location: /x",
        "200 | cache-control: max-age=60 | content-location: http://b.example/x?y",
        "200 | cache-control: public | content-location: /x?y | etag: \"a\"",
        "200 | content-location: /x?y | etag: \"a\"",
    ] {
        assert_eq!(by(refused), Err(Rule::MethodNotStored), "{refused}");
    }
    let stored = "200 | cache-control: max-age=60 | content-location: /x";
    assert_eq!(rule("POST http://a.example/x", stored, &stores), Ok(Rule::MaxAge));
    assert_eq!(
        rule("POST http://a.example/x", stored, &shared()),
        Err(Rule::MethodNotStored),
        "unless it is wanted, no POST is"
    );
}

/// RFC 9110, section 8.7: only of a success does it say that the content is what GET would get, and of a part nothing does.
#[test]
fn an_answer_to_post_is_stored_only_of_a_whole_success() {
    let stores = Config { stores_post: true, ..shared() };
    for status in 200..600 {
        let fields = "etag: \"a\" | content-range: bytes 0-1/2 | cache-control: max-age=60 | content-location: /x";
        let stored = rule("POST http://a.example/x", &format!("{status} | {fields}"), &stores);
        let expected = if status < 300 && status != 206 { Ok(Rule::MaxAge) } else { Err(Rule::MethodNotStored) };
        assert_eq!(stored, expected, "{status}");
    }
}

/// RFC 9110, section 8.7: after conversion to absolute form.
#[test]
fn an_answer_to_post_names_its_target_in_any_form() {
    let stores = Config { stores_post: true, ..shared() };
    let by = |request: &str, location: &str| {
        rule(
            &format!("POST {request}"),
            &format!("200 | cache-control: max-age=60 | content-location: {location}"),
            &stores,
        )
    };
    for (request, location, same) in [
        ("http://a.example/x/y?z", "y?z", true),
        ("http://a.example/x/y?z", "?z", true),
        ("http://a.example/x/y?z", "../x/./y?z", true),
        ("http://a.example/x/y?z", "//A.example:80/x/y?z", true),
        ("http://a.example:80/x", "http://a.example/x", true),
        ("http://a.example/x/y?z", "", true),
        ("http://a.example/x/y?z", "y", false),
        ("http://a.example/x/y?z", "//b.example/x/y?z", false),
        ("http://a.example/x", "https://a.example/x", false),
        ("/x/y | host: a.example", "y", true),
        ("/x/y | host: a.example", "//a.example/x/y", true),
        ("/x/y | host: a.example", "http://a.example/x/y", true),
        ("/x/y | host: a.example", "https://a.example/x/y", false),
        ("http://a.example/x", "/x | content-location: /y", false),
    ] {
        let expected = if same { Ok(Rule::MaxAge) } else { Err(Rule::MethodNotStored) };
        assert_eq!(by(request, location), expected, "{request} {location}");
    }
}

/// RFC 9111, section 3, its last point, for a status that is not heuristically cacheable.
#[test]
fn something_in_the_response_has_to_allow_it() {
    let private = Config::private();
    let expires = format!("299 | expires: {}", date(60));
    check(
        &shared(),
        &[
            ("299 | etag: \"a\"", Err(Rule::NothingAllows)),
            ("299 | etag: \"a\" | cache-control: public", Ok(Rule::Public)),
            ("299 | etag: \"a\" | cache-control: s-maxage=60", Ok(Rule::SMaxAge)),
            ("299 | etag: \"a\" | cache-control: max-age=60", Ok(Rule::MaxAge)),
            ("299 | etag: \"a\" | cache-control: must-revalidate", Err(Rule::NothingAllows)),
            ("299 | etag: \"a\" | cache-control: proxy-revalidate", Err(Rule::NothingAllows)),
            ("299 | etag: \"a\" | cache-control: public=1", Err(Rule::NothingAllows)),
            ("299 | etag: \"a\" | cache-control: private=\"x-a\"", Err(Rule::NothingAllows)),
            (&expires, Ok(Rule::Expires)),
        ],
    );
    check(
        &private,
        &[
            ("299 | etag: \"a\" | cache-control: private", Ok(Rule::Private)),
            ("299 | etag: \"a\" | cache-control: private=\"x\"", Ok(Rule::Private)),
            ("299 | etag: \"a\" | cache-control: private=\"x-a\"", Ok(Rule::Private)),
            ("299 | etag: \"a\" | cache-control: s-maxage=60", Err(Rule::NothingAllows)),
        ],
    );
}

/// RFC 9111, section 5.2.2.5.
#[test]
fn no_store_forbids_whatever_else_is_said() {
    for response in [
        "200 | cache-control: no-store",
        "200 | cache-control: NO-STORE",
        "200 | cache-control: public, max-age=60, no-store",
        "200 | cache-control: max-age=60 | cache-control: x | cache-control: no-store",
        "200 | cache-control: no-store=x, max-age=60",
        "200 | cache-control: x=\"y, no-store, max-age=60",
        "200 | cache-control: ,,no-store,max-age=60",
    ] {
        assert_eq!(rule("GET /", response, &shared()), Err(Rule::NoStore), "{response}");
        assert_eq!(rule("GET /", response, &Config::private()), Err(Rule::NoStore), "{response}");
    }
    assert_eq!(rule("GET /", "200 | cache-control: x=\"no-store, y\", max-age=60", &shared()), Ok(Rule::MaxAge));
}

/// RFC 9111, section 5.2.1.5.
#[test]
fn a_request_may_forbid_that_its_response_is_stored() {
    assert_eq!(rule("GET / | cache-control: no-store", PAGE, &shared()), Err(Rule::RequestNoStore));
    assert_eq!(rule("GET / | cache-control: no-cache", PAGE, &shared()), Ok(Rule::MaxAge));
}

/// RFC 9111, section 5.2.2.7.
#[test]
fn a_private_response_is_stored_only_for_one_user() {
    for response in [
        "200 | cache-control: private, max-age=60",
        "200 | cache-control: public, private, s-maxage=60, max-age=60",
        "200 | cache-control: private=\"set-cookie\", private, max-age=60",
        "200 | cache-control: private=, max-age=60",
        "200 | cache-control: private=\"\", max-age=60",
        "200 | cache-control: private=\"a b\", max-age=60",
    ] {
        assert_eq!(rule("GET /", response, &shared()), Err(Rule::Private), "{response}");
        assert_eq!(rule("GET /", response, &Config::private()), Ok(Rule::MaxAge), "{response}");
    }
}

/// RFC 9111, sections 5.2.2.4 and 5.2.2.7: those fields are left out wherever it is sent on.
#[test]
fn directives_that_name_fields_forbid_neither_storing_nor_use() {
    let vary_validated =
        terms("200 | etag: \"a\" | vary: accept | cache-control: no-cache=\"vary\", max-age=60", &shared());
    assert!(vary_validated.no_cache, "without it, the rest is not understood");
    let vary_private = "200 | vary: accept | cache-control: private=\"x-user, vary\", max-age=60";
    check(&shared(), &[(vary_private, Err(Rule::Private))]);
    check(&Config::private(), &[(vary_private, Ok(Rule::MaxAge))]);
    let fields_private = "200 | cache-control: private=\"x-user\", max-age=60";
    let fields_validated = "200 | cache-control: no-cache=\"x-user\", max-age=60";
    check(&shared(), &[(fields_private, Ok(Rule::MaxAge)), (fields_validated, Ok(Rule::MaxAge))]);
    assert!(!terms(fields_validated, &shared()).no_cache);
    assert!(terms("200 | etag: \"a\" | cache-control: no-cache=\"x-user\", no-cache", &shared()).no_cache);
}

/// RFC 9111, section 3.5.
#[test]
fn an_answer_to_an_authorized_request_is_shared_only_where_that_is_said() {
    let by = |directives: &str, config: &Config| {
        rule("GET / | authorization: Basic YTpi", &format!("200 | etag: \"a\" | cache-control: {directives}"), config)
    };
    for refused in
        ["max-age=60", "proxy-revalidate, max-age=60", "no-cache", "immutable, max-age=60", "public=1, max-age=60"]
    {
        assert_eq!(by(refused, &shared()), Err(Rule::Authorization), "{refused}");
        assert!(by(refused, &Config::private()).is_ok(), "{refused}");
    }
    for odd in
        ["must-revalidate=?0", "must-revalidate=false", "must-revalidate=", "s-maxage=x", "s-maxage", "s-maxage=-1"]
    {
        assert_eq!(by(&format!("{odd}, max-age=60"), &shared()), Err(Rule::Authorization), "{odd}");
    }
    for shared_by in ["public, max-age=60", "s-maxage=60", "must-revalidate, max-age=60"] {
        assert!(by(shared_by, &shared()).is_ok(), "{shared_by}");
    }
    assert_eq!(by("private, public, max-age=60", &shared()), Err(Rule::Private));
    assert_eq!(rule("GET / | cookie: a=b", PAGE, &shared()), Ok(Rule::MaxAge), "a cookie alone forbids nothing");
}

/// RFC 9111, section 4.1.
#[test]
fn what_varies_by_anything_is_not_stored() {
    for vary in ["*", "accept, *", "*, accept", "accept | vary: *", ", *"] {
        assert_eq!(rule("GET /", &format!("{PAGE} | vary: {vary}"), &shared()), Err(Rule::VaryAny), "{vary}");
    }
    assert_eq!(rule("GET /", &format!("{PAGE} | vary: accept"), &shared()), Ok(Rule::MaxAge));
}

#[test]
fn cookies_are_shared_only_where_that_is_said_or_configured() {
    let with = |directives: &str| format!("200 | set-cookie: a=b | cache-control: max-age=60{directives}");
    let by = |directives: &str, cookies| rule("GET /", &with(directives), &Config { cookies, ..shared() });
    assert_eq!(by("", Cookies::Careful), Err(Rule::SetCookie));
    assert_eq!(by(", no-cache=\"x-a\"", Cookies::Careful), Err(Rule::SetCookie));
    for said in [", public", ", private=\"Set-Cookie\"", ", no-cache=\"x-a, set-cookie\""] {
        assert_eq!(by(said, Cookies::Careful), Ok(Rule::MaxAge), "{said}");
    }
    assert_eq!([by("", Cookies::Dropped), by("", Cookies::Stored)], [Ok(Rule::MaxAge); 2]);
    assert_eq!(rule("GET /", &with(""), &Config::private()), Ok(Rule::MaxAge));
}

/// Whether a response is stored that comes to a request with a cookie.
fn to_ann(response: &str, config: &Config) -> Result<Rule, Rule> {
    rule("GET /account | cookie: sid=ann", response, config)
}

fn with(personal: Personal) -> Config {
    let hour = Duration::from_secs(3600);
    Config { personal, grace: Grace { stale_while_revalidate: hour, stale_if_error: hour }, ..shared() }
}

#[test]
fn an_answer_to_a_request_with_cookies_has_no_guessed_lifetime_unless_it_is_for_many() {
    let old = format!("last-modified: {}", date(-100 * 86_400));
    let silent = format!("200 | {old}");
    assert_eq!(to_ann(&silent, &with(Personal::Careful)), Err(Rule::Personal));
    assert_eq!(to_ann(&format!("200 | {old} | etag: \"a\""), &shared()), Err(Rule::Personal), "nor is it validated");
    assert_eq!(rule("GET /account", &silent, &shared()), Ok(Rule::Heuristic));
    assert_eq!(to_ann(&silent, &Config::private()), Ok(Rule::Heuristic));
    assert_eq!(to_ann(&silent, &with(Personal::Shared)), Ok(Rule::Heuristic));
    for (said, by) in [
        ("cache-control: public", Rule::Public),
        ("cache-control: max-age=60", Rule::MaxAge),
        ("cache-control: s-maxage=60", Rule::SMaxAge),
        ("cdn-cache-control: must-revalidate", Rule::Heuristic),
    ] {
        assert_eq!(to_ann(&format!("{silent} | {said}"), &with(Personal::Careful)), Ok(by), "{said}");
    }
}

/// The failure may be that of one client's page.
#[test]
fn a_failure_met_by_a_request_with_cookies_is_not_kept_for_others_unless_it_is_for_many() {
    let failing = |personal| Config { failure_lifetime: Duration::from_secs(10), personal, ..shared() };
    let careful = failing(Personal::Careful);
    for status in [500, 502, 503, 504] {
        assert_eq!(to_ann(&status.to_string(), &careful), Err(Rule::Personal), "{status}");
        assert_eq!(rule("GET /account", &status.to_string(), &careful), Ok(Rule::Failure), "{status}");
    }
    assert_eq!(to_ann("503", &failing(Personal::Shared)), Ok(Rule::Failure));
    assert_eq!(to_ann("503", &Config { mode: Mode::Private, ..careful.clone() }), Ok(Rule::Failure));
    assert_eq!(to_ann("503 | cache-control: public", &careful), Ok(Rule::Public));
    assert_eq!(to_ann("503 | cache-control: max-age=60", &careful), Ok(Rule::MaxAge));
    assert_eq!(to_ann("503 | cdn-cache-control: must-revalidate", &careful), Ok(Rule::Failure));
}

#[test]
fn an_answer_to_a_request_with_cookies_has_no_grace_unless_it_is_for_many() {
    let windows = |said: &str, personal| {
        let (request, config) = ("GET /account | cookie: sid=ann", with(personal));
        let Storing::Store(terms, _) = case::storing(request, &format!("200 | {said}"), &config) else {
            panic!("{said} is not stored")
        };
        terms.windows(&config)
    };
    let (none, grace) = (Grace::default(), with(Personal::Careful).grace);
    assert_eq!(windows("cache-control: max-age=60", Personal::Careful), none);
    assert_eq!(windows("cache-control: max-age=60", Personal::Shared), grace);
    assert_eq!(windows("cache-control: max-age=60, public", Personal::Careful), grace);
    assert_eq!(windows("cdn-cache-control: max-age=60", Personal::Careful), grace);
    let own = windows("cache-control: max-age=60, stale-if-error=7", Personal::Careful);
    assert_eq!(own, Grace { stale_if_error: Duration::from_secs(7), ..none });
}

#[test]
fn requests_with_cookies_pass_where_that_is_configured() {
    let passing = with(Personal::Pass);
    for response in [PAGE, "200 | cache-control: public, max-age=60", "200 | cdn-cache-control: max-age=60"] {
        assert_eq!(to_ann(response, &passing), Err(Rule::Personal), "{response}");
        assert!(rule("GET /account", response, &passing).is_ok(), "{response}");
        assert!(to_ann(response, &Config { mode: Mode::Private, ..passing.clone() }).is_ok(), "{response}");
    }
    let passes = |fields, config: &Config| case::asked(fields, config).passes();
    assert_eq!(passes(" | cookie: sid=ann", &passing), Some(Rule::Personal));
    assert_eq!(passes("", &passing), None);
    assert_eq!(passes(" | cookie: sid=ann", &with(Personal::Careful)), None);
    assert_eq!(passes(" | cookie: sid=ann", &Config { mode: Mode::Private, ..passing }), None);
}

#[test]
fn what_is_stale_at_once_and_cannot_be_validated_is_not_stored() {
    check(
        &shared(),
        &[
            ("200", Err(Rule::NeverOfUse)),
            ("200 | cache-control: max-age=0", Err(Rule::NeverOfUse)),
            ("200 | cache-control: max-age=60 | age: 60", Err(Rule::NeverOfUse)),
            ("200 | cache-control: no-cache, max-age=60", Err(Rule::NeverOfUse)),
            ("200 | cache-control: max-age=60 | age: 59", Ok(Rule::MaxAge)),
            ("200 | cache-control: max-age=0, stale-if-error=60", Ok(Rule::MaxAge)),
            ("200 | cache-control: max-age=0, stale-while-revalidate=60", Ok(Rule::MaxAge)),
            ("200 | cache-control: max-age=0, stale-while-revalidate=60, must-revalidate", Err(Rule::NeverOfUse)),
            ("200 | cache-control: no-cache | etag: \"a\"", Ok(Rule::Heuristic)),
            ("200 | cache-control: max-age=0 | last-modified: Thu, 01 Jan 1970 00:00:00 GMT", Ok(Rule::MaxAge)),
            ("200 | cache-control: max-age=0 | last-modified: x", Err(Rule::NeverOfUse)),
        ],
    );
}

/// RFC 9111, sections 5.2.3 and 5.4.
#[test]
fn what_is_not_known_and_pragma_mean_nothing_in_a_response() {
    check(
        &shared(),
        &[
            ("200 | cache-control: max-age=60, x, y=z, stale=\"no-store\"", Ok(Rule::MaxAge)),
            ("200 | cache-control: private, community=\"UCI\", max-age=60", Err(Rule::Private)),
            ("200 | pragma: no-cache | cache-control: max-age=60", Ok(Rule::MaxAge)),
            ("200 | pragma: no-store | etag: \"a\"", Ok(Rule::Heuristic)),
        ],
    );
    assert!(!terms("200 | pragma: no-cache | etag: \"a\"", &shared()).no_cache);
}

#[test]
fn megabytes_of_directives_are_judged_in_a_moment() {
    let began = Instant::now();
    let (quotes, commas) = ("\"\\".repeat(1 << 19), ",".repeat(1 << 20));
    for line in [&quotes, &commas, &"max-age=1,".repeat(100_000), &"no-cache=\"a\",".repeat(80_000)] {
        let response = format!("200 | cache-control: max-age=60 | cache-control: {line}");
        assert_eq!(rule("GET /", &response, &shared()), Err(Rule::NoStore), "{} bytes", line.len());
    }
    let many = "no-cache=\"a\", ".repeat(4_000);
    assert_eq!(rule("GET /", &format!("200 | cache-control: max-age=60, {many}"), &shared()), Ok(Rule::MaxAge));
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
}

/// RFC 9111, sections 3, 3.5 and 5.2.1.5: what an update takes back is taken back, whoever asked for it.
#[test]
fn what_is_about_the_response_goes_before_what_is_about_its_client() {
    for (response, expected) in [
        ("200 | cache-control: max-age=60, private", Rule::Private),
        ("200 | cache-control: max-age=60, no-store", Rule::NoStore),
        ("200 | cache-control: max-age=60 | vary: *", Rule::VaryAny),
        ("299", Rule::NothingAllows),
    ] {
        for request in ["cache-control: no-store", "authorization: x", "cookie: a=b"] {
            let config = Config { personal: Personal::Pass, ..shared() };
            let with_cookie = format!("{response} | set-cookie: a=b");
            assert_eq!(
                rule(&format!("GET / | {request}"), &with_cookie, &config),
                Err(expected),
                "{request} {response}"
            );
        }
    }
}
