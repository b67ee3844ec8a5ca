//! A service behind the layer that fails in ways of its own.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use freshen_core::BoxError;
use http::Request;
use http_body_util::Full;
use tower_service::Service;

use crate::origin::{Answer, answer, written};
use crate::site::{Got, pass, read, request, settle, site};
use crate::visit::{By, SECOND, before, builder};

const GOOD: &str = "200 | cache-control: max-age=60 | good";

async fn visit<S>(service: &S, line: &str) -> Got
where
    S: Service<Request<Full<Bytes>>, Response = http::Response<freshen_pages::PageBody>, Error = BoxError> + Clone,
{
    read(service.clone().call(request(line)).await.unwrap()).await
}

/// Where in a service code may panic.
#[tokio::test(start_paused = true)]
async fn wherever_a_service_panics_one_request_has_failed_and_no_more() {
    for at_call in [true, false] {
        let ill = Arc::new(AtomicBool::new(true));
        let is_ill = ill.clone();
        let service = By(move |_: Request<Full<Bytes>>| {
            let panics = is_ill.load(Ordering::SeqCst);
            assert!(!(panics && at_call), "at the call");
            async move {
                tokio::task::yield_now().await;
                assert!(!panics, "in its future");
                Ok(answer(GOOD))
            }
        });
        let (_pages, layer) = before(builder(), service).await;
        for _ in 0..3 {
            assert_eq!(visit(&layer, "GET /a").await.status(), 500, "{at_call}");
        }
        ill.store(false, Ordering::SeqCst);
        assert_eq!(visit(&layer, "GET /a").await.text, "good");
        ill.store(true, Ordering::SeqCst);
        assert!(visit(&layer, "GET /a").await.is_hit());
    }
}

/// A service that is ready as long as it is told to be.
#[derive(Clone)]
struct Readiness(Arc<AtomicBool>, Arc<AtomicBool>);

impl Service<Request<Full<Bytes>>> for Readiness {
    type Response = Answer;
    type Error = BoxError;
    type Future = std::future::Ready<Result<Answer, BoxError>>;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        assert!(!self.1.load(Ordering::SeqCst), "when asked whether it is ready");
        if self.0.load(Ordering::SeqCst) { Poll::Ready(Ok(())) } else { Poll::Pending }
    }

    fn call(&mut self, _request: Request<Full<Bytes>>) -> Self::Future {
        std::future::ready(Ok(answer(GOOD)))
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_in_hand_is_served_while_the_service_is_not_ready_and_nobody_waits_for_it_without_end() {
    let (ready, panics) = (Arc::new(AtomicBool::new(true)), Arc::new(AtomicBool::new(false)));
    let (_pages, layer) = before(builder(), Readiness(ready.clone(), panics.clone())).await;
    visit(&layer, "GET /a").await;
    ready.store(false, Ordering::SeqCst);
    assert!(visit(&layer, "GET /a").await.is_hit());
    let began = tokio::time::Instant::now();
    let waiting = futures_util::future::join_all((0..50).map(|_| visit(&layer, "GET /b"))).await;
    assert!(waiting.iter().all(|got| got.status() == 504));
    assert_eq!(began.elapsed(), 30 * SECOND);
    ready.store(true, Ordering::SeqCst);
    pass(60 * SECOND).await;
    assert_eq!(visit(&layer, "GET /b").await.text, "good");
    panics.store(true, Ordering::SeqCst);
    assert_eq!(visit(&layer, "GET /c").await.status(), 500);
}

/// Whatever a refresh comes to, the page that is there is served until its window ends.
#[tokio::test(start_paused = true)]
async fn a_refresh_that_goes_wrong_in_any_way_leaves_the_good_page() {
    let lines = [
        "500",
        "502 | cache-control: max-age=60",
        "599 | cache-control: max-age=60",
        "304 | etag: \"other\"",
        "200 | cache-control: max-age=60 | content-length: 20 | broken",
        "200 | cache-control: max-age=60 | content-length: 2 | broken",
        "broken",
        "panic",
    ];
    for line in lines {
        let site = site().await;
        let good = "200 | cache-control: max-age=60, stale-while-revalidate=600 | etag: \"1\" | good";
        site.origin.answers(move |_| answer(good));
        site.get("GET /a").await;
        for _ in 0..2 {
            let (writing, response) = written("200 | cache-control: max-age=60");
            writing.write("bro");
            writing.fail();
            site.origin.then(move |_| async move {
                match line {
                    "broken" => Ok(response),
                    "panic" => panic!("of the service"),
                    line => Ok(answer(line)),
                }
            });
        }
        pass(61 * SECOND).await;
        for _ in 0..20 {
            let got = site.get("GET /a").await;
            assert_eq!((got.text.as_str(), got.broken, got.is_hit()), ("good", false, true), "{line}: {}", got.told());
            settle().await;
        }
        assert!(site.origin.count() <= 4, "{line}: {}", site.origin.count());
    }
}
