//! Who asks the proxy.

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, Request, Response};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::PATIENCE;

pub struct Visitor {
    pub address: String,
    client: Client<HttpConnector, Body>,
}

/// What he got.
pub struct Got {
    pub response: Response<()>,
    pub body: Bytes,
    pub trailers: Option<HeaderMap>,
}

impl Got {
    pub fn status(&self) -> u16 {
        self.response.status().as_u16()
    }

    pub fn field(&self, name: &str) -> &str {
        self.response.headers().get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn is_hit(&self) -> bool {
        self.field("cache-status").starts_with("freshen;hit") || self.field("cache-status").starts_with("freshen; hit")
    }

    /// The parts of a body that has several (RFC 9110, section 14.6): what is said of each, and its bytes.
    pub fn parts(&self) -> Option<Vec<(String, &[u8])>> {
        let boundary = self.field("content-type").strip_prefix("multipart/byteranges; boundary=")?.trim_matches('"');
        let (mut parts, limit) = (Vec::new(), format!("\r\n--{boundary}"));
        let place = |of: &[u8], in_this: &[u8]| in_this.windows(of.len()).position(|window| window == of);
        let mut rest = &self.body[place(&limit.as_bytes()[2..], &self.body)? + limit.len() - 2..];
        while let Some(part) = rest.strip_prefix(b"\r\n") {
            let (head, end) = (place(b"\r\n\r\n", part)?, place(limit.as_bytes(), part)?);
            let mut said: Vec<_> = part[..head].split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii).collect();
            said.sort_unstable();
            parts.push((String::from_utf8_lossy(&said.join(&b'\n')).to_lowercase(), &part[head + 4..end]));
            rest = &part[end + limit.len()..];
        }
        rest.starts_with(b"--").then_some(parts)
    }
}

impl Visitor {
    pub fn of(address: String) -> Visitor {
        Visitor { address, client: Client::builder(TokioExecutor::new()).build_http() }
    }

    pub fn uri(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub async fn get(&self, path: &str) -> Got {
        self.ask("GET", path, &[], "").await
    }

    pub async fn ask(&self, method: &str, path: &str, fields: &[(&str, &str)], text: &str) -> Got {
        let mut request = Request::builder().method(method).uri(self.uri(path));
        for (name, value) in fields {
            request = request.header(*name, *value);
        }
        let body = if text.is_empty() { Body::empty() } else { Body::from(text.to_owned()) };
        self.send(request.body(body).unwrap()).await
    }

    pub async fn send(&self, request: Request<Body>) -> Got {
        let read = async {
            let (head, body) = self.client.request(request).await.unwrap().into_parts();
            let body = body.collect().await.unwrap();
            let trailers = body.trailers().cloned();
            Got { response: Response::from_parts(head, ()), body: body.to_bytes(), trailers }
        };
        timeout(PATIENCE, read).await.unwrap()
    }

    /// The head of a response, with a body that is still to be read.
    pub async fn begin(&self, path: &str) -> Response<Incoming> {
        let request = Request::get(self.uri(path)).body(Body::empty()).unwrap();
        timeout(PATIENCE, self.client.request(request)).await.unwrap().unwrap()
    }
}

/// Writes a request as it stands, and reads until the other side closes.
pub async fn raw(address: &str, request: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    timeout(PATIENCE, stream.read_to_end(&mut answer)).await.unwrap().unwrap();
    String::from_utf8(answer).unwrap()
}
