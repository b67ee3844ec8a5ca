//! What is kept under a key: a value that describes itself, so that whoever has a clock can judge it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use crate::error::TagError;
use crate::policy::Windows;
use crate::time::Timestamp;
use crate::wire::ALLOCATION_BYTES;

mod described;

pub use described::{Bare, Described, Description};

/// Longest tag, in bytes.
pub const TAG_BYTES_MAX: usize = 256;
/// Most tags of one entry.
pub const TAGS_MAX: usize = 64;
/// Most bytes of an entry's validators.
pub const VALIDATORS_BYTES_MAX: usize = 1024;

/// What validators take in memory: themselves, and twice the few words by which they are shared.
pub(crate) fn validators_bytes(validators: &Bytes) -> usize {
    validators.len() + 2 * (size_of_val(validators) + ALLOCATION_BYTES)
}

/// The order of begins and invalidations in one partition of a store.
///
/// Numbers of different epochs are never compared: an epoch is drawn at random whenever the partition's clock is new, and
/// whatever carries another epoch is outdated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Generation {
    /// Which life of the partition's clock this belongs to.
    pub epoch: u64,
    /// The tick within that life.
    pub number: u64,
}

impl Generation {
    /// Whether what carries this generation is outdated by a mark: the mark is as new, or of another epoch.
    pub fn outdated_by(self, mark: Generation) -> bool {
        self.epoch != mark.epoch || mark.number >= self.number
    }
}

/// How an invalidation treats what it outdates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Strength {
    /// The ttl ends now; the value may be served while it is refreshed.
    Soft,
    /// The value is never served again.
    Hard,
}

impl Strength {
    /// Both.
    pub const ALL: [Strength; 2] = [Strength::Soft, Strength::Hard];

    /// Its name in metrics and logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Strength::Soft => "soft",
            Strength::Hard => "hard",
        }
    }
}

/// A name that entries share, so that one invalidation outdates them all: 1 to [`TAG_BYTES_MAX`] bytes.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tag(Arc<str>);

impl Tag {
    /// Makes a tag.
    ///
    /// # Errors
    /// [`TagError`] when it is empty or longer than [`TAG_BYTES_MAX`].
    pub fn new(tag: impl AsRef<str>) -> Result<Tag, TagError> {
        let tag = tag.as_ref();
        if tag.is_empty() || tag.len() > TAG_BYTES_MAX {
            return Err(TagError::Length { bytes: tag.len() });
        }
        Ok(Tag(tag.into()))
    }

    /// The tag as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The tags of one entry: sorted, each once, at most [`TAGS_MAX`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Tags(Option<Arc<[Tag]>>);

impl Tags {
    /// No tags.
    pub const NONE: Tags = Tags(None);

    /// Collects tags.
    ///
    /// # Errors
    /// [`TagError`] when there are more than [`TAGS_MAX`] different ones.
    pub fn new(mut tags: Vec<Tag>) -> Result<Tags, TagError> {
        tags.sort_unstable();
        tags.dedup();
        if tags.len() > TAGS_MAX {
            return Err(TagError::TooMany { tags: tags.len() });
        }
        Ok(if tags.is_empty() { Tags::NONE } else { Tags(Some(tags.into())) })
    }

    /// The tags, in order.
    pub fn as_slice(&self) -> &[Tag] {
        self.0.as_deref().unwrap_or_default()
    }
}

/// A value on its way through a port: encoded, or the thing itself, shared with whoever holds it in this process.
#[derive(Clone)]
pub enum Value {
    /// The envelope of [`wire`](crate::wire), which any process can read.
    Encoded(Bytes),
    /// An erased value that only this process can read.
    Shared(Arc<dyn Described>),
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Encoded(bytes) => write!(f, "Encoded({} bytes)", bytes.len()),
            Value::Shared(_) => f.write_str("Shared"),
        }
    }
}

/// What an entry is judged by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facts {
    /// When its load began, by the store's clock.
    pub loaded_at: Timestamp,
    /// The generation under which its load began.
    pub generation: Generation,
    /// The windows it was loaded under, jitter taken off.
    pub windows: Windows,
    /// How long its load took.
    pub load_took: Duration,
    /// Whether its job calls the value absent: a real answer, "there is none", distinct from a miss.
    pub absent: bool,
    /// What it weighs in memory, in bytes.
    pub weight: u32,
}

impl Facts {
    /// Up to when it is fresh, if nothing outdates it before.
    pub fn fresh_until(&self) -> Timestamp {
        self.loaded_at + self.windows.ttl
    }

    /// Up to when it may be served while it is refreshed.
    pub fn stale_until(&self) -> Timestamp {
        self.fresh_until() + self.windows.stale_while_revalidate
    }

    /// The hard deadline: from here on it is never served, and a store may drop it.
    pub fn ends_at(&self) -> Timestamp {
        self.loaded_at + self.windows.whole()
    }
}

/// A value under a key, with all that is needed to judge it.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The value.
    pub value: Value,
    /// What it is judged by.
    pub facts: Facts,
    /// The tags whose invalidation outdates it.
    pub tags: Tags,
    /// What the source gave to ask "has it changed?" with, such as an entity tag: at most [`VALIDATORS_BYTES_MAX`] bytes.
    pub validators: Option<Bytes>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn generation(epoch: u64, number: u64) -> Generation {
        Generation { epoch, number }
    }

    #[test]
    fn an_equal_mark_outdates_and_so_does_a_foreign_epoch() {
        let entry = generation(1, 10);
        assert!(!entry.outdated_by(generation(1, 9)));
        assert!(entry.outdated_by(generation(1, 10)));
        assert!(entry.outdated_by(generation(1, 11)));
        assert!(entry.outdated_by(generation(2, 1)));
    }

    #[test]
    fn tags_have_bounds_and_an_order() {
        let tag = |text: &str| Tag::new(text).unwrap();
        let tags = Tags::new(vec![tag("b"), tag("a"), tag("b")]).unwrap();
        assert_eq!(tags.as_slice(), [tag("a"), tag("b")]);
        assert_eq!(Tag::new(""), Err(TagError::Length { bytes: 0 }));
        assert_eq!(Tag::new("x".repeat(257)), Err(TagError::Length { bytes: 257 }));
        let many = (0..=TAGS_MAX).map(|n| tag(&n.to_string())).collect();
        assert_eq!(Tags::new(many), Err(TagError::TooMany { tags: 65 }));
    }

    #[test]
    fn each_window_is_added_after_the_one_before() {
        let second = Duration::from_secs(1);
        let facts = Facts {
            loaded_at: Timestamp::from_micros(1_000_000),
            generation: generation(1, 1),
            windows: Windows { ttl: second, stale_while_revalidate: 2 * second, stale_if_error: 3 * second },
            load_took: Duration::ZERO,
            absent: false,
            weight: 0,
        };
        let at = |secs: u64| Timestamp::from_micros(secs * 1_000_000);
        assert_eq!((facts.fresh_until(), facts.stale_until(), facts.ends_at()), (at(2), at(4), at(7)));
    }
}
