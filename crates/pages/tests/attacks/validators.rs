//! Validators that somebody else was given, or that nobody was.

use freshen_pages::{Audience, Settings};

use crate::origin::{Answer, answer};
use crate::site::{settle, site, site_with};
use crate::visit::{SECOND, said};

/// A service that heeds If-None-Match and If-Match itself.
fn heeding(request: &http::request::Parts, line: &str) -> Answer {
    match (said(request, "if-none-match"), said(request, "if-match")) {
        ("\"1\"", _) => answer("304 | etag: \"1\""),
        (_, "-") => answer(line),
        _ => answer("412"),
    }
}

/// Who has it from elsewhere learns nothing by it: not even that the page of another is as it was.
#[tokio::test(start_paused = true)]
async fn the_validator_of_anothers_page_validates_nothing() {
    let audience = Audience::by(|request| Some(said(request, "x-user").to_owned()));
    let site = site_with(Settings { audience, ..Settings::default() }).await;
    site.origin.answers(|request| {
        let user = said(request, "x-user");
        answer(&format!("200 | cache-control: max-age=60 | etag: \"{user}\" | for {user}"))
    });
    site.get("GET /a | x-user: alice").await;
    for _ in 0..2 {
        let got = site.get("GET /a | x-user: eve | if-none-match: \"alice\"").await;
        assert_eq!((got.status(), got.text.as_str(), got.field("etag")), (200, "for eve", "\"eve\""));
    }
    assert_eq!(site.get("GET /a | x-user: alice | if-none-match: \"alice\"").await.status(), 304);
}

#[tokio::test(start_paused = true)]
async fn the_validator_of_a_page_that_is_not_kept_is_for_its_origin_to_judge() {
    let site = site().await;
    site.origin.answers(|request| {
        let line = format!("200 | cache-control: private | etag: \"1\" | for {}", said(request, "cookie"));
        heeding(request, &line)
    });
    site.get("GET /a | cookie: alice").await;
    let before = site.origin.count();
    let got = site.get("GET /a | cookie: eve | if-none-match: \"1\"").await;
    assert_eq!((got.status(), site.origin.count()), (304, before + 1), "{}", got.told());
    assert_eq!(site.get("GET /a | cookie: eve").await.text, "for eve");
}

/// A client that has the page comes first: his 304 is for him, and the page for all.
#[tokio::test(start_paused = true)]
async fn what_one_client_has_already_is_kept_from_no_other() {
    for field in ["if-none-match: \"1\"", "if-none-match: *", "if-modified-since: Fri, 01 Jan 2100 00:00:00 GMT"] {
        let site = site().await;
        site.origin.answers(|request| heeding(request, "200 | cache-control: max-age=60 | etag: \"1\" | page"));
        site.origin.takes(SECOND);
        let first = site.getting(&format!("GET /a | {field}"));
        settle().await;
        let follower = site.getting("GET /a");
        first.await.unwrap();
        assert_eq!(follower.await.unwrap().text, "page", "{field}");
        let hit = site.get("GET /a").await;
        assert!(hit.is_hit() && hit.text == "page", "{field}");
        assert_eq!(site.origin.count(), 1, "{field}");
    }
}

/// If-Match is for the origin, and what it answers for the one who sent it.
#[tokio::test(start_paused = true)]
async fn a_precondition_that_fails_is_given_to_no_other() {
    let site = site().await;
    site.origin.answers(|request| heeding(request, "200 | cache-control: max-age=60 | etag: \"1\" | page"));
    site.origin.takes(SECOND);
    let first = site.getting("GET /a | if-match: \"2\"");
    settle().await;
    let follower = site.getting("GET /a");
    assert_eq!(first.await.unwrap().status(), 412);
    assert_eq!(follower.await.unwrap().text, "page");
    assert_eq!(site.get("GET /a").await.text, "page");
    assert!(site.get("GET /a").await.is_hit());
}

/// A 304 that nobody asked for, about nothing that is there.
#[tokio::test(start_paused = true)]
async fn a_304_about_nothing_is_no_page() {
    for line in ["304", "304 | etag: \"2\" | cache-control: max-age=60"] {
        let site = site().await;
        site.origin.then(move |_| async move { Ok(answer(line)) });
        site.origin.answers(|_| answer("200 | cache-control: max-age=60 | page"));
        assert_ne!(site.get("GET /a").await.status(), 200, "{line}");
        crate::site::pass(5 * SECOND).await;
        assert_eq!(site.get("GET /a").await.text, "page", "{line}");
    }
}
