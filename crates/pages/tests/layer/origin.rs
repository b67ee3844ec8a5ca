//! A service that answers by a script, and counts what it is asked.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use freshen_core::BoxError;
use futures_util::FutureExt;
use http::{HeaderMap, Request, Response, request};
use http_body::{Body, Frame};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use tower_service::Service;

pub type Answer = Response<UnsyncBoxBody<Bytes, BoxError>>;
type Usual = dyn Fn(&request::Parts) -> Answer + Send + Sync;
type Act = Box<dyn FnOnce(request::Parts) -> Pin<Box<dyn Future<Output = Result<Answer, BoxError>> + Send>> + Send>;

/// A service. Clones are the same one.
#[derive(Clone, Default)]
pub struct Origin(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    acts: VecDeque<Act>,
    asked: Vec<request::Parts>,
    takes: Duration,
    usual: Option<Arc<Usual>>,
}

impl Origin {
    /// What it answers where the script has nothing.
    pub fn answers(&self, usual: impl Fn(&request::Parts) -> Answer + Send + Sync + 'static) -> &Self {
        self.0.lock().unwrap().usual = Some(Arc::new(usual));
        self
    }

    /// How long it takes for each answer.
    pub fn takes(&self, span: Duration) -> &Self {
        self.0.lock().unwrap().takes = span;
        self
    }

    /// What it does next.
    pub fn then<F>(&self, act: impl FnOnce(request::Parts) -> F + Send + 'static) -> &Self
    where
        F: Future<Output = Result<Answer, BoxError>> + Send + 'static,
    {
        self.0.lock().unwrap().acts.push_back(Box::new(|request| Box::pin(act(request))));
        self
    }

    /// All requests so far.
    pub fn asked(&self) -> Vec<request::Parts> {
        self.0.lock().unwrap().asked.clone()
    }

    /// Lets go of all requests so far.
    pub fn forget(&self) {
        self.0.lock().unwrap().asked.clear();
    }

    /// How many there were.
    pub fn count(&self) -> usize {
        self.0.lock().unwrap().asked.len()
    }
}

/// What a request had for content.
#[derive(Clone)]
pub struct Said(pub Bytes);

/// The error of a service that cannot be reached.
#[derive(Debug, thiserror::Error)]
#[error("no connection")]
pub struct NoConnection;

impl Service<Request<Full<Bytes>>> for Origin {
    type Response = Answer;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Answer, BoxError>> + Send>>;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Full<Bytes>>) -> Self::Future {
        let (mut parts, body) = request.into_parts();
        if let Some(Ok(body)) = body.collect().now_or_never() {
            parts.extensions.insert(Said(body.to_bytes()));
        }
        let mut state = self.0.lock().unwrap();
        state.asked.push(parts.clone());
        let (takes, act, usual) = (state.takes, state.acts.pop_front(), state.usual.clone());
        Box::pin(async move {
            tokio::time::sleep(takes).await;
            match (act, usual) {
                (Some(act), _) => act(parts).await,
                (None, Some(usual)) => Ok(usual(&parts)),
                (None, None) => Err(NoConnection.into()),
            }
        })
    }
}

/// A response as a line: `200 | etag: "1" | hello`.
pub fn answer(line: &str) -> Answer {
    let mut parts: Vec<&str> = line.split(" | ").collect();
    let body = if parts.len() > 1 && !parts[parts.len() - 1].contains(": ") { parts.pop().unwrap() } else { "" };
    head(&parts, Full::new(Bytes::from(body.to_owned())))
}

fn head<B>(parts: &[&str], body: B) -> Answer
where
    B: Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
{
    let mut response = Response::builder().status(parts[0].parse::<u16>().unwrap());
    for field in &parts[1..] {
        let (name, value) = field.split_once(": ").unwrap();
        response = response.header(name, value);
    }
    response.body(body.map_err(Into::into).boxed_unsync()).unwrap()
}

/// A body that a test writes while it is read.
pub struct Writing(tokio::sync::mpsc::UnboundedSender<Result<Frame<Bytes>, BoxError>>);

impl Writing {
    pub fn write(&self, piece: &str) {
        _ = self.0.send(Ok(Frame::data(Bytes::from(piece.to_owned()))));
    }

    pub fn trailers(&self, name: &'static str, value: &str) {
        let trailers: HeaderMap = [(http::HeaderName::from_static(name), value.parse().unwrap())].into_iter().collect();
        _ = self.0.send(Ok(Frame::trailers(trailers)));
    }

    pub fn fail(&self) {
        _ = self.0.send(Err("the cable was cut".into()));
    }
}

/// A response whose body a test writes. Dropping what writes it ends it.
pub fn written(line: &str) -> (Writing, Answer) {
    let (sender, receiver) = tokio::sync::mpsc::unbounded_channel();
    let stream = futures_util::stream::unfold(receiver, |mut receiver| async {
        let frame = receiver.recv().await?;
        Some((frame, receiver))
    });
    let parts: Vec<&str> = line.split(" | ").collect();
    (Writing(sender), head(&parts, StreamBody::new(stream)))
}
