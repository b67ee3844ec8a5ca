//! What an invalidation covers, and what carries its marks.

use std::fmt;

use crate::entry::Tag;
use crate::key::Key;

/// What one invalidation covers.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Target {
    /// One key.
    Key(Key),
    /// Every entry with the tag.
    Tag(Tag),
    /// Every entry of the namespace.
    Namespace(Box<str>),
}

/// Something that carries a mark: a tag or a namespace.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// A tag.
    Tag(Tag),
    /// A namespace.
    Namespace(Box<str>),
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Scope::Tag(tag) => write!(f, "tag {tag}"),
            Scope::Namespace(name) => write!(f, "namespace {name}"),
        }
    }
}
