//! The content that one gets who reads another's response along: the bytes that he asked for, and the trailers that go to all.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use freshen_core::BoxError;
use freshen_http::{Admitted, ByteRange, Portion};
use http_body::{Body, Frame, SizeHint};

use crate::reader::Reader;

/// The content of one who follows.
#[derive(Debug)]
pub(crate) struct Followed {
    reader: Reader,
    admitted: Admitted,
    part: Option<Part>,
    ended: bool,
}

/// What is still to come of a part.
#[derive(Debug)]
struct Part {
    ahead_bytes: u64,
    left_bytes: u64,
}

impl Followed {
    pub fn new(reader: Reader, portion: Portion, admitted: Admitted) -> Followed {
        let part = |range: ByteRange| Part { ahead_bytes: range.start(), left_bytes: range.len() };
        let part = match portion {
            Portion::Part(range) => Some(part(range)),
            Portion::All | Portion::Nothing => None,
        };
        Followed { reader, admitted, part, ended: false }
    }

    /// What of a piece is asked for.
    fn asked_for(&mut self, mut piece: Bytes) -> Bytes {
        let Some(part) = &mut self.part else { return piece };
        let ahead = piece.len().min(usize::try_from(part.ahead_bytes).unwrap_or(usize::MAX));
        part.ahead_bytes -= ahead as u64;
        drop(piece.split_to(ahead));
        piece.truncate(usize::try_from(part.left_bytes).unwrap_or(usize::MAX));
        part.left_bytes -= piece.len() as u64;
        piece
    }

    fn has_all(&self) -> bool {
        self.part.as_ref().is_some_and(|part| part.left_bytes == 0)
    }
}

impl Body for Followed {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        while !self.ended && !self.has_all() {
            let Some(frame) = ready!(Pin::new(&mut self.reader).poll_frame(context)?) else { break };
            match frame.into_data() {
                Ok(piece) => {
                    let piece = self.asked_for(piece);
                    if !piece.is_empty() {
                        return Poll::Ready(Some(Ok(Frame::data(piece))));
                    }
                }
                Err(frame) => {
                    self.ended = true;
                    let trailers = frame.into_trailers().ok().filter(|_| self.part.is_none());
                    let kept = trailers.and_then(|trailers| self.admitted.trailers(&trailers).ok());
                    return Poll::Ready(kept.filter(|kept| !kept.is_empty()).map(|kept| Ok(Frame::trailers(kept))));
                }
            }
        }
        Poll::Ready(None)
    }

    fn is_end_stream(&self) -> bool {
        self.ended || self.has_all() || self.reader.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        match &self.part {
            Some(part) => SizeHint::with_exact(part.left_bytes),
            None => self.reader.size_hint(),
        }
    }
}
