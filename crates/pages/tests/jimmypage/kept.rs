//! Which requests are answered from the cache, and which responses are kept.

use std::time::Duration;

use crate::origin::answer;
use crate::site::{pass, site};

const SECOND: Duration = Duration::from_secs(1);

/// Whether a response is kept: whether it answers a second request, of another visitor.
async fn is_kept(line: &'static str) -> bool {
    let site = site().await;
    site.origin.answers(move |_| answer(line));
    site.get("GET /a").await;
    pass(11 * SECOND).await;
    site.get("GET /a").await.is_hit()
}

#[tokio::test(start_paused = true)]
async fn get_head_and_query_are_answered_from_the_cache_and_nothing_else_is() {
    let site = site().await;
    site.origin.answers(|_| answer("200 | cache-control: max-age=60 | hello"));
    for method in ["GET", "QUERY"] {
        let line = format!("{method} /{method} | content-type: text/plain");
        site.get(&line).await;
        assert!(site.get(&line).await.is_hit(), "{method}");
    }
    assert!(site.get("HEAD /GET").await.is_hit());
    for method in ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"] {
        site.get(&format!("GET /{method}")).await;
        assert!(!site.get(&format!("{method} /{method}")).await.is_hit(), "{method}");
    }
}

/// A setting of the whole site says nothing of a page: each says for itself how long it is good for.
#[tokio::test(start_paused = true)]
async fn a_page_that_does_not_say_how_long_it_is_good_for_is_not_kept() {
    for line in [
        "200 | hello",
        "200 | content-type: text/html | hello",
        "200 | pragma: no-cache | hello",
        "200 | etag: \"1\" | hello",
        "200 | cache-control: max-age=abc | hello",
        "200 | cache-control: max-age=0 | hello",
        "200 | cache-control: max-age=0 | etag: \"1\" | hello",
    ] {
        assert!(!is_kept(line).await, "{line}");
    }
    assert!(is_kept("200 | cache-control: max-age=60 | hello").await);
    assert!(is_kept("200 | freshen-cache-control: max-age=60 | cache-control: no-store | hello").await);
}

/// There is no rule for them but that of all responses, so that an application may spare itself a flood of them.
#[tokio::test(start_paused = true)]
async fn redirects_errors_and_what_is_not_found_are_kept_only_where_they_say_so() {
    for (silent, said) in [
        ("301 | location: /b", "301 | cache-control: max-age=60 | location: /b"),
        ("302 | location: /b", "302 | cache-control: max-age=60 | location: /b"),
        ("404 | none", "404 | cache-control: max-age=60 | none"),
        ("410 | gone", "410 | cache-control: max-age=60 | gone"),
        ("403 | no", "403 | cache-control: max-age=60 | no"),
        ("500 | oh no", "500 | cache-control: max-age=60 | oh no"),
    ] {
        assert_eq!((is_kept(silent).await, is_kept(said).await), (false, true), "{silent}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_for_one_visitor_is_not_kept_however_long_it_says_that_it_is_good_for() {
    for line in [
        "200 | cache-control: private, max-age=60 | hello",
        "200 | cache-control: no-store, max-age=60 | hello",
        "200 | cache-control: max-age=60 | set-cookie: a=b | hello",
        "200 | cache-control: max-age=60 | vary: * | hello",
        "200 | cache-control: max-age=60 | vary: accept-language, * | hello",
    ] {
        assert!(!is_kept(line).await, "{line}");
    }
}

/// One word among others, in any case and on any line.
#[tokio::test(start_paused = true)]
async fn what_varies_by_cookie_is_for_that_cookie_alone() {
    for vary in ["Cookie", "cookie", "Accept-Language, Cookie", "Cookie, Accept-Language", "x-own | vary: cookie"] {
        let site = site().await;
        site.origin.answers(move |request| {
            let cookie = request.headers.get("cookie").map_or("nobody", |cookie| cookie.to_str().unwrap());
            answer(&format!("200 | cache-control: max-age=60 | vary: {vary} | for {cookie}"))
        });
        for round in 0..2 {
            for cookie in ["user=a", "user=b", "user=a; more=1"] {
                let got = site.get(&format!("GET /a | cookie: {cookie}")).await;
                assert_eq!((got.text.as_str(), got.is_hit()), (format!("for {cookie}").as_str(), round > 0), "{vary}");
            }
            assert_eq!(site.get("GET /a").await.text, "for nobody", "{vary}");
        }
    }
}

/// A form has a token of its visitor, and the first one is given his cookie with it.
#[tokio::test(start_paused = true)]
async fn a_form_with_a_token_is_given_to_its_visitor_alone() {
    for says in ["cache-control: max-age=60 | vary: cookie", "cache-control: private, max-age=60", "x-nothing: said"] {
        let site = site().await;
        site.origin.answers(move |request| match request.headers.get("cookie") {
            Some(cookie) => answer(&format!("200 | {says} | token of {}", cookie.to_str().unwrap())),
            None => answer(&format!("200 | {says} | set-cookie: csrf=new | token of new")),
        });
        for _ in 0..3 {
            let first = site.get("GET /form").await;
            assert_eq!(
                (first.text.as_str(), first.field("set-cookie"), first.is_hit()),
                ("token of new", "csrf=new", false)
            );
            for visitor in ["csrf=a", "csrf=b"] {
                let got = site.get(&format!("GET /form | cookie: {visitor}")).await;
                assert_eq!(
                    (got.text, got.response.headers().get("set-cookie")),
                    (format!("token of {visitor}"), None),
                    "{says}"
                );
            }
        }
    }
}

/// A message waits in a cookie. The page that shows it takes it away, by a cookie; or says that it is for this once.
#[tokio::test(start_paused = true)]
async fn a_flash_message_is_shown_once_and_to_nobody_else() {
    for once in ["cache-control: max-age=60 | set-cookie: message=; max-age=0", "cache-control: no-store"] {
        let site = site().await;
        site.origin.answers(move |request| match request.headers.get("cookie") {
            Some(cookie) if cookie.to_str().unwrap().contains("message=saved") => {
                answer(&format!("200 | vary: cookie | {once} | saved!"))
            }
            _ => answer("200 | cache-control: max-age=60 | vary: cookie | page"),
        });
        for _ in 0..3 {
            assert_eq!(site.get("GET /a").await.text, "page", "{once}");
            let got = site.get("GET /a | cookie: message=saved").await;
            assert_eq!((got.text.as_str(), got.is_hit()), ("saved!", false), "{once}");
            assert_eq!(site.get("GET /a | cookie: user=b").await.text, "page", "{once}");
        }
    }
}
