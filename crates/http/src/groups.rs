//! Groups of stored responses that are outdated together (RFC 9875).

use freshen_core::{TAGS_MAX, Tag};
use http::{HeaderMap, HeaderName};
use sfv::{BareItem, ListEntry};

use crate::config::Config;
use crate::mark::{Mark, put};
use crate::origin::Origin;
use crate::structured::list;

/// The groups that a response belongs to.
pub const CACHE_GROUPS: HeaderName = HeaderName::from_static("cache-groups");
/// The groups that a response to an unsafe request outdates.
pub const CACHE_GROUP_INVALIDATION: HeaderName = HeaderName::from_static("cache-group-invalidation");
/// Most groups that one response outdates: the first of its list. A stored response cannot be in more.
pub const GROUPS_MOST: usize = TAGS_MAX;

/// The tags of the groups that a response of an origin belongs to (RFC 9875, section 2).
pub(crate) fn belongs_to(headers: &HeaderMap, origin: &Origin, config: &Config) -> Vec<Tag> {
    tags(headers, &CACHE_GROUPS, origin, config).collect()
}

/// The tags of the groups that a response to an unsafe request outdates (RFC 9875, section 3). They outdate no others: what
/// shares another group with one of theirs stays.
pub(crate) fn outdates(headers: &HeaderMap, origin: &Origin, config: &Config) -> Vec<Tag> {
    tags(headers, &CACHE_GROUP_INVALIDATION, origin, config).take(GROUPS_MOST).collect()
}

/// The tag of a group: the origin is a part of it (RFC 9875, section 2.1).
pub fn group_tag(origin: &Origin, group: &str) -> Tag {
    Mark::Group.hashed(|bytes| {
        put(bytes, origin.to_string().as_bytes());
        put(bytes, group.as_bytes());
    })
}

fn tags(headers: &HeaderMap, name: &HeaderName, origin: &Origin, config: &Config) -> impl Iterator<Item = Tag> {
    let groups = if config.groups { names(headers, name) } else { None };
    groups.unwrap_or_default().into_iter().map(|group| group_tag(origin, &group))
}

/// A list of strings; parameters mean nothing. With anything else in it, the field counts as if it were not there.
fn names(headers: &HeaderMap, name: &HeaderName) -> Option<Vec<String>> {
    let string = |entry| match entry {
        ListEntry::Item(item) => match item.bare_item {
            BareItem::String(group) => Some(group.into()),
            _ => None,
        },
        ListEntry::InnerList(_) => None,
    };
    list(headers, name)?.into_iter().map(string).collect()
}
