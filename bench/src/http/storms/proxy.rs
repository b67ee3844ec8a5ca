//! Our layer as a proxy, in a process of its own: before a client to the origin, and what the origin says decides.

use std::net::SocketAddr;

use axum::BoxError;
use axum::body::Body;
use axum::error_handling::HandleErrorLayer;
use axum::http::{Request, Response, StatusCode, Uri};
use freshen::Strength;
use freshen::pages::{PageCache, Pages, Settings};
use freshen_http::Config;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tokio::runtime::Handle;
use tower::ServiceBuilder;
use tower::make::Shared;

use super::ORIGIN_TIMEOUT;
use crate::Failure;
use crate::http::site::{listener, orders, say};

/// Serves until its orders end. It says its address, and outdates all its pages at each order.
pub fn serve(origin: SocketAddr) -> Result<(), Failure> {
    crate::runtime::threaded()?.block_on(async {
        let settings = Settings { rules: Config::default(), head_timeout: ORIGIN_TIMEOUT, ..Settings::default() };
        let pages = PageCache::embedded().await?.with(settings);
        let client = Client::builder(TokioExecutor::new()).build_http();
        let proxy = ServiceBuilder::new()
            .layer(HandleErrorLayer::new(async |_: BoxError| StatusCode::BAD_GATEWAY))
            .layer(pages.clone())
            .service_fn(move |request| forward(client.clone(), origin, request));
        let listener = listener()?;
        say(&listener.local_addr()?.to_string())?;
        let serving = tokio::spawn(async { axum::serve(listener, Shared::new(proxy)).await });
        let runtime = Handle::current();
        let outdate = move |_: &str| {
            runtime.block_on(pages.invalidate(Pages::All, Strength::Soft))?;
            Ok("null".to_owned())
        };
        tokio::task::spawn_blocking(move || orders(outdate)).await??;
        serving.abort();
        Ok(())
    })
}

async fn forward(
    client: Client<HttpConnector, Body>,
    origin: SocketAddr,
    mut request: Request<Body>,
) -> Result<Response<Body>, BoxError> {
    *request.uri_mut() = Uri::try_from(format!("http://{origin}{}", request.uri()))?;
    Ok(client.request(request).await?.map(Body::new))
}
