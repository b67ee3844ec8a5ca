//! Which fields are kept of a response, and what another one changes of them (RFC 9111, sections 3.1 and 3.2).

use http::header::{AGE, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE, SET_COOKIE};
use http::{HeaderMap, HeaderName};

use crate::config::{Config, Cookies};
use crate::hop_by_hop::HopByHop;
use crate::response_directives::ResponseDirectives;
use crate::targeted::Governing;

/// Most fields that are kept of one message, each line counted. A response with more is not stored, a request with more refused.
pub const FIELDS_MOST: usize = 1_000;

/// Tells which fields of one response are kept.
pub(crate) struct Kept<'a> {
    hop_by_hop: HopByHop,
    directives: ResponseDirectives,
    config: &'a Config,
}

impl<'a> Kept<'a> {
    pub fn of(headers: &HeaderMap, config: &'a Config) -> Self {
        let Governing { directives, .. } = Governing::of(headers, config);
        Kept { hop_by_hop: HopByHop::of(headers), directives, config }
    }

    /// Header fields, in their order and with their repeats.
    pub fn headers(&self, headers: &HeaderMap) -> HeaderMap {
        // An Age is of one moment: it is part of the terms, and each use writes a new one (RFC 9111, section 4).
        self.filtered(headers, |name| name == AGE)
    }

    /// Trailer fields. What is read before the content, or decides about it, is none (RFC 9110, section 6.5.1).
    pub fn trailers(&self, trailers: &HeaderMap) -> HeaderMap {
        self.filtered(trailers, |name| {
            let controls = ["age", "cache-control", "date", "expires", "location", "set-cookie", "vary"];
            controls.contains(&name.as_str()) || name.as_str().starts_with("content-")
        })
    }

    fn filtered(&self, fields: &HeaderMap, besides: impl Fn(&HeaderName) -> bool) -> HeaderMap {
        let kept = fields.iter().filter(|(name, _)| !self.drops(name) && !besides(name));
        kept.map(|(name, value)| (name.clone(), value.clone())).collect()
    }

    fn drops(&self, name: &HeaderName) -> bool {
        let (directives, shared) = (&self.directives, self.config.is_shared());
        // RFC 9111, sections 5.2.2.4 and 5.2.2.7.
        let no_cache = directives.no_cache.fields().contains(name);
        let private = shared && directives.private.fields().contains(name);
        let cookie = shared && self.config.cookies == Cookies::Dropped && name == SET_COOKIE;
        no_cache || private || cookie || self.hop_by_hop.contains(name)
    }
}

/// The stored fields with those of a newer response in their place. What describes the bytes that are stored, and not those that
/// came, stays (RFC 9111, section 3.2).
pub(crate) fn updated(stored: &HeaderMap, newer: &HeaderMap) -> HeaderMap {
    let replaces = |name: &HeaderName| ![CONTENT_LENGTH, CONTENT_ENCODING, CONTENT_RANGE].contains(name);
    let stays = stored.iter().filter(|(name, _)| !(replaces(name) && newer.contains_key(*name)));
    let comes = newer.iter().filter(|(name, _)| replaces(name));
    stays.chain(comes).map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// The fields but for some, in their order.
pub(crate) fn without(fields: &HeaderMap, names: &[HeaderName]) -> HeaderMap {
    let others = fields.iter().filter(|(name, _)| !names.contains(name));
    others.map(|(name, value)| (name.clone(), value.clone())).collect()
}
