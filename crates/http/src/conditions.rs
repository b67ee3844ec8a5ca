//! The conditions of a client, held against a stored response (RFC 9110, section 13; RFC 9111, section 4.3.2).

use std::time::Duration;

use freshen_core::Timestamp;
use http::header::{
    AGE, CACHE_CONTROL, CONTENT_LOCATION, DATE, ETAG, EXPIRES, IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE,
    IF_UNMODIFIED_SINCE, LAST_MODIFIED, VARY,
};
use http::{HeaderMap, HeaderName, StatusCode};

use crate::asked::{Asked, AskedBy};
use crate::date::parse_date;
use crate::entity_tag::{Listed, listed};
use crate::if_range::if_range;
use crate::rule::Rule;
use crate::sole::sole;
use crate::terms::Terms;
use crate::validators::Validators;

/// What a client is owed of a response that may be served to it, and by which rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owed {
    /// A 304, with the fields of [`not_modified`]: it has the response already.
    NotModified(Rule),
    /// What it asked for: the response, or the part of it that its Range names.
    AsAsked(Rule),
    /// The whole response: its Range does not count. Where only a part is stored, the request goes to the origin.
    Whole(Rule),
}

/// The response that conditions are held against: a stored one that was selected, or one that has just come.
#[derive(Clone, Copy, Debug)]
pub struct Represented<'a> {
    /// Its status.
    pub status: StatusCode,
    /// Its fields.
    pub headers: &'a HeaderMap,
    /// Its terms.
    pub terms: &'a Terms,
    /// Whether it has all that the request asks for: [`Stored::suffices`](crate::Stored::suffices). One that has just come does.
    pub suffices: bool,
}

/// What a client is owed: If-None-Match decides, or If-Modified-Since where that is not there, and then If-Range
/// (RFC 9110, section 13.2.2).
///
/// If-Match and If-Unmodified-Since are for the origin alone, and count for nothing here: a cache never answers 412.
pub fn owed(request: &HeaderMap, asked: &Asked, response: &Represented<'_>, now: Timestamp) -> Owed {
    if !is_conditional(request) {
        return Owed::AsAsked(Rule::Unconditional);
    }
    // RFC 9110, section 13.2.1: conditions are about a success; and no other methods are answered from what is stored.
    let answered = matches!(asked.method, AskedBy::Get | AskedBy::Head | AskedBy::Query);
    // RFC 9111, sections 3.3 and 4.3.2: nor are those that want more than is there.
    if !response.status.is_success() || !answered || !response.suffices {
        return Owed::AsAsked(Rule::ConditionsIgnored);
    }
    let case = Case { request, asked, response, validators: Validators::of(response.headers, now), now };
    case.by_tags().or_else(|| case.by_date()).or_else(|| case.by_range()).unwrap_or(Owed::AsAsked(Rule::ConditionsMet))
}

/// Whether the origin has to judge a condition of the request, if it gets to see it: If-Match or If-Unmodified-Since. Its answer
/// may be a 412, which is for this client alone.
pub fn is_for_origin(request: &HeaderMap) -> bool {
    request.contains_key(IF_MATCH) || request.contains_key(IF_UNMODIFIED_SINCE)
}

/// The fields of a 304, from those of the response that the client has already: what identifies it, and what tells other caches
/// for how long it may be used (RFC 9110, section 15.4.5), of which its age is a part (RFC 9111, section 4).
pub fn not_modified(response: &Represented<'_>, now: Timestamp) -> HeaderMap {
    // Its last modification guides caches where there is no tag.
    let tagged = response.headers.contains_key(ETAG);
    let sent = |name: &HeaderName| match name {
        &CACHE_CONTROL | &CONTENT_LOCATION | &DATE | &ETAG | &EXPIRES | &VARY => true,
        &LAST_MODIFIED => !tagged,
        // RFC 9213: the same for caches of one kind.
        name => name.as_str().ends_with("-cache-control"),
    };
    let lines = response.headers.iter().filter(|(name, _)| sent(name));
    let age = (AGE, response.terms.age(now).as_secs().into());
    lines.map(|(name, value)| (name.clone(), value.clone())).chain([age]).collect()
}

fn is_conditional(request: &HeaderMap) -> bool {
    [IF_NONE_MATCH, IF_MODIFIED_SINCE, IF_RANGE].iter().any(|name| request.contains_key(name))
}

struct Case<'a> {
    request: &'a HeaderMap,
    asked: &'a Asked,
    response: &'a Represented<'a>,
    validators: Validators<'a>,
    now: Timestamp,
}

impl Case<'_> {
    /// If-None-Match: `None` where it is not there or no tag of it is that of the response (RFC 9110, section 13.1.2).
    fn by_tags(&self) -> Option<Owed> {
        let has_it = match listed(self.request, &IF_NONE_MATCH)? {
            Listed::Any => true,
            Listed::Tags(mut tags) => {
                let tag = self.validators.tag?;
                tags.any(|listed| listed.equals_weakly(&tag))
            }
        };
        has_it.then_some(Owed::NotModified(Rule::IfNoneMatch))
    }

    /// If-Modified-Since, which If-None-Match stands above. For other methods than GET and HEAD it is not defined
    /// (RFC 9110, section 13.1.3).
    fn by_date(&self) -> Option<Owed> {
        let outranked = self.request.contains_key(IF_NONE_MATCH);
        if outranked || !matches!(self.asked.method, AskedBy::Get | AskedBy::Head) {
            return None;
        }
        let since = parse_date(sole(self.request, &IF_MODIFIED_SINCE)?, self.now)?;
        (self.modified() <= since).then_some(Owed::NotModified(Rule::IfModifiedSince))
    }

    /// When the response was last modified, at the latest: as it says, else by its Date, else when it came
    /// (RFC 9111, section 4.3.2). Headers write whole seconds.
    fn modified(&self) -> Timestamp {
        let seconds = |at: Timestamp| Timestamp::ZERO + Duration::from_secs(at.as_micros() / 1_000_000);
        self.validators.modified.map_or_else(|| seconds(self.response.terms.date), |modified| modified.at)
    }

    /// If-Range: without a Range, and for methods that have no ranges, it counts for nothing (RFC 9110, section 13.1.5).
    fn by_range(&self) -> Option<Owed> {
        let ranges = self.asked.ranged && matches!(self.asked.method, AskedBy::Get | AskedBy::Query);
        let holds = if_range(self.request, &self.validators, self.now).filter(|_| ranges)?;
        Some(if holds { Owed::AsAsked(Rule::IfRange) } else { Owed::Whole(Rule::IfRange) })
    }
}
