//! What identifies a stored response, but for what its Vary adds (RFC 9111, section 2).

use std::fmt;

use http::{HeaderName, HeaderValue};
use serde::{Deserialize, Serialize};

use crate::asked::AskedBy;
use crate::config::Config;
use crate::content::{Content, ContentHash};
use crate::digest::Digest;
use crate::mark::put;
use crate::no_vary_search::NoVarySearch;
use crate::rule::Rule;
use crate::sent::Sent;
use crate::steering::Steering;
use crate::target::{TARGET_BYTES_MOST, Target};
use crate::written_key::WrittenKey;

/// Most bytes of the [audience](KeyParts::audience) of a key.
pub const AUDIENCE_BYTES_MOST: usize = 1024;

/// The format of [`CacheKey::to_bytes`]. Another one is another key.
const FORMAT: u8 = 1;

/// What a key is made of.
#[derive(Clone, Copy, Debug)]
pub struct KeyParts<'a> {
    /// By what the request asks.
    pub asked: AskedBy,
    /// The request as its origin gets it: its target, and the fields that steer its origin.
    pub sent: &'a Sent<'a>,
    /// Its content.
    pub content: Content,
    /// For whom the response is, where the application tells its users apart: no other gets it. At most [`AUDIENCE_BYTES_MOST`].
    pub audience: Option<&'a str>,
}

/// What identifies a stored response: its target in keyed form, and for QUERY its content; for whom it is, where that is said; and
/// the fields by which origins choose what they answer though no Vary says so, where the request has some.
///
/// It can be the argument of a [`Job`](freshen_core::Job): it is written as its parts, and read with the checks of
/// [`of`](CacheKey::of).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "WrittenKey", try_from = "WrittenKey")]
pub struct CacheKey {
    pub(crate) target: Target,
    /// That of a QUERY. There is none for GET, whose responses answer HEAD too.
    pub(crate) content: Option<ContentHash>,
    pub(crate) audience: Option<Box<str>>,
    pub(crate) steering: Steering,
    /// What of its query does not matter, where the target is in the form that all share for which the rest is the same.
    pub(crate) simplified: Option<Digest>,
}

impl CacheKey {
    /// The key of a request, in the form that the application's choices give it.
    ///
    /// # Errors
    /// The rule by which nothing is stored for such a request, and nothing that is stored answers it.
    pub fn of(parts: &KeyParts<'_>, config: &Config) -> Result<CacheKey, Rule> {
        let key = CacheKey {
            content: hashed(parts.asked, parts.content)?,
            steering: Steering::of(parts.sent, config)?,
            target: config.choices.keyed(parts.sent.target()),
            audience: parts.audience.map(Into::into),
            simplified: None,
        };
        key.within_bounds()
    }

    /// The key by which a response is found whose origin says which parts of its query do not matter: all targets have it that match
    /// each other under that, and none that do not (No-Vary-Search, section 6). Where all of it matters, the key itself.
    ///
    /// What is said is a part of it, so that no answer is found by what another response said. It is for looking up: what the
    /// origin is asked for is the request's own target.
    pub fn simplified(&self, says: &NoVarySearch) -> CacheKey {
        // Written in full, a query may be longer than a key may be: then it is found by its own form alone.
        let short = |target: &Target| target.resource().as_str().len() <= TARGET_BYTES_MOST;
        match says.simplified(&self.target).filter(short) {
            Some(target) => CacheKey { target, simplified: Some(says.digest()), ..self.clone() },
            None => self.clone(),
        }
    }

    /// The same in memory of its own, to be kept: that of a request shares the memory of its whole head, which may be many times
    /// as much.
    #[must_use]
    pub fn detached(&self) -> CacheKey {
        CacheKey { target: self.target.detached(), steering: self.steering.detached(), ..self.clone() }
    }

    /// The target, in its keyed form.
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// For whom the response is, where that is told apart.
    pub fn audience(&self) -> Option<&str> {
        self.audience.as_deref()
    }

    /// The key as bytes. Others are other bytes: each part stands behind its length.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = vec![FORMAT, self.kind()];
        self.target.encode(&mut bytes);
        bytes.push(self.audience.is_some().into());
        if let Some(audience) = &self.audience {
            put(&mut bytes, audience.as_bytes());
        }
        self.steering.encode(&mut bytes);
        bytes.extend(self.content.iter().flat_map(ContentHash::as_bytes));
        bytes.extend(self.simplified.iter().flat_map(Digest::as_bytes));
        bytes
    }

    /// The steering fields of its request.
    pub(crate) fn steering(&self) -> &[(HeaderName, HeaderValue)] {
        self.steering.lines()
    }

    pub(crate) fn is_simplified(&self) -> bool {
        self.simplified.is_some()
    }

    /// Whether the request can be made again from it and from what selects the response.
    pub(crate) fn tells_its_request(&self) -> bool {
        self.content.is_none() && self.audience.is_none() && !self.is_simplified()
    }

    pub(crate) fn within_bounds(self) -> Result<CacheKey, Rule> {
        match () {
            () if self.target.resource().as_str().len() > TARGET_BYTES_MOST => Err(Rule::TargetTooLong),
            () if self.audience().is_some_and(|of| of.len() > AUDIENCE_BYTES_MOST) => Err(Rule::AudienceTooLong),
            () => Ok(self),
        }
    }

    const fn kind(&self) -> u8 {
        match (&self.content, &self.simplified) {
            (None, None) => b'G',
            (Some(_), None) => b'Q',
            (None, Some(_)) => b'g',
            (Some(_), Some(_)) => b'q',
        }
    }
}

/// What of the content makes the key.
fn hashed(asked: AskedBy, content: Content) -> Result<Option<ContentHash>, Rule> {
    match (asked, content) {
        (AskedBy::Get | AskedBy::Head, Content::Absent) => Ok(None),
        // RFC 9110, section 9.3.1: content of GET means nothing, but an origin may answer by it all the same.
        (AskedBy::Get | AskedBy::Head, _) => Err(Rule::ContentOfGet),
        (AskedBy::Query, Content::Hashed(hash)) => Ok(Some(hash)),
        (AskedBy::Query, _) => Err(Rule::QueryContentUnread),
        // RFC 9110, section 9.3.3: what is stored of a POST answers GET.
        (AskedBy::Post, _) => Ok(None),
        (AskedBy::OtherSafe, _) => Err(Rule::MethodNotUnderstood),
        (AskedBy::Unsafe, _) => Err(Rule::MethodUnsafe),
    }
}

impl fmt::Display for CacheKey {
    /// As people read it, without the audience and the values of steering fields: they may tell who asked.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.content {
            None => write!(f, "GET {}", self.target),
            Some(content) => write!(f, "QUERY {} {content}", self.target),
        }
    }
}
