//! The service that answers with pages.

use std::fmt;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use freshen_core::BoxError;
use freshen_http::{CacheStatus, Forward, Inquiry, Invalidation, Outgoing, Target};
use http::{Method, Request, Response, StatusCode, request};
use http_body::Body;
use tower_service::Service;

use crate::body::{PageBody, erased};
use crate::cache::PageCache;
use crate::fetch::{self, Fetch, Inner, Typed};
use crate::query::{self, Read};
use crate::reply;
use crate::walk::{End, Walk};

/// A service that answers with pages, and asks the one behind it for those. It is always ready: what is in hand is served also while
/// the one behind is not, which is waited for where it is asked.
///
/// # Errors
/// The error of the service behind, of a request that passes. What is asked for a page answers many, and an error cannot be had by
/// many: it is told to the log, and what is in hand stands in, or a response with 504 does.
pub struct PageService<S> {
    pages: PageCache,
    inner: Arc<Inner<S>>,
}

impl<S> Clone for PageService<S> {
    fn clone(&self) -> Self {
        PageService { pages: self.pages.clone(), inner: self.inner.clone() }
    }
}

impl<S> fmt::Debug for PageService<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PageService").field("pages", &self.pages).finish_non_exhaustive()
    }
}

impl<S> PageService<S> {
    pub(crate) fn new(pages: PageCache, inner: S) -> PageService<S> {
        PageService { pages, inner: Arc::new(Inner::new(inner)) }
    }
}

impl<S, B, R> Service<Request<B>> for PageService<S>
where
    S: Service<Request<B>, Response = Response<R>> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: Into<BoxError>,
    B: Body<Data = Bytes> + From<Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
    R: Body<Data = Bytes> + Send + 'static,
    R::Error: Into<BoxError>,
{
    type Response = Response<PageBody>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response<PageBody>, S::Error>> + Send>>;

    /// It always is.
    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        Box::pin(answer(self.pages.clone(), self.inner.clone(), request))
    }
}

async fn answer<S, B, R>(
    pages: PageCache,
    inner: Arc<Inner<S>>,
    request: Request<B>,
) -> Result<Response<PageBody>, S::Error>
where
    S: Service<Request<B>, Response = Response<R>> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: Into<BoxError>,
    B: Body<Data = Bytes> + From<Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
    R: Body<Data = Bytes> + Send + 'static,
    R::Error: Into<BoxError>,
{
    let settings = pages.settings();
    let (parts, body) = request.into_parts();
    let target = match settings.target(&parts) {
        Ok(target) => target,
        Err(error) => match error.refusal() {
            Some(status) => return Ok(reply::rejected(status, &error.into())),
            None => return Box::pin(pass(&pages, &inner, Request::from_parts(parts, body), None, None)).await,
        },
    };
    let Read { body, asks, content } = match query::read(&parts, body, &settings.rules).await {
        Ok(read) => read,
        Err(error) => return Ok(reply::rejected(StatusCode::BAD_REQUEST, &error)),
    };
    let audience = settings.audience.of(&parts);
    // Named, and not matched as it comes: the future would have it twice.
    let inquiry = |audience: Option<&str>| Inquiry::of(&parts, &target, asks, audience, &settings.rules);
    let inquiry = audience.as_ref().map_err(|rule| *rule).and_then(|audience| inquiry(audience.as_deref()));
    let end = match &inquiry {
        Ok(inquiry) => {
            let fetch = || Fetch {
                parts: fetched(&parts),
                target: target.clone(),
                audience: audience.clone().ok().flatten(),
                asks,
                content: content.clone(),
                settings: pages.shared_settings().clone(),
                service: Arc::new(Typed(inner.clone(), PhantomData::<fn(B) -> R>)),
            };
            let raises = pages.cache().raises();
            Walk { pages: &pages, parts: &parts, inquiry, raises, fetch: &fetch }.end().await
        }
        Err(rule) => End::Alone(CacheStatus::forwarded(Forward::passed(*rule), Some(*rule))),
    };
    match end {
        End::Answered(response) => Ok(response),
        End::Alone(status) => {
            let request = Request::from_parts(parts, body);
            Box::pin(pass(&pages, &inner, request, Some(&target), Some(status))).await
        }
    }
}

/// The head of what is sent for the cache: what HEAD finds stale is made again by GET.
fn fetched(request: &request::Parts) -> request::Parts {
    let mut parts = request.clone();
    if parts.method == Method::HEAD {
        parts.method = Method::GET;
    }
    parts
}

/// Sends a request on as it is. What its response outdates is outdated before the client has it.
async fn pass<S, B, R>(
    pages: &PageCache,
    inner: &Inner<S>,
    mut request: Request<B>,
    target: Option<&Target>,
    status: Option<CacheStatus<'_>>,
) -> Result<Response<PageBody>, S::Error>
where
    S: Service<Request<B>, Response = Response<R>> + Clone + Send + 'static,
    S::Future: Send,
    B: Send,
    R: Body<Data = Bytes> + Send + 'static,
    R::Error: Into<BoxError>,
{
    let rules = &pages.settings().rules;
    let asked = target.filter(|_| !request.method().is_safe()).map(|target| (head_of(&request), target));
    fetch::offer(request.headers_mut(), rules);
    let (mut head, body) = inner.call(request).await?.into_parts();
    if let Some((request, target)) = asked
        && let Some(invalidation) = Invalidation::of(&request, target, &head, rules)
    {
        pages.outdate(invalidation).await;
    }
    head.headers = Outgoing::of(&head, rules).headers(&head.headers);
    reply::date(&mut head, pages.cache().now());
    let response = Response::from_parts(head, PageBody::passing(erased(body)));
    Ok(pages.told(response, status.map(|status| status.stored(false)).as_ref()))
}

/// What of a request tells what its response outdates.
fn head_of<B>(request: &Request<B>) -> request::Parts {
    let (mut parts, ()) = Request::new(()).into_parts();
    parts.method = request.method().clone();
    parts.uri = request.uri().clone();
    parts.version = request.version();
    parts.headers = request.headers().clone();
    parts
}
