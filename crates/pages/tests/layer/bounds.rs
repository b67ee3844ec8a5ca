//! How many loads ask at a time, and what those get for whom there is no room.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use freshen_core::{Cache, Clock};
use freshen_http::Grace;
use freshen_pages::{CacheSettings, Settings};
use tokio::time::Instant;

use crate::origin::answer;
use crate::site::{Got, Site, pass, read, settle, site_of};

const SECOND: Duration = Duration::from_secs(1);

/// A site where so many loads ask at a time, and so many are there.
async fn bounded(asking_most: usize, loads_most: usize) -> Site {
    let whole = CacheSettings { asking_most, loads_most, ..CacheSettings::default() };
    let mut settings = Settings::default();
    settings.rules.grace = Grace { stale_while_revalidate: Duration::ZERO, stale_if_error: 600 * SECOND };
    site_of(Cache::builder().clock(Clock::runtime()), whole, settings).await
}

/// What visitors of as many pages get who come at once.
async fn all(site: &Site, pages: usize) -> Vec<Got> {
    let all: Vec<_> = (0..pages).map(|page| site.getting(&format!("GET /{page}"))).collect();
    let mut got = Vec::new();
    for one in all {
        got.push(one.await.unwrap());
    }
    got
}

/// Whatever number of pages is cold. Those that wait come when there is room.
#[tokio::test(start_paused = true)]
async fn no_more_loads_ask_at_a_time_than_may() {
    let site = bounded(4, 1000).await;
    let (asking, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    for _ in 0..20 {
        let (asking, most) = (asking.clone(), most.clone());
        site.origin.then(async move |_| {
            most.fetch_max(asking.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            tokio::time::sleep(SECOND).await;
            asking.fetch_sub(1, Ordering::SeqCst);
            Ok(answer("200 | cache-control: max-age=60 | page"))
        });
    }
    let began = Instant::now();
    assert!(all(&site, 20).await.iter().all(|got| got.text == "page"));
    assert_eq!((most.load(Ordering::SeqCst), began.elapsed()), (4, 5 * SECOND));
}

/// By default after five seconds.
#[tokio::test(start_paused = true)]
async fn who_finds_no_place_in_time_is_told_to_come_again() {
    let site = bounded(1, 1000).await;
    site.origin.answers(|_| answer("200 | cache-control: max-age=60 | page")).takes(3 * SECOND);
    let began = Instant::now();
    let got = all(&site, 3).await;
    assert_eq!(got.iter().map(Got::status).collect::<Vec<_>>(), [200, 200, 503]);
    assert_eq!((got[2].field("retry-after"), site.origin.count(), began.elapsed()), ("5", 2, 6 * SECOND));
    assert_eq!(got[2].field("cache-control"), "no-store");
    let next = site.get("GET /2").await;
    assert_eq!((next.status(), next.text.as_str()), (200, "page"), "nothing pauses");
}

#[tokio::test(start_paused = true)]
async fn a_stale_page_stands_in_where_there_is_no_place() {
    for (asking_most, loads_most, waited) in [(1, 1000, 5 * SECOND), (1000, 1, Duration::ZERO)] {
        let site = bounded(asking_most, loads_most).await;
        site.origin.answers(|_| answer("200 | cache-control: max-age=60 | page"));
        site.get("GET /a").await;
        pass(61 * SECOND).await;
        site.origin.takes(20 * SECOND);
        let slow = site.getting("GET /slow");
        settle().await;
        let began = Instant::now();
        let got = site.get("GET /a").await;
        assert_eq!((got.status(), got.text.as_str(), began.elapsed()), (200, "page", waited), "{}", got.told());
        slow.await.unwrap();
    }
}

/// Those who ask for a page that is under way are many on one load.
#[tokio::test(start_paused = true)]
async fn who_comes_when_as_many_pages_are_loaded_as_may_is_told_to_come_again() {
    let site = bounded(1000, 2).await;
    site.origin.answers(|_| answer("200 | cache-control: max-age=60 | page")).takes(SECOND);
    let under_way = [site.getting("GET /0"), site.getting("GET /1")];
    settle().await;
    for line in ["GET /2", "GET /2 | authorization: x"] {
        let refused = site.get(line).await;
        assert_eq!((refused.status(), refused.field("retry-after")), (503, "5"), "{line}");
    }
    assert_eq!(site.get("GET /1").await.text, "page");
    for one in under_way {
        assert_eq!(one.await.unwrap().text, "page");
    }
    assert_eq!((site.get("GET /2").await.status(), site.origin.count()), (200, 3));
}

/// Of content that passes, nobody knows when it ends: its load is over when that is known.
#[tokio::test(start_paused = true)]
async fn what_passes_holds_no_place() {
    let site = bounded(1, 1000).await;
    let (writing, response) = crate::origin::written("200 | cache-control: no-store");
    site.origin.then(|_| async { Ok(response) });
    site.origin.answers(|_| answer("200 | cache-control: max-age=60 | page"));
    let passing = site.send("GET /a").await;
    let began = Instant::now();
    assert_eq!((site.get("GET /b").await.text.as_str(), began.elapsed()), ("page", Duration::ZERO));
    drop((passing, writing));
}

/// Once each held the budget of his page until he left, and when that was used up, nothing was kept any more.
#[tokio::test(start_paused = true)]
async fn clients_that_read_nothing_of_pages_that_are_kept_keep_no_others_from_being_kept() {
    let whole = CacheSettings { coming_bytes_most: 300_000, ..CacheSettings::default() };
    let site = site_of(Cache::builder().clock(Clock::runtime()), whole, Settings::default()).await;
    site.origin.answers(|_| answer(&format!("200 | cache-control: max-age=60 | {}", "a".repeat(280_000))));
    let mut idle = Vec::new();
    for page in 0..8 {
        let line = format!("GET /{page}");
        idle.push(site.send(&line).await);
        settle().await;
        assert!(site.get(&line).await.is_hit(), "{page}");
    }
    for response in idle {
        let got = read(response).await;
        assert_eq!((got.text.len(), got.broken), (280_000, false));
    }
}

/// A bound of none would let nobody ask, and one without an end is none.
#[tokio::test(start_paused = true)]
async fn any_bounds_let_somebody_ask() {
    for most in [0, 1, usize::MAX] {
        let whole =
            CacheSettings { asking_most: most, refreshes_most: most, loads_most: most, ..CacheSettings::default() };
        let site = site_of(Cache::builder().clock(Clock::runtime()), whole, Settings::default()).await;
        site.origin.answers(|_| answer("200 | cache-control: max-age=60 | page"));
        assert_eq!(site.get("GET /a").await.text, "page", "{most}");
        pass(61 * SECOND).await;
        assert!(site.get("GET /a").await.is_hit(), "{most}: it is stale");
        settle().await;
        assert_eq!(site.origin.count(), 2, "{most}: it was made again");
    }
}
