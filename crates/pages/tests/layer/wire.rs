//! The layer between connections of HTTP/1.1.

use std::time::Duration;

use bytes::Bytes;
use freshen_core::BoxError;
use freshen_pages::{PageCache, PageService};
use http::Request;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tower_layer::Layer;
use tower_service::Service;

use crate::origin::{Answer, written};
use crate::site::{Site, read, request, site};

/// Serves the layer of a site, and says where.
async fn served(site: &Site) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let layer = site.pages.layer(site.origin.clone());
    tokio::spawn(async move {
        while let Ok((connection, _)) = listener.accept().await {
            let layer = layer.clone();
            let answer = hyper::service::service_fn(move |request: Request<Incoming>| {
                let (mut layer, (parts, body)) = (layer.clone(), request.into_parts());
                async move {
                    let body = Full::new(body.collect().await?.to_bytes());
                    layer.call(Request::from_parts(parts, body)).await
                }
            });
            tokio::spawn(hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(connection), answer));
        }
    });
    address
}

/// What comes to these bytes until the connection ends.
async fn sent(address: &str, bytes: &str) -> String {
    let exchange = async {
        let mut connection = TcpStream::connect(address).await.unwrap();
        connection.write_all(bytes.as_bytes()).await.unwrap();
        let mut came = Vec::new();
        connection.read_to_end(&mut came).await.unwrap();
        String::from_utf8(came).unwrap()
    };
    tokio::time::timeout(Duration::from_secs(30), exchange).await.unwrap()
}

/// RFC 9110, sections 6.5.1 and 6.6.2: to the first, to who follows, and from the cache; to those alone who say that they take them.
#[tokio::test]
async fn trailers_reach_those_who_take_them() {
    let site = site().await;
    let (writing, response) = written("200 | cache-control: max-age=60 | trailer: x-sum");
    site.origin.then(|_| async { Ok(response) });
    let address = served(&site).await;
    let ask = |te: &str| {
        let (address, request) = (address.clone(), format!("GET /a HTTP/1.1\r\nhost: a\r\n{te}\r\n\r\n"));
        tokio::spawn(async move { sent(&address, &request).await })
    };
    let takes = "te: trailers\r\nconnection: te, close";
    let (first, second, other) = (ask(takes), ask(takes), ask("connection: close"));
    while site.origin.count() == 0 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    writing.write("hello");
    writing.trailers("x-sum", "5");
    drop(writing);
    for (came, with) in [(first, true), (second, true), (other, false), (ask(takes), true)] {
        let came = came.await.unwrap().to_lowercase();
        assert!(came.contains("\r\ntrailer: x-sum\r\n") && came.contains("hello"), "{came}");
        assert_eq!(came.contains("\r\nx-sum: 5\r\n"), with, "{came}");
    }
    assert_eq!(site.origin.count(), 1);
}

/// An origin that says these bytes to each connection, as a service, and the layer before it.
async fn before(said: &'static str) -> PageService<Connecting> {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        while let Ok((mut connection, _)) = listener.accept().await {
            let mut asked = [0; 4096];
            _ = connection.read(&mut asked).await;
            _ = connection.write_all(said.as_bytes()).await;
        }
    });
    PageCache::embedded().await.unwrap().layer(Connecting(address))
}

/// A service that asks an origin by a connection for each request.
#[derive(Clone)]
struct Connecting(String);

impl Service<Request<Full<Bytes>>> for Connecting {
    type Response = Answer;
    type Error = BoxError;
    type Future = std::pin::Pin<Box<dyn Future<Output = Result<Answer, BoxError>> + Send>>;

    fn poll_ready(&mut self, _context: &mut std::task::Context<'_>) -> std::task::Poll<Result<(), BoxError>> {
        std::task::Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Full<Bytes>>) -> Self::Future {
        let address = self.0.clone();
        Box::pin(async move {
            let connection = TokioIo::new(TcpStream::connect(address).await?);
            let (mut sender, driving) = hyper::client::conn::http1::handshake(connection).await?;
            tokio::spawn(driving);
            Ok(sender.send_request(request).await?.map(|body| body.map_err(Into::into).boxed_unsync()))
        })
    }
}

/// RFC 9110, section 15.2. A service has one response for a request: the client of HTTP reads over what is interim, and nothing of it
/// comes into what is kept.
#[tokio::test]
async fn what_is_interim_does_no_harm_and_nothing_of_it_comes_into_the_response() {
    let said = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\nCache-Control: no-store\r\n\r\n\
                HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello";
    let mut layer = before(said).await;
    for hit in [false, true] {
        let got = read(layer.call(request("GET /a")).await.unwrap()).await;
        assert_eq!((got.status(), got.text.as_str(), got.is_hit()), (200, "hello", hit));
        assert_eq!((got.field("link"), got.field("cache-control")), ("", "max-age=60"));
    }
    let posted = read(layer.call(request("POST /b | expect: 100-continue | text")).await.unwrap()).await;
    assert_eq!((posted.status(), posted.text.as_str()), (200, "hello"));
}

/// A service that takes an interim response for its answer has none.
#[tokio::test(start_paused = true)]
async fn an_interim_response_is_never_kept_as_an_answer() {
    let site = site().await;
    site.origin.answers(|_| crate::origin::answer("103 | cache-control: max-age=60 | link: </a.css>"));
    for _ in 0..2 {
        let got = site.get("GET /a").await;
        assert_eq!((got.status(), got.is_hit()), (103, false), "{}", got.told());
    }
    assert_eq!(site.origin.count(), 2);
}
