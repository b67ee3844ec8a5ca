//! The polls page: what is served before and after a vote, and to whom.

#![allow(clippy::unwrap_used)] // A test that cannot go on fails.

use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, Response, StatusCode, header};
use freshen::Clock;
use tower::ServiceExt;

#[allow(dead_code)] // Its `main`.
#[path = "../06_polls.rs"]
mod polls;

async fn ask(site: &Router, method: &str, path: &str, cookie: &str) -> Response<Body> {
    let request = Request::builder().method(method).uri(path).header(header::COOKIE, cookie);
    site.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
}

/// The line of the first question, and the one that says what was served.
async fn page(site: &Router, cookie: &str) -> (String, String) {
    let response = ask(site, "GET", "/", cookie).await;
    assert_eq!(response.status(), StatusCode::OK);
    let text = String::from_utf8(to_bytes(response.into_body(), 4096).await.unwrap().into()).unwrap();
    let first = text.lines().find_map(|line| line.strip_prefix("<li>")?.split_once(" <form")).unwrap().0;
    let served = text.lines().find_map(|line| line.strip_prefix("<p>")?.strip_suffix("</p>")).unwrap();
    (first.into(), served.into())
}

fn says(first: &str, served: &str) -> (String, String) {
    (first.into(), served.into())
}

#[tokio::test(start_paused = true)]
async fn a_vote_is_seen_by_the_voter_at_once_and_by_others_behind_what_is_there() {
    let site = polls::site(Clock::runtime()).await.unwrap();
    assert_eq!(page(&site, "").await, says("Tea? 0", "loaded (missing), 0.5 s old"));
    let voted = ask(&site, "POST", "/vote/0", "").await;
    assert_eq!((voted.status(), &voted.headers()[header::LOCATION]), (StatusCode::SEE_OTHER, &"/".parse().unwrap()));
    let cookie = voted.headers()[header::SET_COOKIE].to_str().unwrap();
    let cookie = format!("theme=dark; {}", cookie.split(';').next().unwrap());
    assert_eq!(page(&site, "").await, says("Tea? 0", "stale (invalidated), 0.5 s old"));
    assert_eq!(page(&site, &cookie).await, says("Tea? 1", "loaded (behind-write), 0.5 s old"));
    assert_eq!(page(&site, "").await, says("Tea? 1", "hit (fresh), 0.5 s old"));
    assert_eq!(page(&site, &cookie).await, says("Tea? 1", "hit (fresh), 0.5 s old"));
}

#[tokio::test(start_paused = true)]
async fn a_vote_is_seen_by_others_once_it_was_loaded() {
    let site = polls::site(Clock::runtime()).await.unwrap();
    page(&site, "").await;
    ask(&site, "POST", "/vote/0", "").await;
    assert_eq!(page(&site, "").await.0, "Tea? 0");
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(page(&site, "").await.0, "Tea? 1");
}

#[tokio::test(start_paused = true)]
async fn what_is_no_question_and_no_token_changes_nothing() {
    let site = polls::site(Clock::runtime()).await.unwrap();
    page(&site, "").await;
    assert_eq!(ask(&site, "POST", "/vote/3", "").await.status(), StatusCode::NOT_FOUND);
    assert_eq!(page(&site, "wrote=never").await, says("Tea? 0", "hit (fresh), 0.5 s old"));
}

/// A browser brings the token of a life of the store that is over. All that is there was loaded since, and shows that write.
#[tokio::test(start_paused = true)]
async fn a_token_of_another_life_of_the_store_is_shown_by_what_was_loaded_since() {
    let site = polls::site(Clock::runtime()).await.unwrap();
    page(&site, "").await;
    for _ in 0..2 {
        let seen = page(&site, "wrote=00000000000000ff-000000000000002a").await;
        assert_eq!(seen, says("Tea? 0", "hit (fresh), 0.5 s old"));
    }
}
