//! The tags of a stored response: all by which it is outdated together with others.

use freshen_core::{TAGS_MAX, Tags};
use http::HeaderMap;

use crate::config::Config;
use crate::groups::belongs_to;
use crate::key::CacheKey;
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
    let target = key.target();
    let loose = key.is_simplified() || !NoVarySearch::read(headers, config).is_default();
    let mut tags = vec![target.tag(), target.origin().tag()];
    tags.extend(loose.then(|| target.path_tag()));
    let all = belongs_to(headers, target.origin(), config).into_iter().chain(surrogate_tags(headers));
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
