//! Queries that are written as forms are: names and values (WHATWG URL, section 5).

use crate::percent::{decoded, encoded};

/// A name and its value.
pub(crate) type Pair = (String, String);

/// Reads a query. What is no UTF-8 is replaced.
pub(crate) fn pairs(query: &str) -> Vec<Pair> {
    let pair = |piece: &str| {
        let (name, value) = piece.split_once('=').unwrap_or((piece, ""));
        (text(name), text(value))
    };
    query.split('&').filter(|piece| !piece.is_empty()).map(pair).collect()
}

/// Reads a name or a value: `+` is a blank.
pub(crate) fn text(written: &str) -> String {
    String::from_utf8_lossy(&decoded(&written.replace('+', " "))).into_owned()
}

/// Writes a query, so that other pairs are written otherwise.
pub(crate) fn written(pairs: &[Pair]) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._*".contains(&byte);
    let pieces = pairs.iter().map(|(name, value)| format!("{}={}", encoded(name, plain), encoded(value, plain)));
    pieces.collect::<Vec<_>>().join("&")
}
