//! Which parts of a representation a request asks for (RFC 9110, section 14.2).

use http::HeaderMap;
use http::header::RANGE;

use crate::byte_range::{ByteRange, POSITION_MOST, decimal};
use crate::members::trim;
use crate::rule::Rule;
use crate::sole::sole;

/// Most parts that one request may ask for. Who asks for more gets the whole (RFC 9110, section 17.15).
pub const RANGES_MOST: usize = 16;

/// The parts that a request asks for, in its order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ranges {
    all: Vec<RangeSpec>,
}

/// One part that is asked for, before the length of the representation is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RangeSpec {
    /// From a position to the end.
    From(u64),
    /// Between two positions, the second of which is not included.
    Between(ByteRange),
    /// So many of the last bytes.
    Last(u64),
}

impl Ranges {
    /// Reads Range.
    ///
    /// # Errors
    /// The rule by which the field is ignored: it is there twice, in another unit than bytes, malformed in any of its parts, or
    /// has too many.
    pub fn read(headers: &HeaderMap) -> Result<Ranges, Rule> {
        let set = sole(headers, &RANGE).and_then(in_bytes).ok_or(Rule::RangeIgnored)?;
        let mut ranges = Vec::new();
        // Empty members of a list are ignored (RFC 9110, section 5.6.1.2).
        for spec in set.split(|byte| *byte == b',').map(trim).filter(|spec| !spec.is_empty()) {
            if ranges.len() == RANGES_MOST {
                return Err(Rule::RangeExcessive);
            }
            ranges.push(RangeSpec::of(spec).ok_or(Rule::RangeIgnored)?);
        }
        if ranges.is_empty() { Err(Rule::RangeIgnored) } else { Ok(Ranges { all: ranges }) }
    }

    /// What is asked for, as it was.
    pub fn as_slice(&self) -> &[RangeSpec] {
        &self.all
    }

    /// What they are of a representation of this length; empty: nothing of it is asked for. Parts that overlap or touch are one
    /// part, which stands where the first of them stood (RFC 9110, section 15.3.7.2).
    pub fn of_length(&self, length: u64) -> Vec<ByteRange> {
        let mut parts: Vec<ByteRange> = Vec::new();
        for mut part in self.all.iter().filter_map(|spec| spec.of_length(length)) {
            // They are few. What a part is joined with may now touch another.
            let mut place = parts.len();
            while let Some(at) = parts.iter().position(|other| other.touches(part)) {
                part = part.hull(parts.remove(at));
                place = place.min(at);
            }
            parts.insert(place.min(parts.len()), part);
        }
        parts
    }
}

impl RangeSpec {
    fn of(spec: &[u8]) -> Option<RangeSpec> {
        let dash = spec.iter().position(|byte| *byte == b'-')?;
        match (&spec[..dash], &spec[dash + 1..]) {
            (b"", count) => decimal(count).map(RangeSpec::Last),
            (first, b"") => decimal(first).map(RangeSpec::From),
            (first, last) => {
                let (first, last) = (decimal(first)?, decimal(last)?);
                if last >= POSITION_MOST {
                    return Some(RangeSpec::From(first));
                }
                ByteRange::new(first, last + 1).map(RangeSpec::Between)
            }
        }
    }

    /// What it is of a representation of this length; `None`: nothing.
    pub(crate) fn of_length(self, length: u64) -> Option<ByteRange> {
        match self {
            RangeSpec::From(start) => ByteRange::new(start, length),
            RangeSpec::Between(range) => ByteRange::new(range.start(), range.end().min(length)),
            RangeSpec::Last(count) => ByteRange::new(length.saturating_sub(count), length),
        }
    }
}

/// What stands behind `bytes=`. The name of a unit is written in any case (RFC 9110, section 14.1).
fn in_bytes(value: &[u8]) -> Option<&[u8]> {
    let (unit, set) = value.split_at_checked(6)?;
    unit.eq_ignore_ascii_case(b"bytes=").then_some(set)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn read(lines: &[&str]) -> Result<Ranges, Rule> {
        Ranges::read(&lines.iter().map(|line| (RANGE, HeaderValue::from_str(line).unwrap())).collect())
    }

    fn of(text: &str, length: u64) -> Vec<(u64, u64)> {
        let parts = read(&[text]).unwrap().of_length(length);
        parts.iter().map(|part| (part.start(), part.end())).collect()
    }

    /// RFC 9110, section 14.1.2: its examples, of a representation of 10000 bytes.
    #[test]
    fn parts_are_told_from_the_beginning_or_from_the_end() {
        let cases = [
            ("bytes=0-499", &[(0, 500)][..]),
            ("bytes=500-999", &[(500, 1000)]),
            ("bytes=-500", &[(9500, 10_000)]),
            ("bytes=9500-", &[(9500, 10_000)]),
            ("bytes=0-0,-1", &[(0, 1), (9999, 10_000)]),
            ("bytes= 0-999, 4500-5499, -1000", &[(0, 1000), (4500, 5500), (9000, 10_000)]),
            ("bytes=500-600,601-999", &[(500, 1000)]),
            ("bytes=500-700,601-999", &[(500, 1000)]),
            ("Bytes=0-0", &[(0, 1)]),
            ("bytes=,0-0,,\t, 5-5 ,", &[(0, 1), (5, 6)]),
            ("bytes=9999-20000", &[(9999, 10_000)]),
            ("bytes=-20000", &[(0, 10_000)]),
            ("bytes=5-99999999999999999999999999", &[(5, 10_000)]),
            ("bytes=-99999999999999999999999999", &[(0, 10_000)]),
            ("bytes=000-004", &[(0, 5)]),
        ];
        for (text, expected) in cases {
            assert_eq!(of(text, 10_000), expected, "{text:?}");
        }
    }

    /// RFC 9110, section 14.1.2.
    #[test]
    fn what_begins_behind_the_end_is_not_satisfiable() {
        for text in ["bytes=10-", "bytes=10-20", "bytes=-0", "bytes=99999999999999999999999999-", "bytes=10-,-0"] {
            assert_eq!(of(text, 10), [], "{text:?}");
        }
        assert_eq!(of("bytes=10-20, 3-4", 10), [(3, 5)], "one is enough");
        assert_eq!(of("bytes=0-, -1", 0), []);
    }

    /// RFC 9110, sections 14.1.1 and 14.2: one invalid part makes all invalid.
    #[test]
    fn what_is_malformed_or_in_another_unit_is_ignored() {
        for text in [
            "",
            "bytes",
            "bytes=",
            "bytes=,",
            "bytes=-",
            "bytes=5-4",
            "bytes=a-5",
            "bytes=5-a",
            "bytes=5",
            "bytes=--5",
            "bytes=1-2-3",
            "bytes=0-1, x",
            "bytes=0-1;2-3",
            "bytes=0 - 1",
            "bytes=+1-2",
            "bytes=\"0-1\"",
            "bytes =0-1",
            "bytes:0-1",
            " bytes=0-1",
            "pages=0-1",
            "bytess=0-1",
            "0-1",
        ] {
            assert_eq!(read(&[text]), Err(Rule::RangeIgnored), "{text:?}");
        }
        assert_eq!(read(&["bytes=0-1", "bytes=0-1"]), Err(Rule::RangeIgnored));
        assert_eq!(read(&[]), Err(Rule::RangeIgnored));
        let value = HeaderValue::from_bytes(b"bytes=\xff-1").unwrap();
        assert_eq!(Ranges::read(&HeaderMap::from_iter([(RANGE, value)])), Err(Rule::RangeIgnored));
    }

    /// RFC 9110, section 15.3.7.2: the order is that of the request.
    #[test]
    fn parts_that_overlap_are_one_and_stand_where_the_first_stood() {
        let cases = [
            ("bytes=50-59, 0-9, 5-14", &[(50, 60), (0, 15)][..]),
            ("bytes=0-9, 50-59, 5-14", &[(0, 15), (50, 60)]),
            ("bytes=0-9, 50-59, 10-49", &[(0, 60)]),
            ("bytes=80-89, 0-9, 20-29, 5-25", &[(80, 90), (0, 30)]),
            ("bytes=0-, 0-, 0-, 0-", &[(0, 100)]),
            ("bytes=-1, -10, 0-0", &[(90, 100), (0, 1)]),
            ("bytes=0-0, 2-2", &[(0, 1), (2, 3)]),
        ];
        for (text, expected) in cases {
            assert_eq!(of(text, 100), expected, "{text:?}");
        }
    }

    /// RFC 9110, section 17.15.
    #[test]
    fn too_many_parts_are_ignored() {
        let most = vec!["0-0"; RANGES_MOST].join(",");
        assert_eq!(of(&format!("bytes={most}"), 10), [(0, 1)]);
        assert_eq!(read(&[&format!("bytes={most},0-0")]), Err(Rule::RangeExcessive));
        assert_eq!(read(&[&format!("bytes={}", vec!["0-"; 300_000].join(","))]), Err(Rule::RangeExcessive));
        assert_eq!(read(&[&format!("bytes={}", ",".repeat(1 << 20))]), Err(Rule::RangeIgnored));
    }
}
