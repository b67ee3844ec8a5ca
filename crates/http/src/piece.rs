//! Bytes of a representation that lie together in memory.

use bytes::Bytes;

use crate::byte_range::ByteRange;

/// Up to how many bytes pieces that touch are copied into one. Without that, content that comes byte by byte would be as many pieces;
/// without a bound, each new piece would copy all that is there.
const SEWN_BYTES_MOST: u64 = 16 << 10;

/// Bytes that are there, and where. They are never none.
#[derive(Clone, Debug)]
pub(crate) struct Piece {
    pub start: u64,
    pub bytes: Bytes,
}

impl Piece {
    /// Those of content that begins at a position.
    pub fn each(start: u64, pieces: &[Bytes]) -> Vec<Piece> {
        let ends = pieces.iter().scan(start, |at, bytes| {
            let start = *at;
            *at = start.saturating_add(len(bytes));
            Some(Piece { start, bytes: bytes.clone() })
        });
        ends.filter(|piece| !piece.bytes.is_empty()).collect()
    }

    pub fn end(&self) -> u64 {
        self.start.saturating_add(len(&self.bytes))
    }

    /// Where it lies; `None`: behind all positions.
    pub fn range(&self) -> Option<ByteRange> {
        ByteRange::new(self.start, self.end())
    }

    /// What of it lies between two positions, of which it has a byte, in the same memory.
    pub fn between(&self, start: u64, end: u64) -> Piece {
        let (start, end) = (start.max(self.start), end.min(self.end()));
        Piece { start, bytes: self.bytes.slice(index(start - self.start)..index(end - self.start)) }
    }

    /// What of it fills the gaps of pieces, which all have a byte of it; `None`: they have others in the same place.
    pub fn filling(&self, held: &[Piece]) -> Option<Vec<Piece>> {
        let mut filling = Vec::new();
        let mut at = self.start;
        for held in held {
            let (ours, theirs) = (self.between(held.start, held.end()), held.between(self.start, self.end()));
            if ours.bytes != theirs.bytes {
                return None;
            }
            filling.extend(self.kept(at, held.start));
            at = held.end();
        }
        filling.extend(self.kept(at, self.end()));
        Some(filling)
    }

    /// What of it lies between two positions, to be kept. A small slice would keep all of its memory: it is copied.
    fn kept(&self, start: u64, end: u64) -> Option<Piece> {
        let slice = (start < end).then(|| self.between(start, end))?;
        let small = slice.bytes.len() * 2 < self.bytes.len();
        Some(if small { Piece { bytes: Bytes::copy_from_slice(&slice.bytes), ..slice } } else { slice })
    }

    /// Whether it is sewn to one before it, which it touches: both are small, and what was sewn already is not much more than what
    /// is new. So each byte is copied a few times at most.
    fn is_sewn_to(&self, before: &Piece) -> bool {
        let (new, old) = (len(&self.bytes), len(&before.bytes));
        before.end() == self.start && old <= new.saturating_mul(2) && old + new <= SEWN_BYTES_MOST
    }
}

/// How many bytes they are.
pub(crate) fn lengths(pieces: &[Piece]) -> u64 {
    pieces.iter().map(|piece| len(&piece.bytes)).sum()
}

/// The same, with small pieces that touch made one.
pub(crate) fn sewn(pieces: Vec<Piece>) -> Vec<Piece> {
    let mut sewn: Vec<Piece> = Vec::with_capacity(pieces.len());
    for mut piece in pieces {
        while let Some(before) = sewn.pop_if(|before| piece.is_sewn_to(before)) {
            piece = Piece { start: before.start, bytes: [&before.bytes[..], &piece.bytes].concat().into() };
        }
        sewn.push(piece);
    }
    sewn
}

fn len(bytes: &Bytes) -> u64 {
    bytes.len() as u64
}

/// A place in bytes that are there, which therefore has one.
fn index(at: u64) -> usize {
    usize::try_from(at).expect("what lies in memory has an index")
}
