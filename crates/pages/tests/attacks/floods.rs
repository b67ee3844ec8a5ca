//! Many of something: requests that want it new, variants, fields, names, ranges.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, Full};
use tower_service::Service;

use crate::origin::{Answer, answer};
use crate::site::{read, request, settle, site};
use crate::visit::{By, SECOND, before, builder, said};

const WISHES: [&str; 8] = [
    "cache-control: no-cache",
    "cache-control: no-store",
    "cache-control: max-age=0",
    "cache-control: min-fresh=9999",
    "cache-control: only-if-cached",
    "cache-control: max-stale=0",
    "cache-control: no-cache, no-store, max-age=0",
    "pragma: no-cache",
];

#[tokio::test(start_paused = true)]
async fn a_flood_of_wishes_for_something_newer_costs_the_origin_nothing() {
    let site = site().await;
    site.origin.answers(|_| answer("200 | cache-control: max-age=6000, stale-while-revalidate=60 | page"));
    site.get("GET /a").await;
    for wish in WISHES {
        for _ in 0..100 {
            assert!(site.get(&format!("GET /a | {wish}")).await.is_hit(), "{wish}");
        }
    }
    assert_eq!(site.origin.count(), 1);
}

/// Those who want nothing stored have their own, and hold up nobody's.
#[tokio::test(start_paused = true)]
async fn a_flood_of_wishes_on_a_cold_page_costs_no_more_than_those_who_want_nothing_kept() {
    for (wish, most) in WISHES.map(|wish| (wish, if wish.contains("no-store") { 101 } else { 1 })) {
        let site = site().await;
        site.origin.answers(|_| answer("200 | cache-control: max-age=60 | page")).takes(SECOND);
        let flood: Vec<_> = (0..100).map(|_| site.getting(&format!("GET /a | {wish}"))).collect();
        let began = tokio::time::Instant::now();
        assert_eq!(site.get("GET /a").await.text, "page", "{wish}");
        assert!(began.elapsed() <= 2 * SECOND, "{wish}");
        for got in flood {
            let wanted = if wish.contains("only-if-cached") { 504 } else { 200 };
            assert_eq!(got.await.unwrap().status(), wanted, "{wish}");
        }
        assert!(site.origin.count() <= most, "{wish}: {}", site.origin.count());
    }
}

/// Of so many bytes content is not copied when it is kept, so that it is known to be held.
const PAGE_BYTES: usize = 72 << 10;
/// What the cache may take.
const CAPACITY_BYTES: u64 = 9 << 20;

/// How many bytes of bodies are held.
#[derive(Clone, Default)]
struct Held(Arc<AtomicU64>);

struct Owner(Vec<u8>, Held);

impl AsRef<[u8]> for Owner {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        self.1.0.fetch_sub(self.0.len() as u64, Ordering::SeqCst);
    }
}

impl Held {
    /// A response whose bytes are counted until they are let go of.
    fn answer(&self, head: &str) -> Answer {
        let bytes = vec![b'x'; PAGE_BYTES];
        self.0.fetch_add(bytes.len() as u64, Ordering::SeqCst);
        let body = Full::new(Bytes::from_owner(Owner(bytes, self.clone())));
        answer(head).map(|_| body.map_err(Into::into).boxed_unsync())
    }
}

/// How much is held at most while so many requests come, by a cache of 9 MiB.
async fn held_at_most(head: &'static str, requests: usize, line: impl Fn(usize) -> String) -> u64 {
    let held = Held::default();
    let by_origin = held.clone();
    let service = By(move |_: Request<Full<Bytes>>| {
        let answer = by_origin.answer(head);
        async move { Ok(answer) }
    });
    let builder = builder().capacity(CAPACITY_BYTES).near_capacity(CAPACITY_BYTES);
    let (_pages, layer) = before(builder, service).await;
    let mut most = 0;
    for number in 0..requests {
        let got = read(layer.clone().call(request(&line(number))).await.unwrap()).await;
        assert_eq!(got.text.len(), PAGE_BYTES);
        most = most.max(held.0.load(Ordering::SeqCst));
    }
    most
}

/// 500 of them would be 36 MiB.
#[tokio::test(start_paused = true)]
async fn a_bomb_of_variants_takes_no_more_memory_than_the_cache_may() {
    let head = "200 | cache-control: max-age=60 | vary: x-bomb";
    let held = held_at_most(head, 500, |number| format!("GET /a | x-bomb: {number}")).await;
    assert!((PAGE_BYTES as u64..3 * CAPACITY_BYTES).contains(&held), "{held}");
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_queries_takes_no_more_memory_than_the_cache_may() {
    let held = held_at_most("200 | cache-control: max-age=60", 500, |number| format!("GET /a?x={number}")).await;
    assert!((CAPACITY_BYTES / 2..3 * CAPACITY_BYTES).contains(&held), "{held}");
}

/// Their keys take more than what they are keys of.
#[tokio::test(start_paused = true)]
async fn a_flood_of_long_paths_takes_no_more_memory_than_the_cache_may() {
    let service = By(async |_: Request<Full<Bytes>>| Ok(answer("200 | cache-control: max-age=60 | x")));
    let (_pages, layer) = before(builder().capacity(1 << 20).near_capacity(1 << 20), service).await;
    let (path, mut there) = ("x".repeat(16_000), 0);
    for wish in ["", " | cache-control: only-if-cached"] {
        for number in 0..300 {
            let got = read(layer.clone().call(request(&format!("GET /{path}{number}{wish}"))).await.unwrap()).await;
            there += usize::from(!wish.is_empty() && got.status() == 200);
        }
    }
    assert!((10..150).contains(&there), "{there} of 16 KB each");
}

/// Each names other fields than the last, so that none finds what the others left: looking for it ends.
#[tokio::test(start_paused = true)]
async fn a_page_that_names_other_fields_each_time_is_looked_for_a_few_times_only() {
    let site = site().await;
    site.origin.answers(|request| {
        let number: usize = said(request, "x-number").parse().unwrap();
        answer(&format!("200 | cache-control: max-age=60 | vary: x-number, x-{number} | {number}"))
    });
    for round in 0..2 {
        for number in 0..50 {
            let fields: String = (0..50).map(|name| format!(" | x-{name}: {number}")).collect();
            let got = site.get(&format!("GET /a | x-number: {number}{fields}")).await;
            assert_eq!(got.text, number.to_string(), "round {round}");
        }
    }
    assert!(site.origin.count() <= 100);
}

/// More than sixteen: not kept, and everybody gets his own.
#[tokio::test(start_paused = true)]
async fn a_vary_that_names_many_fields_is_not_kept() {
    for (names, hit) in [(16, true), (17, false), (1_000, false)] {
        let site = site().await;
        let vary = (0..names).map(|name| format!("x-{name}")).collect::<Vec<_>>().join(", ");
        site.origin.answers(move |_| answer(&format!("200 | cache-control: max-age=60 | vary: {vary} | page")));
        site.get("GET /a").await;
        let next = site.get("GET /a").await;
        assert_eq!((next.is_hit(), next.text.as_str()), (hit, "page"), "{names}");
    }
}

/// What selects it is a part of what is kept: that has a bound too.
#[tokio::test(start_paused = true)]
async fn a_variant_that_is_selected_by_endless_values_is_not_kept_and_keeps_none_from_it() {
    let site = site().await;
    site.origin.answers(|request| {
        answer(&format!("200 | cache-control: max-age=60 | vary: x-bomb | {}", said(request, "x-bomb").len()))
    });
    let bomb = format!("GET /a | x-bomb: {}", "x".repeat(70_000));
    for _ in 0..3 {
        assert_eq!(site.get(&bomb).await.text, "70000");
        assert_eq!(site.get("GET /a | x-bomb: 1").await.text, "1");
    }
    assert_eq!(site.origin.count(), 4, "three bombs, and the page once");
}

#[tokio::test(start_paused = true)]
async fn a_request_of_many_fields_is_refused_and_reaches_nobody() {
    let site = site().await;
    site.origin.answers(|_| answer("200 | cache-control: max-age=60 | page"));
    let fields: String = (0..1_001).map(|name| format!(" | x-{name}: 1")).collect();
    let got = site.get(&format!("GET /a{fields}")).await;
    assert_eq!((got.status(), site.origin.count()), (431, 0));
}

#[tokio::test(start_paused = true)]
async fn a_response_of_many_fields_is_not_kept() {
    let site = site().await;
    site.origin.answers(|_| {
        let fields: String = (0..1_001).map(|name| format!(" | x-{name}: 1")).collect();
        answer(&format!("200 | cache-control: max-age=60{fields} | page"))
    });
    for _ in 0..2 {
        let got = site.get("GET /a").await;
        assert_eq!((got.text.as_str(), got.is_hit()), ("page", false));
    }
}

/// No field has room beside those, neither a length, nor a date, nor what the cache did.
#[tokio::test(start_paused = true)]
async fn a_response_of_as_many_fields_as_there_can_be_goes_on_as_it_is_and_is_asked_for_once() {
    let site = site().await;
    site.origin.answers(|_| {
        let mut response = answer("200 | cache-control: max-age=60 | page");
        let name = |number: usize| http::HeaderName::try_from(format!("x-{number}")).unwrap();
        let full =
            |number| response.headers_mut().try_append(name(number), http::HeaderValue::from_static("1")).is_err();
        assert!((0..).any(full));
        response
    });
    for asked in 1..3 {
        let got = site.get("GET /a").await;
        assert_eq!((got.text.as_str(), got.is_hit(), site.origin.count()), ("page", false, asked));
    }
}

#[tokio::test(start_paused = true)]
async fn an_endless_path_passes_and_is_not_kept() {
    for (bytes, hit) in [(16 << 10, true), ((16 << 10) + 1, false), (60_000, false)] {
        let site = site().await;
        site.origin.answers(|_| answer("200 | cache-control: max-age=60 | page"));
        let line = format!("GET /{}", "x".repeat(bytes - 1));
        site.get(&line).await;
        assert_eq!(site.get(&line).await.is_hit(), hit, "{bytes}");
    }
}

/// Many small ranges, or many that overlap: what goes out is never more than the page, but for a few heads of parts.
#[tokio::test(start_paused = true)]
async fn no_ranges_make_more_of_a_page_than_it_is() {
    let site = site().await;
    let page = "x".repeat(1000);
    let kept = page.clone();
    site.origin.answers(move |_| answer(&format!("200 | cache-control: max-age=60 | {kept}")));
    site.get("GET /a").await;
    let ranges = [
        vec!["0-"; 1_000],
        vec!["-1000"; 500],
        vec!["0-0"; 1_000],
        (0..500).map(|_| "0-998").collect(),
        vec!["0-,1-,2-,3-,4-,5-"; 1],
        vec!["0-0,2-2,4-4,6-6,8-8,10-10,12-12,14-14,16-16,18-18"; 10],
    ];
    for ranges in ranges {
        let got = site.get(&format!("GET /a | range: bytes={}", ranges.join(","))).await;
        assert!(got.text.len() <= page.len(), "{} of {}", got.text.len(), ranges[0]);
        assert!(matches!(got.status(), 200 | 206), "{}", got.status());
    }
    settle().await;
    assert_eq!(site.origin.count(), 1);
}

/// Each page has a handful of tags that no other has.
#[tokio::test(start_paused = true)]
async fn pages_that_leave_take_their_tags_with_them() {
    let service = By(async |request: Request<Full<Bytes>>| {
        let keys: String = (0..20).map(|key| format!("{}-{key} ", request.uri().path())).collect();
        Ok(answer(&format!("200 | cache-control: max-age=60 | surrogate-key: {keys} | {}", "x".repeat(4_000))))
    });
    let (pages, layer) = before(builder().capacity(1 << 20).near_capacity(1 << 20), service).await;
    let mut most = 0;
    for number in 0..1_000 {
        read(layer.clone().call(request(&format!("GET /{number}"))).await.unwrap()).await;
        most = most.max(cells(&pages));
    }
    let there = pages.cache().near_size().0;
    assert!((20..500).contains(&there), "{there}");
    // Those of pages that are gone are looked for when there are twice as many as there were: of 20,000 a third is there at most.
    assert!((there * 20..10_000).contains(&most), "{most} tags of {there} pages");
}

/// How many tags the near tier knows.
fn cells(pages: &freshen_pages::PageCache) -> usize {
    let told = format!("{:?}", pages.cache());
    let cells = told.split("cells: ").nth(1).unwrap_or_default();
    cells.split(|letter: char| !letter.is_ascii_digit()).next().unwrap_or_default().parse().unwrap()
}

/// Somebody asks for as many pages as he can think of, all of which may be kept; one that is read goes on being there.
#[tokio::test(start_paused = true)]
async fn a_flood_of_queries_drives_out_no_page_that_is_read() {
    let asked = Arc::new(AtomicU64::new(0));
    let of_page = asked.clone();
    let service = By(move |request: Request<Full<Bytes>>| {
        of_page.fetch_add(u64::from(request.uri().query().is_none()), Ordering::SeqCst);
        async move { Ok(answer(&format!("200 | cache-control: max-age=60 | {}", "x".repeat(4_000)))) }
    });
    let (_pages, layer) = before(builder().capacity(1 << 20).near_capacity(1 << 20), service).await;
    let get = async |line: &str| read(layer.clone().call(request(line)).await.unwrap()).await;
    for _ in 0..10 {
        get("GET /a").await;
    }
    for number in 0..1_200 {
        get(&format!("GET /a?x={number}")).await;
        if number % 20 == 0 {
            get("GET /a").await;
        }
    }
    assert!(asked.load(Ordering::SeqCst) <= 3, "{asked:?} loads of a page that 60 read");
}

/// What is small on the wire may be large elsewhere: nobody here looks.
#[tokio::test(start_paused = true)]
async fn coded_content_is_kept_and_sent_as_it_came() {
    let site = site().await;
    site.origin.answers(|_| answer("200 | cache-control: max-age=60 | content-encoding: gzip | no gzip at all"));
    for hit in [false, true] {
        let got = site.get("GET /a").await;
        assert_eq!((got.text.as_str(), got.field("content-encoding"), got.is_hit()), ("no gzip at all", "gzip", hit));
    }
}
