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
use crate::vary::{Selecting, vary_names};

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
    /// authorized, had cookies, wanted nothing stored, is given a cookie, or has more in the fields that select than is kept. The
    /// rule forbids to store it.
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
        let stored = |terms| Stored { headers: told.kept.clone(), terms, ..self.stored.clone() };
        let kept = match told.judged(sent, &self.stored, exchange, config) {
            Storing::Store(terms, rule) => self
                .renewed(stored(terms), &told, sent, update, key, config)
                .map(|variant| Freshened::Kept { variant, served: served(terms), rule }),
            Storing::Pass(rule) => Err(rule),
        };
        kept.unwrap_or_else(|rule| {
            let once = served(told.once(sent, &self.stored, exchange, config));
            match rule.about() {
                About::Request => Freshened::Once(once, rule),
                About::Response | About::Configuration => Freshened::Last(once, rule),
            }
        })
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
        let selecting = self.selecting_by(&told.headers, sent, config)?;
        let tags = renewed(&self.tags, &told.headers, update, key, config)?;
        Ok(Variant { selecting, stored, tags })
    }

    /// By what it is selected once it has these fields. Where their Vary names what it did before and the request selects it, that is
    /// what it was, however much room the request takes to say the same.
    fn selecting_by(&self, headers: &HeaderMap, sent: &Sent<'_>, config: &Config) -> Result<Selecting, Rule> {
        let names = vary_names(headers, config)?;
        let before = &self.selecting;
        let same = before.names().count() == names.len() && before.names().all(|name| names.contains(name));
        if same && before.matches(sent) { Ok(before.clone()) } else { Selecting::of(sent, headers, config) }
    }
}
