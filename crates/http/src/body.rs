//! The content that is stored of a representation: all of it, or parts (RFC 9111, sections 3.3 and 3.4).

use bytes::Bytes;

use crate::byte_range::{ByteRange, POSITION_MOST};
use crate::rule::Rule;

/// Most parts that are kept of one representation.
pub const PARTS_MOST: usize = 32;

/// What is there of a representation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Body {
    /// How many bytes the whole has, where that is known.
    length: Option<u64>,
    /// In their order, none empty, none overlapping another. Some may touch: joining them means to copy them.
    parts: Vec<Part>,
}

/// Bytes that are there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Part {
    pub start: u64,
    pub bytes: Bytes,
}

impl Body {
    /// All of a representation.
    pub fn complete(bytes: Bytes) -> Body {
        let length = Some(len(&bytes));
        let parts = if bytes.is_empty() { Vec::new() } else { vec![Part { start: 0, bytes }] };
        Body { length, parts }
    }

    /// A part of one, from a position on; `None`: it is empty, or reaches beyond the length.
    pub fn part(start: u64, bytes: Bytes, length: Option<u64>) -> Option<Body> {
        Body::of_parts(vec![Part { start, bytes }], length).filter(|body| !body.parts.is_empty())
    }

    /// The parts of one, if they are such as a body keeps.
    pub(crate) fn of_parts(parts: Vec<Part>, length: Option<u64>) -> Option<Body> {
        let end = length.unwrap_or(POSITION_MOST);
        let fit = parts.iter().all(|part| part.range().is_some_and(|range| range.end() <= end));
        let sorted = parts.is_sorted_by(|one, next| one.end() <= next.start);
        (fit && sorted && parts.len() <= PARTS_MOST && end <= POSITION_MOST).then_some(Body { length, parts })
    }

    /// How many bytes the whole has, where that is known.
    pub fn length(&self) -> Option<u64> {
        self.length
    }

    /// How many bytes are there.
    pub fn held(&self) -> u64 {
        self.parts.iter().map(|part| len(&part.bytes)).sum()
    }

    /// Whether all of it is there.
    pub fn is_complete(&self) -> bool {
        self.length == Some(self.held())
    }

    /// What is there, in its order: where each piece begins, and its bytes.
    pub fn pieces(&self) -> impl Iterator<Item = (u64, &Bytes)> {
        self.parts.iter().map(|part| (part.start, &part.bytes))
    }

    /// The bytes of a range, in pieces that share the memory of the body; `None`: not all of them are there.
    pub fn slice(&self, range: ByteRange) -> Option<Vec<Bytes>> {
        let mut pieces = Vec::new();
        let mut at = range.start();
        for part in self.parts.iter().filter(|part| part.end() > range.start() && part.start < range.end()) {
            if part.start > at {
                return None;
            }
            let until = part.end().min(range.end());
            pieces.push(part.bytes.slice(index(at - part.start)..index(until - part.start)));
            at = until;
        }
        (at == range.end()).then_some(pieces)
    }

    /// The shortest range that has all bytes of another that are not there; `None`: all are.
    pub fn gap(&self, range: ByteRange) -> Option<ByteRange> {
        let (mut start, mut end) = (range.start(), range.end());
        for part in &self.parts {
            if part.start <= start {
                start = start.max(part.end());
            }
        }
        for part in self.parts.iter().rev() {
            if part.end() >= end {
                end = end.min(part.start);
            }
        }
        ByteRange::new(start, end)
    }

    /// Both together.
    ///
    /// # Errors
    /// [`Rule::PartsDiffer`]: they are of different lengths, or have different bytes in one place. [`Rule::TooManyParts`]: they
    /// are more than [`PARTS_MOST`], those that touch counted as one.
    pub fn join(&self, other: &Body) -> Result<Body, Rule> {
        let length = match (self.length, other.length) {
            (Some(one), Some(other)) if one != other => return Err(Rule::PartsDiffer),
            (one, other) => one.or(other),
        };
        let mut all: Vec<&Part> = self.parts.iter().chain(&other.parts).collect();
        all.sort_by_key(|part| part.start);
        let mut parts: Vec<Part> = Vec::new();
        for part in all {
            let held = parts.last().map_or(0, Part::end);
            if part.start < held && !agrees(&parts, part) {
                return Err(Rule::PartsDiffer);
            }
            parts.extend(part.behind(held));
        }
        if parts.len() > PARTS_MOST {
            parts = without_seams(parts);
        }
        if parts.len() > PARTS_MOST {
            return Err(Rule::TooManyParts);
        }
        Body::of_parts(parts, length).ok_or(Rule::PartsDiffer)
    }
}

impl Part {
    fn end(&self) -> u64 {
        self.start.saturating_add(len(&self.bytes))
    }

    fn range(&self) -> Option<ByteRange> {
        ByteRange::new(self.start, self.end())
    }

    /// What of it lies behind a position.
    fn behind(&self, position: u64) -> Option<Part> {
        let start = self.start.max(position);
        (start < self.end()).then(|| Part { start, bytes: self.bytes.slice(index(start - self.start)..) })
    }
}

/// Whether a part has the same bytes as those before it, where they overlap. Those of one body do not, so that it is compared with
/// what is as long as itself at most.
fn agrees(before: &[Part], part: &Part) -> bool {
    let overlapping = before.iter().rev().take_while(|other| other.end() > part.start);
    overlapping.into_iter().all(|other| {
        let start = other.start.max(part.start);
        let end = other.end().min(part.end());
        let of = |part: &Part| part.bytes.slice(index(start - part.start)..index(end - part.start));
        of(other) == of(part)
    })
}

/// The same with parts that touch made one.
fn without_seams(parts: Vec<Part>) -> Vec<Part> {
    let runs = parts.chunk_by(|one, next| one.end() == next.start);
    let one = |run: &[Part]| match run {
        [part] => part.clone(),
        run => {
            let bytes: Vec<&[u8]> = run.iter().map(|part| &part.bytes[..]).collect();
            Part { start: run[0].start, bytes: bytes.concat().into() }
        }
    };
    runs.map(one).collect()
}

fn len(bytes: &Bytes) -> u64 {
    bytes.len() as u64
}

/// A place in bytes that are there, which therefore has one.
fn index(at: u64) -> usize {
    usize::try_from(at).expect("what lies in memory has an index")
}
