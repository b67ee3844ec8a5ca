//! One who reads a body while it comes.

use std::error::Error;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

use crate::course::{End, Next};
use crate::shared::Shared;

/// One who reads a body from its beginning, while it comes. Dropping it leaves the body to the others.
#[derive(Debug)]
pub struct Reader {
    shared: Arc<Shared>,
    number: u64,
    read_bytes: u64,
    /// The end was told.
    ended: bool,
}

/// Why a body is not whole.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Broken {
    /// Its origin broke it off.
    #[error("the origin broke the body off: {0}")]
    Origin(#[source] Arc<dyn Error + Send + Sync>),
    /// Whoever read it from the origin is gone.
    #[error("the body was given up while it came")]
    Abandoned,
    /// It is shorter or longer than its origin had said.
    #[error("the body is not as long as its origin said")]
    Length,
    /// It is not kept, and this reader fell too far behind the one who leads, or read nothing while another waited for him.
    #[error("the body is not kept, and its reader fell behind")]
    FellBehind,
}

impl Reader {
    pub(crate) fn new(shared: Arc<Shared>, number: u64) -> Reader {
        Reader { shared, number, read_bytes: 0, ended: false }
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.shared.with(|course| course.leave(self.number));
    }
}

impl Body for Reader {
    type Data = Bytes;
    type Error = Broken;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
        if self.ended {
            return Poll::Ready(None);
        }
        let next = self.shared.with(|course| course.next(self.number, context.waker()));
        match next {
            Next::Later => Poll::Pending,
            Next::Piece(piece) => {
                self.read_bytes += piece.len() as u64;
                Poll::Ready(Some(Ok(Frame::data(piece))))
            }
            Next::End(end) => {
                self.ended = true;
                match end {
                    End::Whole(trailers) => Poll::Ready(trailers.map(|trailers| Ok(Frame::trailers(trailers)))),
                    End::Broken(broken) => Poll::Ready(Some(Err(broken))),
                }
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.ended || self.shared.with(|course| course.ends_at(self.read_bytes))
    }

    fn size_hint(&self) -> SizeHint {
        match self.shared.with(|course| course.length()) {
            Some(length) => SizeHint::with_exact(length.saturating_sub(self.read_bytes)),
            None => SizeHint::default(),
        }
    }
}
