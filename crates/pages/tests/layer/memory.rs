//! A page that is kept holds nothing of the memory in which its request and its response came.

use std::time::Duration;

use bytes::Bytes;
use http::uri::PathAndQuery;
use http::{HeaderValue, Request, Response, Uri};
use http_body_util::{BodyExt, Full};

use crate::origin::answer;
use crate::site::{pass, read, settle, site};

/// A request as a server reads it: all that it says shares the memory of its head.
fn read_from(head: &Bytes) -> Request<Full<Bytes>> {
    let part = |range: std::ops::Range<usize>| HeaderValue::from_maybe_shared(head.slice(range)).unwrap();
    let uri = Uri::from(PathAndQuery::from_maybe_shared(head.slice(0..9)).unwrap());
    let request = Request::get(uri).header("host", part(10..19)).header("accept-language", part(20..22));
    request.header("x-forwarded-host", part(23..32)).body(Full::default()).unwrap()
}

/// Once the memory of an old page was 8 KiB more than the page: that of the connection on which it was first asked for.
#[tokio::test(start_paused = true)]
async fn a_page_holds_nothing_of_the_request_that_it_came_to() {
    let site = site().await;
    let page = "200 | cache-control: max-age=1, stale-while-revalidate=60 | vary: accept-language | page";
    site.origin.answers(move |_| answer(page));
    for told in ["fwd=uri-miss", "hit;ttl=0", "hit;ttl=-1"] {
        let head = Bytes::from(b"/page?x=y a.example de b.example".to_vec());
        let got = read(site.send_as(read_from(&head)).await).await;
        assert!(got.told().starts_with(told), "{}", got.told());
        settle().await;
        site.origin.forget();
        assert!(head.is_unique(), "{told}");
        pass(Duration::from_millis(800)).await;
    }
}

/// The same of a client's connection to the origin, of which a small page was a fraction.
#[tokio::test(start_paused = true)]
async fn a_page_holds_nothing_of_what_its_response_came_with() {
    let site = site().await;
    let read_with_it = Bytes::from([&b"max-age=1, stale-while-revalidate=60"[..], &[b'x'; 9000]].concat());
    let shared = read_with_it.clone();
    site.origin.then(move |_| async move {
        let line = HeaderValue::from_maybe_shared(shared.slice(..36)).unwrap();
        let body = Full::new(shared.slice(36..40)).map_err(Into::into).boxed_unsync();
        Ok(Response::builder().header("cache-control", line).header("etag", "\"1\"").body(body).unwrap())
    });
    assert_eq!(site.get("GET /page").await.text, "xxxx");
    settle().await;
    assert!(read_with_it.is_unique());
    assert!(site.get("GET /page").await.is_hit());
}
