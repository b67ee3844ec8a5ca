//! A server behind the proxy.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, Request, Response, StatusCode, header, request};
use axum::serve::ListenerExt;
use futures_util::StreamExt;
use futures_util::stream::{iter, once};
use http_body_util::{BodyExt, StreamBody};
use hyper::body::Frame;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::PATIENCE;

/// An origin. Clones are the same one.
#[derive(Clone)]
pub struct Origin {
    pub address: String,
    asked: Arc<Mutex<Vec<request::Parts>>>,
    gate: Arc<Semaphore>,
    arrived: Arc<Semaphore>,
}

impl Origin {
    pub async fn start() -> Origin {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (gate, arrived) = (Semaphore::new(0).into(), Semaphore::new(0).into());
        let origin = Origin { address, asked: Arc::default(), gate, arrived };
        let routes = Router::new().fallback(answer).with_state(origin.clone());
        let listener = listener.tap_io(|stream| stream.set_nodelay(true).unwrap());
        tokio::spawn(async { axum::serve(listener, routes).await.unwrap() });
        origin
    }

    /// All requests so far.
    pub fn asked(&self) -> Vec<request::Parts> {
        self.asked.lock().unwrap().clone()
    }

    /// How many there were.
    pub fn count(&self) -> usize {
        self.asked.lock().unwrap().len()
    }

    /// Lets go on what is held.
    pub fn release(&self) {
        self.gate.add_permits(1000);
    }

    pub async fn until_asked(&self) {
        timeout(PATIENCE, self.arrived.acquire()).await.unwrap().unwrap().forget();
    }
}

/// So many bytes, of which no two pieces are alike.
pub fn content(bytes: usize) -> Bytes {
    (0..bytes as u64).map(|place| (place.wrapping_mul(2_654_435_761) >> 16) as u8).collect::<Vec<_>>().into()
}

async fn answer(State(origin): State<Origin>, request: Request<Body>) -> Response<Body> {
    let (parts, body) = request.into_parts();
    origin.asked.lock().unwrap().push(parts.clone());
    origin.arrived.add_permits(1);
    let steps: Vec<&str> = parts.uri.path().split('/').skip(1).collect();
    let kept = Response::builder().header(header::CACHE_CONTROL, "max-age=600");
    match steps[..] {
        ["body", "length", bytes] => kept.body(Body::from(content(bytes.parse().unwrap()))),
        ["body", _, bytes] => kept.body(in_pieces(content(bytes.parse().unwrap()))),
        ["status", status] => {
            let status = StatusCode::from_bytes(status.as_bytes()).unwrap();
            let text =
                if status == StatusCode::NO_CONTENT { String::new() } else { format!("this is {}", status.as_u16()) };
            Response::builder().status(status).body(text.into())
        }
        ["trailers"] => kept.header(header::TRAILER, "x-sum").body(trailed("hello", "5")),
        ["behind", _] => kept.body(Body::from_stream(once(async {
            tokio::time::sleep(Duration::from_millis(2)).await;
            Ok::<_, Infallible>("behind")
        }))),
        ["slow"] => kept.body(slow(origin)),
        ["held"] => {
            origin.gate.acquire().await.unwrap().forget();
            kept.body("held".into())
        }
        ["brief"] => {
            let response = Response::builder().header(header::CACHE_CONTROL, "max-age=1");
            response.body(origin.count().to_string().into())
        }
        ["host"] => kept.body(parts.headers[header::HOST].as_bytes().to_vec().into()),
        ["validated"] => validated(&parts.headers),
        ["hop"] => Response::builder()
            .header("connection", "x-hop")
            .header("x-hop", "1")
            .header("keep-alive", "5")
            .header("x-on", "2")
            .body(Body::empty()),
        _ => return echo(parts, body).await,
    }
    .unwrap()
}

fn in_pieces(content: Bytes) -> Body {
    let pieces: Vec<_> = content.chunks(10_000).map(Bytes::copy_from_slice).map(Ok::<_, Infallible>).collect();
    Body::from_stream(iter(pieces))
}

fn trailed(text: &'static str, sum: &'static str) -> Body {
    let trailers: HeaderMap = [("x-sum".parse().unwrap(), sum.parse().unwrap())].into_iter().collect();
    let frames = [Frame::data(Bytes::from(text)), Frame::trailers(trailers)].map(Ok::<_, Infallible>);
    Body::new(StreamBody::new(iter(frames)))
}

/// Its last piece is held.
fn slow(origin: Origin) -> Body {
    let last = once(async move {
        origin.gate.acquire().await.unwrap().forget();
        Ok::<_, Infallible>("last")
    });
    Body::from_stream(iter([Ok("first ")]).chain(last))
}

fn validated(headers: &HeaderMap) -> axum::http::Result<Response<Body>> {
    let response = Response::builder().header(header::ETAG, "\"1\"").header(header::CACHE_CONTROL, "no-cache");
    match headers.get(header::IF_NONE_MATCH) {
        Some(tags) if tags == "\"1\"" => response.status(StatusCode::NOT_MODIFIED).body(Body::empty()),
        _ => response.body("hello".into()),
    }
}

/// The content that came, with its method, its type and a trailer.
async fn echo(parts: request::Parts, body: Body) -> Response<Body> {
    let came = body.collect().await.unwrap();
    let trailed = came.trailers().and_then(|trailers| trailers.get("x-sum")).cloned();
    let mut response = Response::new(Body::from(came.to_bytes()));
    response.headers_mut().insert("method", parts.method.as_str().parse().unwrap());
    response.headers_mut().extend(trailed.map(|sum| (HeaderName::from_static("trailed"), sum)));
    let media_type = parts.headers.get(header::CONTENT_TYPE).cloned();
    response.headers_mut().extend(media_type.map(|of| (header::CONTENT_TYPE, of)));
    response
}

/// A server that answers each connection's request with these bytes, and closes it.
pub async fn serve_raw(answer: &str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, answer) = (listener.local_addr().unwrap().to_string(), answer.to_owned());
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = [0; 4096];
            let mut read = 0;
            while !request[..read].windows(4).any(|end| end == b"\r\n\r\n") {
                match stream.read(&mut request[read..]).await.unwrap() {
                    0 => break,
                    more => read += more,
                }
            }
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    address
}
