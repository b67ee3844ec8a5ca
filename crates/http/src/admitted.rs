//! A response that will be stored (RFC 9111, sections 3 and 3.3): what its head permits, before its content has come.

use bytes::Bytes;
use freshen_core::{Tags, Timestamp};
use http::header::IF_RANGE;
use http::{HeaderMap, StatusCode, response};

use crate::asked::Asked;
use crate::body::Body;
use crate::conditions::{has_it, not_modified};
use crate::config::Config;
use crate::exchange::Exchange;
use crate::fields::{Kept, dated, within_bound};
use crate::framing::Framing;
use crate::key::CacheKey;
use crate::received::{End, Received};
use crate::rule::Rule;
use crate::sent::Sent;
use crate::stored::Stored;
use crate::storing::Storing;
use crate::tags::tags;
use crate::terms::Terms;
use crate::variants::Variant;
use crate::vary::Selecting;

/// A response whose head permits to store it, while its content comes: who asks for the same may wait for that.
#[derive(Clone, Debug)]
pub struct Admitted {
    /// All of it but its content.
    variant: Variant,
    rule: Rule,
    framing: Framing,
    kept: Kept,
    in_parts: bool,
}

impl Variant {
    /// Keeps a response to a request that was sent, with all by which it is found and outdated.
    ///
    /// # Errors
    /// The rule by which it is not stored.
    pub fn of(
        received: &Received<'_>,
        sent: &Sent<'_>,
        key: &CacheKey,
        exchange: &Exchange,
        config: &Config,
    ) -> Result<Variant, Rule> {
        let Received { response, content, trailers, end } = *received;
        Admitted::of(sent, response, key, exchange, config)?.keep(content, trailers, end)
    }
}

impl Admitted {
    /// Judges the head of a response to a request that was sent.
    ///
    /// # Errors
    /// The rule by which it is not stored.
    pub fn of(
        sent: &Sent<'_>,
        response: &response::Parts,
        key: &CacheKey,
        exchange: &Exchange,
        config: &Config,
    ) -> Result<Admitted, Rule> {
        let (terms, rule) = match Storing::of(sent, response, exchange, config) {
            Storing::Store(terms, rule) => (terms, rule),
            Storing::Pass(rule) => return Err(rule),
        };
        let in_parts = response.status == StatusCode::PARTIAL_CONTENT;
        // RFC 9110, section 15.3.7: such a part comes without the fields that its client has.
        if in_parts && sent.lines(&IF_RANGE).next().is_some() {
            return Err(Rule::FieldsLeftOut);
        }
        within_bound(response.headers.len())?;
        let kept = Kept::of(&response.headers, config);
        let mut headers = kept.headers(&response.headers);
        dated(&mut headers, exchange.answered_at)?;
        let (terms, body) = (terms.described_by(&headers), Body::default());
        let stored = Stored { status: response.status, trailers: HeaderMap::new(), terms, headers, body };
        let selecting = Selecting::of(sent, &response.headers, config)?;
        let variant = Variant { selecting, stored, tags: tags(&response.headers, key, config)? };
        let framing = Framing::of(sent.method(), response)?;
        Ok(Admitted { variant, rule, framing, kept, in_parts })
    }

    /// The rule that allows to store it.
    pub fn rule(&self) -> Rule {
        self.rule
    }

    /// Under which terms it will be served.
    pub fn terms(&self) -> &Terms {
        &self.variant.stored.terms
    }

    /// By what it will be selected.
    pub fn selecting(&self) -> &Selecting {
        &self.variant.selecting
    }

    /// By what it will be outdated.
    pub fn tags(&self) -> &Tags {
        &self.variant.tags
    }

    /// The fields of a 304 for a client that has it already, and the rule by which it gets that. The conditions of a client do not
    /// go with the request of a cache, so that they are held against what has come.
    pub fn not_modified(&self, request: &HeaderMap, asked: &Asked, now: Timestamp) -> Option<(HeaderMap, Rule)> {
        let stored = &self.variant.stored;
        let rule = has_it(request, asked, stored, now).ok().filter(|_| !self.in_parts)?;
        Some((not_modified(stored, now), rule))
    }

    /// Whether so much of its content may come.
    ///
    /// # Errors
    /// [`Rule::LengthContradicts`]: it is more than the head says, so that nothing is stored.
    pub fn admits(&self, came_bytes: u64) -> Result<(), Rule> {
        self.framing.admits(came_bytes)
    }

    /// Keeps it with its content, in the pieces in which that came.
    ///
    /// # Errors
    /// The rule by which it is not stored after all: its content did not come as it should have, or it has too many trailers.
    pub fn keep(self, content: &[Bytes], trailers: Option<&HeaderMap>, end: End) -> Result<Variant, Rule> {
        let Variant { stored, .. } = self.variant;
        let body = self.framing.body(content, end)?;
        let stored = if self.in_parts || !body.is_complete() {
            Stored::in_parts(&stored.headers, stored.terms, body)
        } else {
            within_bound(trailers.map_or(0, HeaderMap::len))?;
            let trailers = trailers.map(|trailers| self.kept.trailers(trailers)).unwrap_or_default();
            Stored { trailers, body, ..stored }
        };
        Ok(Variant { stored, ..self.variant })
    }
}
