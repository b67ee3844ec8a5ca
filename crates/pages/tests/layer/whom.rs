//! For whom a page is.

use std::time::Duration;

use freshen_pages::{Audience, Settings, Whom};

use crate::origin::answer;
use crate::site::{Site, settle, site_with};

async fn told_apart() -> Site {
    let whom = |request: &http::request::Parts| match request.headers.get("x-user").map(|user| user.as_bytes()) {
        None => Whom::Everybody,
        Some(b"editor") => Whom::Nobody,
        Some(user) => Whom::One(String::from_utf8_lossy(user).into_owned()),
    };
    let site = site_with(Settings { audience: Audience::by(whom), ..Settings::default() }).await;
    site.origin.answers(|request| match request.method.as_str() {
        "GET" => {
            let user = request.headers.get("x-user").map_or("all", |user| user.to_str().unwrap());
            answer(&format!("200 | cache-control: max-age=600 | for {user}"))
        }
        _ => answer("204"),
    });
    site
}

#[tokio::test(start_paused = true)]
async fn each_audience_has_pages_of_its_own() {
    let site = told_apart().await;
    for round in [false, true] {
        for (user, text) in [("", "for all"), (" | x-user: ann", "for ann"), (" | x-user: bob", "for bob")] {
            let got = site.get(&format!("GET /a{user}")).await;
            assert_eq!((got.text.as_str(), got.is_hit()), (text, round));
        }
    }
    assert_eq!(site.origin.count(), 3);
}

/// As Django's `never_cache`, said of the request.
#[tokio::test(start_paused = true)]
async fn a_request_for_nobody_passes_and_leaves_nothing() {
    let site = told_apart().await;
    site.get("GET /a").await;
    for asked in [2, 3] {
        let got = site.get("GET /a | x-user: editor").await;
        assert_eq!((got.text.as_str(), got.told()), ("for editor", "fwd=bypass;stored=?0;detail=for-nobody"));
        assert_eq!(site.origin.count(), asked);
    }
    assert_eq!(site.get("GET /a").await.text, "for all");
    let (request, _) = crate::site::request("GET /a | x-user: editor").into_parts();
    let explained = site.pages.explain(&request).await.unwrap().to_string();
    assert_eq!(explained, "http://a.example/a\n  passes: for-nobody (configuration)");
    site.origin.takes(Duration::from_secs(1));
    let began = tokio::time::Instant::now();
    let all = [site.getting("GET /b | x-user: editor"), site.getting("GET /b | x-user: editor")];
    for one in all {
        assert_eq!(one.await.unwrap().text, "for editor");
    }
    assert_eq!(began.elapsed(), Duration::from_secs(1), "nobody waits for another");
}

#[tokio::test(start_paused = true)]
async fn a_write_that_is_for_nobody_outdates_what_it_changes_for_all() {
    let site = told_apart().await;
    site.get("GET /a").await;
    site.get("GET /a | x-user: ann").await;
    assert_eq!(site.get("PUT /a | x-user: editor").await.status(), 204);
    settle().await;
    assert!(!site.get("GET /a").await.is_hit());
    assert!(!site.get("GET /a | x-user: ann").await.is_hit());
}
