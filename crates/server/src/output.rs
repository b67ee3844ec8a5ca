//! What commands print: text for people, or JSON for programs. Nothing that is stored reaches a terminal as an order to it.

use std::io::{self, Write};
use std::time::Duration;

use serde::Serialize;

use crate::failure::Failure;

/// Prints lines of text.
pub fn lines<T: AsRef<str>>(lines: &[T]) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    lines
        .iter()
        .try_for_each(|line| writeln!(out, "{}", line.as_ref()))
        .and_then(|()| out.flush())
        .map_err(Failure::Output)
}

/// Prints one document of JSON, on one line.
pub fn json(document: &impl Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string(document).map_err(|error| Failure::Output(error.into()))?;
    lines(&[escaped_json(&text)])
}

/// Text as a terminal can be given it.
pub fn plain(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut plain, c| {
        if is_order(c) {
            plain.extend(c.escape_debug())
        } else {
            plain.push(c)
        }
        plain
    })
}

/// The same for text of several lines.
pub fn plain_lines(text: &str) -> String {
    text.lines().map(plain).collect::<Vec<_>>().join("\n")
}

/// JSON leaves some characters as they are that a terminal takes for orders; they stand only within its texts.
fn escaped_json(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut escaped, c| {
        if is_order(c) {
            c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| escaped += &format!("\\u{unit:04x}"));
        } else {
            escaped.push(c);
        }
        escaped
    })
}

/// Whether a character is not shown but does something: what escapes leave alone is shown.
fn is_order(c: char) -> bool {
    !matches!(c, '"' | '\'' | '\\') && c.escape_debug().len() > 1
}

/// A span as people think of it, to whole seconds where it is long.
pub fn rough(span: Duration) -> String {
    let shown = match span {
        _ if span < Duration::from_secs(1) => Duration::from_millis(millis(span)),
        _ => Duration::from_secs(span.as_secs()),
    };
    freshen::settings::duration::show(shown)
}

/// Whole milliseconds.
pub fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

/// Columns as wide as their longest cell, two spaces between. A cell is made plain.
pub fn table(rows: &[Vec<String>]) -> Vec<String> {
    let rows: Vec<Vec<String>> = rows.iter().map(|row| row.iter().map(|cell| plain(cell)).collect()).collect();
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| rows.iter().filter_map(|row| Some(row.get(column)?.chars().count())).max();
    let widths: Vec<usize> = (0..columns).map(|column| width(column).unwrap_or(0)).collect();
    let padded = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    rows.iter().map(padded).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_and_orders_to_a_terminal_are_escaped() {
        let rows = [vec!["a".into(), "bcd".into()], vec!["éfg\u{1b}[2J".into(), "h".into()], vec!["i".into()]];
        assert_eq!(table(&rows), ["a             bcd", "éfg\\u{1b}[2J  h", "i"]);
        assert_eq!(table(&[]), [""; 0]);
    }

    #[test]
    fn json_holds_no_orders_either_and_means_the_same() {
        let text = "\u{1b}[2J\u{9b}\u{202e}\u{7f}\"\\\u{e0001} é";
        let escaped = escaped_json(&serde_json::to_string(text).unwrap());
        assert!(!escaped.chars().any(is_order), "{escaped}");
        assert_eq!(serde_json::from_str::<String>(&escaped).unwrap(), text);
    }

    #[test]
    fn a_span_is_as_long_as_people_want_to_know() {
        let spans = [(0, "0s"), (250, "250ms"), (1_999, "1s"), (3_723_004, "1h 2m 3s")];
        for (millis, shown) in spans {
            assert_eq!(rough(Duration::from_millis(millis)), shown);
        }
    }
}
