//! Structured fields (RFC 9651).

use http::{HeaderMap, HeaderName, HeaderValue};
use sfv::{Dictionary, FieldType, List, Parser};

use crate::directive::FIELD_BYTES_MOST;

/// A field that is a list; `None`: it cannot be read, and counts as if it were not there (RFC 9651, section 4.2).
pub(crate) fn list(headers: &HeaderMap, name: &HeaderName) -> Option<List> {
    read(headers, name)
}

/// A field that is a dictionary; `None`: as above.
pub(crate) fn dictionary(headers: &HeaderMap, name: &HeaderName) -> Option<Dictionary> {
    read(headers, name)
}

/// Whether a field is longer than one may be; it then cannot be read.
pub(crate) fn is_too_long(headers: &HeaderMap, name: &HeaderName) -> bool {
    let bytes: usize = headers.get_all(name).into_iter().map(HeaderValue::len).sum();
    bytes > FIELD_BYTES_MOST
}

/// The lines of a field are one text (RFC 9651, section 4.2).
fn read<T: FieldType>(headers: &HeaderMap, name: &HeaderName) -> Option<T> {
    if is_too_long(headers, name) {
        return None;
    }
    let lines: Vec<&[u8]> = headers.get_all(name).into_iter().map(HeaderValue::as_bytes).collect();
    match lines[..] {
        [line] => Parser::new(line).parse().ok(),
        _ => Parser::new(&lines.join(&b", "[..])).parse().ok(),
    }
}
