//! What is held of a body: a run of pieces, of which small ones are sewn together.

use std::collections::VecDeque;

use bytes::Bytes;

/// Neighbours that have no more than that together become one piece: an origin that sends single bytes costs little more than
/// its bytes, and each of them is copied at most so often.
const SEWN_BYTES: usize = 4 << 10;

/// What a piece costs beside its content: its place in the run, and what its allocation has of its own.
const PIECE_BYTES: u64 = 128;

/// The most that so many bytes of content cost, in whatever pieces they come: any two neighbours are more than can be sewn.
pub(crate) fn cost_at_most(content_bytes: u64) -> u64 {
    let pieces = (content_bytes / SEWN_BYTES as u64).saturating_mul(2).saturating_add(1);
    content_bytes.saturating_add(pieces.saturating_mul(PIECE_BYTES))
}

/// Consecutive bytes of a body, from some place in it on to the last that came.
#[derive(Debug, Default)]
pub(crate) struct Pieces {
    run: VecDeque<Piece>,
    start: u64,
    end: u64,
    /// Those that are held no more, for whoever drops them: what dropping does is not known.
    freed: Vec<Bytes>,
}

#[derive(Debug)]
struct Piece {
    end: u64,
    content: Bytes,
}

impl Pieces {
    /// The place of the first byte that is held.
    pub(crate) fn start(&self) -> u64 {
        self.start
    }

    /// The place behind the last byte: how many have come.
    pub(crate) fn end(&self) -> u64 {
        self.end
    }

    /// What is held costs so much memory.
    pub(crate) fn cost_bytes(&self) -> u64 {
        self.end - self.start + self.run.len() as u64 * PIECE_BYTES
    }

    pub(crate) fn push(&mut self, content: Bytes) {
        self.end += content.len() as u64;
        match self.run.back_mut() {
            Some(last) if last.content.len() + content.len() <= SEWN_BYTES => {
                let sewn = Bytes::from([&last.content[..], &content[..]].concat());
                self.freed.extend([std::mem::replace(&mut last.content, sewn), content]);
                last.end = self.end;
            }
            _ => self.run.push_back(Piece { end: self.end, content }),
        }
    }

    /// What there is in one piece from that place on, which is held. `None`: it has not come yet.
    pub(crate) fn at(&self, place: u64) -> Option<Bytes> {
        let piece = self.run.get(self.run.partition_point(|piece| piece.end <= place))?;
        let rest = usize::try_from(piece.end - place).unwrap_or(usize::MAX);
        Some(piece.content.slice(piece.content.len().saturating_sub(rest)..))
    }

    /// Lets go of the first pieces, as long as the place behind them is one for which this holds.
    pub(crate) fn free_while(&mut self, unused: impl Fn(u64) -> bool) {
        while self.run.front().is_some_and(|first| unused(first.end))
            && let Some(first) = self.run.pop_front()
        {
            self.start = first.end;
            self.freed.push(first.content);
        }
    }

    /// Holds other pieces with the same content instead. Whether they are as long; if not, it stays as it is.
    pub(crate) fn replace(&mut self, contents: Vec<Bytes>) -> bool {
        let mut end = self.start;
        let pieces = contents.into_iter().map(|content| {
            end += content.len() as u64;
            Piece { end, content }
        });
        let mut others: VecDeque<Piece> = pieces.collect();
        let fits = end == self.end;
        if fits {
            std::mem::swap(&mut self.run, &mut others);
        }
        self.freed.extend(others.into_iter().map(|piece| piece.content));
        fits
    }

    pub(crate) fn take_freed(&mut self) -> Vec<Bytes> {
        std::mem::take(&mut self.freed)
    }

    pub(crate) fn to_vec(&self) -> Vec<Bytes> {
        self.run.iter().map(|piece| piece.content.clone()).collect()
    }
}
