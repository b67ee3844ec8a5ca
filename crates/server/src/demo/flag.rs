//! Reading the values of flags. What cannot be read is told with an example.

use std::net::SocketAddr;
use std::time::Duration;

const SECOND: u64 = 1000;
const UNITS_OF_TIME: [(&str, u64); 5] =
    [("ms", 1), ("s", SECOND), ("m", 60 * SECOND), ("h", 3600 * SECOND), ("d", 24 * 3600 * SECOND)];
const UNITS_OF_SIZE: [(&str, u64); 4] = [("", 1), ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30)];

/// An address to listen on.
pub fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| "not an address and a port, such as 127.0.0.1:7979".to_owned())
}

/// A duration with its unit: a bare number does not say whether it means seconds.
pub fn span(text: &str) -> Result<Duration, String> {
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(format!("a number without a unit: write it with one, such as {text}s or {text}m"));
    }
    let millis = amount(text, &UNITS_OF_TIME)
        .ok_or("not a whole number with one of the units ms, s, m, h and d, such as 5s or 10m")?;
    Ok(Duration::from_millis(millis))
}

/// A number of bytes above zero.
pub fn bytes(text: &str) -> Result<u64, String> {
    match amount(text, &UNITS_OF_SIZE) {
        Some(0) => Err("must be above zero, such as 64MiB".into()),
        Some(bytes) => Ok(bytes),
        None => Err("not a whole number of bytes, KiB, MiB or GiB, such as 1048576 or 64MiB".into()),
    }
}

/// A whole number and its unit, or nothing where either is missing or too large.
fn amount(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let (_, factor) = units.iter().find(|(name, _)| *name == unit)?;
    number.parse::<u64>().ok()?.checked_mul(*factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_has_a_unit() {
        let cases = [("250ms", 250), ("5s", 5000), ("10m", 600_000), ("2h", 7_200_000), ("1d", 86_400_000), ("0s", 0)];
        for (text, millis) in cases {
            assert_eq!(span(text), Ok(Duration::from_millis(millis)), "{text}");
        }
        assert_eq!(span("5"), Err("a number without a unit: write it with one, such as 5s or 5m".into()));
        for text in ["", "s", "-5s", "5 s", "5sec", "1.5s", "99999999999999999d", "5S", "٣s"] {
            assert!(span(text).expect_err(text).contains("such as 5s"), "{text}");
        }
    }

    #[test]
    fn a_size_is_a_number_of_bytes_or_of_larger_units() {
        for (text, expected) in [("1", 1), ("512", 512), ("3KiB", 3 << 10), ("64MiB", 64 << 20), ("2GiB", 2 << 30)] {
            assert_eq!(bytes(text), Ok(expected), "{text}");
        }
        for text in ["", "0", "0MiB", "MiB", "64MB", "64 MiB", "-1", "1.5MiB", "18446744073709551616", "99999999999GiB"]
        {
            assert!(bytes(text).expect_err(text).contains("such as"), "{text}");
        }
    }
}
