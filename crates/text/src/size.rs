//! Sizes as people write them: `"64MiB"`.

const UNITS: [(&str, u64); 4] = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("B", 1)];

/// Reads a size: a whole number and its unit.
///
/// # Errors
/// What is wrong with the text.
pub fn parse(text: &str) -> Result<u64, String> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    if number.is_empty() {
        return Err(format!("the size \"{text}\" has no number: write it as \"64MiB\""));
    }
    let unit = unit.trim_start();
    if unit.is_empty() {
        return Err(format!("the size \"{text}\" needs a unit: \"{text}B\", \"{text}KiB\" or \"{text}MiB\""));
    }
    let Some((_, bytes)) = UNITS.iter().find(|(name, _)| *name == unit) else {
        return Err(format!("the size \"{text}\" has the unknown unit `{unit}`: use B, KiB, MiB or GiB"));
    };
    let bytes = number.parse::<u64>().ok().and_then(|number| number.checked_mul(*bytes));
    bytes.ok_or_else(|| format!("the size \"{text}\" is too large"))
}

/// Writes a size in the largest unit that needs no fraction, as [`parse`] reads it.
pub fn show(bytes: u64) -> String {
    let unit = UNITS.iter().find(|(_, size)| bytes >= *size && bytes.is_multiple_of(*size));
    let (name, size) = unit.unwrap_or(&("B", 1));
    format!("{}{name}", bytes / size)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_is_a_number_and_a_unit() {
        for (text, bytes) in [("1B", 1), ("3KiB", 3 << 10), ("64MiB", 64 << 20), ("2GiB", 2 << 30)] {
            assert_eq!((parse(text), show(bytes)), (Ok(bytes), text.to_owned()));
        }
        assert_eq!(parse("64 MiB"), Ok(64 << 20));
        assert_eq!((show(0), show(1025)), ("0B".into(), "1025B".into()));
    }

    #[test]
    fn what_is_no_size_is_told_with_the_reason() {
        for (text, reason) in [
            ("", "has no number"),
            ("MiB", "has no number"),
            ("-1B", "has no number"),
            ("64", "needs a unit: \"64B\""),
            ("64MB", "unknown unit `MB`"),
            ("1.5MiB", "unknown unit `.5MiB`"),
            ("18446744073709551616B", "is too large"),
            ("99999999999GiB", "is too large"),
        ] {
            let error = parse(text).expect_err(text);
            assert!(error.contains(reason), "{text}: {error}");
        }
    }
}
