//! Durations as people write them: `"15m"`, `"1h 30m"`, `"500ms"`.

use std::time::Duration;

/// The units, from the longest to the shortest, with their nanoseconds.
const UNITS: [(&str, u128); 8] = [
    ("w", 7 * 24 * 3600 * 1_000_000_000),
    ("d", 24 * 3600 * 1_000_000_000),
    ("h", 3600 * 1_000_000_000),
    ("m", 60 * 1_000_000_000),
    ("s", 1_000_000_000),
    ("ms", 1_000_000),
    ("us", 1000),
    ("ns", 1),
];

/// Reads a duration: whole numbers, each with its unit, longer units first.
///
/// # Errors
/// What is wrong with the text, as a sentence that can stand in a compile error or in that of a settings file.
pub fn parse(text: &str) -> Result<Duration, String> {
    let mut rest = text.trim();
    if rest.is_empty() {
        return Err("a duration is empty: write it as \"15m\" or \"1h 30m\"".into());
    }
    let (mut nanos, mut units_left) = (0u128, &UNITS[..]);
    while !rest.is_empty() {
        let (number, after) = number(rest, text)?;
        let (unit, after) = unit(after, text, number)?;
        let Some(at) = units_left.iter().position(|(name, _)| *name == unit) else {
            return Err(format!(
                "the duration \"{text}\" names `{unit}` out of order or twice: longer units come first"
            ));
        };
        nanos = nanos.saturating_add(u128::from(number) * units_left[at].1);
        units_left = &units_left[at + 1..];
        rest = after.trim_start();
    }
    let seconds = u64::try_from(nanos / 1_000_000_000).map_err(|_| format!("the duration \"{text}\" is too long"))?;
    Ok(Duration::new(seconds, (nanos % 1_000_000_000) as u32))
}

/// Writes a duration, the longest units first, as [`parse`] reads it.
pub fn show(span: Duration) -> String {
    let (mut nanos, mut parts) = (span.as_nanos(), Vec::new());
    // A span of weeks is rarely thought of as such.
    for (name, unit) in &UNITS[1..] {
        if nanos >= *unit {
            parts.push(format!("{}{name}", nanos / unit));
            nanos %= unit;
        }
    }
    if parts.is_empty() { "0s".into() } else { parts.join(" ") }
}

fn number<'a>(rest: &'a str, whole: &str) -> Result<(u64, &'a str), String> {
    let digits = rest.find(|one: char| !one.is_ascii_digit()).unwrap_or(rest.len());
    if digits == 0 {
        return Err(format!(
            "the duration \"{whole}\" has no number before \"{rest}\": write it as \"15m\" or \"1h 30m\""
        ));
    }
    if rest[digits..].starts_with('.') {
        return Err(format!("the duration \"{whole}\" has a fraction: take a smaller unit, as in \"1h 30m\""));
    }
    let number = rest[..digits].parse().map_err(|_| format!("the duration \"{whole}\" is too long"))?;
    Ok((number, rest[digits..].trim_start()))
}

fn unit<'a>(rest: &'a str, whole: &str, number: u64) -> Result<(&'a str, &'a str), String> {
    let letters = rest.find(|one: char| one.is_ascii_digit() || one.is_whitespace()).unwrap_or(rest.len());
    let (unit, after) = rest.split_at(letters);
    if unit.is_empty() {
        return Err(format!("the duration \"{whole}\" needs a unit after {number}: \"{number}s\" or \"{number}m\""));
    }
    if !UNITS.iter().any(|(name, _)| *name == unit) {
        return Err(format!("the duration \"{whole}\" has the unknown unit `{unit}`: use w, d, h, m, s, ms, us or ns"));
    }
    Ok((unit, after))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // A test that cannot go on fails.

    use super::*;

    #[test]
    fn a_duration_is_the_sum_of_its_parts() {
        let minutes = |minutes: u64| Duration::from_secs(60 * minutes);
        for (text, expected) in [
            ("15m", minutes(15)),
            ("1h 30m", minutes(90)),
            ("1h30m", minutes(90)),
            (" 2 d ", minutes(2 * 24 * 60)),
            ("1w", minutes(7 * 24 * 60)),
            ("500ms", Duration::from_millis(500)),
            ("1s 5us 7ns", Duration::new(1, 5007)),
            ("0s", Duration::ZERO),
        ] {
            assert_eq!(parse(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn a_duration_that_is_shown_is_read_again() {
        for (text, span) in [
            ("0s", Duration::ZERO),
            ("2m", Duration::from_secs(120)),
            ("1h 30m", Duration::from_secs(5400)),
            ("14d 1ns", Duration::new(14 * 86_400, 1)),
            ("1s 500ms", Duration::from_millis(1500)),
        ] {
            assert_eq!((show(span), parse(text)), (text.to_owned(), Ok(span)));
        }
    }

    #[test]
    fn what_is_no_duration_is_told_with_the_reason() {
        for (text, reason) in [
            ("", "is empty"),
            ("15", "needs a unit after 15"),
            ("1h 30", "needs a unit after 30"),
            ("m", "has no number before \"m\""),
            ("-1s", "has no number before \"-1s\""),
            ("15 min", "has the unknown unit `min`"),
            ("15M", "has the unknown unit `M`"),
            ("1.5h", "has a fraction"),
            ("30m 1h", "names `h` out of order or twice"),
            ("1m 1m", "names `m` out of order or twice"),
            ("99999999999999999999s", "is too long"),
            ("18446744073709551615w", "is too long"),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.contains(reason), "{text}: {error}");
        }
    }
}
