//! Which status codes a cache knows what about (RFC 9111, sections 3, 4.2.2 and 5.2.2.3; RFC 9110, section 15).

use http::StatusCode;

/// Whether a response with this status may be stored though it says nothing of that (RFC 9110, section 15.1; RFC 7725, section 3).
pub(crate) fn is_heuristically_cacheable(status: StatusCode) -> bool {
    matches!(status.as_u16(), 200 | 203 | 204 | 206 | 300 | 301 | 308 | 404 | 405 | 410 | 414 | 451 | 501)
}

/// Whether such a response may have a lifetime that was guessed, which no cache has to (RFC 9111, section 4.2.2). An odd request
/// brings about a 405, a 414 or a 501 where others get a page, and nobody says for how long a 451 is meant.
pub(crate) fn may_be_guessed(status: StatusCode) -> bool {
    is_heuristically_cacheable(status) && !matches!(status.as_u16(), 405 | 414 | 451 | 501)
}

/// Whether this crate knows what a cache has to heed about the status (RFC 9111, sections 3 and 5.2.2.3): the final ones of
/// RFC 9110, RFC 6585 and RFC 7725, but for those that mean nothing without a stored response.
pub(crate) fn is_understood(status: StatusCode) -> bool {
    matches!(
        status.as_u16(),
        200..=206 | 300..=303 | 305 | 307 | 308 | 400..=417 | 421 | 422 | 426 | 428 | 429 | 431 | 451 | 500..=505 | 511
    )
}

/// Whether no response with this status may be stored, whatever it says (RFC 6585, sections 3 to 6).
pub(crate) fn is_never_stored(status: StatusCode) -> bool {
    matches!(status.as_u16(), 428 | 429 | 431 | 511)
}

/// Whether the status answers fields that are no part of a key: preconditions, expectations, ranges, offers of a protocol. What a 426
/// has to say besides, in Upgrade, is for one connection and never kept (RFC 9110, section 15.5.22).
pub(crate) fn is_of_its_request(status: StatusCode) -> bool {
    matches!(status.as_u16(), 412 | 416 | 417 | 426)
}

/// Whether a failure of the origin is meant, for which a stale response may stand in (RFC 5861, section 4). A 5xx that is not
/// registered is taken for a 500, and what is no status for a 5xx (RFC 9110, section 15).
pub(crate) fn is_origin_failure(status: StatusCode) -> bool {
    match status.as_u16() {
        500 | 502..=504 => true,
        501 | 505..=508 | 510 | 511 => false,
        other => other >= 500,
    }
}

/// Whether a status tells of the resource, and not of this request, this client or the origin's troubles: what is stored under
/// another response is not what its origin has now.
pub(crate) fn tells_of_the_resource(status: StatusCode) -> bool {
    let moved = status.is_redirection() && status != StatusCode::NOT_MODIFIED;
    status.is_success() || moved || matches!(status, StatusCode::NOT_FOUND | StatusCode::GONE)
}
