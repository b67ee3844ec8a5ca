//! The layer on the routes of an application.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::OriginalUri;
use axum::middleware::map_response;
use axum::response::Response;
use axum::routing::get;
use freshen_core::{Cache, Clock, Strength};
use freshen_http::{Counting, Parameters};
use freshen_pages::{CacheSettings, PageCache, Pages, Settings, WholeUri};
use http::{HeaderValue, Request, Uri};
use tower_service::Service;

use crate::site::{Got, pass, read};

const SECOND: Duration = Duration::from_secs(1);

async fn pages() -> PageCache {
    PageCache::over(Cache::builder().clock(Clock::runtime()), CacheSettings::default()).await.unwrap()
}

async fn asked(site: &Router, path: &str) -> Got {
    let request = Request::get(path).header("host", "a.example").body(Body::empty()).unwrap();
    read(site.clone().call(request).await.unwrap()).await
}

/// What a handler of a test answers with: good for a minute.
async fn lasting(text: &'static str) -> ([(&'static str, &'static str); 1], &'static str) {
    ([("cache-control", "max-age=60")], text)
}

/// All that is before it goes through the layer, and what is behind it does not.
#[tokio::test(start_paused = true)]
async fn only_the_routes_with_the_layer_are_kept() {
    let site = Router::new()
        .route("/kept", get(|| lasting("kept")))
        .layer(pages().await)
        .route("/live", get(|| lasting("live")));
    for path in ["/kept", "/live"] {
        asked(&site, path).await;
        let got = asked(&site, path).await;
        assert_eq!((got.is_hit(), got.text.as_str()), (path == "/kept", &path[1..]));
    }
    assert_eq!(asked(&site, "/live").await.field("cache-status"), "");
}

/// One layer, and one handler that two routes share.
#[tokio::test(start_paused = true)]
async fn one_layer_before_two_routes_answers_each_by_its_own() {
    let layer = pages().await;
    let counted = Arc::new(AtomicUsize::new(0));
    let handler = {
        let counted = counted.clone();
        move |uri: http::Uri| {
            counted.fetch_add(1, Ordering::SeqCst);
            async move { ([("cache-control", "max-age=60")], uri.path().to_owned()) }
        }
    };
    let site = Router::new()
        .merge(Router::new().route("/one", get(handler.clone())).layer(layer.clone()))
        .merge(Router::new().route("/two", get(handler)).layer(layer));
    for _ in 0..3 {
        for path in ["/one", "/two"] {
            assert_eq!(asked(&site, path).await.text, path);
        }
    }
    assert_eq!(counted.load(Ordering::SeqCst), 2);
}

/// What `cache_page(60)` says of a view.
#[tokio::test(start_paused = true)]
async fn a_lifetime_may_be_given_to_a_route() {
    async fn for_a_minute(mut response: Response) -> Response {
        response.headers_mut().insert("cache-control", HeaderValue::from_static("max-age=60"));
        response
    }
    let mut settings = Settings::default();
    settings.rules.grace = freshen_http::Grace::default();
    let site = Router::new()
        .route("/a", get(|| async { "hello" }))
        .layer(map_response(for_a_minute))
        .layer(pages().await.with(settings));
    asked(&site, "/a").await;
    pass(59 * SECOND).await;
    assert!(asked(&site, "/a").await.is_hit());
    pass(SECOND).await;
    assert!(!asked(&site, "/a").await.is_hit());
}

/// What is nested sees only what is left of its path. The layer stands around it, and sees the whole.
#[tokio::test(start_paused = true)]
async fn around_what_is_nested_a_page_is_known_by_its_whole_path() {
    let part = |text: &'static str| Router::new().route("/x", get(move || lasting(text)));
    let site = Router::new().nest("/one", part("one")).nest("/two", part("two")).layer(pages().await);
    for round in 0..2 {
        for path in ["/one/x", "/two/x"] {
            let got = asked(&site, path).await;
            assert_eq!((got.text.as_str(), got.is_hit()), (&path[1..4], round > 0));
        }
    }
}

/// A layer within what is nested is told the URI that the request came with. The handler sees what is left of it, as without the
/// layer, also where parameters are left out.
#[tokio::test(start_paused = true)]
async fn within_what_is_nested_a_page_is_known_by_the_whole_uri_that_it_is_told() {
    let mut settings = Settings { whole_uri: WholeUri::by(whole), ..Settings::default() };
    let names = ["utm_*"].into_iter().collect();
    settings.rules.choices.parameters = Parameters { counting: Counting::AllBut(names), sorted: false };
    let layer = pages().await.with(settings);
    let part = |text: &'static str| {
        let page = move |uri: Uri| async move { ([("cache-control", "max-age=60")], format!("{text} {uri}")) };
        Router::new().route("/x", get(page)).layer(layer.clone())
    };
    let site = Router::new().nest("/one", part("one")).nest("/two", part("two"));
    for round in 0..2 {
        for (path, text) in
            [("/one/x?a=1&utm_b=2", "one /x?a=1"), ("/two/x?utm_b=2", "two /x"), ("/two/x?a=1", "two /x?a=1")]
        {
            let got = asked(&site, path).await;
            assert_eq!((got.text.as_str(), got.is_hit()), (text, round > 0), "{path}");
        }
    }
    layer.invalidate(Pages::Below("/one"), Strength::Hard).await.unwrap();
    assert!(!asked(&site, "/one/x?a=1").await.is_hit());
    assert!(asked(&site, "/two/x?a=1").await.is_hit());
}

fn whole(request: &http::request::Parts) -> Option<Uri> {
    request.extensions.get().map(|OriginalUri(uri)| uri.clone())
}

/// RFC 9110, section 8.6: a length that is told without content is that of the content. Axum tells what a body says of itself.
#[tokio::test(start_paused = true)]
async fn what_goes_without_its_content_tells_no_other_length_than_that_of_the_page() {
    let streamed = || async {
        let pieces = futures_util::stream::iter([Ok::<_, std::convert::Infallible>("hel"), Ok("lo")]);
        ([("cache-control", "max-age=60"), ("etag", "\"1\"")], Body::from_stream(pieces))
    };
    let known = || async { ([("cache-control", "max-age=60"), ("etag", "\"1\"")], "hello") };
    let site = Router::new().route("/streamed", get(streamed)).route("/known", get(known)).layer(pages().await);
    for (path, length) in [("/streamed", ""), ("/known", "5")] {
        for state in ["it comes", "it is kept"] {
            let request = Request::get(path).header("host", "a.example").header("if-none-match", "\"1\"");
            let got = read(site.clone().call(request.body(Body::empty()).unwrap()).await.unwrap()).await;
            assert_eq!((got.status(), got.field("content-length")), (304, ""), "{path}: {state}");
            let request = Request::head(path).header("host", "a.example").body(Body::empty()).unwrap();
            let got = read(site.clone().call(request).await.unwrap()).await;
            assert_eq!((got.status(), got.field("content-length")), (200, length), "{path}: {state}");
            assert_eq!(asked(&site, path).await.text, "hello");
        }
    }
}
