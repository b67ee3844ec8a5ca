//! The content that is stored of a representation, all of it or parts (RFC 9111, sections 3.3 and 3.4).

use bytes::Bytes;

use crate::byte_range::{ByteRange, POSITION_MOST};
use crate::piece::{Piece, lengths, sewn};
use crate::rule::Rule;

/// Most parts that are kept of one representation, each apart from the next.
pub const PARTS_MOST: usize = 32;

/// Larger content is not copied: what it keeps beside itself is less than it is.
const DETACHED_BYTES_MOST: u64 = 64 << 10;

/// What is there of a representation; by default nothing.
#[derive(Clone, Debug, Default)]
pub struct Body {
    /// How many bytes the whole has, where that is known.
    length: Option<u64>,
    /// How many are there.
    held: u64,
    /// In their order, none overlapping another. A part is those that touch.
    pieces: Vec<Piece>,
}

impl Body {
    /// All of a representation, in the pieces in which it came: those that are not small are not copied.
    pub fn complete(pieces: &[Bytes]) -> Body {
        let pieces = Piece::each(0, pieces);
        Body { length: Some(lengths(&pieces)), ..Body::of_pieces(pieces, None) }
    }

    /// A part of one, from a position on, in the pieces in which it came; `None`: it is empty, or reaches beyond the length.
    pub fn part(start: u64, pieces: &[Bytes], length: Option<u64>) -> Option<Body> {
        let body = Body::of_pieces(Piece::each(start, pieces), length);
        (body.held > 0 && body.is_within_bounds()).then_some(body)
    }

    /// The parts of one, if they are such as a body keeps.
    pub(crate) fn of_parts(parts: Vec<Piece>, length: Option<u64>) -> Option<Body> {
        let fit = parts.iter().all(|part| part.range().is_some());
        let apart = parts.is_sorted_by(|one, next| one.end() < next.start);
        let body = Body { length, held: lengths(&parts), pieces: parts };
        (fit && apart && body.is_within_bounds()).then_some(body)
    }

    fn of_pieces(pieces: Vec<Piece>, length: Option<u64>) -> Body {
        let pieces = sewn(pieces);
        Body { length, held: lengths(&pieces), pieces }
    }

    /// The same in memory of its own, where it is small: each piece may share that of what else was read with it.
    pub(crate) fn detached(mut self) -> Body {
        if self.held <= DETACHED_BYTES_MOST {
            self.pieces.iter_mut().for_each(|piece| piece.bytes = Bytes::copy_from_slice(&piece.bytes));
        }
        self
    }

    /// How many bytes the whole has, where that is known.
    pub fn length(&self) -> Option<u64> {
        self.length
    }

    /// How many bytes are there.
    pub fn held(&self) -> u64 {
        self.held
    }

    /// Whether all of it is there.
    pub fn is_complete(&self) -> bool {
        self.length == Some(self.held)
    }

    /// What is there, in its order: where each piece begins, and its bytes.
    pub fn pieces(&self) -> impl Iterator<Item = (u64, &Bytes)> {
        self.pieces.iter().map(|piece| (piece.start, &piece.bytes))
    }

    /// The pieces of each part.
    pub(crate) fn parts(&self) -> impl Iterator<Item = &[Piece]> {
        self.pieces.chunk_by(|one, next| one.end() == next.start)
    }

    /// The bytes of a range, in pieces that share the memory of the body; `None`: not all of them are there.
    pub fn slice(&self, range: ByteRange) -> Option<Vec<Bytes>> {
        let slices = self.within(range).iter().map(|piece| piece.between(range.start(), range.end()).bytes);
        (self.lacking(range) == 0).then(|| slices.collect())
    }

    /// The shortest range that has all bytes of another that are not there; `None`: all are.
    pub fn gap(&self, range: ByteRange) -> Option<ByteRange> {
        let within = self.within(range);
        let start = within.iter().fold(range.start(), |at, piece| if piece.start <= at { piece.end() } else { at });
        let end = within.iter().rev().fold(range.end(), |at, piece| if piece.end() >= at { piece.start } else { at });
        ByteRange::new(start, end)
    }

    /// How many bytes of a range are not there.
    pub fn lacking(&self, range: ByteRange) -> u64 {
        let there = |piece: &Piece| piece.end().min(range.end()) - piece.start.max(range.start());
        range.len() - self.within(range).iter().map(there).sum::<u64>()
    }

    /// The pieces with a byte of a range.
    fn within(&self, range: ByteRange) -> &[Piece] {
        let from = self.pieces.partition_point(|piece| piece.end() <= range.start());
        let until = self.pieces.partition_point(|piece| piece.start < range.end());
        &self.pieces[from..until.max(from)]
    }

    /// Both together. What is there stays as it is, and the other fills its gaps.
    ///
    /// # Errors
    /// [`Rule::PartsDiffer`]: they are of different lengths, or have different bytes in one place. [`Rule::TooManyParts`]: they
    /// are more than [`PARTS_MOST`].
    pub fn join(&self, other: &Body) -> Result<Body, Rule> {
        let length = match (self.length, other.length) {
            (Some(one), Some(other)) if one != other => return Err(Rule::PartsDiffer),
            (one, other) => one.or(other),
        };
        let mut pieces = self.pieces.clone();
        for piece in &other.pieces {
            let Some(range) = piece.range() else { continue };
            pieces.extend(piece.filling(self.within(range)).ok_or(Rule::PartsDiffer)?);
        }
        pieces.sort_by_key(|piece| piece.start);
        let joined = Body::of_pieces(pieces, length);
        match joined.is_within_bounds() {
            true => Ok(joined),
            false if joined.parts().count() > PARTS_MOST => Err(Rule::TooManyParts),
            false => Err(Rule::PartsDiffer),
        }
    }

    fn is_within_bounds(&self) -> bool {
        let end = self.length.unwrap_or(POSITION_MOST);
        let held = self.pieces.last().is_none_or(|last| last.end() <= end);
        held && end <= POSITION_MOST && self.parts().count() <= PARTS_MOST
    }
}

/// In whatever pieces it came.
impl PartialEq for Body {
    fn eq(&self, other: &Body) -> bool {
        let places = |body: &Body| body.parts().map(|part| (part[0].start, lengths(part))).collect::<Vec<_>>();
        let [bytes, others] = [self, other].map(|body| body.pieces.iter().flat_map(|piece| &piece.bytes));
        self.length == other.length && places(self) == places(other) && bytes.eq(others)
    }
}

impl Eq for Body {}
