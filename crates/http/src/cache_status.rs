//! The Cache-Status field: what this cache did with a request (RFC 9211).

use std::fmt::{self, Write};
use std::time::Duration;

use freshen_core::Timestamp;
use http::header::MaxSizeReached;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use sfv::{ItemSerializer, StringRef, TokenRef};

use crate::config::Config;
use crate::failure::Failure;
use crate::forward::Forward;
use crate::judgement::{Judgement, Step};
use crate::key::CacheKey;
use crate::percent::encoded;
use crate::rule::Rule;
use crate::terms::Terms;

/// The field.
pub const CACHE_STATUS: HeaderName = HeaderName::from_static("cache-status");
/// Longest key that is shown, in bytes. Of a longer one its beginning is.
pub const SHOWN_KEY_BYTES_MOST: usize = 1024;

/// What a member mostly takes to be written.
const MEMBER_BYTES_USUAL: usize = 64;
/// RFC 9651, section 3.3.1: the largest integer. What does not fit is that.
const INTEGER_MOST: i64 = 999_999_999_999_999;

/// What a cache did with a request: one member of the field.
///
/// A response that the cache made by itself gets none, unless it was made from a stored one (RFC 9211, section 2). Nor do clients
/// that are not to know: whoever knows whether a response was stored can tell who else has asked for it (section 6).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CacheStatus<'a> {
    /// Who answered.
    pub handled: Handled,
    /// How many seconds the response is fresh for yet; negative: since when it is stale.
    pub ttl_seconds: Option<i64>,
    /// The key, for those who may see it.
    pub key: Option<&'a CacheKey>,
    /// The rule that decided.
    pub rule: Option<Rule>,
}

/// Who answered a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Handled {
    /// The cache, from what is stored.
    Hit,
    /// The next server.
    Forwarded(Forwarded),
}

/// A request that went on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Forwarded {
    /// Why.
    pub why: Forward,
    /// What was answered, if that is not the status of the response.
    pub status: Option<StatusCode>,
    /// Whether the response was stored.
    pub stored: Option<bool>,
    /// Whether it went together with others; `false`: it could not use their response, and went again.
    pub collapsed: Option<bool>,
}

impl CacheStatus<'_> {
    /// What was done by a judgement; `None`: the cache answers by itself (RFC 9211, section 2).
    pub fn judged(judgement: &Judgement, terms: &Terms) -> Option<Self> {
        let handled = match judgement.step {
            Step::Refuse => return None,
            _ => Forward::judged(judgement, terms).map_or(Handled::Hit, Handled::forwarded),
        };
        // What is stored is not what will be sent, where the origin was asked.
        let ttl_seconds = (handled == Handled::Hit).then(|| ttl_seconds(terms, judgement.age));
        Some(CacheStatus { handled, ttl_seconds, key: None, rule: Some(judgement.rule) })
    }

    /// What was done with a request that went on, nothing stored having been judged.
    pub fn forwarded(why: Forward, rule: Option<Rule>) -> Self {
        CacheStatus { handled: Handled::forwarded(why), ttl_seconds: None, key: None, rule }
    }

    /// What was done with a request that went on by a judgement and met a failure, so that what is stored is sent after all, which
    /// this rule of [`stand_in`](crate::stand_in) allows.
    pub fn stood_in(rule: Rule, judgement: &Judgement, failure: Failure, terms: &Terms, now: Timestamp) -> Self {
        let status = CacheStatus {
            ttl_seconds: Some(ttl_seconds(terms, terms.age(now))),
            ..CacheStatus::forwarded(Forward::judged(judgement, terms).unwrap_or(Forward::Stale), Some(rule))
        };
        match failure {
            Failure::Status(answered) => status.answered(answered),
            Failure::Unreachable | Failure::TimedOut | Failure::Truncated => status,
        }
    }

    /// Adds what the next server answered, where that is not the status of the response. Of a hit, this and the next two say nothing
    /// (RFC 9211, sections 2.3, 2.5 and 2.6).
    #[must_use]
    pub fn answered(self, status: StatusCode) -> Self {
        self.with(|forwarded| forwarded.status = Some(status))
    }

    /// Adds whether the response was stored.
    #[must_use]
    pub fn stored(self, stored: bool) -> Self {
        self.with(|forwarded| forwarded.stored = Some(stored))
    }

    /// Adds that the request went together with others, and whether it could use their response.
    #[must_use]
    pub fn collapsed(self, reused: bool) -> Self {
        self.with(|forwarded| forwarded.collapsed = Some(reused))
    }

    fn with(mut self, add: impl FnOnce(&mut Forwarded)) -> Self {
        if let Handled::Forwarded(forwarded) = &mut self.handled {
            add(forwarded);
        }
        self
    }

    /// Adds the member behind those of the caches nearer to the origin. What stands there is kept as it is, even where it cannot be
    /// read (RFC 9211, section 2; RFC 9651, section 4.2: who does not read a field need not mend it).
    ///
    /// # Errors
    /// [`MaxSizeReached`] when the response has as many fields as it can have.
    pub fn append_to(&self, headers: &mut HeaderMap, config: &Config) -> Result<(), MaxSizeReached> {
        let member = HeaderValue::try_from(self.member(&config.identifier));
        headers.try_append(CACHE_STATUS, member.expect("a structured field is visible ASCII and blanks")).map(drop)
    }

    /// Written by hand: it is done for each answer, and all that stands in it is known to be a part of a structured field.
    fn member(&self, identifier: &Identifier) -> String {
        let mut member = String::with_capacity(MEMBER_BYTES_USUAL);
        member.push_str(&identifier.item);
        match &self.handled {
            Handled::Hit => member.push_str(";hit"),
            Handled::Forwarded(forwarded) => forwarded.write(&mut member),
        }
        if let Some(seconds) = self.ttl_seconds {
            let seconds = seconds.clamp(-INTEGER_MOST, INTEGER_MOST);
            write(&mut member, format_args!(";ttl={seconds}"));
        }
        if let Some(key) = self.key {
            let shown = StringRef::from_str(&shown(key)).map(|shown| ItemSerializer::new().bare_item(shown).finish());
            member.push_str(";key=");
            member.push_str(&shown.expect("all but visible ASCII and blanks is encoded"));
        }
        if let Some(rule) = self.rule {
            member.push_str(";detail=");
            member.push_str(rule.name());
        }
        member
    }
}

impl Forwarded {
    fn write(&self, member: &mut String) {
        member.push_str(";fwd=");
        member.push_str(self.why.as_str());
        if let Some(status) = self.status {
            write(member, format_args!(";fwd-status={}", status.as_u16()));
        }
        for (name, said) in [("stored", self.stored), ("collapsed", self.collapsed)] {
            if let Some(said) = said {
                // RFC 9651, section 4.1.1.2: what is true is not written.
                write(member, format_args!(";{name}{}", if said { "" } else { "=?0" }));
            }
        }
    }
}

fn write(member: &mut String, text: fmt::Arguments<'_>) {
    member.write_fmt(text).expect("a String takes every write");
}

impl Handled {
    fn forwarded(why: Forward) -> Handled {
        Handled::Forwarded(Forwarded { why, status: None, stored: None, collapsed: None })
    }
}

/// By which name a cache tells what it did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identifier {
    name: Box<str>,
    /// As it is written: a token where it can be one, else a string (RFC 9211, section 2).
    item: Box<str>,
}

impl Identifier {
    /// A name of visible ASCII and blanks; `None`: it is another, or empty.
    pub fn new(name: &str) -> Option<Identifier> {
        let string = StringRef::from_str(name).ok().filter(|_| !name.is_empty())?;
        let item = match TokenRef::from_str(name) {
            Ok(token) => ItemSerializer::new().bare_item(token).finish(),
            Err(_) => ItemSerializer::new().bare_item(string).finish(),
        };
        Some(Identifier { name: name.into(), item: item.into() })
    }

    /// The same as a surrogate is named: a token, and ours where it is none.
    pub(crate) fn device(&self) -> &str {
        TokenRef::from_str(&self.name).map_or("freshen", TokenRef::as_str)
    }
}

impl Default for Identifier {
    /// `freshen`.
    fn default() -> Self {
        Identifier::new("freshen").expect("letters are a token")
    }
}

/// How many seconds a stored response of this age is fresh for yet, rounded down; negative: since when it is stale.
pub fn ttl_seconds(terms: &Terms, age: Duration) -> i64 {
    let micros = |span: Duration| i128::try_from(span.as_micros()).unwrap_or(i128::MAX);
    let left_seconds = (micros(terms.lifetime.span) - micros(age)).div_euclid(1_000_000);
    i64::try_from(left_seconds).unwrap_or(if left_seconds < 0 { i64::MIN } else { i64::MAX })
}

fn shown(key: &CacheKey) -> String {
    let mut shown = encoded(&key.to_string(), |byte| matches!(byte, b' '..=b'~'));
    shown.truncate(SHOWN_KEY_BYTES_MOST);
    shown
}
