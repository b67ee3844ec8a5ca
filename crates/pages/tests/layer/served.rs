//! The layer as what a server of hyper serves, with nothing between the two.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::task::{Context, Poll};

use bytes::Bytes;
use freshen_pages::{PageBody, PageCache};
use http::{Method, Request, Response};
use http_body::Body;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use tower_layer::Layer;
use tower_service::Service;

use crate::site::{Got, read};

/// A service that answers with a page, or with what it is sent.
#[derive(Clone)]
struct Echo;

impl Service<Request<PageBody>> for Echo {
    type Response = Response<PageBody>;
    type Error = Infallible;
    type Future = Ready<Result<Response<PageBody>, Infallible>>;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<PageBody>) -> Self::Future {
        let (parts, sent) = request.into_parts();
        let content = if parts.method == Method::GET { PageBody::from(Bytes::from("a page")) } else { sent };
        ready(Ok(Response::builder().header("cache-control", "max-age=60").body(content).unwrap()))
    }
}

/// Sends a request over a connection of its own.
async fn ask(pages: &PageCache, method: Method, content: &'static str) -> Got {
    let (near, far) = tokio::io::duplex(1 << 10);
    let site = pages.layer(Echo);
    let answer =
        hyper::service::service_fn(move |request: Request<Incoming>| site.clone().call(request.map(PageBody::new)));
    tokio::spawn(hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(far), answer));
    let (mut sender, driving) = hyper::client::conn::http1::handshake(TokioIo::new(near)).await.unwrap();
    tokio::spawn(driving);
    let request = Request::builder().method(method).uri("/a").header("host", "a.example");
    read(sender.send_request(request.body(Full::new(Bytes::from(content))).unwrap()).await.unwrap()).await
}

#[tokio::test]
async fn what_a_server_reads_from_a_connection_is_wrapped_and_sent_on() {
    let pages = PageCache::embedded().await.unwrap();
    for hit in [false, true] {
        let got = ask(&pages, Method::GET, "").await;
        assert_eq!((got.text.as_str(), got.is_hit()), ("a page", hit));
    }
    assert_eq!(ask(&pages, Method::POST, "what is posted").await.text, "what is posted");
}

/// What has none must not be sent as content that is still to come.
#[tokio::test]
async fn content_of_no_bytes_has_ended_before_it_is_read() {
    for body in [PageBody::default(), PageBody::from(Bytes::new()), PageBody::new(Full::new(Bytes::new()))] {
        assert!(body.is_end_stream());
    }
    let body = PageBody::from(Bytes::from("text"));
    assert_eq!((body.is_end_stream(), body.size_hint().exact()), (false, Some(4)));
    assert_eq!(body.collect().await.unwrap().to_bytes(), "text");
}
