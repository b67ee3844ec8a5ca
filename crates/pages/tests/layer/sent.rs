//! What goes on as it is, in both directions.

use std::time::Duration;

use freshen_http::{SURROGATE_CONTROL, parse_date};
use freshen_pages::Settings;

use crate::origin::{Said, answer};
use crate::site::{pass, settle, site, site_with};

const SECOND: Duration = Duration::from_secs(1);

/// Edge Architecture 1.0, section 2.1: with what is fetched for the cache, and with what passes.
#[tokio::test(start_paused = true)]
async fn origins_are_told_that_they_have_a_surrogate_where_they_have() {
    let mut settings = Settings::default();
    settings.rules.targets = vec![SURROGATE_CONTROL];
    for (settings, told) in [(settings, Some("freshen=\"Surrogate/1.0\"")), (Settings::default(), None)] {
        let site = site_with(settings).await;
        site.origin.answers(|_| answer("200 | surrogate-control: max-age=60 | page"));
        for line in ["GET /a", "POST /a"] {
            assert_eq!(site.get(line).await.field("surrogate-control").is_empty(), told.is_some());
            let asked = site.origin.asked().pop().unwrap();
            assert_eq!(asked.headers.get("surrogate-capability").map(|said| said.to_str().unwrap()), told, "{line}");
        }
    }
}

/// RFC 9110, section 6.6.1: stored or not.
#[tokio::test(start_paused = true)]
async fn what_comes_without_a_date_has_that_of_its_receipt() {
    let said = "Sat, 21 Nov 2026 12:00:00 GMT";
    for line in ["GET /a", "GET /a | range: bytes=0-0", "HEAD /a", "POST /a"] {
        for control in ["no-store", "max-age=60"] {
            let site = site().await;
            site.origin.answers(move |_| answer(&format!("200 | cache-control: {control} | page")));
            let now = site.pages.cache().now();
            let got = site.get(line).await;
            let date = parse_date(got.field("date").as_bytes(), now).unwrap();
            assert!(now.since(date) < SECOND && date.since(now) < SECOND, "{line} {control}: {}", got.field("date"));
            site.origin.answers(move |_| answer(&format!("200 | cache-control: {control} | date: {said} | page")));
            let dates = site.get(&line.replace("/a", "/b")).await;
            assert_eq!(dates.response.headers().get_all("date").iter().collect::<Vec<_>>(), [said], "{line} {control}");
        }
    }
}

/// RFC 9110, section 14.4.
#[tokio::test(start_paused = true)]
async fn a_part_that_is_not_understood_goes_on_as_it_is_and_is_not_kept() {
    for (range, said) in [
        ("pages=1-2", "content-range: pages 1-2/5"),
        ("bytes=1-2", "content-range: bytes 2-1/5"),
        ("bytes=1-2", "content-range: nonsense"),
        ("bytes=1-2", "x-any: x"),
    ] {
        let site = site().await;
        site.origin.answers(move |_| answer(&format!("206 | cache-control: max-age=60 | etag: \"1\" | {said} | el")));
        for asked in 1..=2 {
            let got = site.get(&format!("GET /a | range: {range}")).await;
            assert_eq!((got.status(), got.text.as_str(), site.origin.count()), (206, "el", asked), "{said}");
            let (name, value) = said.split_once(": ").unwrap();
            assert_eq!(got.field(name), value);
        }
    }
}

/// RFC 10008, section 2: it is idempotent. Whatever it is sent again for, its content goes with it.
#[tokio::test(start_paused = true)]
async fn a_query_is_sent_again_with_its_content() {
    let site = site().await;
    site.origin.answers(|request| match request.headers.contains_key("if-none-match") {
        true => answer("304 | etag: \"2\""),
        false => {
            let Said(content) = request.extensions.get().unwrap();
            let to = String::from_utf8_lossy(content);
            answer(&format!("200 | etag: \"1\" | cache-control: max-age=60 | to {to}"))
        }
    });
    let query = "QUERY /a | content-type: text/plain | what";
    site.get(query).await;
    pass(61 * SECOND).await;
    assert_eq!(site.get(query).await.text, "to what");
    settle().await;
    let said = site.origin.asked().into_iter().map(|asked| asked.extensions.get::<Said>().unwrap().0.clone());
    assert_eq!(said.collect::<Vec<_>>(), ["what", "what", "what"], "a 304 about another one is asked about once more");
    assert!(site.get(query).await.is_hit());
}
