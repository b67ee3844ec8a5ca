//! An origin that fails.

use std::time::Duration;

use freshen_core::{BoxError, Strength};
use freshen_pages::Pages;
use futures_util::future::join_all;

use crate::origin::{NoConnection, answer, written};
use crate::site::{pass, settle, site};

const SECOND: Duration = Duration::from_secs(1);
const LASTING: &str = "200 | cache-control: max-age=60, stale-if-error=600 | good";

/// RFC 5861, section 4.
#[tokio::test(start_paused = true)]
async fn a_page_stands_in_for_an_origin_that_fails_and_it_is_not_asked_by_everybody() {
    for failure in [500, 502, 503, 504, 0] {
        let site = site().await;
        site.origin.then(|_| async { Ok(answer(LASTING)) });
        site.get("GET /a").await;
        pass(61 * SECOND).await;
        if failure > 0 {
            site.origin.answers(move |_| answer(&format!("{failure} | oh no")));
        }
        for _ in 0..50 {
            let got = site.get("GET /a").await;
            assert_eq!((got.status(), got.text.as_str()), (200, "good"), "{failure}: {}", got.told());
        }
        assert_eq!(site.origin.count(), 2, "{failure}");
        pass(700 * SECOND).await;
        let got = site.get("GET /a").await;
        assert_ne!(got.status(), 200, "{failure}: its window is over");
    }
}

/// Nothing is in hand. The one whose request it was has what the origin said, and another may fare otherwise.
#[tokio::test(start_paused = true)]
async fn a_failure_that_one_met_is_not_given_to_another() {
    let site = site().await;
    site.origin.then(|_| async {
        pass(SECOND).await;
        Ok(answer("500 | oh no"))
    });
    site.origin.answers(|_| answer("200 | cache-control: max-age=60 | good"));
    let first = site.getting("GET /a");
    settle().await;
    let second = site.getting("GET /a");
    let first = first.await.unwrap();
    assert_eq!((first.status(), first.text.as_str()), (500, "oh no"));
    assert_eq!(second.await.unwrap().text, "good");
    assert_eq!(site.get("GET /a").await.text, "good");
}

/// It cannot be reached, and nothing is in hand: all who wait are told so. It may be what one client's request met, so that the next
/// ones ask again, one for all of them at a time.
#[tokio::test(start_paused = true)]
async fn an_origin_that_cannot_be_reached_is_not_asked_by_everybody() {
    let site = site().await;
    site.origin.takes(SECOND);
    for asked in 1..=3 {
        let all: Vec<_> = (0..100).map(|_| site.getting("GET /a")).collect();
        for got in all {
            assert_eq!(got.await.unwrap().status(), 504);
        }
        assert_eq!(site.origin.count(), asked);
    }
    site.origin.answers(|_| answer(LASTING));
    assert_eq!(site.get("GET /a").await.text, "good");
}

/// It, or the one before it, says that nobody is served: all who wait are told so, and have nothing else of what one of them got.
#[tokio::test(start_paused = true)]
async fn an_origin_that_says_that_it_is_down_is_not_asked_by_everybody() {
    for status in [502, 503, 504] {
        let site = site().await;
        let down = format!("{status} | retry-after: 7 | set-cookie: a=1 | x-own: 1 | oh no");
        site.origin.answers(move |_| answer(&down)).takes(SECOND);
        for asked in 1..=3 {
            let all = join_all((0..51).map(|_| site.getting("GET /a"))).await;
            for (at, got) in all.into_iter().map(Result::unwrap).enumerate() {
                assert_eq!((got.status(), got.field("retry-after")), (status, "7"));
                assert_eq!((got.text == "oh no", got.field("set-cookie") == "a=1"), (at == 0, at == 0), "{at}");
                assert_eq!(got.field("x-own") == "1", at == 0, "{at}");
            }
            assert_eq!(site.origin.count(), asked, "{status}: one for all at a time");
        }
        site.origin.answers(|_| answer(LASTING));
        assert_eq!(site.get("GET /a").await.text, "good", "{status}: no pause is made");
    }
}

/// The opposite: it may be about something that one client sent.
#[tokio::test(start_paused = true)]
async fn any_other_error_is_for_the_one_who_met_it() {
    for status in [500, 501, 505, 599] {
        let site = site().await;
        site.origin.answers(move |_| answer(&format!("{status} | oh no"))).takes(SECOND);
        for got in join_all((0..51).map(|_| site.getting("GET /a"))).await {
            assert_eq!(got.unwrap().text, "oh no");
        }
        assert_eq!(site.origin.count(), 51, "{status}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_origin_that_says_for_how_long_it_is_down_is_believed() {
    let site = site().await;
    site.origin.answers(|_| answer("503 | cache-control: max-age=60 | oh no")).takes(SECOND);
    for got in join_all((0..51).map(|_| site.getting("GET /a"))).await {
        assert_eq!(got.unwrap().text, "oh no");
    }
    assert!(site.get("GET /a").await.is_hit());
    assert_eq!(site.origin.count(), 1);
}

/// Nothing stands in: the page says that it is never served stale, or is past its window.
#[tokio::test(start_paused = true)]
async fn an_origin_that_fails_is_asked_once_for_all_who_wait_also_where_the_page_may_not_stand_in() {
    for page in ["max-age=1, must-revalidate, stale-if-error=600", "max-age=1", "max-age=0, no-cache"] {
        for failure in [502, 503, 504, 0] {
            let site = site().await;
            site.origin
                .then(move |_| async move { Ok(answer(&format!("200 | cache-control: {page} | etag: \"1\" | old"))) });
            site.get("GET /a").await;
            pass(10 * SECOND).await;
            site.origin.takes(SECOND);
            if failure > 0 {
                site.origin.answers(move |_| answer(&format!("{failure} | oh no")));
            }
            for round in 1..=3 {
                for got in join_all((0..50).map(|_| site.getting("GET /a"))).await {
                    let met = if failure > 0 { failure } else { 504 };
                    assert_eq!(got.unwrap().status(), met, "{page}, {failure}, {round}");
                }
                assert_eq!(site.origin.count(), 1 + round, "{page}, {failure}");
            }
            site.origin.answers(|_| answer(LASTING));
            assert_eq!(site.get("GET /a").await.text, "good", "{page}, {failure}: at once");
        }
    }
}

/// One client's odd field brings it about, and others would get nothing meanwhile.
#[tokio::test(start_paused = true)]
async fn an_error_that_one_client_met_makes_no_pause_where_the_page_may_not_stand_in() {
    for page in [
        "max-age=600, must-revalidate",
        "max-age=1, must-revalidate, stale-if-error=600",
        "max-age=1",
        "max-age=0, no-cache",
    ] {
        for failure in [500, 502, 503, 504] {
            let site = site().await;
            let good = format!("200 | cache-control: {page} | good");
            site.origin.answers(move |request| match request.headers.contains_key("x-odd") {
                true => answer(&format!("{failure} | oh no")),
                false => answer(&good),
            });
            site.get("GET /a").await;
            pass(10 * SECOND).await;
            site.pages.invalidate(Pages::At("/a"), Strength::Soft).await.unwrap();
            assert_eq!(site.get("GET /a | x-odd: 1").await.status(), failure);
            assert_eq!(site.get("GET /a").await.text, "good", "{page}, {failure}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_origin_that_hangs_is_given_up_and_a_page_stands_in() {
    let site = site().await;
    site.origin.then(|_| async { Ok(answer(LASTING)) });
    site.get("GET /a").await;
    pass(61 * SECOND).await;
    site.origin.takes(3600 * SECOND);
    let began = tokio::time::Instant::now();
    let got = site.get("GET /a").await;
    assert_eq!((got.text.as_str(), began.elapsed()), ("good", 30 * SECOND));
    let got = site.get("GET /a").await;
    assert_eq!((got.text.as_str(), began.elapsed()), ("good", 30 * SECOND), "nobody waits for it again at once");
}

/// A service that panics has failed for the one whose request it was.
#[tokio::test(start_paused = true)]
async fn a_service_that_panics_is_500_for_the_one_whose_request_it_was() {
    let site = site().await;
    site.origin.then(|_| async { panic!("of the service") });
    site.origin.answers(|_| answer("200 | cache-control: max-age=60 | good"));
    assert_eq!(site.get("GET /a").await.status(), 500);
    assert_eq!(site.get("GET /a").await.text, "good");
}

/// A refresh that fails leaves the good page where it is.
#[tokio::test(start_paused = true)]
async fn a_failed_refresh_leaves_the_good_page() {
    for failing in ["500 | oh no", "503 | cache-control: max-age=60 | oh no", "0"] {
        let site = site().await;
        site.origin
            .then(|_| async { Ok(answer("200 | cache-control: max-age=60, stale-while-revalidate=600 | good")) });
        site.get("GET /a").await;
        pass(61 * SECOND).await;
        if failing != "0" {
            site.origin.answers(move |_| answer(failing));
        }
        for _ in 0..10 {
            assert_eq!(site.get("GET /a").await.text, "good", "{failing}");
            settle().await;
        }
        assert!((2..=3).contains(&site.origin.count()), "{failing}: {}", site.origin.count());
    }
}

/// At whatever byte it breaks off, it is never stored, and who reads it learns of it.
#[tokio::test(start_paused = true)]
async fn a_body_that_breaks_off_is_never_stored() {
    for length in 0..5 {
        let site = site().await;
        let (writing, response) = written("200 | cache-control: max-age=60");
        site.origin.then(|_| async { Ok(response) });
        site.origin.answers(|_| answer("200 | cache-control: max-age=60 | hello"));
        let first = site.getting("GET /a");
        settle().await;
        writing.write(&"hello"[..length]);
        writing.fail();
        let first = first.await.unwrap();
        assert_eq!((first.text.as_str(), first.broken), (&"hello"[..length], true));
        let next = site.get("GET /a").await;
        assert_eq!((next.text.as_str(), next.is_hit()), ("hello", false));
    }
}

#[tokio::test(start_paused = true)]
async fn what_passes_and_fails_is_the_services_own_error() {
    let site = site().await;
    site.origin.then(|_| async { Err::<_, BoxError>(NoConnection.into()) });
    let failed = tokio::spawn(site.send("POST /a")).await;
    assert!(failed.is_err(), "the layer hands the error on");
    assert_eq!(site.origin.count(), 1, "and sends it once");
}
