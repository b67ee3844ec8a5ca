//! Which fields are kept of a response, and what another one changes of them (RFC 9111, sections 3.1 and 3.2).

use bytes::BytesMut;
use freshen_core::Timestamp;
use http::header::{AGE, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE, DATE, ETAG, SET_COOKIE};
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::config::{Config, Cookies};
use crate::date::{date_of, format_date};
use crate::entity_tag::EntityTag;
use crate::hop_by_hop::HopByHop;
use crate::response_directives::ResponseDirectives;
use crate::rule::Rule;
use crate::targeted::Governing;

/// Most fields that are kept of one message, each line counted. A response with more is not stored, a request with more refused.
pub const FIELDS_MOST: usize = 1_000;

/// What is about the content of one message, be that a whole representation or a part of it: how long it is, which part, and its
/// digests (RFC 9110, section 14.4; RFC 9530, section 2). Repr-Digest is about the representation.
pub(crate) const OF_THE_MESSAGE: [HeaderName; 4] =
    [CONTENT_LENGTH, CONTENT_RANGE, HeaderName::from_static("content-digest"), HeaderName::from_static("content-md5")];

/// Tells which fields of one response are kept.
#[derive(Clone, Debug)]
pub(crate) struct Kept {
    hop_by_hop: HopByHop,
    directives: ResponseDirectives,
    shared: bool,
    cookies: Cookies,
}

impl Kept {
    pub fn of(headers: &HeaderMap, config: &Config) -> Self {
        Kept::by(Governing::of(headers, config).directives, headers, config)
    }

    /// By the directives that govern the response.
    pub fn by(directives: ResponseDirectives, headers: &HeaderMap, config: &Config) -> Self {
        let (shared, cookies) = (config.is_shared(), config.cookies);
        Kept { hop_by_hop: HopByHop::of_response(headers, config), directives, shared, cookies }
    }

    /// Header fields, in their order and with their repeats.
    pub fn headers(&self, headers: &HeaderMap) -> HeaderMap {
        // An Age is of one moment: it is part of the terms, and each use writes a new one (RFC 9111, section 4).
        selected(headers, |name| self.keeps(name) && name != AGE)
    }

    /// Trailer fields. What is read before the content, or decides about it, is none (RFC 9110, section 6.5.1).
    pub fn trailers(&self, trailers: &HeaderMap) -> HeaderMap {
        selected(trailers, |name| self.may_trail(name))
    }

    /// Whether a trailer field with this name is kept.
    pub fn may_trail(&self, name: &HeaderName) -> bool {
        self.keeps(name) && self.hop_by_hop.may_trail(name)
    }

    /// Whether a field may be kept, if it is not about one moment.
    pub fn keeps(&self, name: &HeaderName) -> bool {
        let directives = &self.directives;
        // RFC 9111, sections 5.2.2.4 and 5.2.2.7.
        let no_cache = directives.no_cache.fields().contains(name);
        let private = self.shared && directives.private.fields().contains(name);
        let cookie = self.shared && self.cookies == Cookies::Dropped && name == SET_COOKIE;
        !(no_cache || private || cookie || self.hop_by_hop.contains(name))
    }
}

/// The stored fields with those of a newer response in their place. What describes the bytes that are stored, and not those that
/// came, stays (RFC 9111, section 3.2).
pub(crate) fn updated(stored: &HeaderMap, newer: &HeaderMap) -> HeaderMap {
    let stays_weak = stays_weak(stored, newer);
    let stays = |name: &HeaderName| is_of_the_content(name) || (stays_weak && name == ETAG);
    let old = stored.iter().filter(|(name, _)| stays(name) || !newer.contains_key(*name));
    let new = newer.iter().filter(|(name, _)| !stays(name));
    old.chain(new).map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// Whether a field describes the bytes that came with it.
fn is_of_the_content(name: &HeaderName) -> bool {
    name == CONTENT_ENCODING || OF_THE_MESSAGE.contains(name)
}

/// Whether what is stored has the weak form of the newer tag. An origin that encodes on the way sends content under a weak tag, and
/// in a 304 may name the strong one of what it encodes: those bytes are not the ones that are stored (RFC 9110, sections 8.8.1
/// and 8.8.3.3).
fn stays_weak(stored: &HeaderMap, newer: &HeaderMap) -> bool {
    let tags = EntityTag::of(stored).zip(EntityTag::of(newer));
    tags.is_some_and(|(stored, newer)| !stored.is_strong() && stored.equals_weakly(&newer))
}

/// The fields but for some, in their order.
pub(crate) fn without(fields: &HeaderMap, names: &[HeaderName]) -> HeaderMap {
    selected(fields, |name| !names.contains(name))
}

/// The fields with some names, in their order and with their repeats.
pub(crate) fn selected(fields: &HeaderMap, is_wanted: impl Fn(&HeaderName) -> bool) -> HeaderMap {
    // Mostly that is nearly all of them. A map that would be too large begins small.
    let mut found = HeaderMap::try_with_capacity(fields.keys_len()).unwrap_or_default();
    for (name, line) in fields.iter().filter(|(name, _)| is_wanted(name)) {
        found.append(name.clone(), line.clone());
    }
    found
}

/// A line in memory of its own: as it came, it shares the memory of the whole head.
pub(crate) fn detached(line: &HeaderValue) -> HeaderValue {
    let mut own = HeaderValue::from_bytes(line.as_bytes()).expect("what came in a field can stand in one");
    own.set_sensitive(line.is_sensitive());
    own
}

/// The same of all fields, whose lines share one memory then.
pub(crate) fn all_detached(mut fields: HeaderMap) -> HeaderMap {
    let bytes = fields.values().map(HeaderValue::len).sum();
    let mut lines = BytesMut::with_capacity(bytes);
    fields.values().for_each(|line| lines.extend_from_slice(line.as_bytes()));
    let mut lines = lines.freeze();
    for line in fields.values_mut() {
        let own = HeaderValue::from_maybe_shared(lines.split_to(line.len()));
        let is_sensitive = line.is_sensitive();
        *line = own.expect("what came in a field can stand in one");
        line.set_sensitive(is_sensitive);
    }
    fields
}

/// Gives fields without a Date that can be read that of their receipt (RFC 9110, section 6.6.1).
pub(crate) fn dated(headers: &mut HeaderMap, came_at: Timestamp) -> Result<(), Rule> {
    if date_of(headers, &DATE, came_at).is_none() {
        let date = HeaderValue::try_from(format_date(came_at)).expect("words and digits are a value");
        headers.try_insert(DATE, date).map_err(|_| Rule::TooManyFields)?;
    }
    within_bound(headers.len())
}

/// Whether so many fields are kept.
pub(crate) fn within_bound(fields: usize) -> Result<(), Rule> {
    if fields > FIELDS_MOST { Err(Rule::TooManyFields) } else { Ok(()) }
}
