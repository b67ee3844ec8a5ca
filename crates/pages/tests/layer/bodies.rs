//! Bodies that are not kept, and parts of those that are.

use std::time::Duration;

use freshen_pages::{Bounds, PageBody, Settings};
use futures_util::FutureExt;
use http::Response;
use http_body::Body;
use http_body_util::BodyExt;
use tokio::time::timeout;

use crate::origin::{answer, written};
use crate::site::{Site, pass, read, settle, site, site_with};

const SECOND: Duration = Duration::from_secs(1);

/// A server that gets the head alone sends it, and at its socket what comes behind would wait for the receipt of that.
#[tokio::test(start_paused = true)]
async fn content_that_is_there_at_once_comes_with_its_head() {
    let site = site().await;
    site.origin.answers(|_| answer("200 | cache-control: max-age=60 | hello"));
    let sent = site.send("GET /a");
    // In a task, as a server does: what it is woken for it looks at before what is begun later.
    let looks = async {
        let mut body = sent.await.into_body();
        let piece = body.frame().now_or_never().expect("it is there");
        (piece.unwrap().unwrap().into_data().unwrap(), body.is_end_stream())
    };
    assert_eq!(tokio::spawn(looks).await.unwrap(), ("hello".into(), true));
}

/// A server drops what it has not yet sent of a body that breaks off.
#[tokio::test(start_paused = true)]
async fn what_came_before_a_body_broke_off_can_be_sent_first() {
    let site = site().await;
    let (writing, response) = written("200 | cache-control: max-age=60 | content-length: 6");
    writing.write("hello");
    drop(writing);
    site.origin.then(|_| async { Ok(response) });
    let sent = site.send("GET /a");
    let looks = async {
        let mut body = sent.await.into_body();
        assert!(body.frame().now_or_never().unwrap().unwrap().is_ok());
        assert!(body.frame().now_or_never().is_none() && !body.is_end_stream());
        body.frame().await.unwrap().unwrap_err().to_string()
    };
    assert_eq!(tokio::spawn(looks).await.unwrap(), "the body is not as long as its origin said");
}

/// It streams through, and for a while nobody waits for it.
#[tokio::test(start_paused = true)]
async fn a_body_over_its_bound_passes_and_nobody_waits_for_it() {
    let bounds = Bounds { bytes_most: 10, window_bytes: 4, readers_most: 8, ..Bounds::default() };
    let site = site_with(Settings { bounds, ..Settings::default() }).await;
    let long = "twenty bytes of text";
    site.origin.answers(move |_| answer(&format!("200 | cache-control: max-age=60 | {long}"))).takes(SECOND);
    assert_eq!(site.get("GET /a").await.text, long);
    let began = tokio::time::Instant::now();
    let all: Vec<_> = (0..20).map(|_| site.getting("GET /a")).collect();
    for got in all {
        assert_eq!(got.await.unwrap().text, long);
    }
    assert_eq!((site.origin.count(), began.elapsed()), (21, SECOND));
}

/// Its length was not said, so that others had begun to follow: they get it all the same.
#[tokio::test(start_paused = true)]
async fn a_body_that_turns_out_too_long_goes_on_to_those_who_read_it() {
    let bounds = Bounds { bytes_most: 10, window_bytes: 100, readers_most: 8, ..Bounds::default() };
    let site = site_with(Settings { bounds, ..Settings::default() }).await;
    let (writing, response) = written("200 | cache-control: max-age=60");
    site.origin.then(|_| async { Ok(response) });
    site.origin.answers(|_| answer("200 | cache-control: max-age=60 | short"));
    let first = site.send("GET /a").await;
    let follower = site.send("GET /a").await;
    writing.write("twenty bytes ");
    writing.write("of text");
    settle().await;
    assert_eq!(site.get("GET /a").await.text, "short", "nobody waits for it");
    drop(writing);
    for response in [first, follower] {
        let got = read(response).await;
        assert_eq!((got.text.as_str(), got.broken), ("twenty bytes of text", false));
    }
}

/// Twenty thousand bytes whose length is not said, where ten thousand are kept: for one who reads them, or does not.
async fn too_long() -> (Site, Response<PageBody>) {
    let bounds = Bounds { bytes_most: 10_000, window_bytes: 1_000, ..Bounds::default() };
    let site = site_with(Settings { bounds, ..Settings::default() }).await;
    let (writing, response) = written("200 | cache-control: max-age=60");
    site.origin.then(|_| async { Ok(response) });
    site.origin.answers(|_| answer("200 | cache-control: max-age=60 | short"));
    let first = site.send("GET /a").await;
    tokio::spawn(async move {
        settle().await;
        for _ in 0..200 {
            writing.write(&"a".repeat(100));
        }
    });
    (site, first)
}

/// Once those who followed were still stuck after an hour, and the next waited until the content was given up.
#[tokio::test(start_paused = true)]
async fn a_client_that_reads_nothing_of_a_body_over_its_bound_holds_up_nobody() {
    let (site, idle) = too_long().await;
    let began = tokio::time::Instant::now();
    let follower = site.getting("GET /a");
    settle().await;
    settle().await;
    let next = site.get("GET /a").await;
    assert_eq!((next.text.as_str(), began.elapsed() < SECOND), ("short", true), "{}", next.told());
    let got = timeout(6 * SECOND, follower).await.expect("a stall is five seconds").unwrap();
    assert_eq!((got.text.len(), got.broken), (20_000, false));
    assert!(read(idle).await.broken);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_nobody_follows_reads_a_body_over_its_bound_when_he_likes() {
    let (_site, idle) = too_long().await;
    pass(3600 * SECOND).await;
    let got = read(idle).await;
    assert_eq!((got.text.len(), got.broken), (20_000, false));
}

/// With the least timeouts that there are, too.
#[tokio::test(start_paused = true)]
async fn a_stall_timeout_of_nothing_is_one_all_the_same() {
    let bounds = Bounds { bytes_most: 1, window_bytes: 1, stall_timeout: Duration::ZERO, ..Bounds::default() };
    let site = site_with(Settings { bounds, ..Settings::default() }).await;
    let (writing, response) = written("200 | cache-control: max-age=60");
    site.origin.then(|_| async { Ok(response) });
    let idle = site.send("GET /a").await;
    writing.write("twenty bytes of text");
    drop(writing);
    pass(SECOND).await;
    assert_eq!(read(idle).await.text, "twenty bytes of text");
}

/// RFC 9110, section 14.
#[tokio::test(start_paused = true)]
async fn a_range_is_cut_from_the_page() {
    let site = site().await;
    site.origin.answers(|_| answer("200 | cache-control: max-age=60 | etag: \"1\" | hello"));
    let first = site.get("GET /a | range: bytes=0-").await;
    assert!(!site.origin.asked()[0].headers.contains_key("range"), "it is the whole");
    assert_eq!((first.status(), first.text.as_str()), (206, "hello"));
    let part = site.get("GET /a | range: bytes=1-3").await;
    assert_eq!((part.status(), part.text.as_str(), part.field("content-range")), (206, "ell", "bytes 1-3/5"));
    assert_eq!(site.get("GET /a | range: bytes=9-").await.status(), 416);
    assert_eq!(site.origin.count(), 1);
}

/// What is not kept may be of any length: its origin is asked for the part that is wanted, and for no more.
#[tokio::test(start_paused = true)]
async fn a_range_of_what_is_not_kept_goes_to_its_origin() {
    let site = site().await;
    site.origin.answers(|request| match request.headers.get("range") {
        Some(_) => answer("206 | cache-control: max-age=60 | content-range: bytes 1-2/5 | el"),
        None => answer("200 | cache-control: max-age=60 | hello"),
    });
    let part = site.get("GET /a | range: bytes=1-2").await;
    assert_eq!((part.status(), part.text.as_str()), (206, "el"));
    assert!(!site.get("GET /a").await.is_hit(), "a part by itself is not kept");
    assert!(site.get("GET /a | range: bytes=1-2").await.is_hit());
    assert_eq!(site.origin.count(), 2);
}

/// A part of what comes is sent as it comes, and no more than that.
#[tokio::test(start_paused = true)]
async fn who_follows_may_have_a_part() {
    let site = site().await;
    site.origin.answers(|_| answer("200 | cache-control: max-age=60 | hello")).takes(SECOND);
    let first = site.getting("GET /a");
    settle().await;
    let part = site.get("GET /a | range: bytes=1-3").await;
    assert_eq!((part.status(), part.text.as_str(), site.origin.count()), (206, "ell", 1));
    assert_eq!(first.await.unwrap().text, "hello");
}

/// RFC 9110, section 9.3.2.
#[tokio::test(start_paused = true)]
async fn head_is_answered_by_the_page() {
    let site = site().await;
    site.origin.answers(|_| answer("200 | cache-control: max-age=60 | hello"));
    site.get("GET /a").await;
    let head = site.get("HEAD /a").await;
    assert_eq!(
        (head.status(), head.text.as_str(), head.field("content-length"), site.origin.count()),
        (200, "", "5", 1)
    );
}

/// A body shorter or longer than its origin said is never stored.
#[tokio::test(start_paused = true)]
async fn a_body_of_another_length_than_was_said_is_never_stored() {
    for said in [4, 6] {
        let site = site().await;
        let (writing, response) = written(&format!("200 | cache-control: max-age=60 | content-length: {said}"));
        writing.write("hello");
        drop(writing);
        site.origin.then(|_| async { Ok(response) });
        site.origin.answers(|_| answer("200 | cache-control: max-age=60 | hello"));
        let first = site.get("GET /a").await;
        assert!(first.broken || said < 5, "{said}: {first:?}");
        pass(SECOND).await;
        assert!(!site.get("GET /a").await.is_hit(), "{said}");
    }
}

/// RFC 9110, section 13.2.1: its response is never kept, so that nobody but its origin could hold its conditions against it.
#[tokio::test(start_paused = true)]
async fn what_is_never_kept_goes_to_its_origin_with_its_conditions() {
    let site = site().await;
    site.origin.answers(|_| answer("304 | etag: \"1\""));
    for line in ["HEAD /a | if-none-match: \"1\"", "GET /a | cache-control: no-store | if-none-match: \"1\""] {
        assert_eq!(site.get(line).await.status(), 304, "{line}");
    }
    assert!(site.origin.asked().iter().all(|asked| asked.headers.contains_key("if-none-match")));
}
