//! A stored response, updated by the fields of one that says it is still current (RFC 9111, sections 3.2, 4.3.4 and 4.3.5).

use http::HeaderMap;

use crate::config::Config;
use crate::exchange::Exchange;
use crate::key::CacheKey;
use crate::rule::{About, Rule};
use crate::sent::Sent;
use crate::stored::Stored;
use crate::storing::Storing;
use crate::tags::renewed;
use crate::told::Told;
use crate::variants::Variant;
use crate::vary::Selecting;

/// What becomes of a stored response that its origin has called current.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "it is taken apart where it is made")]
pub enum Freshened {
    /// It is stored anew.
    Kept {
        /// What is stored from now on, and goes to all others: by what it is selected may be something else than before.
        variant: Variant,
        /// What whoever asked is [answered](Stored::answer) with: it has what the origin sent for him alone.
        served: Stored,
        /// The rule that allows it to be stored.
        rule: Rule,
    },
    /// Whoever asked is answered with this, and nobody else; what is stored stays as it was. The update is for one client: it was
    /// authorized, had cookies, wanted nothing stored, or is given a cookie. The rule forbids to store it.
    Once(Stored, Rule),
    /// Whoever asked is answered with this, and it is not stored any more: the rule forbids it.
    Last(Stored, Rule),
    /// The update makes it too large: it is fetched anew, without conditions.
    Fetch(Rule),
}

impl Variant {
    /// Updates it by the fields of a 304, or of a response to HEAD, and judges the result as if it had just come in answer to this
    /// request.
    pub fn freshened(
        &self,
        sent: &Sent<'_>,
        update: &HeaderMap,
        key: &CacheKey,
        exchange: &Exchange,
        config: &Config,
    ) -> Freshened {
        let Ok(told) = Told::of(Some(&self.stored.headers), update, exchange, config) else {
            return Freshened::Fetch(Rule::UpdateTooLarge);
        };
        let served = |terms| Stored { headers: told.served.clone(), terms, ..self.stored.clone() };
        let once = || served(told.once(&self.stored, exchange));
        let (terms, rule) = match told.judged(sent, &self.stored, exchange, config) {
            Storing::Store(terms, rule) => (terms, rule),
            Storing::Pass(rule) if rule.about() == About::Request => return Freshened::Once(once(), rule),
            Storing::Pass(rule) => return Freshened::Last(once(), rule),
        };
        let stored = Stored { headers: told.kept.clone(), terms, ..self.stored.clone() };
        match self.renewed(stored, &told, sent, update, key, config) {
            Ok(variant) => Freshened::Kept { variant, served: served(terms), rule },
            Err(rule) => Freshened::Last(once(), rule),
        }
    }

    /// The same response with other fields: by what it is selected, and outdated, may be told by those.
    pub(crate) fn renewed(
        &self,
        stored: Stored,
        told: &Told,
        sent: &Sent<'_>,
        update: &HeaderMap,
        key: &CacheKey,
        config: &Config,
    ) -> Result<Variant, Rule> {
        let selecting = Selecting::of(sent, &told.headers, config)?;
        let tags = renewed(&self.tags, &told.headers, update, key, config)?;
        Ok(Variant { selecting, stored, tags })
    }
}
