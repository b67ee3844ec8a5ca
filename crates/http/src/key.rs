//! What identifies a stored response, but for what its Vary adds (RFC 9111, section 2).

use std::fmt;

use crate::asked::AskedBy;
use crate::config::Config;
use crate::content::{Content, ContentHash};
use crate::rule::Rule;
use crate::target::Target;

/// The format of [`CacheKey::to_bytes`]. Another one is another key.
const FORMAT: u8 = 1;

/// What identifies a stored response, and for QUERY its content as well.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CacheKey {
    target: Target,
    /// That of a QUERY. There is none for GET, whose responses answer HEAD too.
    content: Option<ContentHash>,
}

impl CacheKey {
    /// The key of a request to a target, in the form that the application's choices give it.
    ///
    /// # Errors
    /// The rule by which nothing is stored for such a request, and nothing that is stored answers it.
    pub fn of(asked: AskedBy, target: &Target, content: Content, config: &Config) -> Result<CacheKey, Rule> {
        let content = match (asked, content) {
            (AskedBy::Get | AskedBy::Head, Content::Absent) => None,
            // RFC 9110, section 9.3.1: content of GET means nothing, but an origin may answer by it all the same.
            (AskedBy::Get | AskedBy::Head, _) => return Err(Rule::ContentOfGet),
            (AskedBy::Query, Content::Hashed(hash)) => Some(hash),
            (AskedBy::Query, _) => return Err(Rule::QueryContentUnread),
            // RFC 9110, section 9.3.3: what is stored of a POST answers GET.
            (AskedBy::Post, _) => None,
            (AskedBy::OtherSafe, _) => return Err(Rule::MethodNotUnderstood),
            (AskedBy::Unsafe, _) => return Err(Rule::MethodUnsafe),
        };
        Ok(CacheKey { target: config.choices.keyed(target), content })
    }

    pub(crate) fn of_get(target: &Target, config: &Config) -> CacheKey {
        CacheKey { target: config.choices.keyed(target), content: None }
    }

    /// The target, in its keyed form.
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// Whether it is that of a QUERY, so that the response carries the target's [tag](Target::tag).
    pub(crate) fn is_of_query(&self) -> bool {
        self.content.is_some()
    }

    /// The key as bytes. Others are other bytes: each part stands behind its length.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = vec![FORMAT, if self.is_of_query() { b'Q' } else { b'G' }];
        self.target.encode(&mut bytes);
        if let Some(content) = &self.content {
            bytes.extend(content.as_bytes());
        }
        bytes
    }
}

impl fmt::Display for CacheKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.content {
            None => write!(f, "GET {}", self.target),
            Some(content) => write!(f, "QUERY {} {content}", self.target),
        }
    }
}
