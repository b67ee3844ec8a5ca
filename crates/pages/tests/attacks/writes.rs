//! A write while a page is being made.

use std::time::Duration;

use crate::origin::answer;
use crate::site::{pass, settle, site};
use crate::visit::SECOND;

/// What the origin reads when a request comes is what it answers with, at whatever time that is; a write is done when it answers.
/// Whoever comes after the write has answered sees it, whichever of the two was quicker.
#[tokio::test(start_paused = true)]
async fn whoever_comes_after_a_write_sees_it_whenever_the_load_began() {
    for refreshes in [false, true] {
        for (post_begins, post_takes) in [(0, 500), (500, 100), (500, 2_000), (0, 1_000), (900, 1_100), (999, 1)] {
            let why = format!("{refreshes} {post_begins} {post_takes}");
            let site = site().await;
            let old = "200 | cache-control: max-age=60, stale-while-revalidate=600 | old";
            site.origin.answers(move |_| answer(old));
            if refreshes {
                site.get("GET /a").await;
                pass(61 * SECOND).await;
            }
            site.origin.takes(SECOND);
            let load = site.getting("GET /a");
            settle().await;
            pass(Duration::from_millis(post_begins)).await;
            site.origin.takes(Duration::from_millis(post_takes)).then(|_| async { Ok(answer("204")) });
            assert_eq!(site.get("POST /a").await.status(), 204);
            site.origin.answers(|_| answer("200 | cache-control: max-age=60 | new"));
            site.origin.takes(Duration::ZERO);
            for _ in 0..2 {
                assert_eq!(site.get("GET /a").await.text, "new", "{why}");
            }
            assert_eq!(load.await.unwrap().text, "old", "{why}: he came before");
            pass(2 * SECOND).await;
            assert_eq!(site.get("GET /a").await.text, "new", "{why}");
        }
    }
}

/// RFC 9111, section 4.4: or anybody who has a site of his own would empty the caches of others.
#[tokio::test(start_paused = true)]
async fn a_write_outdates_nothing_of_another_origin() {
    let site = site().await;
    site.origin.answers(|request| match request.method.as_str() {
        "GET" => answer("200 | cache-control: max-age=60 | page"),
        _ => answer("201 | location: http://a.example/a | content-location: //a.example/a"),
    });
    site.get("GET /a").await;
    for line in ["POST /a | host: evil.example", "PURGE /a | host: evil.example", "DELETE /x | host: a.example:81"] {
        assert_eq!(site.get(line).await.status(), 201);
        assert!(site.get("GET /a").await.is_hit(), "{line}");
    }
}

/// Methods that some caches take for their own.
#[tokio::test(start_paused = true)]
async fn a_method_that_the_origin_does_not_accept_outdates_nothing() {
    let site = site().await;
    site.origin.answers(|request| match request.method.as_str() {
        "GET" => answer("200 | cache-control: max-age=60 | page"),
        _ => answer("405"),
    });
    site.get("GET /a").await;
    for method in ["PURGE", "BAN", "REFRESH", "INVALIDATE", "DELETE", "PUT", "M-SEARCH"] {
        site.get(&format!("{method} /a")).await;
        assert!(site.get("GET /a").await.is_hit(), "{method}");
    }
}
