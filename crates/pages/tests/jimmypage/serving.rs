//! What is served, and how it is made again.

use std::time::Duration;

use freshen_core::{Cache, Clock};
use freshen_http::Grace;
use freshen_pages::Settings;
use tower_layer::Layer;
use tower_service::Service;

use crate::faults::FaultyStore;
use crate::origin::{Said, answer};
use crate::site::{Site, pass, read, request, settle, site, site_over, site_with};

const SECOND: Duration = Duration::from_secs(1);

/// One whose stale pages are served for an hour.
async fn lasting() -> Site {
    let mut settings = Settings::default();
    settings.rules.grace = Grace { stale_while_revalidate: 3600 * SECOND, stale_if_error: 3600 * SECOND };
    site_with(settings).await
}

#[tokio::test(start_paused = true)]
async fn a_hit_has_the_status_the_content_and_all_fields_of_the_response() {
    let site = site().await;
    site.origin.answers(|_| {
        answer(
            "203 | cache-control: max-age=60 | content-type: text/plain | content-language: de | link: </a>; rel=next \
             | content-security-policy: default-src 'self' | content-disposition: inline | x-own: 1 | x-own: 2 \
             | last-modified: Thu, 01 Jan 1970 00:00:00 GMT | etag: \"own\" | hello",
        )
    });
    let (first, hit) = (site.get("GET /a").await, site.get("GET /a").await);
    assert!(hit.is_hit());
    assert_eq!((hit.status(), hit.text.as_str()), (203, "hello"));
    let mut fields = hit.response.headers().clone();
    for told in ["age", "cache-status", "date"] {
        assert!(fields.remove(told).is_some(), "{told}");
    }
    let mut came = first.response.headers().clone();
    for told in ["age", "cache-status", "date"] {
        came.remove(told);
    }
    assert_eq!(fields, came);
    assert_eq!(came.len(), 11, "{came:?}");
}

#[tokio::test(start_paused = true)]
async fn after_a_write_the_previous_page_is_served_with_its_tag_while_it_is_made_again() {
    let site = lasting().await;
    site.origin.answers(|_| answer("200 | cache-control: max-age=600 | etag: \"1\" | old"));
    site.get("GET /a").await;
    site.origin.answers(|_| answer("200 | cache-control: max-age=600 | etag: \"2\" | new")).takes(SECOND);
    site.pages.wrote(&["posts"]).await.unwrap();
    let began = tokio::time::Instant::now();
    let before = site.get("GET /a").await;
    assert_eq!((before.text.as_str(), before.field("etag"), began.elapsed()), ("old", "\"1\"", Duration::ZERO));
    pass(2 * SECOND).await;
    let after = site.get("GET /a").await;
    assert_eq!((after.text.as_str(), after.field("etag"), site.origin.count()), ("new", "\"2\"", 2));
}

/// It is not kept, and what was there is not current any more.
#[tokio::test(start_paused = true)]
async fn a_refresh_that_brings_what_may_not_be_kept_ends_the_page() {
    for refused in [
        "200 | cache-control: private | for one",
        "200 | cache-control: no-store | for one",
        "200 | cache-control: max-age=600 | set-cookie: a=b | for one",
        "200 | cache-control: max-age=600 | vary: * | for one",
    ] {
        let site = lasting().await;
        site.origin.answers(|_| answer("200 | cache-control: max-age=600 | for all"));
        site.get("GET /a").await;
        site.origin.answers(move |_| answer(refused));
        site.pages.wrote(&["posts"]).await.unwrap();
        assert_eq!(site.get("GET /a").await.text, "for all", "{refused}: nobody waits");
        settle().await;
        for asked in 3..6 {
            let got = site.get("GET /a").await;
            assert_eq!((got.text.as_str(), got.is_hit(), site.origin.count()), ("for one", false, asked), "{refused}");
        }
    }
}

/// What a layer before ours has found.
#[derive(Clone)]
struct User(&'static str);

/// As if the visitor had asked again, though he has his answer already and may be gone.
#[tokio::test(start_paused = true)]
async fn a_refresh_asks_for_what_the_request_asked_for() {
    let site = lasting().await;
    site.origin.answers(|_| answer("200 | cache-control: max-age=60 | vary: accept-language | hello"));
    let line = "GET /a?q=%C3%A4&q=b | host: b.example:8080 | accept-language: de, en;q=0.5 | x-own: 1";
    let mut layer = site.pages.layer(site.origin.clone());
    for _ in 0..2 {
        let mut visit = request(line);
        visit.extensions_mut().insert(User("a"));
        read(layer.call(visit).await.unwrap()).await;
        pass(61 * SECOND).await;
    }
    let asked = site.origin.asked();
    let [first, again] = &asked[..] else { panic!("{asked:?}") };
    assert_eq!((&again.method, &again.uri, &again.headers), (&first.method, &first.uri, &first.headers));
    assert_eq!((again.uri.to_string().as_str(), again.headers["x-own"].to_str().unwrap()), ("/a?q=%C3%A4&q=b", "1"));
    assert_eq!(again.extensions.get::<User>().map(|user| user.0), Some("a"));
}

#[tokio::test(start_paused = true)]
async fn what_is_not_answered_from_the_cache_is_passed_on_as_it_is() {
    let site = site().await;
    site.origin.answers(|request| {
        let Said(content) = request.extensions.get().unwrap();
        answer(&format!("201 | x-own: 1 | location: /b | you said {}", String::from_utf8_lossy(content)))
    });
    for _ in 0..2 {
        let got = site.get("POST /a | content-type: text/plain | x-own: 2 | all of it").await;
        assert_eq!((got.status(), got.text.as_str()), (201, "you said all of it"));
        assert_eq!((got.field("x-own"), got.field("location")), ("1", "/b"));
    }
    let asked = site.origin.asked();
    assert_eq!((asked.len(), asked[1].headers["x-own"].to_str().unwrap()), (2, "2"));
}

/// The good page stays, and it is not for a quarter of an hour that nobody tries again.
#[tokio::test(start_paused = true)]
async fn a_refresh_that_panics_is_made_again_and_the_good_page_stays() {
    let site = lasting().await;
    site.origin.answers(|_| answer("200 | cache-control: max-age=60 | good"));
    site.get("GET /a").await;
    pass(61 * SECOND).await;
    site.origin.then(|_| async { panic!("of the service") });
    site.origin.answers(|_| answer("200 | cache-control: max-age=60 | better"));
    for _ in 0..5 {
        assert_eq!(site.get("GET /a").await.text, "good");
        settle().await;
    }
    assert_eq!(site.origin.count(), 2, "nor is it tried again by each who comes");
    pass(10 * SECOND).await;
    assert_eq!(site.get("GET /a").await.text, "good");
    settle().await;
    assert_eq!((site.get("GET /a").await.text.as_str(), site.origin.count()), ("better", 3));
}

#[tokio::test(start_paused = true)]
async fn a_refresh_that_hangs_is_given_up_and_made_again() {
    let site = lasting().await;
    site.origin.answers(|_| answer("200 | cache-control: max-age=60 | good"));
    site.get("GET /a").await;
    pass(61 * SECOND).await;
    site.origin.then(|_| std::future::pending());
    site.origin.answers(|_| answer("200 | cache-control: max-age=60 | better"));
    for _ in 0..29 {
        assert_eq!(site.get("GET /a").await.text, "good");
        pass(SECOND).await;
    }
    assert_eq!(site.origin.count(), 2, "one at a time");
    pass(10 * SECOND).await;
    assert_eq!(site.get("GET /a").await.text, "good");
    settle().await;
    assert_eq!((site.get("GET /a").await.text.as_str(), site.origin.count()), ("better", 3));
}

/// What a page costs the store, which may be a server elsewhere.
#[tokio::test(start_paused = true)]
async fn a_cold_page_is_a_handful_of_steps_of_the_store_and_a_hit_none() {
    let clock = Clock::runtime();
    let store = FaultyStore::new(clock.clone());
    let switches = store.switches.clone();
    let steps = || {
        let all = ["read", "marks", "ask", "unask", "begin", "commit", "fail", "renew", "invalidate", "remove"];
        all.map(|step| switches.calls(step)).iter().sum::<usize>()
    };
    let site = site_over(Cache::builder().clock(clock).store(store), Settings::default()).await;
    site.origin.answers(|_| answer("200 | cache-control: max-age=60 | hello"));
    let before = steps();
    site.get("GET /a").await;
    settle().await;
    let cold = steps() - before;
    assert!((2..=5).contains(&cold), "{cold}");
    assert!(site.get("GET /a").await.is_hit());
    assert_eq!(steps() - before, cold);
}
