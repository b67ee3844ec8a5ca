//! The conditions of a client, held against a stored response (RFC 9110, section 13; RFC 9111, section 4.3.2).

use std::time::Duration;

use freshen_core::Timestamp;
use http::header::{
    AGE, CACHE_CONTROL, CONTENT_LOCATION, DATE, ETAG, EXPIRES, IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE,
    IF_UNMODIFIED_SINCE, LAST_MODIFIED, RANGE, VARY,
};
use http::{HeaderMap, HeaderName};

use crate::asked::{Asked, AskedBy};
use crate::date::parse_date;
use crate::entity_tag::{Listed, listed};
use crate::rule::Rule;
use crate::sent::Sent;
use crate::sole::sole;
use crate::stored::Stored;

use crate::validators::Validators;

/// Whether a client has already what may be served to it, so that it gets a 304, and by which rule; `Err`: the rule by which it
/// gets what it asks for. If-None-Match decides, or If-Modified-Since where that is not there (RFC 9110, section 13.2.2).
///
/// If-Match and If-Unmodified-Since are for the origin alone, and count for nothing here: a cache never answers 412.
pub(crate) fn has_it(request: &HeaderMap, asked: &Asked, stored: &Stored, now: Timestamp) -> Result<Rule, Rule> {
    if ![IF_NONE_MATCH, IF_MODIFIED_SINCE].iter().any(|name| request.contains_key(name)) {
        return Err(Rule::Unconditional);
    }
    // RFC 9110, section 13.2.1: conditions are about a success.
    if !stored.status.is_success() {
        return Err(Rule::ConditionsIgnored);
    }
    let case = Case { request, asked, stored, validators: Validators::of_stored(stored, now), now };
    case.by_tags().or_else(|| case.by_date()).ok_or(Rule::ConditionsMet)
}

/// Whether the origin has to judge a condition of the request, if it gets to see it: If-Match or If-Unmodified-Since. Its answer
/// may be a 412, which is for this client alone.
pub fn is_for_origin(request: &HeaderMap) -> bool {
    request.contains_key(IF_MATCH) || request.contains_key(IF_UNMODIFIED_SINCE)
}

/// The fields of a client's request, without the conditions by which it validates what it has itself, and without its Range. What
/// is for the origin to judge stays.
pub(crate) fn unconditional(client: &Sent<'_>) -> HeaderMap {
    let mut headers = client.headers();
    for name in [IF_NONE_MATCH, IF_MODIFIED_SINCE, IF_RANGE, RANGE] {
        headers.remove(name);
    }
    headers
}

/// The fields of a 304, from those of the response that the client has already: what identifies it, and what tells other caches
/// for how long it may be used (RFC 9110, section 15.4.5), of which its age is a part (RFC 9111, section 4).
pub(crate) fn not_modified(stored: &Stored, now: Timestamp) -> HeaderMap {
    // Its last modification guides caches where there is no tag.
    let tagged = stored.headers.contains_key(ETAG);
    let sent = |name: &HeaderName| match name {
        &CACHE_CONTROL | &CONTENT_LOCATION | &DATE | &ETAG | &EXPIRES | &VARY => true,
        &LAST_MODIFIED => !tagged,
        // RFC 9213: the same for caches of one kind.
        name => name.as_str().ends_with("-cache-control"),
    };
    let lines = stored.headers.iter().filter(|(name, _)| sent(name));
    let age = (AGE, stored.terms.age(now).as_secs().into());
    lines.map(|(name, value)| (name.clone(), value.clone())).chain([age]).collect()
}

struct Case<'a> {
    request: &'a HeaderMap,
    asked: &'a Asked,
    stored: &'a Stored,
    validators: Validators<'a>,
    now: Timestamp,
}

impl Case<'_> {
    /// If-None-Match: `None` where it is not there or no tag of it is that of the response (RFC 9110, section 13.1.2).
    fn by_tags(&self) -> Option<Rule> {
        let has_it = match listed(self.request, &IF_NONE_MATCH)? {
            Listed::Any => true,
            Listed::Tags(mut tags) => {
                let tag = self.validators.tag?;
                tags.any(|listed| listed.equals_weakly(&tag))
            }
        };
        has_it.then_some(Rule::IfNoneMatch)
    }

    /// If-Modified-Since, which If-None-Match stands above. For other methods than GET and HEAD it is not defined
    /// (RFC 9110, section 13.1.3).
    fn by_date(&self) -> Option<Rule> {
        let outranked = self.request.contains_key(IF_NONE_MATCH);
        if outranked || !matches!(self.asked.method, AskedBy::Get | AskedBy::Head) {
            return None;
        }
        let since = parse_date(sole(self.request, &IF_MODIFIED_SINCE)?, self.now)?;
        (self.modified() <= since).then_some(Rule::IfModifiedSince)
    }

    /// When the response was last modified, at the latest: as it says, else by its Date, else when it came
    /// (RFC 9111, section 4.3.2). Headers write whole seconds.
    fn modified(&self) -> Timestamp {
        let seconds = |at: Timestamp| Timestamp::ZERO + Duration::from_secs(at.as_micros() / 1_000_000);
        self.validators.modified.map_or_else(|| seconds(self.stored.terms.date), |modified| modified.at)
    }
}
