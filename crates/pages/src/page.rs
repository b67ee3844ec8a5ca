//! A page: what is kept of a response, and where.

use std::sync::OnceLock;
use std::time::Duration;

use bytes::Bytes;
use freshen_core::wire::{Codec, WireError};
use freshen_core::{BoxError, Cacheable, Windows};
use freshen_http::{CacheKey, Config, Rule, Snapshot, Variant, VariantKey};
use serde::{Deserialize, Serialize};

use crate::siblings::Siblings;

/// The first byte of what is written.
const KEPT: u8 = 1;
const PASSING: u8 = 2;

/// Where a page is: what its request asks for, and which of the variants that Vary makes of that. It is the job that makes it.
///
/// The first variant that came stands under the key alone, so that most pages are found at once. It tells by which fields the
/// others are found, each in a record of its own: with its own windows and tags, and outdated by itself.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct PageAt {
    pub(crate) key: CacheKey,
    pub(crate) variant: Option<VariantKey>,
}

impl PageAt {
    /// The same in memory of its own, to be kept with the page.
    pub(crate) fn detached(&self) -> PageAt {
        PageAt { key: self.key.detached(), variant: self.variant }
    }
}

/// What is kept of a page.
#[derive(Debug)]
pub enum Page {
    /// A response.
    Kept(Kept),
    /// None, by this rule: whoever asks is sent to the origin by himself, and waits for nobody.
    Passing(Rule, Windows),
}

/// A response that is kept.
#[derive(Debug)]
pub struct Kept {
    /// As another process wrote it; empty where this one made it.
    written: Bytes,
    /// Opened when it is first needed: what differences do not matter, those who serve it know. `None`: it cannot be read.
    opened: OnceLock<Option<Box<Variant>>>,
    windows: Windows,
    /// Of the first variant: which others there are.
    siblings: Siblings,
}

const NOTHING: Windows =
    Windows { ttl: Duration::ZERO, stale_while_revalidate: Duration::ZERO, stale_if_error: Duration::ZERO };

impl Page {
    /// One that takes the place of another.
    pub(crate) fn kept(variant: Variant, windows: Windows, previous: Option<&Page>) -> Page {
        let opened = OnceLock::from(Some(Box::new(variant)));
        let siblings = previous.and_then(Page::siblings).map(Siblings::of).unwrap_or_default();
        Page::Kept(Kept { written: Bytes::new(), opened, windows, siblings })
    }

    /// The other variants of the page whose first this is.
    pub(crate) fn siblings(&self) -> Option<&Siblings> {
        match self {
            Page::Kept(kept) => Some(&kept.siblings),
            Page::Passing(..) => None,
        }
    }

    /// One that is remembered for so long.
    pub(crate) fn passing(rule: Rule, ttl: Duration) -> Page {
        Page::Passing(rule, Windows { ttl, ..NOTHING })
    }

    pub(crate) fn windows(&self) -> Windows {
        match self {
            Page::Kept(kept) => kept.windows,
            Page::Passing(_, windows) => *windows,
        }
    }

    /// The response. `None`: there is none, or it cannot be read.
    pub(crate) fn variant(&self, config: &Config) -> Option<&Variant> {
        let Page::Kept(kept) = self else { return None };
        let read = || Snapshot::decode(&kept.written, config).ok()?.variants.pop().map(Box::new);
        kept.opened.get_or_init(read).as_deref()
    }

    /// The response that this process made.
    fn made(&self) -> Option<&Variant> {
        match self {
            Page::Kept(kept) => kept.opened.get()?.as_deref(),
            Page::Passing(..) => None,
        }
    }

    pub(crate) fn tags(&self) -> Vec<String> {
        let tags = self.made().map(|variant| variant.tags.as_slice()).unwrap_or_default();
        tags.iter().map(|tag| tag.as_str().to_owned()).collect()
    }
}

impl Cacheable for Page {
    const ENCODABLE: bool = true;

    fn encode(&self, codec: Codec) -> Result<Vec<u8>, WireError> {
        let failed = |source: BoxError| WireError::Encode { codec, source };
        match self {
            Page::Passing(rule, _) => Ok([&[PASSING], rule.name().as_bytes()].concat()),
            Page::Kept(kept) => match self.made() {
                Some(variant) => {
                    let snapshot = Snapshot { variants: vec![variant.clone()] };
                    let bytes = snapshot.encode().map_err(|error| failed(error.into()))?;
                    Ok([&[KEPT], &bytes[..]].concat())
                }
                None => Ok([&[KEPT], &kept.written[..]].concat()),
            },
        }
    }

    fn decode(codec: Codec, bytes: &[u8]) -> Result<Self, WireError> {
        let failed = |reason: &str| WireError::Decode { codec, source: reason.into() };
        match bytes {
            [KEPT, written @ ..] => {
                let written = Bytes::copy_from_slice(written);
                Ok(Page::Kept(Kept {
                    written,
                    opened: OnceLock::new(),
                    windows: NOTHING,
                    siblings: Siblings::default(),
                }))
            }
            [PASSING, name @ ..] => {
                let rule = Rule::ALL.iter().find(|rule| rule.name().as_bytes() == name);
                Ok(Page::Passing(*rule.ok_or_else(|| failed("a rule that is not known"))?, NOTHING))
            }
            _ => Err(failed("neither a page nor a rule")),
        }
    }

    fn weigh(&self) -> usize {
        size_of::<Page>()
            + self.made().map_or(0, weight_of)
            + match self {
                Page::Kept(kept) => kept.written.len(),
                Page::Passing(..) => 0,
            }
    }
}

/// Roughly: what a table of fields costs is not told.
fn weight_of(variant: &Variant) -> usize {
    const OF_A_FIELD: usize = 96;
    let stored = &variant.stored;
    let fields = stored.headers.iter().chain(&stored.trailers).chain(variant.selecting.headers());
    let fields: usize = fields.map(|(name, value)| OF_A_FIELD + name.as_str().len() + value.len()).sum();
    let tags: usize = variant.tags.as_slice().iter().map(|tag| tag.as_str().len() + 32).sum();
    size_of::<Variant>() + fields + tags + usize::try_from(stored.body.held()).unwrap_or(usize::MAX / 2)
}
