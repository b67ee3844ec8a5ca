//! What a cache tells of itself (RFC 9211).

#![allow(clippy::unwrap_used)] // A test that cannot go on fails.

use std::time::Duration;

use freshen_core::Timestamp;
use freshen_http::{
    Asked, AskedBy, CACHE_STATUS, CacheKey, CacheStatus, Config, Content, Exchange, Failure, Forward, Forwarded,
    Handled, Identifier, KeyParts, Rule, SHOWN_KEY_BYTES_MOST, Scheme, Sent, Step, Storing, Target, Terms, judge,
    stand_in, ttl_seconds,
};
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode, Version};
use proptest::prelude::*;
use sfv::{FieldType, List, Parser};

const NOON: Timestamp = Timestamp::from_micros(1_795_262_400_000_000);

fn written(status: &CacheStatus<'_>) -> String {
    let mut headers = HeaderMap::new();
    status.append_to(&mut headers, &Config::default()).unwrap();
    headers[CACHE_STATUS].to_str().unwrap().to_owned()
}

fn hit() -> CacheStatus<'static> {
    CacheStatus { handled: Handled::Hit, ttl_seconds: None, key: None, rule: None }
}

fn forwarded(forwarded: Forwarded) -> CacheStatus<'static> {
    CacheStatus { handled: Handled::Forwarded(forwarded), ..hit() }
}

const MISS: Forwarded = Forwarded { why: Forward::UriMiss, status: None, stored: None, collapsed: None };

fn terms(cache_control: &'static str) -> Terms {
    let request = Request::get("http://a/").version(Version::HTTP_2).body(()).unwrap().into_parts().0;
    let target = Target::of(&request, Scheme::Http, &Config::default()).unwrap();
    let sent = Sent::of(&request, &target, &Config::default());
    let response = Response::builder().header("cache-control", cache_control).header("etag", "\"a\"");
    let response = response.body(()).unwrap().into_parts().0;
    let exchange = Exchange { asked_at: NOON, answered_at: NOON };
    match Storing::of(&sent, &response, &exchange, &Config::default()) {
        Storing::Store(terms, _) => terms,
        Storing::Pass(rule) => panic!("{rule:?}"),
    }
}

/// What is told of a request to what is stored, so many milliseconds after it came.
fn told(stored: &'static str, asked: &[(&'static str, &'static str)], millis: u64) -> Option<String> {
    let config = Config { obeys_reloads: true, ..Config::default() };
    let mut request = Request::get("http://a/");
    for (name, value) in asked {
        request = request.header(*name, *value);
    }
    let asked = Asked::of(&request.body(()).unwrap().into_parts().0, &config);
    let terms = terms(stored);
    let judgement = judge(Some(&terms), &asked, NOON + Duration::from_millis(millis), &config);
    CacheStatus::judged(&judgement, &terms).map(|status| written(&status))
}

/// RFC 9211, section 2.1.
#[test]
fn a_hit_says_so_with_its_ttl_and_its_rule() {
    assert_eq!(told("max-age=60", &[], 15_000).as_deref(), Some("freshen;hit;ttl=45;detail=fresh"));
    let stale = told("max-age=60, stale-while-revalidate=60", &[], 90_000);
    assert_eq!(stale.as_deref(), Some("freshen;hit;ttl=-30;detail=stale-while-revalidate"));
    let wanted = told("max-age=60", &[("cache-control", "max-stale")], 90_000);
    assert_eq!(wanted.as_deref(), Some("freshen;hit;ttl=-30;detail=request-max-stale"));
}

/// RFC 9211, section 2.2.
#[test]
fn what_went_forward_says_why() {
    let reload = [("cache-control", "no-cache")];
    assert_eq!(told("max-age=60", &reload, 0).as_deref(), Some("freshen;fwd=request;detail=request-no-cache"));
    let newer = [("cache-control", "max-age=10")];
    assert_eq!(told("max-age=60", &newer, 20_000).as_deref(), Some("freshen;fwd=request;detail=request-max-age"));
    // Not fresh any more, so that the request could not have had it without its wish either.
    assert_eq!(told("max-age=60", &reload, 61_000).as_deref(), Some("freshen;fwd=stale;detail=request-no-cache"));
    assert_eq!(told("max-age=60", &[], 60_000).as_deref(), Some("freshen;fwd=stale;detail=stale"));
    assert_eq!(told("max-age=60, no-cache", &[], 0).as_deref(), Some("freshen;fwd=stale;detail=no-cache"));
    let strict = told("max-age=60, must-revalidate", &[], 61_000);
    assert_eq!(strict.as_deref(), Some("freshen;fwd=stale;detail=must-revalidate"));
}

/// RFC 9211, section 2.2: the most specific reason.
#[test]
fn each_reason_has_its_name() {
    let all = [
        (Forward::Bypass, "bypass"),
        (Forward::Method, "method"),
        (Forward::UriMiss, "uri-miss"),
        (Forward::VaryMiss, "vary-miss"),
        (Forward::Miss, "miss"),
        (Forward::Request, "request"),
        (Forward::Stale, "stale"),
        (Forward::Partial, "partial"),
    ];
    for (why, name) in all {
        assert_eq!(written(&CacheStatus::forwarded(why, None)), format!("freshen;fwd={name}"));
    }
}

#[test]
fn a_request_that_is_passed_through_says_whether_its_method_is_why() {
    for rule in [Rule::MethodUnsafe, Rule::MethodNotUnderstood, Rule::MethodNotStored] {
        assert_eq!(Forward::passed(rule), Forward::Method, "{rule:?}");
    }
    for rule in [Rule::ContentOfGet, Rule::QueryContentTooLong, Rule::QueryContentUnread, Rule::RequestNoStore] {
        assert_eq!(Forward::passed(rule), Forward::Bypass, "{rule:?}");
    }
    let told = CacheStatus::forwarded(Forward::Bypass, Some(Rule::ContentOfGet));
    assert_eq!(written(&told), "freshen;fwd=bypass;detail=content-of-get");
}

/// RFC 9211, section 2: a response that the cache makes by itself gets no member.
#[test]
fn what_the_cache_answers_by_itself_is_not_told_of() {
    assert_eq!(told("max-age=60", &[("cache-control", "only-if-cached")], 61_000), None);
}

/// RFC 9211, sections 2.3, 2.5 and 2.6.
#[test]
fn what_came_of_a_forwarded_request_is_told_where_it_is_known() {
    for (case, expected) in [
        (
            Forwarded { status: Some(StatusCode::NOT_MODIFIED), why: Forward::Stale, ..MISS },
            "freshen;fwd=stale;fwd-status=304",
        ),
        (Forwarded { stored: Some(true), ..MISS }, "freshen;fwd=uri-miss;stored"),
        (Forwarded { stored: Some(false), ..MISS }, "freshen;fwd=uri-miss;stored=?0"),
        (Forwarded { collapsed: Some(true), ..MISS }, "freshen;fwd=uri-miss;collapsed"),
        (Forwarded { collapsed: Some(false), ..MISS }, "freshen;fwd=uri-miss;collapsed=?0"),
        (
            Forwarded { stored: Some(true), collapsed: Some(true), status: Some(StatusCode::OK), ..MISS },
            "freshen;fwd=uri-miss;fwd-status=200;stored;collapsed",
        ),
    ] {
        assert_eq!(written(&forwarded(case)), expected);
    }
}

/// RFC 9211, sections 2.3, 2.5 and 2.6: only of what went forward.
#[test]
fn what_came_of_a_request_is_added_to_what_went_forward_alone() {
    let add = |status: CacheStatus<'static>| written(&status.answered(StatusCode::OK).stored(true).collapsed(false));
    assert_eq!(add(forwarded(MISS)), "freshen;fwd=uri-miss;fwd-status=200;stored;collapsed=?0");
    assert_eq!(add(hit()), "freshen;hit");
    let one = |status: CacheStatus<'static>| written(&status);
    assert_eq!(one(forwarded(MISS).answered(StatusCode::NOT_MODIFIED)), "freshen;fwd=uri-miss;fwd-status=304");
    assert_eq!(one(forwarded(MISS).stored(false)), "freshen;fwd=uri-miss;stored=?0");
    assert_eq!(one(forwarded(MISS).collapsed(true)), "freshen;fwd=uri-miss;collapsed");
}

/// RFC 9211, sections 2.2 to 2.4: it went forward, and what is sent is stale.
#[test]
fn what_stands_in_says_what_the_origin_answered_and_how_stale_it_is() {
    let config = Config { obeys_reloads: true, ..Config::default() };
    let terms = terms("max-age=60, stale-if-error=600");
    let stood_in = |reload: bool, failure, asked_after: u64, sent_after: u64| {
        let request = Request::get("http://a/").header("cache-control", if reload { "no-cache" } else { "x" });
        let asked = Asked::of(&request.body(()).unwrap().into_parts().0, &config);
        let judgement = judge(Some(&terms), &asked, NOON + Duration::from_secs(asked_after), &config);
        let now = NOON + Duration::from_secs(sent_after);
        let rule = stand_in(&terms, &asked, failure, now, &config).unwrap();
        written(&CacheStatus::stood_in(rule, &judgement, failure, &terms, now))
    };
    let down = Failure::Status(StatusCode::SERVICE_UNAVAILABLE);
    let late = "freshen;fwd=stale;fwd-status=503;ttl=-30;detail=stale-if-error";
    assert_eq!(stood_in(false, down, 61, 90), late);
    assert_eq!(stood_in(false, Failure::TimedOut, 61, 91), "freshen;fwd=stale;ttl=-31;detail=stale-if-error");
    assert_eq!(stood_in(true, Failure::Unreachable, 10, 20), "freshen;fwd=request;ttl=40;detail=fresh");
}

/// RFC 9211, section 2.2.
#[test]
fn a_miss_says_whether_the_target_or_its_variants_were_missed() {
    assert_eq!([Forward::missed(false), Forward::missed(true)], [Forward::UriMiss, Forward::VaryMiss]);
}

/// RFC 9211, section 2.4.
#[test]
fn a_ttl_is_whole_seconds_and_negative_once_it_is_stale() {
    let terms = terms("max-age=60");
    for (millis, seconds) in
        [(0, 60), (1, 59), (59_999, 0), (60_000, 0), (60_001, -1), (61_000, -1), (61_001, -2), (460_000, -400)]
    {
        assert_eq!(ttl_seconds(&terms, Duration::from_millis(millis)), seconds, "{millis}");
    }
    for (ttl, shown) in [
        (i64::MAX, "freshen;hit;ttl=999999999999999"),
        (i64::MIN, "freshen;hit;ttl=-999999999999999"),
        (ttl_seconds(&terms, Duration::MAX), "freshen;hit;ttl=-999999999999999"),
    ] {
        assert_eq!(written(&CacheStatus { ttl_seconds: Some(ttl), ..hit() }), shown);
    }
}

/// RFC 9211, sections 2.7 and 6.
#[test]
fn a_key_is_shown_where_it_is_added_and_nowhere_else() {
    let key = |resource: &str| {
        let request =
            Request::get(format!("http://a{resource}")).version(Version::HTTP_2).body(()).unwrap().into_parts().0;
        let target = Target::of(&request, Scheme::Http, &Config::default()).unwrap();
        let (sent, config) = (Sent::of(&request, &target, &Config::default()), Config::default());
        let parts = KeyParts { asked: AskedBy::Get, sent: &sent, content: Content::Absent, audience: None };
        CacheKey::of(&parts, &config).unwrap()
    };
    let shown = |key: &CacheKey| written(&CacheStatus { key: Some(key), ..hit() });
    assert_eq!(shown(&key("/b?c")), r#"freshen;hit;key="GET http://a/b?c""#);
    assert_eq!(shown(&key("/\"\\é")), r#"freshen;hit;key="GET http://a/\"\\%C3%A9""#);
    let long = shown(&key(&format!("/{}", "b".repeat(15_000))));
    assert_eq!(long.len(), SHOWN_KEY_BYTES_MOST + r#"freshen;hit;key="""#.len());
    assert!(!told("max-age=60", &[], 0).unwrap().contains("key"));
}

/// RFC 9211, section 2: a string or a token.
#[test]
fn the_cache_is_named_as_it_is_configured() {
    let named = |name: &str| {
        let mut headers = HeaderMap::new();
        let config = Config { identifier: Identifier::new(name).unwrap(), ..Config::default() };
        hit().append_to(&mut headers, &config).unwrap();
        headers[CACHE_STATUS].to_str().unwrap().to_owned()
    };
    assert_eq!(named("ExampleCache"), "ExampleCache;hit");
    assert_eq!(named("cache-3.example.com"), "cache-3.example.com;hit");
    assert_eq!(named("Example CDN"), "\"Example CDN\";hit");
    assert_eq!(named("3.example.com"), "\"3.example.com\";hit");
    assert_eq!(named("a\"b\\, c;hit"), "\"a\\\"b\\\\, c;hit\";hit");
    for bad in ["", "é", "a\nb", "a\tb", "a\0"] {
        assert_eq!(Identifier::new(bad), None, "{bad:?}");
    }
}

/// RFC 9211, section 2: nearest to the origin first, and what stands there is preserved.
#[test]
fn the_member_comes_behind_those_that_stand_there() {
    for existing in
        ["OriginCache; hit; ttl=1100, \"CDN Company Here\"; hit; ttl=545", "not a list (", "", "a,,b", "\u{e9}"]
    {
        let mut headers = HeaderMap::new();
        headers.append(CACHE_STATUS, HeaderValue::from_bytes(existing.as_bytes()).unwrap());
        hit().append_to(&mut headers, &Config::default()).unwrap();
        let lines: Vec<&[u8]> = headers.get_all(CACHE_STATUS).iter().map(|line| line.as_bytes()).collect();
        assert_eq!(lines, [existing.as_bytes(), b"freshen;hit"]);
    }
}

#[test]
fn a_response_that_is_full_of_fields_gets_none() {
    let mut headers = HeaderMap::new();
    let full = (0..1 << 16).any(|n| {
        let name = http::HeaderName::from_bytes(format!("x-{n}").as_bytes()).unwrap();
        headers.try_insert(name, HeaderValue::from_static("a")).is_err()
    });
    assert!(full && hit().append_to(&mut headers, &Config::default()).is_err());
}

#[test]
fn judgements_that_serve_are_hits_and_those_that_ask_are_not() {
    let terms = terms("max-age=60");
    let judgement = |step| freshen_http::Judgement { step, rule: Rule::Fresh, age: Duration::ZERO };
    for (step, why) in [
        (Step::Serve, None),
        (Step::ServeAndRefresh, None),
        (Step::Refuse, None),
        (Step::Validate, Some(Forward::Request)),
        (Step::Fetch, Some(Forward::Request)),
    ] {
        assert_eq!(Forward::judged(&judgement(step), &terms), why, "{step:?}");
    }
}

proptest! {
    /// RFC 9211, section 2: a list, and `hit` or `fwd`, never both.
    #[test]
    fn whatever_is_told_is_one_member_that_can_be_read(
        name in "[ -~]{1,20}", ttl in any::<Option<i64>>(), is_hit in any::<bool>(), stored in any::<Option<bool>>(),
        rule in proptest::option::of(proptest::sample::select(Rule::ALL)),
    ) {
        let mut headers = HeaderMap::new();
        let config = Config { identifier: Identifier::new(&name).unwrap(), ..Config::default() };
        let handled = if is_hit { Handled::Hit } else { Handled::Forwarded(Forwarded { stored, ..MISS }) };
        CacheStatus { handled, ttl_seconds: ttl, key: None, rule }.append_to(&mut headers, &config).unwrap();
        let written = headers[CACHE_STATUS].as_bytes();
        let list: List = Parser::new(written).parse().unwrap();
        prop_assert_eq!(list.len(), 1);
        let sfv::ListEntry::Item(sfv::Item { params, .. }) = &list[0] else { panic!("{list:?}") };
        prop_assert!(params.contains_key("hit") != params.contains_key("fwd"));
        prop_assert_eq!(list.serialize().unwrap().into_bytes(), written);
    }
}
