//! A stretch of the bytes of a representation (RFC 9110, section 14.1.2).

/// The last position that is told from those behind it. No content is as long.
pub(crate) const POSITION_MOST: u64 = 1 << 62;

/// The bytes from one position to another. It is never empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ByteRange {
    start: u64,
    end: u64,
}

impl ByteRange {
    /// The bytes from `start` up to, and not including, `end`; `None`: there are none.
    pub fn new(start: u64, end: u64) -> Option<ByteRange> {
        (start < end && end <= POSITION_MOST).then_some(ByteRange { start, end })
    }

    /// Where it begins.
    pub fn start(self) -> u64 {
        self.start
    }

    /// The first position behind it.
    pub fn end(self) -> u64 {
        self.end
    }

    /// How many bytes it has.
    #[expect(clippy::len_without_is_empty, reason = "it is never empty")]
    pub fn len(self) -> u64 {
        self.end - self.start
    }

    /// Whether both have a byte in common, or one begins where the other ends.
    pub(crate) fn touches(self, other: ByteRange) -> bool {
        self.start <= other.end && other.start <= self.end
    }

    /// The shortest that holds both.
    pub(crate) fn hull(self, other: ByteRange) -> ByteRange {
        ByteRange { start: self.start.min(other.start), end: self.end.max(other.end) }
    }
}

/// Reads digits and nothing else. What is larger than any position is [`POSITION_MOST`].
pub(crate) fn decimal(text: &[u8]) -> Option<u64> {
    let digit = |byte: &u8| byte.checked_sub(b'0').filter(|digit| *digit < 10);
    let next = |number: u64, byte: &u8| {
        let longer = number.saturating_mul(10).saturating_add(digit(byte)?.into());
        Some(longer.min(POSITION_MOST))
    };
    text.iter().try_fold(0, next).filter(|_| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 9110, section 14.1.2.
    #[test]
    fn numbers_are_digits_and_too_large_ones_are_the_largest() {
        let cases = [
            ("0", Some(0)),
            ("007", Some(7)),
            ("4611686018427387903", Some(POSITION_MOST - 1)),
            ("18446744073709551616", Some(POSITION_MOST)),
            ("99999999999999999999999999999999999999999", Some(POSITION_MOST)),
            ("", None),
            ("-1", None),
            ("+1", None),
            (" 1", None),
            ("1.0", None),
            ("0x1", None),
            ("\u{661}", None),
        ];
        for (text, number) in cases {
            assert_eq!(decimal(text.as_bytes()), number, "{text:?}");
        }
    }

    #[test]
    fn a_range_is_never_empty() {
        assert_eq!(ByteRange::new(3, 3), None);
        assert_eq!(ByteRange::new(4, 3), None);
        assert_eq!(ByteRange::new(0, u64::MAX), None);
        assert_eq!(ByteRange::new(3, 5).map(ByteRange::len), Some(2));
    }
}
