//! The smallest proxy: the layer before a client of hyper. What its origin says and the standards decide all it does.
//!
//! `cargo run --release -p freshen-examples --example proxy -- --origin http://127.0.0.1:8000 --listen 127.0.0.1:7980`

use axum::body::Body;
use axum::error_handling::HandleErrorLayer;
use axum::http::{HeaderValue, Request, Response, StatusCode, Uri, Version, header};
use axum::response::IntoResponse;
use freshen_http::{Config, Scheme, Sent, Target};
use freshen_pages::{PageCache, Settings};
use hyper::upgrade::{OnUpgrade, on};
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpListener;
use tower::{BoxError, ServiceBuilder, make::Shared};

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
    let (Some("http"), Some(host), "/") = (origin.scheme_str(), origin.authority(), origin.path()) else {
        return Err(format!("{origin} is no origin: http://HOST:PORT").into());
    };
    let host = HeaderValue::from_str(host.as_str())?;
    let client = Client::builder(TokioExecutor::new()).build_http();
    let service = ServiceBuilder::new()
        .layer(HandleErrorLayer::new(async |_: BoxError| StatusCode::BAD_GATEWAY))
        .map_request(move |request| about(request, &origin, &host))
        .layer(PageCache::embedded().await?.with(Settings { rules: Config::default(), ..Settings::default() }))
        .service_fn(move |request| forward(client.clone(), request));
    Ok(axum::serve(listener, Shared::new(service)).await?)
}

/// The same request about the origin, whatever its client calls that. What the layer refuses stays as it is.
fn about(request: Request<Body>, origin: &Uri, host: &HeaderValue) -> Request<Body> {
    let (mut parts, body) = request.into_parts();
    let refused = Target::of(&parts, Scheme::Http, &Config::default()).is_err_and(|error| error.refusal().is_some());
    let mut uri = origin.clone().into_parts();
    uri.path_and_query = parts.uri.path_and_query().cloned();
    if let (false, Ok(uri)) = (refused, Uri::from_parts(uri)) {
        parts.uri = uri;
        parts.headers.insert(header::HOST, host.clone());
    }
    Request::from_parts(parts, body)
}

/// Sends a request on, without what was for its client's connection alone.
async fn forward(origin: Client<HttpConnector, Body>, mut request: Request<Body>) -> Result<Response<Body>, BoxError> {
    let client = on(&mut request);
    let ((parts, body), config) = (request.into_parts(), Config::default());
    let Ok(target) = Target::of(&parts, Scheme::Http, &config) else {
        return Ok(StatusCode::NOT_IMPLEMENTED.into_response());
    };
    let mut head = Sent::passing(&parts, &target, &config).head(Version::HTTP_11);
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
