//! Clients that leave, at each stage.

use freshen_core::{Cache, Clock};
use freshen_pages::Settings;
use http_body_util::BodyExt;

use crate::faults::FaultyStore;
use crate::origin::{answer, written};
use crate::site::{pass, read, settle, site, site_over};
use crate::visit::SECOND;

/// The next pages are made as if nobody had left: what a flight left behind would keep the old one.
async fn all_goes_on(site: &crate::site::Site, why: &str) {
    for text in ["next", "and next"] {
        pass(100 * SECOND).await;
        site.origin.answers(move |_| answer(&format!("200 | cache-control: max-age=60 | {text}")));
        let before = site.origin.count();
        let (one, other) = (site.getting("GET /a"), site.getting("GET /a"));
        assert_eq!((one.await.unwrap().text.as_str(), other.await.unwrap().text.as_str()), (text, text), "{why}");
        assert!(site.get("GET /a").await.is_hit(), "{why}");
        assert_eq!(site.origin.count(), before + 1, "{why}");
    }
}

#[tokio::test(start_paused = true)]
async fn all_who_wait_for_a_head_may_leave() {
    for visitors in [1, 2, 20] {
        for leaves_after in [0, 1, 500, 999, 1000, 1001] {
            let site = site().await;
            site.origin.answers(|_| answer("200 | cache-control: max-age=60 | hello")).takes(SECOND);
            let all: Vec<_> = (0..visitors).map(|_| site.getting("GET /a")).collect();
            pass(std::time::Duration::from_millis(leaves_after)).await;
            all.iter().for_each(tokio::task::JoinHandle::abort);
            pass(2 * SECOND).await;
            site.origin.takes(std::time::Duration::ZERO);
            all_goes_on(&site, &format!("{visitors} after {leaves_after} ms")).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn all_who_read_may_leave_at_any_piece_and_the_page_is_kept() {
    for pieces in 0..=5 {
        let site = site().await;
        let (writing, response) = written("200 | cache-control: max-age=60");
        site.origin.then(|_| async { Ok(response) });
        let mut bodies = [site.send("GET /a").await.into_body(), site.send("GET /a").await.into_body()];
        for piece in 0..5 {
            if piece == pieces {
                break;
            }
            writing.write(&format!("{piece}"));
            for body in &mut bodies {
                body.frame().await.unwrap().unwrap();
            }
        }
        drop(bodies);
        for piece in pieces..5 {
            writing.write(&format!("{piece}"));
            settle().await;
        }
        drop(writing);
        settle().await;
        let hit = site.get("GET /a").await;
        assert_eq!((hit.text.as_str(), hit.is_hit()), ("01234", true), "{pieces}");
        all_goes_on(&site, &format!("{pieces} pieces")).await;
    }
}

/// The first leaves while the content comes; one who follows has all of it, from its beginning.
#[tokio::test(start_paused = true)]
async fn a_first_who_leaves_takes_nothing_from_those_who_follow() {
    let site = site().await;
    let (writing, response) = written("200 | cache-control: max-age=60");
    site.origin.then(|_| async { Ok(response) });
    let first = site.send("GET /a").await;
    writing.write("hel");
    let follower = site.send("GET /a").await;
    drop(first);
    settle().await;
    let late = site.send("GET /a").await;
    writing.write("lo");
    drop(writing);
    for got in [read(follower).await, read(late).await] {
        assert_eq!((got.text.as_str(), got.broken), ("hello", false));
    }
    assert_eq!(site.origin.count(), 1);
}

/// He had the page made again behind him, and is gone before that has begun.
#[tokio::test(start_paused = true)]
async fn a_refresh_goes_on_without_the_one_who_began_it() {
    let site = site().await;
    let line = "200 | cache-control: max-age=60, stale-while-revalidate=600 | hello";
    site.origin.answers(move |_| answer(line)).takes(SECOND);
    site.get("GET /a").await;
    pass(61 * SECOND).await;
    drop(site.send("GET /a").await);
    pass(2 * SECOND).await;
    assert_eq!(site.origin.count(), 2);
    let next = site.get("GET /a").await;
    assert!(next.told().starts_with("hit;ttl=5"), "{}", next.told());
}

/// The service has done what a client asked for, and the client hangs up while the store is told of it.
#[tokio::test(start_paused = true)]
async fn what_was_written_is_outdated_though_the_one_who_wrote_it_leaves() {
    let clock = Clock::runtime();
    let store = FaultyStore::new(clock.clone());
    let switches = store.switches.clone();
    let site = site_over(Cache::builder().clock(clock).store(store), Settings::default()).await;
    site.origin.answers(|_| answer("200 | cache-control: max-age=600 | page"));
    site.get("GET /a").await;
    switches.slow("invalidate", SECOND);
    let writes = site.getting("POST /a");
    settle().await;
    assert_eq!(site.origin.count(), 2, "it is written");
    writes.abort();
    pass(2 * SECOND).await;
    let got = site.get("GET /a").await;
    assert!(!got.is_hit(), "{}", got.told());
}
