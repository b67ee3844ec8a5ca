//! A stored response and what came to complete it (RFC 9111, sections 3.3 and 3.4; RFC 9110, section 15.3.7.3).

use http::StatusCode;

use crate::config::Config;
use crate::entity_tag::share_strong_tag;
use crate::exchange::Exchange;
use crate::framing::Framing;
use crate::key::CacheKey;
use crate::received::Received;
use crate::rule::{About, Rule};
use crate::sent::Sent;
use crate::status::{is_origin_failure, tells_of_the_resource};
use crate::stored::Stored;
use crate::storing::Storing;
use crate::told::Told;
use crate::variants::Variant;

/// What becomes of a stored response to which a part was fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "it is taken apart where it is made")]
pub enum Joined {
    /// Both are stored as one.
    Kept {
        /// What is stored from now on.
        variant: Variant,
        /// What whoever asked is [answered](Stored::answer) with: it has what the origin sent for him alone.
        served: Stored,
        /// The rule that allows it to be stored.
        rule: Rule,
    },
    /// Whoever asked is answered with both together, and nobody else; what is stored stays as it was. The rule forbids to store
    /// what came, which is for one client.
    Once(Stored, Rule),
    /// What is stored stays as it was, and what came is no help.
    Stays(Rule),
    /// What is stored is not to be used again: it is of another version, or its origin takes it back. What came may be stored by
    /// itself.
    Differs(Rule),
}

impl Variant {
    /// Puts what came in answer to a request of [`Missing`](crate::Missing) together with what is stored, where both have the same
    /// strong entity tag. The fields of a 206 take the place of those that are stored, those of a 200 that of all.
    pub fn with(
        &self,
        received: &Received<'_>,
        sent: &Sent<'_>,
        key: &CacheKey,
        exchange: &Exchange,
        config: &Config,
    ) -> Joined {
        match self.joined(received, sent, key, exchange, config) {
            Ok(joined) => joined,
            // Of another version is what has another tag, length or content.
            Err(rule @ (Rule::PartsDiffer | Rule::FullResponse)) => Joined::Differs(rule),
            Err(rule) => Joined::Stays(rule),
        }
    }

    /// `Err`: the rule by which they are not put together.
    fn joined(
        &self,
        received: &Received<'_>,
        sent: &Sent<'_>,
        key: &CacheKey,
        exchange: &Exchange,
        config: &Config,
    ) -> Result<Joined, Rule> {
        let Received { response, content, end, .. } = *received;
        let replaces_all = match response.status {
            StatusCode::PARTIAL_CONTENT => false,
            StatusCode::OK => true,
            status => return Err(no_part(status)),
        };
        let same = share_strong_tag(&self.stored.headers, &response.headers);
        if !same || self.stored.status != StatusCode::OK {
            return Err(Rule::PartsDiffer);
        }
        let body = Framing::of(sent.method(), response)?.body(content, end)?;
        let body = self.stored.body.join(&body)?;
        let told = Told::of((!replaces_all).then_some(&self.stored.headers), &response.headers, exchange, config)?;
        let joined = |headers, terms| Stored::in_parts(headers, terms, body.clone());
        let kept = match told.judged(sent, &self.stored, exchange, config) {
            Storing::Store(terms, rule) => self
                .renewed(joined(&told.kept, terms), &told, sent, &response.headers, key, config)
                .map(|variant| Joined::Kept { variant, served: joined(&told.served, terms), rule }),
            Storing::Pass(rule) => Err(rule),
        };
        Ok(kept.unwrap_or_else(|rule| match rule.about() {
            About::Request => Joined::Once(joined(&told.served, told.once(sent, &self.stored, exchange, config)), rule),
            About::Response | About::Configuration => Joined::Differs(rule),
        }))
    }
}

/// What a status means that no part comes with.
fn no_part(status: StatusCode) -> Rule {
    match status {
        // RFC 9110, section 15.5.17: what was asked for lies within the stored length, so that this is another.
        status if tells_of_the_resource(status) || status == StatusCode::RANGE_NOT_SATISFIABLE => Rule::FullResponse,
        status if is_origin_failure(status) => Rule::OriginFailed,
        _ => Rule::OriginAnswered,
    }
}
