//! Surrogate keys: names by which an application outdates what it has tagged.

use freshen_core::Tag;
use http::{HeaderMap, HeaderName};

use crate::config::Config;
use crate::mark::Mark;
use crate::members::trim;

/// The fields that carry surrogate keys, and what separates the keys in them.
const FIELDS: [(HeaderName, Separator); 3] = [
    (HeaderName::from_static("surrogate-key"), Separator::Blank),
    (HeaderName::from_static("cache-tag"), Separator::Comma),
    (HeaderName::from_static("xkey"), Separator::Blank),
];

#[derive(Clone, Copy)]
enum Separator {
    Blank,
    Comma,
}

/// The tags of a response's surrogate keys, whichever field they stand in. They are compared as they are written.
pub(crate) fn surrogate_tags(headers: &HeaderMap) -> impl Iterator<Item = Tag> {
    FIELDS
        .into_iter()
        .flat_map(|(name, separator)| {
            let lines = headers.get_all(name).into_iter().map(|line| line.as_bytes());
            lines.flat_map(move |line| line.split(move |byte| separator.is(*byte)))
        })
        .map(trim)
        .filter(|key| !key.is_empty())
        .map(surrogate_tag)
}

/// The tag of a surrogate key, by which an application outdates what carries it.
pub fn surrogate_tag(key: &[u8]) -> Tag {
    Mark::Surrogate.named(key).unwrap_or_else(|| Mark::LongSurrogate.hashed(|bytes| bytes.extend(key)))
}

/// Takes the surrogate keys from a response before it is sent on, unless [`Config`] lets them be seen: they tell what belongs
/// together behind the cache.
pub(crate) fn strip_surrogate_keys(headers: &mut HeaderMap, config: &Config) {
    if !config.shows_surrogate_keys {
        for (name, _) in FIELDS {
            headers.remove(name);
        }
    }
}

/// Whether a field carries surrogate keys.
pub(crate) fn carries_surrogate_keys(name: &HeaderName) -> bool {
    FIELDS.iter().any(|(carrying, _)| carrying == name)
}

impl Separator {
    fn is(self, byte: u8) -> bool {
        match self {
            Separator::Blank => matches!(byte, b' ' | b'\t'),
            Separator::Comma => byte == b',',
        }
    }
}
