//! Whose page it is, and which.

use std::time::Duration;

use freshen_pages::{Audience, Pages, Settings};

use crate::origin::answer;
use crate::site::{Site, settle, site, site_with};

const SECOND: Duration = Duration::from_secs(1);

/// One that goes by the user that something before it has found.
async fn of_users() -> Site {
    let user = |request: &http::request::Parts| Some(request.headers.get("x-user")?.to_str().ok()?.to_owned());
    let site = site_with(Settings { audience: Audience::by(user), ..Settings::default() }).await;
    site.origin.answers(|request| {
        let user = request.headers.get("x-user").map_or("nobody", |user| user.to_str().unwrap());
        answer(&format!("200 | cache-control: private | freshen-cache-control: max-age=60 | for {user}"))
    });
    site
}

#[tokio::test(start_paused = true)]
async fn each_path_host_and_query_is_a_page_of_its_own() {
    let site = site().await;
    site.origin.answers(|request| {
        let host = request.headers["host"].to_str().unwrap();
        answer(&format!("200 | cache-control: max-age=60 | {host} {}", request.uri))
    });
    let all = [
        "/a",
        "/b",
        "/a/",
        "/a?q=a",
        "/a?q=b",
        "/a?q=a&p=1",
        "/a?p=1&q=a",
        "/a?",
        "/A",
        "/a:b",
        "/search?q=a",
        "/search?q=b",
    ];
    for round in 0..2 {
        for host in ["a.example", "b.example", "a.example:8080", "b"] {
            for target in all {
                let got = site.get(&format!("GET {target} | host: {host}")).await;
                assert_eq!((got.text.as_str(), got.is_hit()), (format!("{host} {target}").as_str(), round > 0));
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn no_user_gets_another_users_page_and_those_who_are_nobody_share_theirs() {
    let site = of_users().await;
    for round in 0..2 {
        for user in ["a", "b", "a:b", "", "nobody "] {
            let got = site.get(&format!("GET /a | x-user: {user}")).await;
            assert_eq!((got.text.trim_end(), got.is_hit()), (format!("for {user}").trim_end(), round > 0), "{user:?}");
        }
        let nobody = site.get("GET /a").await;
        assert_eq!((nobody.text.as_str(), nobody.is_hit()), ("for nobody", round > 0));
    }
}

/// Nobody waits for another's page either, and none is made for another behind a request.
#[tokio::test(start_paused = true)]
async fn a_crowd_of_users_gets_each_his_own_page_made_once() {
    let site = of_users().await;
    site.origin.takes(SECOND);
    let crowd: Vec<_> = (0..60)
        .map(|visitor| {
            let user = ["a", "b", "c"][visitor % 3];
            (user, site.getting(&format!("GET /a | x-user: {user}")))
        })
        .collect();
    for (user, got) in crowd {
        assert_eq!(got.await.unwrap().text, format!("for {user}"));
    }
    assert_eq!(site.origin.count(), 3);
}

/// A write outdates what was made for all of them.
#[tokio::test(start_paused = true)]
async fn a_path_is_outdated_for_all_users_at_once() {
    let site = of_users().await;
    let users = ["a", "b"];
    for user in users {
        site.get(&format!("GET /a | x-user: {user}")).await;
    }
    site.pages.invalidate(Pages::At("/a"), freshen_core::Strength::Hard).await.unwrap();
    for user in users {
        assert!(!site.get(&format!("GET /a | x-user: {user}")).await.is_hit());
    }
}

/// A field for this cache alone says how long it is good for, and a browser or a cache in between hears that it is private.
#[tokio::test(start_paused = true)]
async fn a_users_page_is_private_to_all_caches_but_this_one() {
    let site = of_users().await;
    site.get("GET /a | x-user: a").await;
    let hit = site.get("GET /a | x-user: a").await;
    assert_eq!((hit.is_hit(), hit.field("cache-control")), (true, "private"));
}

#[tokio::test(start_paused = true)]
async fn without_an_audience_a_page_is_for_everybody() {
    let site = site().await;
    site.origin.answers(|_| answer("200 | cache-control: max-age=60 | hello"));
    site.get("GET /a | x-user: a").await;
    for visitor in ["GET /a | x-user: b", "GET /a", "GET /a | cookie: user=c"] {
        assert!(site.get(visitor).await.is_hit(), "{visitor}");
    }
    settle().await;
    assert_eq!(site.origin.count(), 1);
}
