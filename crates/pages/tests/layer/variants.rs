//! Pages that Vary makes several of.

use std::time::Duration;

use freshen_pages::Settings;

use crate::origin::{Said, answer};
use crate::site::{site, site_with};

const SECOND: Duration = Duration::from_secs(1);

/// RFC 9111, section 4.1.
#[tokio::test(start_paused = true)]
async fn each_visitor_gets_the_variant_that_he_selects() {
    let site = site().await;
    site.origin.answers(|request| {
        let language = request.headers.get("accept-language").map_or("none", |value| value.to_str().unwrap());
        answer(&format!("200 | cache-control: max-age=60 | vary: accept-language | {language}"))
    });
    for round in 0..3 {
        for language in ["de", "en", "fr"] {
            let got = site.get(&format!("GET /a | accept-language: {language}")).await;
            assert_eq!((got.text.as_str(), got.is_hit()), (language, round > 0));
        }
        assert_eq!(site.get("GET /a").await.text, "none");
    }
    assert_eq!(site.origin.count(), 4);
}

/// Two who select different variants of a cold page come at once: each has his own, and both are kept.
#[tokio::test(start_paused = true)]
async fn who_follows_and_selects_another_variant_has_that_made() {
    let site = site().await;
    site.origin.answers(|request| {
        let language = request.headers["accept-language"].to_str().unwrap();
        answer(&format!("200 | cache-control: max-age=60 | vary: accept-language | {language}"))
    });
    site.origin.takes(SECOND);
    let crowd: Vec<_> = (0..40)
        .map(|visitor| {
            let language = ["de", "en"][visitor % 2];
            (language, site.getting(&format!("GET /a | accept-language: {language}")))
        })
        .collect();
    for (language, got) in crowd {
        assert_eq!(got.await.unwrap().text, language);
    }
    assert_eq!(site.origin.count(), 2);
}

/// Variants whose Vary differ: each is found by what it says itself.
#[tokio::test(start_paused = true)]
async fn variants_may_vary_by_different_fields() {
    let site = site().await;
    site.origin.answers(|request| match request.headers.get("x-beta") {
        Some(beta) => {
            answer(&format!("200 | cache-control: max-age=60 | vary: x-beta, accept | beta {}", beta.to_str().unwrap()))
        }
        None => answer("200 | cache-control: max-age=60 | vary: x-beta | usual"),
    });
    for round in 0..2 {
        for (fields, text) in [
            ("", "usual"),
            (" | x-beta: 1", "beta 1"),
            (" | x-beta: 2", "beta 2"),
            (" | x-beta: 1 | accept: a/b", "beta 1"),
        ] {
            let got = site.get(&format!("GET /a{fields}")).await;
            assert_eq!((got.text.as_str(), got.is_hit()), (text, round > 0), "{fields} {}", got.told());
        }
    }
}

/// RFC 10008, section 2.7: its content is a part of the key.
#[tokio::test(start_paused = true)]
async fn a_query_is_answered_by_its_content() {
    let site = site().await;
    site.origin.answers(|request| {
        let Said(content) = request.extensions.get().unwrap();
        answer(&format!("200 | cache-control: max-age=60 | to {}", String::from_utf8_lossy(content)))
    });
    for round in 0..2 {
        for content in ["one", "two"] {
            let got = site.get(&format!("QUERY /a | content-type: text/plain | {content}")).await;
            assert_eq!(
                (got.text, got.response.headers()["cache-status"].to_str().unwrap().contains("hit")),
                (format!("to {content}"), round > 0)
            );
        }
    }
    assert_eq!(site.origin.count(), 2);
    let long = "x".repeat(100_000);
    for _ in 0..2 {
        let got = site.get(&format!("QUERY /a | content-type: text/plain | {long}")).await;
        assert_eq!(got.text, format!("to {long}"), "what is too long to make a key passes");
    }
    assert_eq!(site.origin.count(), 4);
}

/// Somebody asks for ever more variants of a page. What others ask for meanwhile stays, and what nobody asks for again leaves.
#[tokio::test(start_paused = true)]
async fn the_variants_of_a_page_are_bounded() {
    let mut settings = Settings::default();
    settings.rules.variants.most = 4;
    let site = site_with(settings).await;
    site.origin.answers(|request| {
        let said = request.headers["x-said"].to_str().unwrap();
        answer(&format!("200 | cache-control: max-age=60 | vary: x-said | {said}"))
    });
    let get = async |said: &str| site.get(&format!("GET /a | x-said: {said}")).await.is_hit();
    assert!(!get("first").await && !get("second").await);
    for number in 0..100 {
        assert!(!get(&number.to_string()).await);
        assert!(get("first").await && get("second").await);
    }
    assert!(get("99").await && get("98").await, "there is room for two more");
    assert!(!get("1").await);
}
