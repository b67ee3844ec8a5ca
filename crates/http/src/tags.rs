//! The tags of a stored response: all by which it is outdated together with others.

use freshen_core::{TAGS_MAX, Tag, Tags};
use http::HeaderMap;

use crate::config::Config;
use crate::groups::belongs_to;
use crate::key::CacheKey;
use crate::rule::Rule;
use crate::surrogate::surrogate_tags;

/// The tags of a response that is to be stored: its groups, its surrogate keys, and for QUERY its target.
///
/// # Errors
/// The rule by which it is not stored: it has more tags than an entry can carry. Without one of them it would be served after
/// what it is made of was outdated.
pub fn tags(headers: &HeaderMap, key: &CacheKey, config: &Config) -> Result<Tags, Rule> {
    let of_target = key.is_of_query().then(|| key.target().tag());
    let all =
        belongs_to(headers, key.target().origin(), config).into_iter().chain(surrogate_tags(headers)).chain(of_target);
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
