//! The content that is stored of a representation: all of it, or parts.

use bytes::Bytes;

use crate::byte_range::{ByteRange, POSITION_MOST};

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

    /// Both together; `None`: they are of different lengths, have different bytes in one place, or are too many parts.
    pub fn join(&self, other: &Body) -> Option<Body> {
        let length = match (self.length, other.length) {
            (Some(one), Some(other)) if one != other => return None,
            (one, other) => one.or(other),
        };
        let mut all: Vec<&Part> = self.parts.iter().chain(&other.parts).collect();
        all.sort_by_key(|part| part.start);
        let mut parts: Vec<Part> = Vec::new();
        for part in all {
            let held = parts.last().map_or(0, Part::end);
            if part.start < held && !agrees(&parts, part) {
                return None;
            }
            parts.extend(part.behind(held));
        }
        if parts.len() > PARTS_MOST {
            parts = without_seams(parts);
        }
        Body::of_parts(parts, length)
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TEXT: &str = "abcdefghijklmnopqrstuvwxyz";

    fn range(start: u64, end: u64) -> ByteRange {
        ByteRange::new(start, end).unwrap()
    }

    fn part(start: u64, text: &str, length: Option<u64>) -> Body {
        Body::part(start, Bytes::copy_from_slice(text.as_bytes()), length).unwrap()
    }

    fn of(start: usize, end: usize) -> Body {
        part(start as u64, &TEXT[start..end], Some(26))
    }

    fn text(body: &Body, start: u64, end: u64) -> Option<String> {
        body.slice(range(start, end)).map(|pieces| String::from_utf8(pieces.concat()).unwrap())
    }

    #[test]
    fn what_is_whole_is_complete_and_a_part_is_not() {
        let whole = Body::complete(Bytes::from_static(b"abc"));
        assert_eq!((whole.is_complete(), whole.length(), whole.held()), (true, Some(3), 3));
        assert!(Body::complete(Bytes::new()).is_complete());
        assert!(!of(0, 25).is_complete() && !of(1, 26).is_complete() && of(0, 26).is_complete());
        assert!(!part(0, "abc", None).is_complete());
        assert_eq!(Body::part(0, Bytes::new(), Some(3)), None);
        assert_eq!(Body::part(1, Bytes::from_static(b"abc"), Some(3)), None);
        assert_eq!(Body::part(u64::MAX, Bytes::from_static(b"abc"), None), None);
    }

    /// RFC 9111, section 3.3: what is served lies wholly within what is there.
    #[test]
    fn only_what_is_there_is_given_out() {
        let body = of(5, 10).join(&of(12, 15)).unwrap();
        for (start, end, expected) in [
            (5, 10, Some("fghij")),
            (6, 9, Some("ghi")),
            (12, 15, Some("mno")),
            (4, 6, None),
            (9, 11, None),
            (10, 12, None),
            (9, 13, None),
            (14, 16, None),
            (0, 26, None),
            (20, 21, None),
        ] {
            assert_eq!(text(&body, start, end).as_deref(), expected, "{start} {end}");
        }
        let seam = of(0, 5).join(&of(5, 8)).unwrap();
        assert_eq!(text(&seam, 3, 7).as_deref(), Some("defg"), "over a seam");
    }

    /// RFC 9111, section 3.3: what has to be asked for to make it complete.
    #[test]
    fn what_is_missing_is_asked_for_in_one_range() {
        let body = of(5, 10).join(&of(12, 15)).unwrap();
        for (start, end, expected) in [
            (5, 10, None),
            (0, 26, Some((0, 26))),
            (6, 15, Some((10, 12))),
            (6, 14, Some((10, 12))),
            (6, 26, Some((10, 26))),
            (0, 10, Some((0, 5))),
            (0, 13, Some((0, 12))),
            (20, 22, Some((20, 22))),
            (10, 11, Some((10, 11))),
            (8, 11, Some((10, 11))),
        ] {
            let expected = expected.map(|(start, end)| range(start, end));
            assert_eq!(body.gap(range(start, end)), expected, "{start} {end}");
        }
    }

    /// RFC 9110, section 15.3.7.3.
    #[test]
    fn parts_are_joined_and_the_union_may_be_complete() {
        let middle = of(5, 10);
        assert!(middle.join(&of(0, 5)).unwrap().join(&of(10, 26)).unwrap().is_complete());
        assert!(middle.join(&of(0, 26)).unwrap().is_complete());
        let overlapping = of(3, 12).join(&of(0, 6)).unwrap().join(&of(10, 26)).unwrap();
        assert_eq!(text(&overlapping, 0, 26).as_deref(), Some(TEXT));
        assert_eq!(part(0, "abc", None).join(&of(2, 5)).unwrap().length(), Some(26));
        assert_eq!(middle.join(&middle), Some(middle));
    }

    #[test]
    fn what_contradicts_is_not_joined() {
        let middle = of(5, 10);
        assert_eq!(middle.join(&part(9, "x", Some(26))), None);
        assert_eq!(middle.join(&part(4, "efxhi", Some(26))), None);
        assert_eq!(middle.join(&part(0, "abcde", Some(25))), None);
        assert_eq!(middle.join(&part(26, "x", None)), None, "beyond the length");
        let two = of(0, 3).join(&of(6, 9)).unwrap();
        assert_eq!(two.join(&part(2, "cdefXh", None)), None, "with the second of two");
        assert_eq!(two.join(&part(0, "Xbcdefghijk", None)), None, "with the first of two");
    }

    #[test]
    fn many_parts_that_touch_become_one_and_too_many_that_do_not_are_refused() {
        let at = |start: u64| Body::part(start, Bytes::from_static(b"x"), None).unwrap();
        let touching = (1..10_000).fold(at(0), |body, start| body.join(&at(start)).unwrap());
        assert_eq!(touching.held(), 10_000);
        assert!(touching.pieces().count() <= PARTS_MOST);
        let apart = (1..PARTS_MOST as u64).fold(at(0), |body, start| body.join(&at(start * 2)).unwrap());
        assert_eq!(apart.join(&at(1_000)), None);
        assert_eq!(apart.join(&at(1)).unwrap().held(), PARTS_MOST as u64 + 1);
    }

    proptest! {
        /// Against the simplest model: a byte is there or it is not.
        #[test]
        fn a_body_has_what_its_parts_had(parts in prop::collection::vec((0usize..26, 1usize..26), 1..20), start in 0u64..26, len in 1u64..26) {
            let parts: Vec<(usize, usize)> = parts.into_iter().map(|(start, len)| (start, (start + len).min(26))).collect();
            let body = parts[1..].iter().fold(of(parts[0].0, parts[0].1), |body, (start, end)| body.join(&of(*start, *end)).unwrap());
            let there = |at: u64| parts.iter().any(|(start, end)| (*start as u64..*end as u64).contains(&at));
            let wanted = range(start, (start + len).min(26));
            let missing: Vec<u64> = (wanted.start()..wanted.end()).filter(|at| !there(*at)).collect();
            let gap = missing.first().map(|first| range(*first, missing[missing.len() - 1] + 1));
            prop_assert_eq!(body.gap(wanted), gap);
            let expected = missing.is_empty().then(|| TEXT[wanted.start() as usize..wanted.end() as usize].to_owned());
            prop_assert_eq!(text(&body, wanted.start(), wanted.end()), expected);
            prop_assert_eq!(body.is_complete(), (0..26).all(there));
        }
    }
}
