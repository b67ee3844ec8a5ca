//! The variants of one key: which of them answers a request, and which leave when another is stored (RFC 9111, sections 4 and
//! 4.1).

use freshen_core::{Tags, Timestamp};
use http::StatusCode;

use crate::config::Config;
use crate::failure::takes_its_place;
use crate::rule::Rule;
use crate::said::Said;
use crate::sent::Sent;
use crate::snapshot::VARIANTS_MOST;
use crate::stored::Stored;
use crate::terms::Terms;
use crate::vary::Selecting;

/// One of the responses that are stored for a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variant {
    /// By what it is selected.
    pub selecting: Selecting,
    /// The response.
    pub stored: Stored,
    /// By what it is outdated together with others. They are kept beside its fields, which need not have all that they came in.
    pub tags: Tags,
}

impl Variant {
    /// The same in memory of its own. A response shares that of all that was read from its connection with it, often far more than
    /// it is itself. Larger content than 64 KiB is not copied.
    #[must_use]
    pub fn detached(self) -> Variant {
        Variant { stored: self.stored.detached(), ..self }
    }

    /// What it is chosen by.
    pub fn candidate(&self) -> Candidate<'_> {
        let Variant { selecting, stored, .. } = self;
        Candidate { selecting, status: stored.status, terms: &stored.terms }
    }
}

/// What a variant is chosen by.
#[derive(Clone, Copy, Debug)]
pub struct Candidate<'a> {
    /// By what it is selected.
    pub selecting: &'a Selecting,
    /// Its status.
    pub status: StatusCode,
    /// Its terms.
    pub terms: &'a Terms,
}

/// The place of the variant that answers a request: the newest of those that it selects. One with a Vary goes before one without,
/// which may lack it by mistake.
pub fn choose<'a>(variants: impl IntoIterator<Item = Candidate<'a>>, sent: &Sent<'_>) -> Option<usize> {
    let mut said = Said::by(sent);
    let all = variants.into_iter().enumerate();
    let matching = all.filter(|(_, variant)| variant.selecting.is_said(&mut said));
    matching.max_by_key(|(_, variant)| (!variant.selecting.is_by_nothing(), variant.terms.newness())).map(|(at, _)| at)
}

/// The places of the variants that leave when a response with this status to this request is stored, in rising order: those that
/// the request selects, so that an old one with another Vary does not go before the new one, and, where there is no room, those that
/// may be served no more, and then the oldest.
///
/// Who keeps all variants of a key together has [`Snapshot::keep`](crate::Snapshot::keep) for it.
///
/// # Errors
/// The rule by which it is not stored after all, and nothing leaves: it is a failure of the origin, and one of them
/// [may still be served](takes_its_place).
pub fn displaced(
    variants: &[Candidate<'_>],
    sent: &Sent<'_>,
    response: StatusCode,
    now: Timestamp,
    config: &Config,
) -> Result<Vec<usize>, Rule> {
    let mut said = Said::by(sent);
    let (mut leave, mut stay): (Vec<usize>, Vec<usize>) =
        (0..variants.len()).partition(|at| variants[*at].selecting.is_said(&mut said));
    stay.sort_by_key(|at| (variants[*at].terms.may_be_served(now, config), variants[*at].terms.newness()));
    let room = config.variants.most.clamp(1, VARIANTS_MOST) - 1;
    leave.extend(stay.iter().take(stay.len().saturating_sub(room)));
    leave.sort_unstable();
    let may_go = |at: &usize| takes_its_place(response, variants[*at].status, variants[*at].terms, now, config);
    if leave.iter().all(may_go) { Ok(leave) } else { Err(Rule::StoredIsUsable) }
}
