//! How the tags of stored responses are written, so that none of one kind can be mistaken for one of another.

use freshen_core::{TAG_BYTES_MAX, Tag};

/// The kinds of tags. Each begins with a letter of its own.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Mark {
    /// A target URI.
    Target,
    /// The path of a target, whatever its query.
    Path,
    /// An origin.
    Origin,
    /// A group of an origin (RFC 9875).
    Group,
    /// A surrogate key.
    Surrogate,
    /// A surrogate key that does not fit into a tag as it is.
    LongSurrogate,
}

/// What a target mostly takes to be written.
const HASHED_BYTES_USUAL: usize = 256;

impl Mark {
    /// The tag with this name, if it fits into one.
    pub fn named(self, name: &[u8]) -> Option<Tag> {
        let name = std::str::from_utf8(name).ok().filter(|name| name.bytes().all(|byte| byte.is_ascii_graphic()))?;
        let tag = [self.prefix(), name].concat();
        (tag.len() <= TAG_BYTES_MAX).then(|| Tag::new(tag).expect("it is not empty, and no longer than a tag may be"))
    }

    /// The tag of whatever is written: half of its BLAKE3. Two that meet there are outdated together, nothing worse.
    pub fn hashed(self, write: impl FnOnce(&mut Vec<u8>)) -> Tag {
        let mut bytes = Vec::with_capacity(HASHED_BYTES_USUAL);
        write(&mut bytes);
        let hash = blake3::hash(&bytes).to_hex();
        Tag::new([self.prefix(), &hash[..32]].concat()).expect("34 letters make a tag")
    }

    /// Whether a tag is of this kind.
    pub fn is_of(self, tag: &Tag) -> bool {
        tag.as_str().starts_with(self.prefix())
    }

    fn prefix(self) -> &'static str {
        match self {
            Mark::Target => "u:",
            Mark::Path => "p:",
            Mark::Origin => "o:",
            Mark::Group => "g:",
            Mark::Surrogate => "s:",
            Mark::LongSurrogate => "l:",
        }
    }
}

/// Writes a part behind its length, so that no other parts write the same.
pub(crate) fn put(bytes: &mut Vec<u8>, part: &[u8]) {
    bytes.extend((part.len() as u64).to_be_bytes());
    bytes.extend(part);
}
