//! Structured fields (RFC 9651).

use http::{HeaderMap, HeaderName};
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

/// The lines of a field are one text (RFC 9651, section 4.2). What is longer than a field may be fails as a whole.
fn read<T: FieldType>(headers: &HeaderMap, name: &HeaderName) -> Option<T> {
    let lines: Vec<&[u8]> = headers.get_all(name).into_iter().map(|line| line.as_bytes()).collect();
    let bytes: usize = lines.iter().map(|line| line.len()).sum();
    if bytes > FIELD_BYTES_MOST {
        return None;
    }
    Parser::new(&lines.join(&b", "[..])).parse().ok()
}
