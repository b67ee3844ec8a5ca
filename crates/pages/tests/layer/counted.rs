//! What an observer of the cache counts.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use freshen_core::{Cache, Clock, Event, LoadEnd, Observer, Status};
use freshen_pages::Settings;

use crate::origin::answer;
use crate::site::{settle, site_over};

/// What was told, in words.
#[derive(Clone, Default)]
struct Counted(Arc<Mutex<Vec<&'static str>>>);

impl Observer for Counted {
    fn observe(&self, event: &Event<'_>) {
        let word = match event {
            Event::Answered { status: Status::Hit, .. } => "hit",
            Event::Answered { status: Status::Loaded, waited, .. } if !waited.is_zero() => "waited",
            Event::LoadEnded { end: LoadEnd::Stored, .. } => "load",
            Event::LoadEnded { .. } => "failed",
            _ => return,
        };
        self.0.lock().unwrap().push(word);
    }
}

impl Counted {
    fn take(&self) -> Vec<&'static str> {
        let mut words = std::mem::take(&mut *self.0.lock().unwrap());
        words.sort_unstable();
        words
    }
}

#[tokio::test(start_paused = true)]
async fn hits_loads_those_who_waited_and_failures_are_counted() {
    let counted = Counted::default();
    let cache = Cache::builder().clock(Clock::runtime()).observer(counted.clone());
    let site = site_over(cache, Settings::default()).await;
    site.origin.answers(|_| answer("200 | cache-control: max-age=60, stale-while-revalidate=0 | etag: \"1\" | page"));
    site.get("GET /a").await;
    settle().await;
    assert_eq!(counted.take(), ["load"]);
    site.get("GET /a").await;
    site.get("GET /a").await;
    assert_eq!(counted.take(), ["hit", "hit"]);
    crate::site::pass(Duration::from_secs(61)).await;
    site.origin.answers(|_| answer("304 | etag: \"1\"")).takes(Duration::from_secs(1));
    let both = [site.getting("GET /a"), site.getting("GET /a")];
    for one in both {
        assert_eq!(one.await.unwrap().text, "page");
    }
    assert_eq!(counted.take(), ["load", "waited", "waited"]);
    site.origin.answers(|_| answer("500"));
    site.get("GET /b").await;
    settle().await;
    assert_eq!(counted.take(), ["failed"]);
}
