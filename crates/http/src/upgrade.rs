//! Offers to go on in another protocol on the same connection (RFC 9110, section 7.8).

use http::header::{CONNECTION, UPGRADE};
use http::{HeaderMap, HeaderName, Version};

use crate::members::members;

/// The protocols that a request offers and that may be offered to its origin, in their order. None is HTTP, or what a version of it
/// came from, nor TLS, in which HTTP goes on: what a client says in those after the change would reach the origin past all that reads
/// requests here.
pub(crate) fn offered(headers: &HeaderMap, version: Version) -> impl Iterator<Item = &[u8]> {
    let is_meant = version == Version::HTTP_11 && headers.contains_key(UPGRADE) && connection_names_it(headers);
    let protocols = is_meant.then(|| members(headers, &UPGRADE));
    protocols.into_iter().flatten().filter(|protocol| may_be_offered(protocol))
}

fn connection_names_it(headers: &HeaderMap) -> bool {
    members(headers, &CONNECTION).any(|option| option.eq_ignore_ascii_case(b"upgrade"))
}

/// What is no name and perhaps a version may be read as another protocol by somebody else.
fn may_be_offered(protocol: &[u8]) -> bool {
    // Drafts have names of their own, such as `h2c-14`.
    const HTTP: [&[u8]; 4] = [b"http", b"h2", b"spdy", b"tls"];
    let mut parts = protocol.split(|byte| *byte == b'/');
    let (name, version) = (parts.next().unwrap_or_default(), parts.next());
    let begins = |with: &[u8]| name.get(..with.len()).is_some_and(|beginning| beginning.eq_ignore_ascii_case(with));
    let is_http = HTTP.into_iter().any(begins);
    let is_token = |part: &[u8]| HeaderName::from_bytes(part).is_ok();
    !is_http && is_token(name) && version.is_none_or(is_token) && parts.next().is_none()
}
