//! What a response to an unsafe request outdates (RFC 9111, section 4.4; RFC 9875, section 3).

use freshen_core::Tag;
use http::header::{CONTENT_LOCATION, LOCATION};
use http::{request, response};

use crate::asked::{Asked, AskedBy};
use crate::config::Config;
use crate::groups::outdates;
use crate::key::CacheKey;
use crate::target::Target;

/// What a response to an unsafe request outdates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invalidation {
    /// The keys of the target, of Location and of Content-Location, with all variants of each: at most three.
    pub keys: Vec<CacheKey>,
    /// The tags of their responses to QUERY, and those of the groups that the response names.
    pub tags: Vec<Tag>,
}

impl Invalidation {
    /// What the response outdates, if it does: its method is unsafe, or not known, and it is no error.
    ///
    /// Nothing of another origin is outdated, whatever the response says: anybody could empty the cache. The group field of a
    /// response to a safe method is ignored (RFC 9875, section 3).
    pub fn of(
        request: &request::Parts,
        target: &Target,
        response: &response::Parts,
        config: &Config,
    ) -> Option<Invalidation> {
        let unsafely = matches!(Asked::of(request, config).method, AskedBy::Unsafe | AskedBy::Post);
        let error = !(response.status.is_success() || response.status.is_redirection());
        if !unsafely || error {
            return None;
        }
        let mut keys: Vec<CacheKey> = Vec::new();
        for outdated in std::iter::once(target.clone()).chain(named(target, response)) {
            let key = CacheKey::of_get(&outdated, config);
            if !keys.contains(&key) {
                keys.push(key);
            }
        }
        // Tags are made of keyed targets, as those of stored responses are.
        let groups = outdates(&response.headers, config.choices.keyed(target).origin(), config);
        let tags = keys.iter().map(|key| key.target().tag()).chain(groups).collect();
        Some(Invalidation { keys, tags })
    }
}

/// The targets of the same origin that the response names: one a field, the first.
fn named(target: &Target, response: &response::Parts) -> impl Iterator<Item = Target> {
    let references = [LOCATION, CONTENT_LOCATION].map(|name| response.headers.get(name));
    references
        .into_iter()
        .flatten()
        .filter_map(|reference| target.resolve(reference.as_bytes()))
        .filter(|named| named.origin() == target.origin())
}
