//! The tags of a stored response: all by which it is outdated together with others.

use freshen_core::{TAGS_MAX, Tag, Tags};
use http::HeaderMap;

use crate::config::Config;
use crate::groups::belongs_to;
use crate::key::CacheKey;
use crate::mark::Mark;
use crate::no_vary_search::NoVarySearch;
use crate::rule::Rule;
use crate::surrogate::surrogate_tags;

/// The tags of a response that is to be stored: its target and its origin, its groups and its surrogate keys, and its path, where
/// its origin says that not all of the query matters.
///
/// # Errors
/// The rule by which it is not stored: it has more tags than an entry can carry. Without one of them it would be served after
/// what it is made of was outdated.
pub fn tags(headers: &HeaderMap, key: &CacheKey, config: &Config) -> Result<Tags, Rule> {
    together(all(headers, key, config))
}

/// The tags of a stored response after an update, which makes headers of both. Those of a kind stay that the update has none of: the
/// fields that they came in may be among those that are not kept.
///
/// # Errors
/// As [`tags`].
pub(crate) fn renewed(
    stored: &Tags,
    headers: &HeaderMap,
    update: &HeaderMap,
    key: &CacheKey,
    config: &Config,
) -> Result<Tags, Rule> {
    let groups_change = !belongs_to(update, key.target().origin(), config).is_empty();
    let keys_change = surrogate_tags(update).next().is_some();
    let stays = |tag: &&Tag| {
        let is_key = Mark::Surrogate.is_of(tag) || Mark::LongSurrogate.is_of(tag);
        !(keys_change && is_key || groups_change && Mark::Group.is_of(tag))
    };
    together(stored.as_slice().iter().filter(stays).cloned().chain(all(headers, key, config)))
}

fn all(headers: &HeaderMap, key: &CacheKey, config: &Config) -> impl Iterator<Item = Tag> {
    let target = key.target();
    let loose = key.is_simplified() || !NoVarySearch::read(headers, config).is_default();
    let of_target = [target.tag(), target.origin().tag()].into_iter().chain(loose.then(|| target.path_tag()));
    of_target.chain(belongs_to(headers, target.origin(), config)).chain(surrogate_tags(headers))
}

fn together(all: impl Iterator<Item = Tag>) -> Result<Tags, Rule> {
    let mut tags: Vec<Tag> = Vec::new();
    for tag in all {
        tags.push(tag);
        // Those that repeat are gone now and then, so that a field of nothing but repeats stays small.
        if tags.len() > 2 * TAGS_MAX {
            tags.sort_unstable();
            tags.dedup();
            if tags.len() > TAGS_MAX {
                return Err(Rule::TooManyTags);
            }
        }
    }
    Tags::new(tags).map_err(|_| Rule::TooManyTags)
}
