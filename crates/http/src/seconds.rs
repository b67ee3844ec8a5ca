//! Spans as headers write them: whole seconds (RFC 9111, section 1.2.2).

/// The longest span that a header can say: what is longer counts as this (RFC 9111, section 1.2.2).
pub const SECONDS_MOST: u32 = 1 << 31;

/// Reads delta-seconds: digits and nothing else. A number that is too large is the largest (RFC 9111, section 1.2.2).
pub(crate) fn delta_seconds(text: &[u8]) -> Option<u32> {
    let digit = |byte: &u8| byte.checked_sub(b'0').filter(|digit| *digit < 10);
    let next = |seconds: u32, byte: &u8| {
        let longer = seconds.saturating_mul(10).saturating_add(digit(byte)?.into());
        Some(longer.min(SECONDS_MOST))
    };
    text.iter().try_fold(0, next).filter(|_| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_digits_and_too_long_ones_are_the_longest() {
        let cases: [(&str, Option<u32>); 14] = [
            ("0", Some(0)),
            ("60", Some(60)),
            ("0060", Some(60)),
            ("2147483647", Some(2_147_483_647)),
            ("2147483648", Some(SECONDS_MOST)),
            ("4294967296", Some(SECONDS_MOST)),
            ("9223372036854775808", Some(SECONDS_MOST)),
            ("99999999999999999999999999999999", Some(SECONDS_MOST)),
            ("", None),
            ("-1", None),
            ("+1", None),
            ("1.5", None),
            ("1 ", None),
            ("0x10", None),
        ];
        for (text, seconds) in cases {
            assert_eq!(delta_seconds(text.as_bytes()), seconds, "{text:?}");
        }
    }
}
