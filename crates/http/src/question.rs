//! With which conditions a cache asks an origin whether what it has stored may be used (RFC 9111, section 4.3.1).

use std::cmp::Reverse;

use freshen_core::Timestamp;
use http::header::{
    ACCEPT, ACCEPT_CHARSET, ACCEPT_ENCODING, ACCEPT_LANGUAGE, AUTHORIZATION, COOKIE, IF_MODIFIED_SINCE, IF_NONE_MATCH,
};
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::asked::Asked;
use crate::conditions::unconditional;
use crate::config::Config;
use crate::entity_tag::EntityTag;
use crate::sent::Sent;
use crate::validators::{Modified, Validators};
use crate::variants::Variant;

/// Most bytes of tags that are sent: many origins take no more than 8 KiB of fields altogether. What has no room is not asked
/// about.
pub const SENT_TAGS_BYTES_MOST: usize = 4 << 10;

/// What an origin is asked about: a request, and what its answer will be held against.
#[derive(Clone, Debug)]
pub struct Question<'a> {
    sent: Sent<'a>,
    pub(crate) asked: Asked,
    pub(crate) config: &'a Config,
    /// What the request selects and could be answered with, most wanted first.
    pub(crate) selected: Vec<Nominee<'a>>,
    /// What the request asks about, of those and of others.
    pub(crate) about: Vec<Nominee<'a>>,
    /// Whether it names the time of a modification.
    pub(crate) dated: bool,
}

/// A stored response that the origin may be asked about.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Nominee<'a> {
    /// Its place among the variants.
    pub at: usize,
    pub variant: &'a Variant,
    pub validators: Validators<'a>,
    pub selected: bool,
}

impl<'a> Question<'a> {
    /// Asks about the variants of a key for a request: the client's, or, where nobody waits, the one that is made
    /// [again](Sent::again).
    ///
    /// The conditions by which the client validates what it has itself are left out, as is Range: the answer is for the cache, which
    /// then judges them by what it has. If-Match and If-Unmodified-Since stay, since they are the origin's to judge. Where nothing
    /// can be asked about, this asks for the whole response.
    ///
    /// Variants that the request does not select are asked about as well, but by strong tags alone: variants may have a weak one, or
    /// the time of their modification, in common. What varies by who asks is not asked about for others, for if it were current they
    /// would get its fields too. Any field may tell that, but for those by which content is negotiated and those that have a
    /// [likeness](crate::Variants::likeness); Cookie and Authorization do in any case.
    pub fn about(
        sent: &Sent<'a>,
        asked: &Asked,
        variants: &'a [Variant],
        now: Timestamp,
        config: &'a Config,
    ) -> Question<'a> {
        let fields = sent.headers();
        // RFC 9111, section 4.3.2: a part that lacks what is asked for could not answer.
        let sufficing = (0..).zip(variants).filter(|(_, variant)| variant.stored.suffices(&fields, asked, now));
        let nominees = sufficing.map(|(at, variant)| Nominee {
            at,
            variant,
            validators: Validators::of_stored(&variant.stored, now),
            selected: variant.selecting.matches(sent),
        });
        let (mut selected, mut others): (Vec<_>, Vec<_>) = nominees.partition(|nominee| nominee.selected);
        selected.sort_by_key(Nominee::wanted);
        others.retain(|nominee| nominee.is_for_everybody(config));
        others.sort_by_key(Nominee::wanted);
        let wording = Wording::of(selected.iter().chain(&others));
        let about = selected.iter().chain(&others).filter(|nominee| wording.is_about(nominee)).copied().collect();
        let sent = sent.with_headers(wording.put_into(unconditional(sent)));
        Question { sent, asked: *asked, config, selected, about, dated: wording.modified.is_some() }
    }

    /// The same for the whole response, where the answer was about nothing that is stored.
    #[must_use]
    pub fn again(&self) -> Question<'a> {
        let sent = self.sent.with_headers(unconditional(&self.sent));
        Question { sent, about: Vec::new(), dated: false, ..self.clone() }
    }

    /// The request to send.
    pub fn sent(&self) -> &Sent<'a> {
        &self.sent
    }
}

impl Nominee<'_> {
    /// As [`choose`](crate::choose) wants them, that which is wanted most first.
    fn wanted(&self) -> impl Ord + use<> {
        let Variant { selecting, stored, .. } = self.variant;
        Reverse((!selecting.is_by_nothing(), stored.terms.newness(), self.at))
    }

    /// Whether others than those that select it may be asked about it.
    fn is_for_everybody(&self, config: &Config) -> bool {
        let strong = self.validators.tag.is_some_and(|tag| tag.is_strong());
        strong && self.variant.selecting.names().all(|name| tells_nobody_apart(name, config))
    }
}

/// Whether a field is about content (RFC 9110, section 12.5), or its user has said which differences in it do not matter.
fn tells_nobody_apart(name: &HeaderName, config: &Config) -> bool {
    let has_likeness = || config.variants.likeness.iter().any(|(of, _)| of == name);
    let negotiates = [ACCEPT, ACCEPT_CHARSET, ACCEPT_ENCODING, ACCEPT_LANGUAGE].contains(name);
    negotiates || (has_likeness() && ![COOKIE, AUTHORIZATION].contains(name))
}

/// What a request asks by.
struct Wording<'a> {
    tags: Vec<EntityTag<'a>>,
    modified: Option<Modified<'a>>,
}

impl<'a> Wording<'a> {
    /// About one response, by all its validators; or about several, by tags alone: one date says nothing of several.
    fn of<'n>(nominees: impl Iterator<Item = &'n Nominee<'a>>) -> Wording<'a>
    where
        'a: 'n,
    {
        let mut all =
            nominees.filter(|nominee| nominee.validators.tag.is_some() || nominee.validators.modified.is_some());
        let Some(first) = all.next() else { return Wording { tags: Vec::new(), modified: None } };
        let modified = first.validators.modified.filter(|_| first.selected);
        // Without a tag, or with one that must not stand in a list, the first is asked about alone.
        let Some(tag) = first.validators.tag.filter(EntityTag::is_well_formed) else {
            return Wording { tags: first.validators.tag.into_iter().collect(), modified };
        };
        let others = all.filter_map(|other| other.validators.tag).filter(EntityTag::is_well_formed);
        let mut others = others.filter(|other| *other != tag).peekable();
        let modified = modified.filter(|_| others.peek().is_none());
        Wording { tags: some_of(tag, others), modified }
    }

    /// Whether a response has the tags that are sent; or, where none are, whether it was modified at the time that is.
    fn is_about(&self, nominee: &Nominee<'_>) -> bool {
        let Validators { tag, modified, .. } = nominee.validators;
        if !self.tags.is_empty() {
            return tag.is_some_and(|tag| self.tags.contains(&tag));
        }
        let same = modified.zip(self.modified).is_some_and(|(modified, sent)| modified.at == sent.at);
        nominee.selected && same
    }

    fn put_into(&self, mut headers: HeaderMap) -> HeaderMap {
        if !self.tags.is_empty() {
            let tags: Vec<&[u8]> = self.tags.iter().map(EntityTag::as_bytes).collect();
            let listed = HeaderValue::from_bytes(&tags.join(&b", "[..]));
            headers.insert(IF_NONE_MATCH, listed.expect("what came in fields can stand in one"));
        }
        if let Some(modified) = self.modified {
            headers.insert(IF_MODIFIED_SINCE, modified.text.clone());
        }
        headers
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
