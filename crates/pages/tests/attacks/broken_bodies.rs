//! Bodies that break off, lie about their length, or never end.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use freshen_core::BoxError;
use freshen_pages::{Bounds, Settings};
use http_body::{Body, Frame};
use http_body_util::BodyExt;

use crate::origin::{Answer, answer, written};
use crate::site::{Site, pass, read, settle, site, site_with};
use crate::visit::SECOND;

const TEXT: &str = "hello world";
const GOOD: &str = "200 | cache-control: max-age=60 | good";

/// Two ask for what the next response brings: the first, and one who follows. Nobody gets it as a whole page, and then a good one
/// is there.
async fn nobody_takes_it_for_a_page(site: &Site, why: String) {
    site.origin.answers(|_| answer(GOOD));
    let (first, follower) = (site.getting("GET /a"), site.getting("GET /a"));
    let (first, follower) = (first.await.unwrap(), follower.await.unwrap());
    assert!(first.broken, "{why}: {first:?}");
    assert!(follower.broken || follower.text == "good", "{why}: {follower:?}");
    pass(5 * SECOND).await;
    let next = site.get("GET /a").await;
    assert_eq!((next.text.as_str(), next.broken), ("good", false), "{why}");
}

#[tokio::test(start_paused = true)]
async fn a_body_that_breaks_off_at_any_byte_is_never_kept_and_never_ends_cleanly() {
    for length in ["", " | content-length: 11"] {
        for bytes in 0..=TEXT.len() {
            let site = site().await;
            let (writing, response) = written(&format!("200 | cache-control: max-age=60{length}"));
            site.origin.then(|_| async { Ok(response) });
            let pieces = async move {
                for byte in TEXT[..bytes].chars() {
                    writing.write(&byte.to_string());
                    settle().await;
                }
                writing.fail();
            };
            tokio::join!(pieces, nobody_takes_it_for_a_page(&site, format!("{bytes}{length}")));
        }
    }
}

/// Its end is clean, but not where it was said to be.
#[tokio::test(start_paused = true)]
async fn a_body_that_is_shorter_than_was_said_ends_cleanly_for_nobody() {
    for bytes in 0..TEXT.len() {
        let site = site().await;
        let (writing, response) = written("200 | cache-control: max-age=60 | content-length: 11");
        site.origin.then(|_| async { Ok(response) });
        let pieces = async move {
            settle().await;
            writing.write(&TEXT[..bytes]);
        };
        tokio::join!(pieces, nobody_takes_it_for_a_page(&site, bytes.to_string()));
    }
}

/// Nobody gets more than was said, or the rest would be taken for another response.
#[tokio::test(start_paused = true)]
async fn a_body_that_is_longer_than_was_said_gives_nobody_more_than_that() {
    for said in 0..TEXT.len() {
        let site = site().await;
        let (writing, response) = written(&format!("200 | cache-control: max-age=60 | content-length: {said}"));
        site.origin.then(|_| async { Ok(response) });
        site.origin.answers(|_| answer(GOOD));
        let (first, follower) = (site.send("GET /a").await, site.send("GET /a").await);
        for byte in TEXT.chars() {
            writing.write(&byte.to_string());
        }
        drop(writing);
        for got in [read(first).await, read(follower).await] {
            assert!(got.text == "good" || got.text.len() <= said, "{said}: {got:?}");
        }
        pass(5 * SECOND).await;
        assert_eq!(site.get("GET /a").await.text, "good", "{said}");
    }
}

/// One of them is wrong, and which one nobody knows.
#[tokio::test(start_paused = true)]
async fn a_response_whose_lengths_contradict_each_other_is_never_kept() {
    for lengths in [
        "content-length: 4 | content-length: 5",
        "content-length: 5 | content-length: 4",
        "content-length: 4, 5",
        "content-length: -5",
        "content-length: 5x",
        "content-length: +5",
    ] {
        let site = site().await;
        site.origin.answers(move |_| answer(&format!("200 | cache-control: max-age=60 | {lengths} | hello")));
        for _ in 0..3 {
            assert!(!site.get("GET /a").await.is_hit(), "{lengths}");
        }
        assert_eq!(site.origin.count(), 3, "{lengths}");
    }
}

/// A body whose code panics behind its first piece.
struct Panics(bool);

impl Body for Panics {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        assert!(!std::mem::replace(&mut self.0, true), "of the body");
        Poll::Ready(Some(Ok(Frame::data(Bytes::from("hel")))))
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_that_panics_breaks_off_and_the_next_page_is_kept() {
    for at_once in [true, false] {
        let site = site().await;
        let head = answer("200 | cache-control: max-age=60").map(|_| Panics(at_once).boxed_unsync());
        site.origin.then(|_| async { Ok(head) });
        nobody_takes_it_for_a_page(&site, "panic".to_owned()).await;
        assert!(site.get("GET /a").await.is_hit());
    }
}

/// A body that never ends, and counts how many of them there are.
struct Endless(Arc<AtomicUsize>, tokio::time::Interval);

impl Body for Endless {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        self.1.poll_tick(context).map(|_| Some(Ok(Frame::data(Bytes::from(".")))))
    }
}

impl Drop for Endless {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

fn endless(alive: &Arc<AtomicUsize>, says: &str) -> Answer {
    endless_by(alive, SECOND, says)
}

fn endless_by(alive: &Arc<AtomicUsize>, span: Duration, says: &str) -> Answer {
    alive.fetch_add(1, Ordering::SeqCst);
    let body = Endless(alive.clone(), tokio::time::interval(span));
    answer(&format!("200 | cache-control: {says}")).map(|_| body.boxed_unsync())
}

/// Who opens many such pages and leaves would else have the service make them for ever.
#[tokio::test(start_paused = true)]
async fn a_body_that_never_ends_is_let_go_of_when_nobody_reads_it() {
    let (site, alive) = (site().await, Arc::new(AtomicUsize::new(0)));
    let seen = alive.clone();
    site.origin.answers(move |_| endless(&seen, "max-age=60"));
    for page in 0..20 {
        drop(site.send(&format!("GET /{page}")).await);
    }
    assert_eq!(alive.load(Ordering::SeqCst), 20);
    // By then none could be kept any more.
    pass(120 * SECOND).await;
    assert_eq!(alive.load(Ordering::SeqCst), 0);
}

/// It does not say another byte, so that nothing is told by those.
#[tokio::test(start_paused = true)]
async fn a_body_that_falls_silent_is_let_go_of_when_its_reader_leaves() {
    for waits in [SECOND, 120 * SECOND] {
        let (site, alive) = (site().await, Arc::new(AtomicUsize::new(0)));
        let seen = alive.clone();
        site.origin.answers(move |_| endless_by(&seen, 86_400 * SECOND, "max-age=60"));
        let reader = site.send("GET /a").await;
        pass(waits).await;
        assert_eq!(alive.load(Ordering::SeqCst), 1, "{waits:?}");
        drop(reader);
        // In that time it might have been kept.
        pass((61 * SECOND).saturating_sub(waits) + SECOND).await;
        assert_eq!(alive.load(Ordering::SeqCst), 0, "{waits:?}");
    }
}

/// Nobody waits for a refresh, so that nobody reads what is too long to be kept.
#[tokio::test(start_paused = true)]
async fn a_refresh_that_brings_too_much_is_let_go_of_at_once() {
    let bounds = Bounds { bytes_most: 10, window_bytes: 4, readers_most: 8, ..Bounds::default() };
    let (site, alive) = (site_with(Settings { bounds, ..Settings::default() }).await, Arc::new(AtomicUsize::new(0)));
    let (seen, lasting) = (alive.clone(), "200 | cache-control: max-age=60, stale-while-revalidate=600 | good");
    site.origin.then(move |_| async move { Ok(answer(lasting)) });
    site.origin.answers(move |_| endless(&seen, "max-age=60"));
    site.get("GET /a").await;
    pass(61 * SECOND).await;
    assert!(site.get("GET /a").await.is_hit());
    pass(5 * SECOND).await;
    assert_eq!(alive.load(Ordering::SeqCst), 1, "it could still be kept");
    pass(15 * SECOND).await;
    assert_eq!(alive.load(Ordering::SeqCst), 0);
}

/// The opposite: it goes on for as long as somebody reads, and those who come later do not wait for it.
#[tokio::test(start_paused = true)]
async fn a_body_that_never_ends_goes_on_to_those_who_read_it() {
    let (site, alive) = (site().await, Arc::new(AtomicUsize::new(0)));
    let seen = alive.clone();
    site.origin.then(move |_| async move { Ok(endless(&seen, "max-age=60")) });
    site.origin.answers(|_| answer(GOOD));
    let mut first = site.send("GET /a").await.into_body();
    for _ in 0..200 {
        assert_eq!(first.frame().await.unwrap().unwrap().into_data().unwrap(), ".");
    }
    assert_eq!((site.get("GET /a").await.text.as_str(), alive.load(Ordering::SeqCst)), ("good", 1));
    drop(first);
    pass(2 * SECOND).await;
    assert_eq!(alive.load(Ordering::SeqCst), 0);
}

/// One client takes a byte a second. Those who follow have their page when it is there, and so have all after them.
#[tokio::test(start_paused = true)]
async fn nobody_waits_for_a_client_that_takes_a_byte_a_second() {
    let site = site().await;
    let (writing, response) = written("200 | cache-control: max-age=6000");
    site.origin.then(|_| async { Ok(response) });
    let slow = site.send("GET /a").await;
    let began = tokio::time::Instant::now();
    let followers: Vec<_> = (0..50).map(|_| site.getting("GET /a")).collect();
    let (text, bytes) = ("x".repeat(1 << 10), 16 << 10);
    let reading = tokio::spawn(async move {
        let (mut body, mut taken) = (slow.into_body(), 0);
        while let Some(frame) = body.frame().await {
            let piece = frame.unwrap().into_data().unwrap();
            pass(SECOND * u32::try_from(piece.len()).unwrap()).await;
            taken += piece.len();
        }
        taken
    });
    for _ in 0..16 {
        writing.write(&text);
    }
    drop(writing);
    for follower in followers {
        assert_eq!(follower.await.unwrap().text.len(), bytes);
    }
    settle().await;
    assert!(site.get("GET /a").await.is_hit());
    assert!(began.elapsed() < SECOND, "{:?}", began.elapsed());
    assert_eq!(reading.await.unwrap(), bytes);
}

/// What is for one alone ends with him.
#[tokio::test(start_paused = true)]
async fn a_body_that_is_not_kept_is_let_go_of_by_the_one_who_asked_for_it() {
    let (site, alive) = (site().await, Arc::new(AtomicUsize::new(0)));
    let seen = alive.clone();
    site.origin.answers(move |_| endless(&seen, "no-store"));
    let first = site.send("GET /a").await;
    assert_eq!(alive.load(Ordering::SeqCst), 1);
    drop(first);
    settle().await;
    assert_eq!(alive.load(Ordering::SeqCst), 0);
}
