//! With which conditions a cache asks an origin whether what it has stored may be used (RFC 9111, section 4.3.1).

use freshen_core::Timestamp;
use http::header::{IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE, RANGE};
use http::{HeaderMap, HeaderValue};

use crate::entity_tag::EntityTag;
use crate::sent::Sent;
use crate::terms::Terms;
use crate::validators::{Modified, Validators};

/// Most bytes of tags that are sent: many origins take no more than 8 KiB of fields altogether. What has no room is not asked
/// about.
pub const SENT_TAGS_BYTES_MOST: usize = 4 << 10;

/// A stored response that the origin may be asked about.
#[derive(Clone, Copy, Debug)]
pub struct Nominee<'a> {
    /// Its fields.
    pub headers: &'a HeaderMap,
    /// Its terms.
    pub terms: &'a Terms,
    /// Whether the request has the fields that select it (RFC 9111, section 4.1). Others of the same key may be asked about as
    /// well, but only by strong tags: variants may have a weak one, or the time of their modification, in common. If it is
    /// current, whoever asks gets its fields too; so what varies by who asks is better not asked about for others.
    pub selected: bool,
    /// Whether it could answer the request, were it fresh: [`Stored::suffices`](crate::Stored::suffices). A part that lacks what is
    /// asked for could not (RFC 9111, section 4.3.2).
    pub suffices: bool,
}

/// The request that asks the origin about what is stored, that which is wanted most first: the client's, or, where nobody waits, the
/// one that is made [again](Sent::again).
///
/// The conditions by which the client validates what it has itself are left out, as is Range: the answer is for the cache, which then
/// judges them by what it has. If-Match and If-Unmodified-Since stay, since they are the origin's to judge.
///
/// Where nothing can be asked about, this asks for the whole response.
pub fn validating<'a>(sent: &Sent<'a>, nominees: &[Nominee<'_>], now: Timestamp) -> Sent<'a> {
    let mut headers = sent.headers();
    for name in [IF_NONE_MATCH, IF_MODIFIED_SINCE, IF_RANGE, RANGE] {
        headers.remove(name);
    }
    let question = Question::about(nominees, now);
    if let Some(tags) = question.listed() {
        headers.insert(IF_NONE_MATCH, tags);
    }
    if let Some(modified) = question.modified {
        headers.insert(IF_MODIFIED_SINCE, modified.text.clone());
    }
    sent.with_headers(headers)
}

/// What the origin is asked about.
struct Question<'a> {
    tags: Vec<EntityTag<'a>>,
    modified: Option<Modified<'a>>,
}

impl<'a> Question<'a> {
    /// About one response, by all its validators; or about several, by tags alone: one date says nothing of several.
    fn about(nominees: &[Nominee<'a>], now: Timestamp) -> Question<'a> {
        let mut all = nominees.iter().filter_map(|nominee| nominee.of_use(now));
        let Some(first) = all.next() else { return Question { tags: Vec::new(), modified: None } };
        // Without a tag, or with one that must not stand in a list, the first is asked about alone.
        let Some(tag) = first.tag.filter(EntityTag::is_well_formed) else {
            return Question { tags: first.tag.into_iter().collect(), modified: first.modified };
        };
        let mut others = all.filter_map(|other| other.tag).filter(EntityTag::is_well_formed).peekable();
        let modified = first.modified.filter(|_| others.peek().is_none());
        Question { tags: some_of(tag, others), modified }
    }

    fn listed(&self) -> Option<HeaderValue> {
        let tags: Vec<&[u8]> = self.tags.iter().map(EntityTag::as_bytes).collect();
        let written = || HeaderValue::from_bytes(&tags.join(&b", "[..])).expect("what came in fields can stand in one");
        (!tags.is_empty()).then(written)
    }
}

impl<'a> Nominee<'a> {
    pub(crate) fn validators(&self, now: Timestamp) -> Validators<'a> {
        Validators::of(self.headers, now)
    }

    /// Its validators, if it can be asked about.
    fn of_use(&self, now: Timestamp) -> Option<Validators<'a>> {
        let validators = self.validators(now);
        let by_tag = validators.tag.is_some_and(|tag| self.selected || tag.is_strong());
        let by_date = self.selected && validators.modified.is_some();
        (self.suffices && (by_tag || by_date)).then_some(validators)
    }
}

/// The first, and as many of the others as there is room for, each once.
fn some_of<'a>(first: EntityTag<'a>, others: impl Iterator<Item = EntityTag<'a>>) -> Vec<EntityTag<'a>> {
    let mut bytes = first.as_bytes().len();
    let mut tags = vec![first];
    for tag in others {
        let longer = bytes + ", ".len() + tag.as_bytes().len();
        if longer <= SENT_TAGS_BYTES_MOST && !tags.contains(&tag) {
            bytes = longer;
            tags.push(tag);
        }
    }
    tags
}
