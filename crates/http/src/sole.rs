//! A field that may stand in a message once (RFC 9110, section 5.5).

use http::{HeaderMap, HeaderName};

/// The value of a field that is there once; `None`: it is not there, or more than once.
pub(crate) fn sole<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a [u8]> {
    let mut all = headers.get_all(name).into_iter();
    let (Some(value), None) = (all.next(), all.next()) else { return None };
    Some(value.as_bytes())
}
