//! Which status codes a cache knows what about (RFC 9111, sections 3, 4.2.2 and 5.2.2.3; RFC 9110, section 15).

use http::StatusCode;

/// Whether a response with this status may have a lifetime that was guessed (RFC 9110, section 15.1).
pub(crate) fn is_heuristically_cacheable(status: StatusCode) -> bool {
    matches!(status.as_u16(), 200 | 203 | 204 | 206 | 300 | 301 | 308 | 404 | 405 | 410 | 414 | 501)
}

/// Whether this crate knows what a cache has to heed about the status (RFC 9111, sections 3 and 5.2.2.3): the final ones of
/// RFC 9110 and RFC 6585, but for those that mean nothing without a stored response.
pub(crate) fn is_understood(status: StatusCode) -> bool {
    matches!(
        status.as_u16(),
        200..=206 | 300..=303 | 305 | 307 | 308 | 400..=417 | 421 | 422 | 426 | 428 | 429 | 431 | 500..=505 | 511
    )
}

/// Whether no response with this status may be stored, whatever it says (RFC 6585, sections 3 to 6).
pub(crate) fn is_never_stored(status: StatusCode) -> bool {
    matches!(status.as_u16(), 428 | 429 | 431 | 511)
}

/// Whether the status answers fields that are no part of a key: preconditions, expectations, ranges.
pub(crate) fn is_of_its_request(status: StatusCode) -> bool {
    matches!(status.as_u16(), 412 | 416 | 417)
}

/// Whether a failure of the origin is meant, for which a stale response may stand in (RFC 5861, section 4).
pub(crate) fn is_origin_failure(status: StatusCode) -> bool {
    matches!(status.as_u16(), 500 | 502..=504)
}
