//! The content of what a layer answers.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::vec::IntoIter;

use bytes::Bytes;
use freshen_core::BoxError;
use freshen_http::{Admitted, Portion};
use http::HeaderMap;
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt;
use http_body_util::combinators::UnsyncBoxBody;

use crate::following::Followed;
use crate::reader::{Broken, Reader};

/// What the service behind answers with, whatever its type was.
pub(crate) type InnerBody = UnsyncBoxBody<Bytes, BoxError>;

/// The content of what a layer answers: of a page that is kept, of one that comes, or of a response that passes. By default it is
/// empty.
///
/// It may be the content of requests as well. A layer sends requests of its own, so that theirs has to be of a type that is made
/// [from bytes](From), as axum's and `http_body_util::Full` are. What a server of hyper reads from a connection is not, and is
/// [wrapped](PageBody::new):
///
/// ```
/// # use freshen_pages::{PageBody, PageService};
/// # use http::{Request, Response};
/// # use hyper::body::Incoming;
/// # use hyper_util::rt::TokioIo;
/// # use tower_service::Service;
/// async fn serve<S>(connection: tokio::net::TcpStream, site: PageService<S>) -> hyper::Result<()>
/// where
///     PageService<S>: Service<Request<PageBody>, Response = Response<PageBody>, Error = std::convert::Infallible> + Clone,
/// {
///     let answer = hyper::service::service_fn(|request: Request<Incoming>| site.clone().call(request.map(PageBody::new)));
///     hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(connection), answer).await
/// }
/// ```
#[derive(Debug)]
pub struct PageBody(Kind);

#[derive(Debug)]
enum Kind {
    Kept {
        pieces: IntoIter<Bytes>,
        left_bytes: u64,
        trailers: Option<Box<HeaderMap>>,
    },
    /// None goes with it. How long it is, this does not tell: whoever writes the response would say so of the page.
    Without,
    /// That it broke off is told at the next poll: whoever sends it on drops then what he has not sent.
    Coming {
        reader: Reader,
        broken: Option<Broken>,
    },
    Following(Box<Followed>),
    Passing(InnerBody),
}

impl PageBody {
    /// The same content, whatever its type was.
    pub fn new<B>(body: B) -> PageBody
    where
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        PageBody::passing(erased(body))
    }

    pub(crate) fn without() -> PageBody {
        PageBody(Kind::Without)
    }

    pub(crate) fn kept(pieces: Vec<Bytes>, trailers: HeaderMap) -> PageBody {
        if pieces.is_empty() && trailers.is_empty() {
            return PageBody::without();
        }
        let left_bytes = pieces.iter().map(|piece| piece.len() as u64).sum();
        let trailers = (!trailers.is_empty()).then(|| Box::new(trailers));
        PageBody(Kind::Kept { pieces: pieces.into_iter(), left_bytes, trailers })
    }

    pub(crate) fn coming(reader: Reader) -> PageBody {
        PageBody(Kind::Coming { reader, broken: None })
    }

    /// What one who follows gets of a body.
    pub(crate) fn following(reader: Reader, portion: Portion, admitted: &Admitted) -> PageBody {
        PageBody(Kind::Following(Box::new(Followed::new(reader, portion, admitted.clone()))))
    }

    /// What the one gets of it whose request brought it: of the whole also the trailers that are for him alone.
    pub(crate) fn portion(reader: Reader, portion: Portion, admitted: &Admitted) -> PageBody {
        match portion {
            Portion::Nothing => PageBody::without(),
            Portion::All => PageBody::coming(reader),
            Portion::Part(_) => PageBody::following(reader, portion, admitted),
        }
    }

    pub(crate) fn passing(body: InnerBody) -> PageBody {
        PageBody(Kind::Passing(body))
    }
}

/// Layers around this one, such as those that answer for it after a while, want it.
impl Default for PageBody {
    fn default() -> PageBody {
        PageBody::without()
    }
}

impl From<Bytes> for PageBody {
    fn from(content: Bytes) -> PageBody {
        // What has no content has ended before it is read.
        let piece = Some(content).filter(|content| !content.is_empty());
        PageBody::kept(piece.into_iter().collect(), HeaderMap::new())
    }
}

/// Forgets the type of a body.
pub(crate) fn erased<B>(body: B) -> InnerBody
where
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    body.map_err(Into::into).boxed_unsync()
}

impl Body for PageBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        match &mut self.0 {
            Kind::Kept { pieces, left_bytes, trailers } => {
                let piece = pieces.next().inspect(|piece| *left_bytes -= piece.len() as u64).map(Frame::data);
                Poll::Ready(piece.or_else(|| trailers.take().map(|trailers| Frame::trailers(*trailers))).map(Ok))
            }
            Kind::Without => Poll::Ready(None),
            Kind::Coming { broken: broken @ Some(_), .. } => {
                Poll::Ready(broken.take().map(|broken| Err(broken.into())))
            }
            Kind::Coming { reader, broken } => match ready!(Pin::new(reader).poll_frame(context)) {
                Some(Err(error)) => {
                    *broken = Some(error);
                    context.waker().wake_by_ref();
                    Poll::Pending
                }
                frame => Poll::Ready(frame.map(|frame| frame.map_err(Into::into))),
            },
            Kind::Following(followed) => Pin::new(followed).poll_frame(context),
            Kind::Passing(body) => Pin::new(body).poll_frame(context),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Kind::Kept { pieces, trailers, .. } => pieces.len() == 0 && trailers.is_none(),
            Kind::Without => true,
            Kind::Coming { reader, broken } => broken.is_none() && reader.is_end_stream(),
            Kind::Following(followed) => followed.is_end_stream(),
            Kind::Passing(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Kind::Kept { left_bytes, trailers: None, .. } => SizeHint::with_exact(*left_bytes),
            // HTTP/1.1 has room for trailers only where the length is not told.
            Kind::Kept { .. } | Kind::Without => SizeHint::default(),
            Kind::Coming { reader, .. } => reader.size_hint(),
            Kind::Following(followed) => followed.size_hint(),
            Kind::Passing(body) => body.size_hint(),
        }
    }
}
