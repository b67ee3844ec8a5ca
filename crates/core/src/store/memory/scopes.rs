//! The marks that are kept, at most so many: the oldest makes room.

use std::collections::{BTreeMap, HashMap};

use crate::entry::{Strength, Tag};
use crate::store::{Mark, Scope};

/// Marks by scope. Tags and namespaces are kept apart so that neither needs an allocation to be looked up.
#[derive(Debug, Default)]
pub(super) struct ScopeMarks {
    tags: HashMap<Tag, Mark>,
    namespaces: HashMap<Box<str>, Mark>,
    /// Every scope under its mark's newest tick, which no other scope has.
    by_age: BTreeMap<u64, Scope>,
}

impl ScopeMarks {
    pub(super) fn len(&self) -> usize {
        self.by_age.len()
    }

    pub(super) fn of_tag(&self, tag: &Tag) -> Mark {
        self.tags.get(tag).copied().unwrap_or_default()
    }

    pub(super) fn of_namespace(&self, namespace: &str) -> Mark {
        self.namespaces.get(namespace).copied().unwrap_or_default()
    }

    /// Raises a scope's mark to `tick`, which must be later than every tick before it.
    pub(super) fn raise(&mut self, scope: &Scope, strength: Strength, tick: u64, overwrite: bool) {
        let mark = match scope {
            Scope::Tag(tag) => self.tags.entry(tag.clone()).or_default(),
            Scope::Namespace(name) => self.namespaces.entry(name.clone()).or_default(),
        };
        self.by_age.remove(&mark.newest());
        if overwrite {
            *mark = Mark::default();
        }
        mark.raise(strength, tick);
        self.by_age.insert(tick, scope.clone());
    }

    /// Takes out the mark that was raised longest ago.
    pub(super) fn drop_oldest(&mut self) -> Option<Mark> {
        let (_, scope) = self.by_age.pop_first()?;
        match scope {
            Scope::Tag(tag) => self.tags.remove(&tag),
            Scope::Namespace(name) => self.namespaces.remove(&name),
        }
    }
}
