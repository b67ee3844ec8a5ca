//! A clock that is set.

use std::time::Duration;

use freshen_core::{Cache, Clock, Timestamp};

use crate::origin::Origin;
use crate::origin::answer;
use crate::site::{read, request, settle};
use crate::visit::before;
use tower_service::Service;

/// So many hours after noon.
fn noon(hours: i64) -> Timestamp {
    const NOON_MICROS: i64 = 1_795_262_400_000_000;
    Timestamp::from_micros((NOON_MICROS + hours * 3_600_000_000).unsigned_abs())
}

/// A site whose clock the test sets.
async fn clocked() -> (Clock, Origin, impl AsyncFn(&str) -> crate::site::Got) {
    let (clock, origin) = (Clock::manual(noon(0)), Origin::default());
    let (_pages, layer) = before(Cache::builder().clock(clock.clone()), origin.clone()).await;
    (clock, origin, async move |line: &str| read(layer.clone().call(request(line)).await.unwrap()).await)
}

/// A page of a minute, and then the clock is set back: it would seem to be fresh for hours.
#[tokio::test(start_paused = true)]
async fn a_page_is_not_served_for_longer_because_the_clock_was_set_back() {
    let (clock, origin, get) = clocked().await;
    origin.answers(|_| answer("200 | cache-control: max-age=60 | old"));
    get("GET /a").await;
    clock.set(noon(-1));
    origin.answers(|_| answer("200 | cache-control: max-age=60 | new"));
    for _ in 0..3 {
        assert_eq!(get("GET /a").await.text, "new");
        clock.advance(Duration::from_secs(61));
    }
}

/// The clock jumps ahead, and back again: in between all is old, and nothing that is served is older than it may be.
#[tokio::test(start_paused = true)]
async fn a_clock_that_is_set_back_and_forth_serves_nothing_that_is_too_old_and_ends_nothing() {
    let (clock, origin, get) = clocked().await;
    let mut number = 0;
    for hours in [0, 5, -5, 24, 23, -24, 1000, 0] {
        clock.set(noon(hours));
        number += 1;
        let text = number.to_string();
        origin.answers(move |_| answer(&format!("200 | cache-control: max-age=60 | {text}")));
        for _ in 0..3 {
            let got = get("GET /a").await;
            assert_eq!((got.status(), got.text), (200, number.to_string()), "{hours}");
            settle().await;
        }
        clock.advance(Duration::from_secs(59));
        assert_eq!(get("GET /a").await.text, number.to_string(), "{hours}");
    }
}

/// While the clock is behind nobody knows how old a page is: it is not served, and no failure takes its place.
#[tokio::test(start_paused = true)]
async fn a_failure_while_the_clock_is_behind_drives_no_good_page_out() {
    let (clock, origin, get) = clocked().await;
    origin.answers(|_| answer("200 | cache-control: max-age=7200 | good"));
    get("GET /a").await;
    clock.set(noon(-1));
    origin.answers(|_| answer("503 | cache-control: max-age=7200 | oh no"));
    assert_eq!(get("GET /a").await.status(), 503);
    clock.set(noon(1));
    assert_eq!(get("GET /a").await.text, "good");
}
