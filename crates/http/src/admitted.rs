//! A response that will be stored (RFC 9111, sections 3 and 3.3): what its head permits, before its content has come.

use bytes::Bytes;
use freshen_core::{Tags, Timestamp};
use http::header::{AGE, IF_RANGE, LAST_MODIFIED, TRAILER};
use http::{HeaderMap, HeaderName, StatusCode, response};

use crate::asked::Asked;
use crate::body::Body;
use crate::config::Config;
use crate::exchange::Exchange;
use crate::fields::{FIELDS_MOST, Kept, dated, selected, within_bound, without};
use crate::following::{Following, Portion};
use crate::framing::Framing;
use crate::judgement::{Judgement, Step, judge};
use crate::key::CacheKey;
use crate::members::members;
use crate::outgoing::Outgoing;
use crate::received::{End, Received};
use crate::reply_head::ReplyHead;
use crate::rule::Rule;
use crate::sent::Sent;
use crate::stored::Stored;
use crate::storing::Storing;
use crate::tags::tags;
use crate::terms::Terms;
use crate::variants::Variant;
use crate::vary::Selecting;

/// A response whose head permits to store it, while its content comes: who asks for the same may wait for that, or be answered with
/// what comes.
#[derive(Clone, Debug)]
pub struct Admitted {
    /// All of it but its content.
    variant: Variant,
    rule: Rule,
    framing: Framing,
    kept: Kept,
    /// Which trailers it tells of that go to all.
    trailing: Vec<HeaderName>,
    in_parts: bool,
}

impl Variant {
    /// Keeps a response to a request that was sent, with all by which it is found and outdated.
    ///
    /// # Errors
    /// The rule by which it is not stored.
    pub fn of(
        received: &Received<'_>,
        sent: &Sent<'_>,
        key: &CacheKey,
        exchange: &Exchange,
        config: &Config,
    ) -> Result<Variant, Rule> {
        let Received { response, content, trailers, end } = *received;
        Admitted::of(sent, response, key, exchange, config)?.keep(content, trailers, end)
    }
}

impl Admitted {
    /// Judges the head of a response to a request that was sent.
    ///
    /// # Errors
    /// The rule by which it is not stored.
    pub fn of(
        sent: &Sent<'_>,
        response: &response::Parts,
        key: &CacheKey,
        exchange: &Exchange,
        config: &Config,
    ) -> Result<Admitted, Rule> {
        let (storing, directives) = Storing::by(sent.asked(config), sent.target(), response, exchange, config);
        let (terms, rule) = match storing {
            Storing::Store(terms, rule) => (terms, rule),
            Storing::Pass(rule) => return Err(rule),
        };
        let in_parts = response.status == StatusCode::PARTIAL_CONTENT;
        // RFC 9110, section 15.3.7: such a part comes without the fields that its client has.
        if in_parts && sent.lines(&IF_RANGE).next().is_some() {
            return Err(Rule::FieldsLeftOut);
        }
        within_bound(response.headers.len())?;
        let kept = Kept::by(directives, &response.headers, config);
        let mut headers = kept.headers(&response.headers);
        dated(&mut headers, exchange.answered_at)?;
        let (terms, body) = (terms.described_by(&headers), Body::default());
        let stored = Stored { status: response.status, trailers: HeaderMap::new(), terms, headers, body };
        let selecting = Selecting::of(sent, &response.headers, config)?;
        let variant = Variant { selecting, stored, tags: tags(&response.headers, key, config)? };
        let framing = Framing::of(sent.method(), response)?;
        let told = members(&response.headers, &TRAILER).filter_map(|name| HeaderName::from_bytes(name).ok());
        let trailing = told.filter(|name| kept.may_trail(name)).take(FIELDS_MOST).collect();
        Ok(Admitted { variant, rule, framing, kept, trailing, in_parts })
    }

    /// The rule that allows to store it.
    pub fn rule(&self) -> Rule {
        self.rule
    }

    /// Under which terms it will be served.
    pub fn terms(&self) -> &Terms {
        &self.variant.stored.terms
    }

    /// By what it will be selected.
    pub fn selecting(&self) -> &Selecting {
        &self.variant.selecting
    }

    /// By what it will be outdated.
    pub fn tags(&self) -> &Tags {
        &self.variant.tags
    }

    /// Whether another request for the same key may be answered with it while its content comes, and by which rule: it may where a
    /// hit could be made of it, were it stored. The request selects it, it needs no validation, and is as new as the request wants.
    ///
    /// Whether it was outdated since it was asked for is not known here. Who came after that is not answered with it.
    ///
    /// # Errors
    /// The rule by which the request has to go to the origin by itself (RFC 9111, section 4).
    pub fn serves(&self, sent: &Sent<'_>, asked: &Asked, now: Timestamp, config: &Config) -> Result<Rule, Rule> {
        let stored = self.whole_for(asked)?;
        let Judgement { step, rule, .. } = judge(Some(&stored.terms), asked, now, config);
        match step {
            _ if !self.selecting().matches(sent) => Err(Rule::NotSelected),
            // RFC 9111, section 5.2.1.7: it is not stored yet.
            _ if asked.directives.only_if_cached => Err(Rule::OnlyIfCached),
            Step::Serve | Step::ServeAndRefresh => Ok(rule),
            Step::Validate | Step::Fetch | Step::Refuse => Err(rule),
        }
    }

    /// What a request that it [serves](Admitted::serves) gets, by the same rules as of what is [stored](Stored::answer): the fields
    /// that are kept for all, a 304 where the client has it already, one part where the length is said.
    ///
    /// What came for the client alone whose request brought it is not in this: that one gets its [own](Admitted::own).
    ///
    /// # Errors
    /// The rule by which nothing is made of it: it is only a part itself, or the request is one that passes.
    pub fn answer(
        &self,
        request: &HeaderMap,
        asked: &Asked,
        now: Timestamp,
        config: &Config,
    ) -> Result<(Following, Rule), Rule> {
        let head = ReplyHead { stored: self.whole_for(asked)?, request, now, config };
        let (mut following, rule) = Following::of(&head, asked, self.framing.length_bytes());
        if following.content == Portion::All {
            // RFC 9110, section 6.6.2: over HTTP/1.1 a server may send no more than it has told.
            following.headers.extend(self.trailing.iter().map(|name| (TRAILER, name.clone().into())));
        }
        Ok((following, rule))
    }

    /// What the client gets whose request brought it, from the head as it came. Its conditions and its Range did not go with that
    /// request, so that a 304 or a part is made for it here, as of what is [stored](Stored::answer); with what came for it alone, such
    /// as a cookie, and with no other Age than came. To all of the content belong the trailers that are [outgoing](Outgoing::trailers).
    ///
    /// # Errors
    /// As of [`answer`](Admitted::answer).
    pub fn own(
        &self,
        response: &response::Parts,
        request: &HeaderMap,
        asked: &Asked,
        now: Timestamp,
        config: &Config,
    ) -> Result<(Following, Rule), Rule> {
        let outgoing = Outgoing::of(response, config).headers(&response.headers);
        let alone = selected(&outgoing, |name| name == AGE || name != TRAILER && !self.kept.keeps(name));
        let mut whole = self.whole_for(asked)?.clone();
        whole.headers.extend(alone.clone());
        let head = ReplyHead { stored: &whole, request, now, config };
        let (mut following, rule) = Following::of(&head, asked, self.framing.length_bytes());
        following.headers.remove(AGE);
        // No other field that describes the content is for one client alone, and this one is there where it belongs.
        following.headers.extend(without(&alone, &[LAST_MODIFIED]));
        if following.content == Portion::All {
            following.headers.extend(selected(&outgoing, |name| name == TRAILER));
        }
        Ok((following, rule))
    }

    /// Of the trailers that came behind its content those that go to all.
    ///
    /// # Errors
    /// [`Rule::TooManyFields`]: nothing is stored, and none of them go to others than the client in answer to whom they came.
    pub fn trailers(&self, trailers: &HeaderMap) -> Result<HeaderMap, Rule> {
        within_bound(trailers.len())?;
        Ok(self.kept.trailers(trailers))
    }

    /// All but the content, where what comes is a whole response that the request may get.
    fn whole_for(&self, asked: &Asked) -> Result<&Stored, Rule> {
        match asked.passes() {
            Some(rule) => Err(rule),
            None if self.in_parts => Err(Rule::Incomplete),
            None => Ok(&self.variant.stored),
        }
    }

    /// Whether so much of its content may come.
    ///
    /// # Errors
    /// [`Rule::LengthContradicts`]: it is more than the head says, so that nothing is stored.
    pub fn admits(&self, came_bytes: u64) -> Result<(), Rule> {
        self.framing.admits(came_bytes)
    }

    /// Keeps it with its content, in the pieces in which that came.
    ///
    /// # Errors
    /// The rule by which it is not stored after all: its content did not come as it should have, or it has too many trailers.
    pub fn keep(self, content: &[Bytes], trailers: Option<&HeaderMap>, end: End) -> Result<Variant, Rule> {
        let body = self.framing.body(content, end)?;
        let whole = !self.in_parts && body.is_complete();
        let trailers = trailers.filter(|_| whole).map_or(Ok(HeaderMap::new()), |trailers| self.trailers(trailers))?;
        let Variant { stored, selecting, tags } = self.variant;
        let stored = match whole {
            true => Stored { trailers, body, ..stored },
            false => Stored::in_parts(&stored.headers, stored.terms, body),
        };
        Ok(Variant { selecting, stored, tags })
    }
}
