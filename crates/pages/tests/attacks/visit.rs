//! Requests that are no line of text, and what the tests ask of answers.

use std::time::Duration;

use bytes::Bytes;
use freshen_core::{Cache, CacheBuilder, Clock};
use freshen_pages::{PageBody, PageCache, Settings};
use http::{Request, Response, request};
use http_body_util::Full;
use tower_layer::Layer;
use tower_service::Service;

use crate::origin::Answer;
use crate::site::{Got, Site, read};

pub const SECOND: Duration = Duration::from_secs(1);

/// Sends a request as it is.
pub fn send(site: &Site, request: Request<Full<Bytes>>) -> impl Future<Output = Response<PageBody>> + Send + use<> {
    let mut service = site.pages.layer(site.origin.clone());
    async move { service.call(request).await.expect("the origin is behind the layer") }
}

pub async fn get(site: &Site, request: Request<Full<Bytes>>) -> Got {
    read(send(site, request).await).await
}

/// The field of a request, or `-`.
pub fn said<'a>(request: &'a request::Parts, name: &str) -> &'a str {
    request.headers.get(name).map_or("-", |value| value.to_str().unwrap())
}

/// A layer that goes by the standards alone, before a service that is no script.
pub async fn before<S>(builder: CacheBuilder, service: S) -> (PageCache, freshen_pages::PageService<S>) {
    let mut settings = Settings::default();
    settings.rules.grace = freshen_http::Grace::default();
    let pages = PageCache::over(builder, Default::default()).await.unwrap().with(settings);
    let layered = pages.layer(service);
    (pages, layered)
}

pub fn builder() -> CacheBuilder {
    Cache::builder().clock(Clock::runtime())
}

/// A service that is a function.
#[derive(Clone)]
pub struct By<F>(pub F);

impl<F, A> Service<Request<Full<Bytes>>> for By<F>
where
    F: FnMut(Request<Full<Bytes>>) -> A,
    A: Future<Output = Result<Answer, freshen_core::BoxError>>,
{
    type Response = Answer;
    type Error = freshen_core::BoxError;
    type Future = A;

    fn poll_ready(&mut self, _context: &mut std::task::Context<'_>) -> std::task::Poll<Result<(), Self::Error>> {
        std::task::Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Full<Bytes>>) -> A {
        (self.0)(request)
    }
}
