//! What a write outdates.

use std::time::Duration;

use freshen_core::Strength;
use freshen_http::{Grace, surrogate_tag};
use freshen_pages::Settings;

use crate::origin::answer;
use crate::site::{pass, settle, site, site_with};

const SECOND: Duration = Duration::from_secs(1);

/// RFC 9111, section 4.4.
#[tokio::test(start_paused = true)]
async fn a_write_to_a_page_outdates_it_and_what_it_names_before_its_answer_is_there() {
    let site = site().await;
    site.origin.answers(|request| match request.method.as_str() {
        "GET" => answer("200 | cache-control: max-age=60 | page"),
        _ => answer("303 | location: /b"),
    });
    for path in ["/a", "/b", "/c"] {
        site.get(&format!("GET {path}")).await;
    }
    site.get("POST /a").await;
    for (path, hit) in [("/a", false), ("/b", false), ("/c", true)] {
        assert_eq!(site.get(&format!("GET {path}")).await.is_hit(), hit, "{path}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_write_that_fails_outdates_nothing() {
    let site = site().await;
    site.origin.answers(|request| match request.method.as_str() {
        "GET" => answer("200 | cache-control: max-age=60 | page"),
        _ => answer("500"),
    });
    site.get("GET /a").await;
    assert_eq!(site.get("DELETE /a").await.status(), 500);
    assert!(site.get("GET /a").await.is_hit());
}

/// All pages of a tag are outdated softly by one step: each is served meanwhile, and made again once.
#[tokio::test(start_paused = true)]
async fn what_is_outdated_softly_is_served_while_it_is_made_again() {
    let mut settings = Settings::default();
    settings.rules.grace = Grace { stale_while_revalidate: 60 * SECOND, stale_if_error: Duration::ZERO };
    let site = site_with(settings).await;
    site.origin.answers(|_| answer("200 | cache-control: max-age=600 | surrogate-key: posts | old"));
    site.get("GET /a").await;
    site.origin.answers(|_| answer("200 | cache-control: max-age=600 | surrogate-key: posts | new")).takes(SECOND);
    site.pages.invalidate(&[surrogate_tag(b"posts")], Strength::Soft).await.unwrap();
    for _ in 0..3 {
        let got = site.get("GET /a").await;
        assert_eq!((got.text.as_str(), got.is_hit()), ("old", true), "{}", got.told());
    }
    pass(2 * SECOND).await;
    assert_eq!(site.get("GET /a").await.text, "new");
    assert_eq!(site.origin.count(), 2);
    assert_eq!(site.get("GET /a").await.field("surrogate-key"), "", "it is for the cache");
}

#[tokio::test(start_paused = true)]
async fn what_is_outdated_hard_is_served_no_more() {
    let site = site().await;
    site.origin.answers(|_| {
        answer("200 | cache-control: max-age=600, stale-while-revalidate=600 | surrogate-key: posts | old")
    });
    site.get("GET /a").await;
    site.pages.invalidate(&[surrogate_tag(b"posts")], Strength::Hard).await.unwrap();
    site.origin.answers(|_| answer("200 | cache-control: max-age=600 | new"));
    assert_eq!(site.get("GET /a").await.text, "new");
    settle().await;
}
