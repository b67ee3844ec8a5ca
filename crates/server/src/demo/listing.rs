//! What a source's body is as a list of lines: a pure function of the bytes.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Lines that are shown at most; the rest is counted.
pub const LINES_MAX: usize = 200;
/// Characters of a line that are shown at most.
pub const LINE_CHARS_MAX: usize = 500;

/// A list, ready to be shown.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listing {
    /// The first [`LINES_MAX`] lines.
    pub lines: Vec<String>,
    /// How many more there were.
    pub more: usize,
}

/// Why a body is no list.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoListing {
    /// Not text.
    #[error("the source's body is not UTF-8 text; give a --source that is a list or a text")]
    NotText,
    /// Called JSON, but it is not.
    #[error(
        "the source's body is called JSON but is not: {reason}; check that --source is the data and not a page about it"
    )]
    NotJson {
        /// What the parser said.
        reason: String,
    },
}

impl Listing {
    /// Reads a body: a JSON list by its elements, a JSON object by its fields, any other text by its lines.
    pub fn read(body: &[u8], says_json: bool) -> Result<Listing, NoListing> {
        let text = std::str::from_utf8(body).map_err(|_| NoListing::NotText)?;
        if text.contains('\0') {
            return Err(NoListing::NotText);
        }
        let text = text.trim_start_matches('\u{feff}');
        let seems_json = says_json || text.trim_start().starts_with(['[', '{']);
        match seems_json.then(|| serde_json::from_str(text)) {
            Some(Ok(value)) => Ok(Listing::of_json(value)),
            Some(Err(error)) if says_json => Err(NoListing::NotJson { reason: error.to_string() }),
            _ => Ok(Listing::of(text.lines().map(str::trim).filter(|line| !line.is_empty()))),
        }
    }

    fn of_json(value: Value) -> Listing {
        match value {
            Value::Array(elements) => Listing::of(elements.iter().map(line)),
            Value::Object(fields) => Listing::of(fields.iter().map(|(name, value)| field(name, value))),
            other => Listing::of(std::iter::once(line(&other))),
        }
    }

    fn of<T: AsRef<str>>(lines: impl Iterator<Item = T>) -> Listing {
        let mut listing = Listing::default();
        for line in lines {
            if listing.lines.len() < LINES_MAX {
                listing.lines.push(tidy(line.as_ref()));
            } else {
                listing.more += 1;
            }
        }
        listing
    }
}

/// A JSON value in one line: text bare, an object by its fields.
fn line(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Object(fields) => {
            let fields: Vec<_> = fields.iter().map(|(name, value)| field(name, value)).collect();
            fields.join(" · ")
        }
        other => other.to_string(),
    }
}

fn field(name: &str, value: &Value) -> String {
    match value {
        Value::String(text) => format!("{name}: {text}"),
        other => format!("{name}: {other}"),
    }
}

/// Without control characters, and no longer than a page bears.
fn tidy(line: &str) -> String {
    let clean = line.chars().map(|c| if c.is_control() { ' ' } else { c });
    let mut tidy: String = clean.clone().take(LINE_CHARS_MAX).collect();
    if clean.count() > LINE_CHARS_MAX {
        tidy.push('…');
    }
    tidy
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(body: &str) -> Vec<String> {
        Listing::read(body.as_bytes(), false).unwrap().lines
    }

    #[test]
    fn each_kind_of_body_has_its_lines() {
        for (body, expected) in [
            (r#"["a", 1, null, [2]]"#, &["a", "1", "null", "[2]"][..]),
            (r#"[{"name": "Oak", "votes": 3}, {}]"#, &["name: Oak · votes: 3", ""]),
            (r#"{"b": "x", "a": [1]}"#, &["a: [1]", "b: x"]),
            ("one\r\n\n  two  \n", &["one", "two"]),
            ("[info] no JSON\n", &["[info] no JSON"]),
            ("<h1>Hi</h1>\n<p>there", &["<h1>Hi</h1>", "<p>there"]),
            ("\u{feff}[1]", &["1"]),
            ("42", &["42"]),
            ("", &[]),
            ("[]", &[]),
        ] {
            assert_eq!(lines(body), expected, "{body}");
        }
    }

    #[test]
    fn a_body_that_lies_about_itself_is_an_error() {
        assert!(matches!(Listing::read(b"<html>", true), Err(NoListing::NotJson { .. })));
        assert_eq!(Listing::read(b"\xff\xfe", false), Err(NoListing::NotText));
        assert_eq!(Listing::read(b"a\0b", false), Err(NoListing::NotText));
        assert_eq!(Listing::read(br#""text""#, true).unwrap().lines, ["text"]);
    }

    #[test]
    fn a_long_list_and_a_long_line_are_cut_and_say_so() {
        let long = Listing::read("x\n".repeat(LINES_MAX + 7).as_bytes(), false).unwrap();
        assert_eq!((long.lines.len(), long.more), (LINES_MAX, 7));
        let line = lines(&"ä".repeat(LINE_CHARS_MAX + 1)).remove(0);
        assert_eq!(line.chars().count(), LINE_CHARS_MAX + 1);
        assert!(line.ends_with('…'));
    }

    #[test]
    fn control_characters_do_not_reach_the_page() {
        assert_eq!(lines(r#"["a\u001b[31mb\nc"]"#), ["a [31mb c"]);
    }
}
