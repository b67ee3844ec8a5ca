//! Which parts of a query an origin says do not matter (No-Vary-Search, draft-ietf-httpbis-no-vary-search).

use std::collections::HashSet;

use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderName};
use sfv::{BareItem, Dictionary, ListEntry};

use crate::config::Config;
use crate::digest::Digest;
use crate::form::{Pair, pairs, text, written};
use crate::mark::put;
use crate::structured::dictionary;
use crate::target::Target;

/// The field.
pub const NO_VARY_SEARCH: HeaderName = HeaderName::from_static("no-vary-search");

/// Which parts of a query matter for a stored response. The default: all, byte by byte.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NoVarySearch {
    matter: Matter,
    /// Whether the order of names does not. The values of one name keep theirs.
    key_order: bool,
}

/// Which parameters matter.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Matter {
    AllBut(HashSet<String>),
    Only(HashSet<String>),
}

impl Default for Matter {
    fn default() -> Self {
        Matter::AllBut(HashSet::new())
    }
}

impl NoVarySearch {
    /// What a response says, where [`Config`] wants it to be heard. What is malformed anywhere says nothing (section 4).
    pub fn read(headers: &HeaderMap, config: &Config) -> NoVarySearch {
        let read = || NoVarySearch::of(&dictionary(headers, &NO_VARY_SEARCH)?);
        config.no_vary_search.then(read).flatten().unwrap_or_default()
    }

    /// Section 4.1. The algorithm there makes nothing of `key-order` alone; its introduction and its examples do, and so do we.
    fn of(field: &Dictionary) -> Option<NoVarySearch> {
        let key_order = match field.get("key-order") {
            None => false,
            Some(ListEntry::Item(item)) => item.bare_item.as_boolean()?,
            Some(ListEntry::InnerList(_)) => return None,
        };
        let matter = match (field.get("params"), field.get("except")) {
            (None, None) => Matter::default(),
            (Some(names), None) => Matter::AllBut(strings(names)?),
            (None, Some(names)) => Matter::Only(strings(names)?),
            (Some(_), Some(_)) => return None,
        };
        Some(NoVarySearch { matter, key_order })
    }

    /// Whether what is stored for one target answers another (section 5): origin and path are the same, and of the queries all
    /// that matters.
    pub fn matches(&self, stored: &Target, asked: &Target) -> bool {
        let same_place = stored.origin() == asked.origin() && stored.path() == asked.path();
        same_place
            && (stored.query() == asked.query()
                || (!self.is_default() && self.of_query(stored) == self.of_query(asked)))
    }

    /// The form that all targets share which match each other (section 6); `None`: all of a query matters, or what is left of
    /// this one is longer than a target may be once it is written in full.
    pub(crate) fn simplified(&self, target: &Target) -> Option<Target> {
        if self.is_default() {
            return None;
        }
        let query = written(&self.of_query(target));
        let resource = if query.is_empty() { target.path().to_owned() } else { format!("{}?{query}", target.path()) };
        Target::new(target.origin().clone(), PathAndQuery::try_from(resource).ok()?).ok()
    }

    /// What tells it from others, in whatever order their names stand.
    pub(crate) fn digest(&self) -> Digest {
        let (kind, names) = match &self.matter {
            Matter::AllBut(names) => (b'-', names),
            Matter::Only(names) => (b'+', names),
        };
        let mut names: Vec<&String> = names.iter().collect();
        names.sort_unstable();
        let mut bytes = vec![kind, self.key_order.into()];
        for name in names {
            put(&mut bytes, name.as_bytes());
        }
        blake3::hash(&bytes).into()
    }

    pub(crate) fn is_default(&self) -> bool {
        *self == NoVarySearch::default()
    }

    fn of_query(&self, target: &Target) -> Vec<Pair> {
        let mut pairs = pairs(target.query().unwrap_or_default());
        pairs.retain(|(name, _)| match &self.matter {
            Matter::AllBut(names) => !names.contains(name),
            Matter::Only(names) => names.contains(name),
        });
        if self.key_order {
            // A stable sort. By which order of names does not matter, as long as it is one.
            pairs.sort_by(|(one, _), (other, _)| one.cmp(other));
        }
        pairs
    }
}

/// An inner list of strings, each read as a name in a query is (sections 4.1 and 4.3).
fn strings(entry: &ListEntry) -> Option<HashSet<String>> {
    let ListEntry::InnerList(list) = entry else { return None };
    let string = |item: &sfv::Item| match &item.bare_item {
        BareItem::String(name) => Some(text(name.as_str())),
        _ => None,
    };
    list.items.iter().map(string).collect()
}
