//! What identifies a variant among those of one key.

use std::fmt;

use http::HeaderName;
use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::sent::Sent;
use crate::vary::Selecting;

/// The format of what is hashed. Another one is another key.
const FORMAT: u8 = 1;

/// What identifies a variant among those of one [`CacheKey`](crate::CacheKey), where each is stored under a key of its own: the BLAKE3
/// of the fields that select it, and of what its request says there as far as that matters. Requests that select the same make the
/// same.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct VariantKey(Digest);

impl Selecting {
    /// The key of the variant that is selected by this.
    pub fn key(&self) -> VariantKey {
        VariantKey::of(self.normals())
    }

    /// The key of the variant that a request selects, where the fields by which this one is selected are known to select.
    pub fn key_of(&self, sent: &Sent<'_>) -> VariantKey {
        VariantKey::of(self.normals_of(sent))
    }
}

impl VariantKey {
    /// Its bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }

    /// Of fields in their order, each with the form of what is said there, or without.
    fn of<'n>(fields: impl Iterator<Item = (&'n HeaderName, Option<Digest>)>) -> VariantKey {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&[FORMAT]);
        for (name, normal) in fields {
            let name = name.as_str().as_bytes();
            hasher.update(&(name.len() as u64).to_be_bytes()).update(name);
            hasher.update(&[normal.is_some().into()]);
            if let Some(normal) = normal {
                hasher.update(normal.as_bytes());
            }
        }
        VariantKey(hasher.finalize().into())
    }
}

impl fmt::Display for VariantKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for VariantKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VariantKey({self})")
    }
}
