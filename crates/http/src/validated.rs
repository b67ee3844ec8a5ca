//! What the answer to a validation means for what is stored (RFC 9111, sections 4.3.3 and 4.3.4).

use freshen_core::Timestamp;
use http::{HeaderMap, StatusCode, response};

use crate::asked::AskedBy;
use crate::failure::{Failure, stand_in};
use crate::question::{Nominee, Question};
use crate::rule::Rule;
use crate::status::{is_origin_failure, tells_of_the_resource};
use crate::validators::{Validators, names_validator};

/// What an origin's answer to a [`Question`] means. Places are those of the variants that were asked about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Validated {
    /// It is a 304 and says which of them is current: that is served.
    Current {
        /// Which one answers the request. Where the request did not select it, it is stored for this request as well.
        served: usize,
        /// Which are updated, each by [`Variant::freshened`](crate::Variant::freshened): those that the request selects.
        updated: Vec<usize>,
        /// By which rule.
        rule: Rule,
    },
    /// It is a 304 that is about none of them: the origin is asked once more, by [`Question::again`].
    AskAgain(Rule),
    /// The origin fails, and one of them stands in. It may have been outdated since it was asked about: who keeps it reads its terms
    /// again, and has [`stand_in`] judge those before it is served.
    StandIn {
        /// Which one.
        served: usize,
        /// The rule that allows it.
        rule: Rule,
    },
    /// The origin fails, and nothing may stand in: its answer is forwarded, or, where that was none, the
    /// [status](Failure::status) of the failure is given.
    Failed {
        /// What came from the origin.
        failure: Failure,
        /// Why nothing stands in.
        rule: Rule,
    },
    /// It is a response of its own, which answers the request, and is stored or not as any other.
    Answer {
        /// Whether it shows that what the request selects is not current: that is served no more, though this is not stored.
        outdates: bool,
        /// By which rule.
        rule: Rule,
    },
}

impl Question<'_> {
    /// Reads the answer, at the time at which it has come. It is held against what was asked about, and against nothing else that is
    /// stored.
    pub fn answered(&self, answer: &response::Parts, now: Timestamp) -> Validated {
        match answer.status {
            // Nothing was asked that could be answered so, and a client without conditions has no use for it.
            StatusCode::NOT_MODIFIED if self.about.is_empty() => self.failed(Failure::Truncated, now),
            StatusCode::NOT_MODIFIED => self.not_modified(&answer.headers, now),
            status if is_origin_failure(status) => self.failed(Failure::Status(status), now),
            // What a response to HEAD shows, `Headed` tells.
            status => {
                let outdates = self.asked.method != AskedBy::Head && tells_of_the_resource(status);
                Validated::Answer { outdates, rule: Rule::FullResponse }
            }
        }
    }

    /// What it means that the origin has failed by now, with an answer or without. It leaves things as they are: what is stored stands
    /// in, or the failure is forwarded (RFC 9111, section 4.3.3). The windows have run on meanwhile; its terms are
    /// still those with which it was asked about.
    pub fn failed(&self, failure: Failure, now: Timestamp) -> Validated {
        let Some(first) = self.selected.first() else {
            return Validated::Failed { failure, rule: Rule::OriginFailed };
        };
        match stand_in(&first.variant.stored.terms, &self.asked, failure, now, self.config) {
            Ok(rule) => Validated::StandIn { served: first.at, rule },
            Err(rule) => Validated::Failed { failure, rule },
        }
    }

    fn not_modified(&self, answer: &HeaderMap, now: Timestamp) -> Validated {
        let said = Validators::of(answer, now);
        let found =
            self.by_strong(&said).or_else(|| self.by_weak(&said)).or_else(|| self.by_being_the_only_one(answer));
        found.unwrap_or(Validated::AskAgain(Rule::ValidatesNothing))
    }

    /// All that have a strong validator of the answer are the same, so all that are selected are updated. Where only others have it,
    /// the newest of those is served: the origin has said that it is what the request selects (RFC 9110, section 12.5.5).
    fn by_strong(&self, said: &Validators<'_>) -> Option<Validated> {
        // How strong a date is, is told by what is stored (RFC 9110, section 8.8.2.2).
        let by_date = |nominee: &Nominee<'_>| nominee.validators.modified_is_strong && self.has_date(nominee, said);
        let has = |nominee: &&Nominee<'_>| nominee.validators.share_strong_tag(said) || by_date(nominee);
        let same = || self.about.iter().filter(has);
        let selected = || same().filter(|nominee| nominee.selected);
        let served = newest(selected()).or_else(|| newest(same()))?;
        let mut updated: Vec<usize> = selected().map(|nominee| nominee.at).collect();
        updated.sort_unstable();
        Some(Validated::Current { served, updated, rule: Rule::ValidatedStrongly })
    }

    /// Only the newest that has a weak validator of the answer. A strong tag that none has is about none.
    fn by_weak(&self, said: &Validators<'_>) -> Option<Validated> {
        if said.tag.is_some_and(|tag| tag.is_strong()) {
            return None;
        }
        let has = |nominee: &&Nominee<'_>| {
            nominee.selected && (nominee.validators.share_tag(said) || self.has_date(nominee, said))
        };
        let served = newest(self.about.iter().filter(has))?;
        Some(Validated::Current { served, updated: vec![served], rule: Rule::ValidatedWeakly })
    }

    /// An answer that names no validator is about the only one that was asked about. RFC 9111, section 4.3.4, says so of one that
    /// has none itself; but where the request had no other condition than that of the one, there is nothing else that it can mean.
    fn by_being_the_only_one(&self, answer: &HeaderMap) -> Option<Validated> {
        let [only] = self.about[..] else { return None };
        let is_it = only.selected && !names_validator(answer);
        is_it.then(|| Validated::Current { served: only.at, updated: vec![only.at], rule: Rule::ValidatedAlone })
    }

    /// Whether the answer has the date of one that was asked about by it.
    fn has_date(&self, nominee: &Nominee<'_>, said: &Validators<'_>) -> bool {
        let same = nominee.validators.share_modified(said) && !nominee.validators.contradict(said);
        self.dated && nominee.selected && same
    }
}

fn newest<'a>(nominees: impl Iterator<Item = &'a Nominee<'a>>) -> Option<usize> {
    nominees.max_by_key(|nominee| (nominee.variant.stored.terms.newness(), nominee.at)).map(|nominee| nominee.at)
}
