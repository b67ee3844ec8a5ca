//! Paths that one server reads otherwise than the next.

use bytes::Bytes;
use http_body_util::Full;

use crate::origin::answer;
use crate::site::{request, settle, site};
use crate::visit::{get, said};

/// Whatever the origin makes of it: another spelling is another page, and is sent as it was written.
#[tokio::test(start_paused = true)]
async fn each_spelling_of_a_path_has_a_page_of_its_own() {
    let site = site().await;
    site.origin.answers(|request| answer(&format!("200 | cache-control: max-age=60 | {}", request.uri)));
    let paths = [
        "/account",
        "/account/",
        "//account",
        "/account//",
        "/./account",
        "/account/.",
        "/x/../account",
        "/x/..;/account",
        "/x/..%2faccount",
        "/x/%2e%2e/account",
        "/x%2f..%2faccount",
        "/account;x",
        "/account;x=1",
        "/account;.css",
        "/account%3b.css",
        "/account/x.css",
        "/account%2fx.css",
        "/account%2Fx.css",
        "/%61ccount",
        "/Account",
        "/account?",
        "/account?x",
        "/account?x=",
        "/account?x&",
        "/account%3fx",
        "/account%23x",
        "/account%00",
        "/account%00.css",
        "/account%0a",
        "/account%0d%0a",
        "/account%20",
        "/account+",
        "/account%5c",
        "/account?a=1&b=2",
        "/account?b=2&a=1",
        "/account?a=1;b=2",
        "/account?a=1&a=2",
        "/account?a=2&a=1",
        "/account?a=1&b=%32",
        "/account~",
        "/account%7e",
    ];
    for (hit, round) in [(false, 1), (true, 2)] {
        for path in paths {
            let got = site.get(&format!("GET {path}")).await;
            assert_eq!((got.text.as_str(), got.is_hit()), (path, hit), "round {round}");
        }
    }
    assert_eq!(site.origin.count(), paths.len());
}

/// Deception: the path looks like that of a file that is for all, and the origin answers with the account.
#[tokio::test(start_paused = true)]
async fn a_page_of_one_is_not_kept_for_how_its_path_ends() {
    let heads = [
        "200 | cache-control: private",
        "200 | cache-control: no-store | content-type: text/css",
        "200 | content-type: text/html | last-modified: Tue, 01 Jan 2019 00:00:00 GMT",
        "200 | cache-control: max-age=60 | set-cookie: seen=1",
        "200 | cache-control: max-age=60 | vary: cookie",
        "200 | cache-control: max-age=60 | vary: *",
    ];
    for head in heads {
        for path in ["/account/x.css", "/account;x.js", "/account%2fx.png", "/static/..%2faccount", "/account%00.ico"] {
            let site = site().await;
            site.origin.answers(move |request| answer(&format!("{head} | account of {}", said(request, "cookie"))));
            assert_eq!(site.get(&format!("GET {path} | cookie: sid=alice")).await.text, "account of sid=alice");
            settle().await;
            assert_eq!(site.get(&format!("GET {path}")).await.text, "account of -", "{head} {path}");
            let eve = site.get(&format!("GET {path} | cookie: sid=eve")).await;
            // Nobody's account is one that all may see, unless it says otherwise.
            assert!(!eve.text.contains("alice"), "{head} {path}: {}", eve.text);
        }
    }
}

/// A fat GET: an origin may read by its content which page is meant, and no key has that.
#[tokio::test(start_paused = true)]
async fn a_get_with_content_neither_makes_a_page_nor_gets_one() {
    for field in ["content-length: 6", "transfer-encoding: chunked", "x-none: 1"] {
        let site = site().await;
        site.origin.answers(|request| {
            answer(&format!("200 | cache-control: max-age=60 | {}", request.headers.contains_key("x-fat")))
        });
        for _ in 0..2 {
            let mut fat = request(&format!("GET /a | x-fat: 1 | {field}"));
            *fat.body_mut() = Full::new(Bytes::from("evil=1"));
            assert_eq!(get(&site, fat).await.text, "true", "{field}");
            assert_eq!(site.get("GET /a").await.text, "false", "{field}");
        }
        assert_eq!(site.origin.count(), 3, "{field}");
    }
}

/// The lengths of a request contradict each other, or its framing does: there may be content.
#[tokio::test(start_paused = true)]
async fn a_get_whose_lengths_contradict_each_other_makes_no_page() {
    for fields in [
        "content-length: 0 | content-length: 6",
        "content-length: 0, 6",
        "content-length: 0 | transfer-encoding: chunked",
        "content-length: +0",
        "content-length: -1",
        "transfer-encoding: identity",
    ] {
        let site = site().await;
        site.origin.answers(|request| {
            let odd = ["content-length", "transfer-encoding"].iter().any(|name| request.headers.contains_key(*name));
            answer(&format!("200 | cache-control: max-age=60 | {odd}"))
        });
        site.get(&format!("GET /a | {fields}")).await;
        assert_eq!(site.get("GET /a").await.text, "false", "{fields}");
    }
}

/// RFC 9110, section 7.1: it is for the client alone.
#[tokio::test(start_paused = true)]
async fn a_fragment_makes_no_page_of_its_own_and_reaches_nobody() {
    let site = site().await;
    site.origin.answers(|_| answer("200 | cache-control: max-age=60 | page"));
    for (line, hit) in [("GET /a#one", false), ("GET /a#two", true), ("GET /a", true)] {
        assert_eq!(site.get(line).await.is_hit(), hit, "{line}");
    }
    assert_eq!(site.origin.asked()[0].uri.to_string(), "/a");
}
