//! The validators of a response: what tells whether it is still the same (RFC 9110, section 8.8).

use std::time::Duration;

use freshen_core::Timestamp;
use http::header::{DATE, ETAG, LAST_MODIFIED};
use http::{HeaderMap, HeaderValue};

use crate::date::date_of;
use crate::entity_tag::EntityTag;
use crate::stored::Stored;

/// How long before its Date a response must have been modified last for that to be a strong validator. RFC 9110, section
/// 8.8.2.2, asks for a second where both are surely of one clock, and else for enough that clocks do not matter: a Date may have
/// been added on the way.
const STRONG_AFTER: Duration = Duration::from_secs(60);

/// The validators of a response.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Validators<'a> {
    pub tag: Option<EntityTag<'a>>,
    pub modified: Option<Modified<'a>>,
    /// Whether it cannot have been modified once more since (RFC 9110, section 8.8.2.2).
    pub modified_is_strong: bool,
}

/// When a response was last modified.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Modified<'a> {
    pub at: Timestamp,
    /// As it was written: some origins know no other form again.
    pub text: &'a HeaderValue,
}

impl<'a> Validators<'a> {
    /// Those of a response as it came.
    pub fn of(headers: &'a HeaderMap, now: Timestamp) -> Validators<'a> {
        let modified = date_of(headers, &LAST_MODIFIED, now).map(|(at, text)| Modified { at, text });
        let date = date_of(headers, &DATE, now).map(|(at, _)| at);
        let is_before = |(modified, date): (Modified<'_>, Timestamp)| modified.at + STRONG_AFTER <= date;
        Validators {
            tag: EntityTag::of(headers),
            modified,
            modified_is_strong: modified.zip(date).is_some_and(is_before),
        }
    }

    /// Those of what is stored. Its Date may be that of a validation; the one that came with the content counts.
    pub fn of_stored(stored: &'a Stored, now: Timestamp) -> Validators<'a> {
        let modified_is_strong = stored.terms.modified_is_strong;
        Validators { modified_is_strong, ..Validators::of(&stored.headers, now) }
    }

    /// Whether both have a tag, and not the same.
    pub fn contradict(&self, other: &Validators<'_>) -> bool {
        matches!((self.tag, other.tag), (Some(one), Some(other)) if !one.equals_weakly(&other))
    }

    /// Whether both have the same tag, which is strong.
    pub fn share_strong_tag(&self, other: &Validators<'_>) -> bool {
        matches!((self.tag, other.tag), (Some(one), Some(other)) if one.equals_strongly(&other))
    }

    /// Whether both have the same tag.
    pub fn share_tag(&self, other: &Validators<'_>) -> bool {
        self.tag.is_some() && other.tag.is_some() && !self.contradict(other)
    }

    /// Whether both were last modified at the same time.
    pub fn share_modified(&self, other: &Validators<'_>) -> bool {
        matches!((self.modified, other.modified), (Some(one), Some(other)) if one.at == other.at)
    }

    /// When it was last modified, where that is a strong validator.
    pub fn strongly_modified(&self) -> Option<Timestamp> {
        self.modified.filter(|_| self.modified_is_strong).map(|modified| modified.at)
    }
}

/// Whether a response can be validated at all.
pub(crate) fn has_validator(headers: &HeaderMap, now: Timestamp) -> bool {
    EntityTag::of(headers).is_some() || date_of(headers, &LAST_MODIFIED, now).is_some()
}

/// Whether a response says anything of its validators, be it of use or not.
pub(crate) fn names_validator(headers: &HeaderMap) -> bool {
    headers.contains_key(ETAG) || headers.contains_key(LAST_MODIFIED)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::date::format_date;

    const NOON: Timestamp = Timestamp::from_micros(1_795_262_400_000_000);

    fn response(seconds_before: u64) -> HeaderMap {
        let before = Timestamp::from_micros(NOON.as_micros() - seconds_before * 1_000_000);
        let dates = [(DATE, NOON), (LAST_MODIFIED, before)];
        dates.map(|(name, at)| (name, HeaderValue::from_str(&format_date(at)).unwrap())).into_iter().collect()
    }

    /// RFC 9110, section 8.8.2.2.
    #[test]
    fn a_modification_is_a_strong_validator_only_long_enough_before_the_date() {
        for (seconds, strong) in [(0, false), (1, false), (59, false), (60, true), (86_400, true)] {
            let response = response(seconds);
            assert_eq!(Validators::of(&response, NOON).strongly_modified().is_some(), strong, "{seconds}");
        }
        let mut undated = response(86_400);
        undated.remove(DATE);
        assert!(Validators::of(&undated, NOON).strongly_modified().is_none());
    }

    #[test]
    fn a_date_that_is_there_twice_counts_only_where_both_are_the_same() {
        let mut response = response(60);
        response.append(LAST_MODIFIED, response[LAST_MODIFIED].clone());
        assert!(Validators::of(&response, NOON).modified.is_some());
        response.append(LAST_MODIFIED, HeaderValue::from_str(&format_date(NOON)).unwrap());
        assert!(Validators::of(&response, NOON).modified.is_none());
    }
}
