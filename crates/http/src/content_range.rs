//! Which part of a representation a message has (RFC 9110, section 14.4).

use http::header::CONTENT_RANGE;
use http::{HeaderMap, HeaderValue};

use crate::byte_range::{ByteRange, POSITION_MOST, decimal};
use crate::sole::sole;

/// What Content-Range says of a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ContentRange {
    /// Which bytes the message has.
    pub range: ByteRange,
    /// How many bytes the representation has, where its sender knows.
    pub length: Option<u64>,
}

impl ContentRange {
    /// Reads it; `None`: it is not there, is about another unit than bytes, contradicts itself, or is there twice.
    pub fn read(headers: &HeaderMap) -> Option<ContentRange> {
        let (unit, rest) = split(sole(headers, &CONTENT_RANGE)?, b' ')?;
        let (range, length) = split(rest, b'/')?;
        let (first, last) = split(range, b'-')?;
        let range = ByteRange::new(decimal(first)?, decimal(last)?.checked_add(1)?)?;
        let length = match length {
            b"*" => None,
            length => Some(decimal(length).filter(|length| *length < POSITION_MOST)?),
        };
        let fits = length.is_none_or(|length| range.end() <= length);
        (unit.eq_ignore_ascii_case(b"bytes") && fits).then_some(ContentRange { range, length })
    }

    /// As it is written.
    pub fn value(&self) -> HeaderValue {
        let (first, last) = (self.range.start(), self.range.end() - 1);
        written(match self.length {
            Some(length) => format!("bytes {first}-{last}/{length}"),
            None => format!("bytes {first}-{last}/*"),
        })
    }
}

/// What a response says that has nothing of what was asked for (RFC 9110, section 15.5.17).
pub(crate) fn unsatisfied(length: u64) -> HeaderValue {
    written(format!("bytes */{length}"))
}

fn written(text: String) -> HeaderValue {
    HeaderValue::try_from(text).expect("words and digits are a value")
}

fn split(text: &[u8], at: u8) -> Option<(&[u8], &[u8])> {
    let at = text.iter().position(|byte| *byte == at)?;
    Some((&text[..at], &text[at + 1..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(lines: &[&str]) -> Option<(u64, u64, Option<u64>)> {
        let headers = lines.iter().map(|line| (CONTENT_RANGE, HeaderValue::from_str(line).unwrap())).collect();
        ContentRange::read(&headers).map(|said| (said.range.start(), said.range.end(), said.length))
    }

    /// RFC 9110, section 14.4.
    #[test]
    fn a_part_is_bytes_of_a_length_or_it_is_not_understood() {
        let cases = [
            ("bytes 42-1233/1234", Some((42, 1234, Some(1234)))),
            ("bytes 42-1233/*", Some((42, 1234, None))),
            ("BYTES 0-0/1", Some((0, 1, Some(1)))),
            ("bytes 0-9/10", Some((0, 10, Some(10)))),
            ("bytes 0-10/10", None),
            ("bytes 9-8/10", None),
            ("bytes */10", None),
            ("bytes=0-9/10", None),
            ("bytes 0-9", None),
            ("bytes 0-/10", None),
            ("bytes -9/10", None),
            ("bytes  0-9/10", None),
            ("bytes 0 - 9/10", None),
            ("bytes 0-9/10 ", None),
            ("bytes 0-9/10, bytes 0-9/10", None),
            ("bytes 0-9/x", None),
            ("pages 0-9/10", None),
            ("", None),
            ("bytes 0-18446744073709551615/18446744073709551616", None),
            ("bytes 18446744073709551615-18446744073709551615/*", None),
        ];
        for (text, expected) in cases {
            assert_eq!(read(&[text]), expected, "{text:?}");
        }
        assert_eq!(read(&["bytes 0-9/10", "bytes 0-9/10"]), None);
        assert_eq!(read(&[]), None);
    }

    #[test]
    fn what_is_written_is_read_again() {
        for text in ["bytes 42-1233/1234", "bytes 42-1233/*", "bytes 0-0/1"] {
            let headers = HeaderMap::from_iter([(CONTENT_RANGE, HeaderValue::from_static(text))]);
            assert_eq!(ContentRange::read(&headers).unwrap().value(), text);
        }
        assert_eq!(unsatisfied(47_022), "bytes */47022");
    }
}
