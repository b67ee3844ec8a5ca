//! The members of a header that is a list, as they came (RFC 9110, section 5.6.1).

use http::{HeaderMap, HeaderName, HeaderValue};

/// The members of all lines of a header, in their order, without the blanks around them. Commas in quoted strings separate
/// nothing. A quoted string that does not end is no quoted string: what stands in it counts, whatever its writer meant.
pub(crate) fn members<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'a [u8]> {
    members_of(headers.get_all(name))
}

/// The same of some lines.
pub(crate) fn members_of<'a>(lines: impl IntoIterator<Item = &'a HeaderValue>) -> impl Iterator<Item = &'a [u8]> {
    lines.into_iter().flat_map(|line| Members { rest: line.as_bytes(), quotes: true })
}

struct Members<'a> {
    rest: &'a [u8],
    /// Whether a quote may still be the beginning of a quoted string: after one that does not end, none is. Without this, each
    /// quote of a hostile line would be followed to its end.
    quotes: bool,
}

impl<'a> Iterator for Members<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        while !self.rest.is_empty() {
            let end = self.end();
            let (member, rest) = self.rest.split_at(end);
            self.rest = rest.get(1..).unwrap_or_default();
            let member = trim(member);
            if !member.is_empty() {
                return Some(member);
            }
        }
        None
    }
}

impl Members<'_> {
    /// Where the first comma is that stands outside of quotes, or the end.
    fn end(&mut self) -> usize {
        let mut at = 0;
        while let Some(byte) = self.rest.get(at) {
            at = match byte {
                b',' => return at,
                b'"' if self.quotes => quoted(self.rest, at).unwrap_or_else(|| {
                    self.quotes = false;
                    at + 1
                }),
                _ => at + 1,
            };
        }
        at
    }
}

/// Where the quoted string that begins at `at` has ended.
fn quoted(text: &[u8], at: usize) -> Option<usize> {
    let mut next = at + 1;
    loop {
        match text.get(next)? {
            b'"' => return Some(next + 1),
            b'\\' => next += 2,
            _ => next += 1,
        }
    }
}

/// Without blanks and tabs around it.
pub(crate) fn trim(mut text: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = text {
        text = rest;
    }
    text
}

#[cfg(test)]
mod tests {
    use http::header::CACHE_CONTROL;

    use super::*;

    fn of(lines: &[&[u8]]) -> Vec<String> {
        let lines = lines.iter().map(|line| (CACHE_CONTROL, HeaderValue::from_bytes(line).unwrap()));
        let headers: HeaderMap = lines.collect();
        members(&headers, &CACHE_CONTROL).map(|member| String::from_utf8_lossy(member).into_owned()).collect()
    }

    #[test]
    fn members_are_what_stands_between_commas_outside_of_quotes() {
        assert_eq!(of(&[b"a, b=1 ,, ,\tc", b"d"]), ["a", "b=1", "c", "d"]);
        assert_eq!(of(&[br#"a="x, y", b="\", c", d"#]), [r#"a="x, y""#, r#"b="\", c""#, "d"]);
        assert_eq!(of(&[br#"a="x, no-store"#, b"b"]), [r#"a="x"#, "no-store", "b"], "quotes that do not end");
        assert_eq!(of(&[br#"a="x\"#]), [r#"a="x\"#]);
        assert_eq!(of(&[b"", b" , ", b"\xff"]), ["\u{fffd}"]);
    }

    #[test]
    fn a_megabyte_of_quotes_is_read_in_a_moment() {
        let line = "\"\\".repeat(1 << 19) + ",no-store";
        assert_eq!(of(&[line.as_bytes()]).last().map(String::as_str), Some("no-store"));
    }
}
