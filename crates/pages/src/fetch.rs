//! A request that can be made for a page: as often as its load needs it, whoever waits.

use std::future::poll_fn;
use std::marker::PhantomData;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use freshen_core::{BoxError, BoxFuture};
use freshen_http::{Config, Content, Inquiry, Rule, SURROGATE_CAPABILITY, Sent, Target, surrogate_capability};
use http::uri::{Authority, Parts as UriParts, PathAndQuery};
use http::{HeaderMap, Request, Response, Uri, request};
use http_body::Body;
use tower_service::Service;

use crate::body::{InnerBody, erased};
use crate::settings::Settings;

/// The request of a client, and the service that answers it.
pub(crate) struct Fetch {
    pub parts: request::Parts,
    pub target: Target,
    pub audience: Option<String>,
    pub asks: Content,
    /// The content of a QUERY.
    pub content: Bytes,
    pub settings: Arc<Settings>,
    pub service: Arc<dyn Answers>,
}

impl Fetch {
    /// All that a cache has to know of the request.
    pub fn inquiry(&self) -> Result<Inquiry<'_>, Rule> {
        Inquiry::of(&self.parts, &self.target, self.asks, self.audience.as_deref(), &self.settings.rules)
    }

    /// Sends it as the rules want it.
    pub fn send(&self, sent: &Sent<'_>) -> BoxFuture<'static, Result<Response<InnerBody>, BoxError>> {
        let mut parts = self.parts.clone();
        parts.headers = sent.headers();
        offer(&mut parts.headers, &self.settings.rules);
        parts.uri = about(parts.uri, &self.target, sent.target());
        self.service.answer(Request::from_parts(parts, self.content.clone()))
    }
}

/// Tells the service behind that what it says to caches of this kind is heeded, if it is. A request with as many fields as there can
/// be goes without.
pub(crate) fn offer(headers: &mut HeaderMap, rules: &Config) {
    if let Some(capability) = surrogate_capability(rules) {
        _ = headers.try_append(SURROGATE_CAPABILITY, capability);
    }
}

/// The same URI about what the origin is asked for in the place of what the request was about, its authority as the key has it. What a
/// layer before ours has taken off the path stays off.
fn about(uri: Uri, asked: &Target, sent: &Target) -> Uri {
    let mut parts: UriParts = uri.clone().into_parts();
    let authority = || Authority::try_from(sent.origin().authority()).ok();
    parts.authority = parts.authority.and_then(|written| authority().or(Some(written)));
    if sent.resource() != asked.resource() {
        let path = left_of(uri.path(), asked.path(), sent.path());
        let query = sent.query().map(|query| format!("?{query}")).unwrap_or_default();
        parts.path_and_query = PathAndQuery::try_from(format!("{path}{query}")).ok().or(parts.path_and_query);
    }
    Uri::from_parts(parts).unwrap_or(uri)
}

/// What is left of the path that is sent where this is left of the one that was asked for: choices change folders, and leave as many.
fn left_of<'a>(left: &'a str, asked: &str, sent: &'a str) -> &'a str {
    let folders = left.matches('/').count();
    let cut = sent.rmatch_indices('/').nth(folders.saturating_sub(1));
    cut.filter(|_| asked.ends_with(left)).map_or(left, |(at, _)| &sent[at..])
}

/// A service, whatever its type was.
pub(crate) trait Answers: Send + Sync {
    fn answer(&self, request: Request<Bytes>) -> BoxFuture<'static, Result<Response<InnerBody>, BoxError>>;
}

/// A service that is cloned for each request, and asked whether it is ready only then: what is in hand is served also while it is
/// not. Behind a lock, since services need not be shared between threads.
pub(crate) struct Inner<S>(Mutex<S>);

impl<S> Inner<S> {
    pub fn new(service: S) -> Inner<S> {
        Inner(Mutex::new(service))
    }

    pub fn call<B>(&self, request: Request<B>) -> impl Future<Output = Result<S::Response, S::Error>> + Send + use<S, B>
    where
        S: Service<Request<B>> + Clone + Send + 'static,
        S::Future: Send,
        B: Send,
    {
        let mut service = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        async move {
            poll_fn(|context| service.poll_ready(context)).await?;
            service.call(request).await
        }
    }
}

/// The same for requests and responses of these types.
pub(crate) struct Typed<S, B, R>(pub Arc<Inner<S>>, pub PhantomData<fn(B) -> R>);

impl<S, B, R> Answers for Typed<S, B, R>
where
    S: Service<Request<B>, Response = Response<R>> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: Into<BoxError>,
    B: From<Bytes> + Send + 'static,
    R: Body<Data = Bytes> + Send + 'static,
    R::Error: Into<BoxError>,
{
    fn answer(&self, request: Request<Bytes>) -> BoxFuture<'static, Result<Response<InnerBody>, BoxError>> {
        let answer = self.0.call(request.map(B::from));
        Box::pin(async { answer.await.map(|response| response.map(erased)).map_err(Into::into) })
    }
}
