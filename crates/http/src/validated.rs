//! What the answer to a validation means for what is stored (RFC 9111, sections 4.3.3 and 4.3.4).

use freshen_core::Timestamp;
use http::{HeaderMap, StatusCode, response};

use crate::asked::{Asked, AskedBy};
use crate::config::Config;
use crate::failure::{Failure, stand_in};
use crate::rule::Rule;
use crate::status::is_origin_failure;
use crate::validation::Nominee;
use crate::validators::{Validators, names_validator};

/// What an origin's answer means for the responses that it was asked about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Validated {
    /// It is a 304 and says which of them is current: that is served.
    Current {
        /// Which one answers the request. Where the request did not select it, it is stored for this request as well.
        served: usize,
        /// Which are updated, each by [`Freshened`](crate::Freshened): those that the request selects.
        updated: Vec<usize>,
        /// By which rule.
        rule: Rule,
    },
    /// It is a 304 that is about none of them: the origin is asked once more, for the whole response, without nominees.
    AskAgain(Rule),
    /// The origin fails: the first of them stands in, which this rule allows.
    StandIn(Rule),
    /// It is a response of its own, which answers the request, and is stored or not as any other.
    Answer {
        /// Whether it shows that what the request selects is not current: that is served no more, though this is not stored.
        outdates: bool,
        /// By which rule.
        rule: Rule,
    },
}

impl Validated {
    /// Reads an answer to a request of [`validating`](crate::validating), with the same nominees.
    pub fn of(
        answer: &response::Parts,
        nominees: &[Nominee<'_>],
        asked: &Asked,
        now: Timestamp,
        config: &Config,
    ) -> Validated {
        match answer.status {
            StatusCode::NOT_MODIFIED => not_modified(&answer.headers, nominees, now),
            status if is_origin_failure(status) => {
                Validated::failed(Failure::Status(status), nominees, asked, now, config)
            }
            // What a response to HEAD shows, `Headed` tells.
            status => {
                let outdates = asked.method != AskedBy::Head && outdates(status);
                Validated::Answer { outdates, rule: Rule::FullResponse }
            }
        }
    }

    /// What it means that the origin fails, with an answer or without. It leaves things as they are: what is stored stands in, or
    /// the failure is forwarded (RFC 9111, section 4.3.3).
    pub fn failed(
        failure: Failure,
        nominees: &[Nominee<'_>],
        asked: &Asked,
        now: Timestamp,
        config: &Config,
    ) -> Validated {
        let first = nominees.iter().find(|nominee| nominee.selected && nominee.suffices);
        match first.map_or(Err(Rule::OriginFailed), |first| stand_in(first.terms, asked, failure, now, config)) {
            Ok(rule) => Validated::StandIn(rule),
            Err(rule) => Validated::Answer { outdates: false, rule },
        }
    }
}

/// Whether a status tells of the resource, and not of this request, this client or the origin's troubles.
fn outdates(status: StatusCode) -> bool {
    status.is_success() || status.is_redirection() || matches!(status, StatusCode::NOT_FOUND | StatusCode::GONE)
}

fn not_modified(answer: &HeaderMap, nominees: &[Nominee<'_>], now: Timestamp) -> Validated {
    let asked_about: Vec<Case<'_>> =
        (0..).zip(nominees).filter_map(|(at, nominee)| Case::of(at, nominee, now)).collect();
    let said = Validators::of(answer, now);
    let found = by_strong(&said, &asked_about).or_else(|| by_weak(&said, &asked_about));
    found.or_else(|| by_being_the_only_one(answer, &asked_about)).unwrap_or({
        // Without nominees nothing was asked that could be answered so: it is for whoever put a condition.
        if nominees.is_empty() {
            Validated::Answer { outdates: false, rule: Rule::ValidatesNothing }
        } else {
            Validated::AskAgain(Rule::ValidatesNothing)
        }
    })
}

/// A nominee that would do, and its place.
struct Case<'a> {
    at: usize,
    nominee: &'a Nominee<'a>,
    validators: Validators<'a>,
}

impl<'a> Case<'a> {
    fn of(at: usize, nominee: &'a Nominee<'a>, now: Timestamp) -> Option<Case<'a>> {
        nominee.suffices.then(|| Case { at, nominee, validators: nominee.validators(now) })
    }

    fn has_strong(&self, said: &Validators<'_>) -> bool {
        let by_tag = self.validators.share_strong_tag(said);
        by_tag || (self.nominee.selected && self.has_strong_modified(said))
    }

    /// How strong a date is, is told by what is stored (RFC 9110, section 8.8.2.2).
    fn has_strong_modified(&self, said: &Validators<'_>) -> bool {
        let strong = self.validators.strongly_modified().is_some();
        strong && self.validators.share_modified(said) && !self.validators.contradict(said)
    }

    fn has_weak(&self, said: &Validators<'_>) -> bool {
        let by_date = self.validators.share_modified(said) && !self.validators.contradict(said);
        self.nominee.selected && (self.validators.share_tag(said) || by_date)
    }
}

/// All that have a strong validator of the answer are the same, so all that are selected are updated. Where only others have it,
/// the newest of those is served: the origin has said that it is what the request selects (RFC 9110, section 12.5.5).
fn by_strong(said: &Validators<'_>, asked_about: &[Case<'_>]) -> Option<Validated> {
    let same = || asked_about.iter().filter(|case| case.has_strong(said));
    let selected = || same().filter(|case| case.nominee.selected);
    let served = newest(selected()).or_else(|| newest(same()))?;
    Some(Validated::Current {
        served,
        updated: selected().map(|case| case.at).collect(),
        rule: Rule::ValidatedStrongly,
    })
}

/// Only the newest that has a weak validator of the answer. A strong tag that none has is about none.
fn by_weak(said: &Validators<'_>, asked_about: &[Case<'_>]) -> Option<Validated> {
    if said.tag.is_some_and(|tag| tag.is_strong()) {
        return None;
    }
    let served = newest(asked_about.iter().filter(|case| case.has_weak(said)))?;
    Some(Validated::Current { served, updated: vec![served], rule: Rule::ValidatedWeakly })
}

/// An answer that names no validator is about the only one that was asked about. RFC 9111, section 4.3.4, says so of one that has
/// none itself; but where the request had no other condition than that of the one, there is nothing else that it can mean.
fn by_being_the_only_one(answer: &HeaderMap, asked_about: &[Case<'_>]) -> Option<Validated> {
    let [only] = asked_about else { return None };
    let is_it = only.nominee.selected && !names_validator(answer);
    is_it.then(|| Validated::Current { served: only.at, updated: vec![only.at], rule: Rule::ValidatedAlone })
}

fn newest<'a>(cases: impl Iterator<Item = &'a Case<'a>>) -> Option<usize> {
    cases.max_by_key(|case| case.nominee.terms.newness()).map(|case| case.at)
}
