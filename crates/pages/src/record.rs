//! What one record says to a request.

use freshen_core::{Answer, Rule as Why, Status, Timestamp};
use freshen_http::{Asked, Config, Judgement, Outdating, Rule, Sent, Terms, Variant, VariantKey, judge};

use crate::page::Page;

/// What one record says to a request.
pub(crate) enum Record<'a> {
    /// This is what it selects.
    Selected(&'a Variant),
    /// What it selects has another record.
    Elsewhere(VariantKey),
    /// It is sent to the origin by itself.
    Passing(Rule),
    /// Nothing: it is too old, or cannot be read.
    Nothing,
}

impl Record<'_> {
    pub fn of<'a>(found: &'a Answer<Page>, sent: &Sent<'_>, config: &Config) -> Record<'a> {
        match (&**found, found.variant(config)) {
            (Page::Passing(rule, _), _) if found.status() != Status::Stale => Record::Passing(*rule),
            (_, Some(variant)) if variant.selecting.matches(sent) => Record::Selected(variant),
            (_, Some(variant)) => Record::Elsewhere(variant.selecting.key_of(sent)),
            (_, None) => Record::Nothing,
        }
    }
}

/// The terms of a page that was found, as it was outdated or not, and what follows of them.
pub(crate) fn judged(
    found: &Answer<Page>,
    variant: &Variant,
    asked: &Asked,
    now: Timestamp,
    config: &Config,
) -> (Terms, Judgement) {
    let terms = variant.stored.terms;
    let terms = if found.rule() == Why::Invalidated { terms.outdated(now, Outdating::Soft) } else { terms };
    (terms, judge(Some(&terms), asked, now, config))
}
