//! Many at once: one load, and nobody waits for what is not for him.

use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::Instant;

use crate::origin::{answer, written};
use crate::site::{Site, pass, read, settle, site};

const SECOND: Duration = Duration::from_secs(1);

/// As many visitors at once, and how long the last of them waited.
async fn crowd(site: &Site, visitors: usize, line: &str) -> (Vec<crate::site::Got>, Duration) {
    let began = Instant::now();
    let all = join_all((0..visitors).map(|_| site.getting(line))).await;
    (all.into_iter().map(Result::unwrap).collect(), began.elapsed())
}

#[tokio::test(start_paused = true)]
async fn a_crowd_on_a_cold_page_sends_one_request() {
    let site = site().await;
    site.origin.answers(|_| answer("200 | cache-control: max-age=60 | hello")).takes(SECOND);
    let (all, waited) = crowd(&site, 200, "GET /a").await;
    assert!(all.iter().all(|got| got.text == "hello" && got.status() == 200));
    assert_eq!((site.origin.count(), waited), (1, SECOND));
    let collapsed = all.iter().filter(|got| got.told() == "fwd=uri-miss;collapsed;detail=fresh").count();
    assert_eq!(collapsed, 199, "{}", all[5].told());
}

/// RFC 5861: the page is past its lifetime, and within its window.
#[tokio::test(start_paused = true)]
async fn a_crowd_on_a_stale_page_waits_for_nothing_and_sends_one_request() {
    let site = site().await;
    site.origin.answers(|_| answer("200 | cache-control: max-age=60, stale-while-revalidate=60 | hello")).takes(SECOND);
    site.get("GET /a").await;
    pass(90 * SECOND).await;
    let (all, waited) = crowd(&site, 200, "GET /a").await;
    assert!(all.iter().all(|got| got.is_hit()));
    assert_eq!(waited, Duration::ZERO);
    pass(2 * SECOND).await;
    assert_eq!(site.origin.count(), 2);
}

/// Nobody knows before the head has come that it is for one alone. Then all others are released at once, and for a while nobody
/// waits for another's any more.
#[tokio::test(start_paused = true)]
async fn a_crowd_on_a_page_that_is_not_stored_is_released_at_once() {
    let site = site().await;
    site.origin.answers(|_| answer("200 | cache-control: no-store | hello")).takes(SECOND);
    let (all, waited) = crowd(&site, 200, "GET /a").await;
    assert!(all.iter().all(|got| got.text == "hello"));
    assert_eq!((site.origin.count(), waited), (200, 2 * SECOND));
    let (_, waited) = crowd(&site, 200, "GET /a").await;
    assert_eq!((site.origin.count(), waited), (400, SECOND), "it is remembered");
    pass(10 * SECOND).await;
    let (_, waited) = crowd(&site, 200, "GET /a").await;
    assert_eq!((site.origin.count(), waited), (600, 2 * SECOND), "and for a while only");
}

/// Followers get the head as soon as it is there, and the content as it comes.
#[tokio::test(start_paused = true)]
async fn those_who_follow_read_along_while_the_content_comes() {
    let site = site().await;
    let (writing, response) = written("200 | cache-control: max-age=60 | trailer: x-sum");
    site.origin.then(|_| async { Ok(response) });
    let first = site.send("GET /a").await;
    writing.write("hel");
    settle().await;
    let follower = site.send("GET /a").await;
    assert_eq!(follower.headers()["cache-status"], "freshen;fwd=uri-miss;collapsed;detail=fresh");
    writing.write("lo");
    writing.trailers("x-sum", "5");
    drop(writing);
    for response in [first, follower] {
        let got = read(response).await;
        assert_eq!((got.text.as_str(), got.broken), ("hello", false));
        assert_eq!(got.trailers.unwrap()["x-sum"], "5");
    }
    settle().await;
    let hit = site.get("GET /a").await;
    assert_eq!((hit.text.as_str(), hit.is_hit(), site.origin.count()), ("hello", true, 1));
    assert_eq!(hit.trailers.unwrap()["x-sum"], "5");
}

/// The first client reads nothing. Those who follow have their page, and so does the cache.
#[tokio::test(start_paused = true)]
async fn a_client_that_does_not_read_holds_up_nobody() {
    let site = site().await;
    let (writing, response) = written("200 | cache-control: max-age=60");
    site.origin.then(|_| async { Ok(response) });
    let first = site.send("GET /a").await;
    for _ in 0..1000 {
        writing.write(&"x".repeat(1024));
    }
    drop(writing);
    assert_eq!(site.get("GET /a").await.text.len(), 1024 * 1000);
    settle().await;
    assert!(site.get("GET /a").await.is_hit());
    assert_eq!(read(first).await.text.len(), 1024 * 1000);
}

/// Whoever asked first leaves before anything has come. The load goes on for those who wait, and for those who will.
#[tokio::test(start_paused = true)]
async fn a_client_that_leaves_ends_nobodys_load() {
    let site = site().await;
    site.origin.answers(|_| answer("200 | cache-control: max-age=60 | hello")).takes(SECOND);
    let first = site.getting("GET /a");
    settle().await;
    let follower = site.getting("GET /a");
    settle().await;
    first.abort();
    assert_eq!(follower.await.unwrap().text, "hello");
    let alone = site.getting("GET /b");
    settle().await;
    alone.abort();
    pass(2 * SECOND).await;
    assert!(site.get("GET /b").await.is_hit());
    assert_eq!(site.origin.count(), 2);
}

/// A page is outdated while its load is under way. Who came before may have what was asked for before; who came after may not.
#[tokio::test(start_paused = true)]
async fn who_comes_after_a_write_is_not_given_what_was_asked_for_before_it() {
    let site = site().await;
    let (writing, response) = written("200 | cache-control: max-age=60");
    site.origin.then(|_| async { Ok(response) });
    site.origin.answers(|request| match request.method.as_str() {
        "POST" => answer("204"),
        _ => answer("200 | cache-control: max-age=60 | new"),
    });
    let first = site.getting("GET /a");
    settle().await;
    writing.write("old");
    assert_eq!(site.get("POST /a").await.status(), 204);
    let after = site.getting("GET /a");
    settle().await;
    drop(writing);
    assert_eq!(first.await.unwrap().text, "old");
    assert_eq!(after.await.unwrap().text, "new");
    assert_eq!(site.get("GET /a").await.text, "new");
}

/// Any write may be one to what is being made. Those who came before it need not be told of it, and wait for no slow body.
#[tokio::test(start_paused = true)]
async fn who_came_before_a_write_reads_along_what_was_asked_for_before_it() {
    let site = site().await;
    let (writing, response) = written("200 | cache-control: max-age=60");
    site.origin.then(|_| async {
        pass(SECOND).await;
        Ok(response)
    });
    site.origin.answers(|_| answer("204"));
    let all: Vec<_> = (0..200).map(|_| tokio::spawn(site.send("GET /a"))).collect();
    settle().await;
    assert_eq!(site.get("POST /other").await.status(), 204);
    let began = Instant::now();
    let mut bodies = Vec::new();
    for response in all {
        bodies.push(response.await.unwrap());
    }
    assert!(began.elapsed() <= 2 * SECOND, "{:?}", began.elapsed());
    writing.write("hello");
    drop(writing);
    for body in bodies {
        assert_eq!(read(body).await.text, "hello");
    }
}

/// RFC 9111, section 4.3: one of them asks whether the page is current, for all.
#[tokio::test(start_paused = true)]
async fn a_crowd_that_waits_for_a_validation_sends_one_request() {
    let site = site().await;
    site.origin.answers(|request| match request.headers.get("if-none-match") {
        Some(_) => answer("304 | etag: \"1\""),
        None => answer("200 | cache-control: max-age=60 | etag: \"1\" | hello"),
    });
    site.get("GET /a").await;
    site.origin.takes(SECOND);
    pass(90 * SECOND).await;
    let (all, waited) = crowd(&site, 100, "GET /a").await;
    assert!(all.iter().all(|got| got.text == "hello" && got.status() == 200));
    assert_eq!((site.origin.count(), waited), (2, SECOND));
}

/// Many pages are outdated at once: so many are made again at a time, and nobody waits for any.
#[tokio::test(start_paused = true)]
async fn so_many_pages_are_made_again_at_a_time() {
    let site = site().await;
    site.origin.answers(|_| answer("200 | cache-control: max-age=60, stale-while-revalidate=600 | hello"));
    for page in 0..40 {
        site.get(&format!("GET /{page}")).await;
    }
    site.origin.takes(SECOND);
    pass(90 * SECOND).await;
    for made in [16, 32] {
        for page in 0..40 {
            assert!(site.get(&format!("GET /{page}")).await.is_hit());
        }
        settle().await;
        assert_eq!(site.origin.count(), 40 + made);
        pass(SECOND).await;
    }
}

/// RFC 9111, section 3.5: what comes for another is most likely not for him.
#[tokio::test(start_paused = true)]
async fn who_is_authorized_waits_for_nobody_else() {
    let site = site().await;
    site.origin.answers(|_| answer("200 | cache-control: max-age=60 | hello")).takes(SECOND);
    let began = Instant::now();
    let all: Vec<_> = (0..20).map(|user| site.getting(&format!("GET /a | authorization: Basic {user}"))).collect();
    for got in all {
        assert_eq!(got.await.unwrap().text, "hello");
    }
    assert_eq!((site.origin.count(), began.elapsed()), (20, SECOND));
    site.get("GET /a").await;
    assert!(site.get("GET /a | authorization: Basic 1").await.is_hit(), "a page for all is for him too");
}
