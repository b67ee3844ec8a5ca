//! The smallest proxy: the layer before a client of hyper. What its origin says and the standards decide all it does.
//!
//! `cargo run --release -p freshen-examples --example proxy -- --origin http://127.0.0.1:8000 --listen 127.0.0.1:7980`

use axum::body::Body;
use axum::http::{HeaderValue, Request, Response, StatusCode, Uri, Version, header, uri::Authority};
use axum::{error_handling::HandleErrorLayer, response::IntoResponse, serve::ListenerExt};
use freshen_http::{Config, Scheme, Sent, Target};
use freshen_pages::{PageCache, Settings};
use hyper::upgrade::{OnUpgrade, on};
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpListener;
use tower::{BoxError, ServiceBuilder, make::Shared};

type Origin = Client<HttpConnector, Body>;

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let listener = TcpListener::bind(option("--listen")?).await?;
    println!("open http://{}", listener.local_addr()?);
    serve(listener, option("--origin")?.parse()?).await
}

fn option(name: &str) -> Result<String, String> {
    let value = std::env::args().skip_while(|argument| argument != name).nth(1);
    value.ok_or_else(|| format!("{name} is missing: proxy --origin http://HOST:PORT --listen ADDRESS:PORT"))
}

/// Serves until it is ended. TLS is for servers in front and behind.
pub async fn serve(listener: TcpListener, origin: Uri) -> Result<(), BoxError> {
    let (Some("http"), Some(at), "/") = (origin.scheme_str(), origin.authority().cloned(), origin.path()) else {
        return Err(format!("{origin} is no origin: http://HOST:PORT").into());
    };
    let own = HeaderValue::from_str(at.as_str())?;
    // Content does not wait for the receipt of its head. A connection that cannot be told so is lost, and says that itself.
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    let client = Client::builder(TokioExecutor::new()).build(connector);
    let service = ServiceBuilder::new()
        .layer(HandleErrorLayer::new(async |_: BoxError| StatusCode::BAD_GATEWAY))
        .map_request(move |request| named(request, &own))
        .layer(PageCache::embedded().await?.with(Settings { rules: Config::default(), ..Settings::default() }))
        .service_fn(move |request| forward(client.clone(), at.clone(), request));
    Ok(axum::serve(listener.tap_io(|stream| _ = stream.set_nodelay(true)), Shared::new(service)).await?)
}

/// The host that a client names goes on, and has pages of its own. What names none, as HTTP/1.0 may, is about the origin's own.
fn named(mut request: Request<Body>, own: &HeaderValue) -> Request<Body> {
    if request.version() < Version::HTTP_11 && request.uri().authority().is_none() {
        request.headers_mut().entry(header::HOST).or_insert_with(|| own.clone());
    }
    request
}

/// Sends a request on to where the origin is, without what was for its client's connection alone.
async fn forward(origin: Origin, at: Authority, mut request: Request<Body>) -> Result<Response<Body>, BoxError> {
    let client = on(&mut request);
    let ((parts, body), config) = (request.into_parts(), Config::default());
    let Ok(target) = Target::of(&parts, Scheme::Http, &config) else {
        return Ok(StatusCode::NOT_IMPLEMENTED.into_response());
    };
    let mut head = Sent::passing(&parts, &target, &config).head(Version::HTTP_11);
    head.uri = Uri::builder().scheme("http").authority(at).path_and_query(target.resource().clone()).build()?;
    head.headers.append(header::VIA, HeaderValue::from_static("1.1 freshen"));
    let mut response = origin.request(Request::from_parts(head, body)).await?;
    if response.status() == StatusCode::SWITCHING_PROTOCOLS {
        tokio::spawn(join(client, on(&mut response)));
    }
    // That of the origin's connection says nothing of this one.
    *response.version_mut() = Version::HTTP_11;
    Ok(response.map(Body::new))
}

/// Both go on in another protocol, until one hangs up or fails: then so does the other.
async fn join(client: OnUpgrade, origin: OnUpgrade) -> Result<(), BoxError> {
    let (mut client, mut origin) = (TokioIo::new(client.await?), TokioIo::new(origin.await?));
    Ok(tokio::io::copy_bidirectional(&mut client, &mut origin).await.map(drop)?)
}
