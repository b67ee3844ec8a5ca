//! Rates as people write them: `"50/s"`.

const UNITS: [(&str, f64); 3] = [("s", 1.0), ("m", 60.0), ("h", 3600.0)];

/// Reads a rate: a number and what it is counted in. It is given per second.
///
/// # Errors
/// What is wrong with the text.
pub fn parse(text: &str) -> Result<f64, String> {
    let Some((number, unit)) = text.split_once('/') else {
        return Err(format!("the rate \"{text}\" needs a unit: write it as \"50/s\", \"50/m\" or \"50/h\""));
    };
    let Some((_, seconds)) = UNITS.iter().find(|(name, _)| *name == unit) else {
        return Err(format!("the rate \"{text}\" has the unknown unit `/{unit}`: use /s, /m or /h"));
    };
    let rate = number.parse().ok().map(|number: f64| number / seconds);
    // Divided, the smallest number is zero.
    let rate = rate.filter(|rate| rate.is_finite() && *rate > 0.0);
    rate.ok_or_else(|| format!("the rate \"{text}\" has no number above zero before the slash"))
}

/// Writes a rate as [`parse`] reads it.
pub fn show(per_second: f64) -> String {
    format!("{per_second}/s")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_a_number_and_a_unit() {
        for (text, per_second) in [("50/s", 50.0), ("0.5/s", 0.5), ("30/m", 0.5), ("7200/h", 2.0)] {
            assert_eq!(parse(text), Ok(per_second), "{text}");
        }
        assert_eq!(show(0.5), "0.5/s");
    }

    #[test]
    fn what_is_no_rate_is_told_with_the_reason() {
        for (text, reason) in [
            ("50", "needs a unit"),
            ("", "needs a unit"),
            ("50/d", "unknown unit `/d`"),
            ("/s", "has no number above zero"),
            ("0/s", "has no number above zero"),
            ("-1/s", "has no number above zero"),
            ("inf/s", "has no number above zero"),
            ("5e-324/h", "has no number above zero"),
        ] {
            let error = parse(text).expect_err(text);
            assert!(error.contains(reason), "{text}: {error}");
        }
    }
}
