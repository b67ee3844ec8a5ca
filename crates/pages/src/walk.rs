//! How a request is answered: what is in hand, now, and else by the one load that all wait for.

use std::pin::Pin;
use std::time::Duration;

use freshen_core::{Answer, GetError, Status};
use freshen_http::{CacheStatus, Failure, Forward, Inquiry, Judgement, Rule, Step, Terms, Variant, VariantKey};
use http::{Response, request};

use crate::body::PageBody;
use crate::cache::PageCache;
use crate::error::PageError;
use crate::fetch::Fetch;
use crate::flight::{Coming, News, Seat};
use crate::page::{Page, PageAt};
use crate::record::{Record, judged};
use crate::reply;

/// So many records are looked at for one request: the first tells by which fields the next is found.
pub(crate) const RECORDS_MOST: usize = 4;

type Found = Answer<Page>;
type Loaded = Result<Found, GetError<PageError>>;

/// A request on its way through the layer.
pub(crate) struct Walk<'a> {
    pub pages: &'a PageCache,
    pub parts: &'a request::Parts,
    pub inquiry: &'a Inquiry<'a>,
    /// How many invalidations had been heard of when it came.
    pub raises: u64,
    /// Makes what is sent if a load is needed.
    pub fetch: &'a (dyn Fn() -> Fetch + Send + Sync),
}

/// What a request comes to.
pub(crate) enum End {
    /// This.
    Answered(Response<PageBody>),
    /// It is sent on by itself, and what comes is for it alone.
    Alone(CacheStatus<'static>),
}

/// What one record says.
enum Turn {
    End(End),
    /// What answers the request has another record.
    Next(VariantKey),
    /// What was waited for was for its first client alone: the page is asked for once more, or else comes to this.
    Again(End),
}

impl Walk<'_> {
    pub async fn end(&self) -> End {
        let mut at = PageAt { key: self.inquiry.key.clone(), variant: None };
        let mut otherwise = self.alone(Forward::VaryMiss, Rule::NotSelected);
        for _ in 0..RECORDS_MOST {
            match self.turn(&at).await {
                Turn::End(end) => return end,
                Turn::Next(variant) => at.variant = Some(variant),
                Turn::Again(end) => otherwise = end,
            }
        }
        otherwise
    }

    async fn turn(&self, at: &PageAt) -> Turn {
        let found = self.in_hand(at).await;
        let miss = || if at.variant.is_some() { Forward::VaryMiss } else { Forward::UriMiss };
        let Some(found) = found else { return self.wait(at, None, miss()).await };
        match Record::of(&found, &self.inquiry.sent, self.rules()) {
            Record::Selected(variant) => self.judged(at, &found, variant).await,
            // The same record: it is made anew by this request.
            Record::Elsewhere(next) if Some(next) == at.variant => self.wait(at, None, miss()).await,
            Record::Elsewhere(next) => {
                self.asked_for(&found, next);
                Turn::Next(next)
            }
            Record::Passing(rule) => Turn::End(self.alone(Forward::Bypass, rule)),
            Record::Nothing => self.wait(at, None, miss()).await,
        }
    }

    /// Of the other variants of a page those stay that were asked for last, so that nobody fills the cache by asking for more.
    fn asked_for(&self, found: &Found, variant: VariantKey) {
        // The first one has a record as well.
        let most = self.rules().variants.most.saturating_sub(1).max(1);
        if let Some(gone) = found.siblings().and_then(|siblings| siblings.used(variant, most)) {
            self.pages.forget(PageAt { key: self.inquiry.key.clone(), variant: Some(gone) });
        }
    }

    pub(crate) async fn in_hand(&self, at: &PageAt) -> Option<Found> {
        self.pages.cache().request(at).in_hand().await.ok().flatten()
    }

    pub(crate) fn rules(&self) -> &freshen_http::Config {
        &self.pages.settings().rules
    }

    pub(crate) fn judge(&self, found: &Found, variant: &Variant) -> (Terms, Judgement) {
        judged(found, variant, &self.inquiry.asked, self.pages.cache().now(), self.rules())
    }

    async fn judged(&self, at: &PageAt, found: &Found, variant: &Variant) -> Turn {
        let (terms, judgement) = self.judge(found, variant);
        match judgement.step {
            Step::Serve => Turn::End(self.serve(variant, CacheStatus::judged(&judgement, &terms))),
            Step::ServeAndRefresh => {
                // What comes to a request that wants nothing stored would be in vain.
                if !self.inquiry.asked.directives.no_store {
                    self.pages.refresh(at, self.fetch);
                }
                Turn::End(self.serve(variant, CacheStatus::judged(&judgement, &terms)))
            }
            Step::Refuse => Turn::End(End::Answered(reply::refused(judgement.rule))),
            Step::Validate | Step::Fetch => {
                let why = Forward::judged(&judgement, &terms).unwrap_or(Forward::Stale);
                self.wait(at, Some((found, judgement)), why).await
            }
        }
    }

    pub(crate) fn serve(&self, variant: &Variant, status: Option<CacheStatus<'_>>) -> End {
        let (asked, now) = (&self.inquiry.asked, self.pages.cache().now());
        match reply::of_stored(&variant.stored, &self.parts.headers, asked, now, self.rules()) {
            Ok(response) => End::Answered(self.told(response, status)),
            Err(rule) => self.alone(Forward::Bypass, rule),
        }
    }

    /// Waits for the one load of the page, or for so much of it as answers this request. Boxed, so that the future of a hit stays
    /// small.
    fn wait<'a>(
        &'a self,
        at: &'a PageAt,
        found: Option<(&'a Found, Judgement)>,
        why: Forward,
    ) -> Pin<Box<impl Future<Output = Turn> + Send + 'a>> {
        Box::pin(async move { self.waited(&at.detached(), found, why).await })
    }

    async fn waited(&self, at: &PageAt, found: Option<(&Found, Judgement)>, why: Forward) -> Turn {
        if self.inquiry.asked.directives.only_if_cached {
            return Turn::End(End::Answered(reply::refused(Rule::OnlyIfCached)));
        }
        let seat = match self.seat(at, found.is_some()) {
            Ok(seat) => seat,
            Err(Rule::TooManyLoads) => {
                return Turn::End(self.crowded(at, found.as_ref().map(|(_, judgement)| judgement)).await);
            }
            Err(rule) => return Turn::End(self.alone(why, rule)),
        };
        let mut news = seat.news();
        // What the engine calls fresh it loads only if it is told to.
        let fresh = found.as_ref().is_some_and(|(found, _)| found.status() == Status::Hit);
        let mut loaded = std::pin::pin!(self.load(at, fresh));
        let mut has_waited = false;
        loop {
            let told = news.borrow_and_update().clone();
            match told {
                News::Waiting => {}
                News::Alone(rule) if has_waited && self.may_fare_better(&seat, rule) => {
                    // A load that is asked for before this one has ended is this one. What is closed is found by none of those who
                    // waited, so that they come to the next one together.
                    _ = loaded.await;
                    self.pages.close(&seat);
                    return Turn::Again(self.own(&seat, why, rule));
                }
                News::Alone(rule) => return Turn::End(self.own(&seat, why, rule)),
                News::Failed(outage) => {
                    let judgement = found.as_ref().map(|(_, judgement)| judgement);
                    return Turn::End(self.failed(at, &seat, outage, judgement, why).await);
                }
                News::Coming(coming) => {
                    if let Some(turn) = self.follow(&seat, &coming, why) {
                        return turn;
                    }
                }
            }
            has_waited = true;
            tokio::select! {
                biased;
                Ok(()) = news.changed() => {}
                loaded = &mut loaded => return self.landed(at, &seat, loaded, found, why).await,
            }
        }
    }

    async fn load(&self, at: &PageAt, demanded: bool) -> Loaded {
        let cache = self.pages.cache();
        if demanded { cache.load(at).await } else { cache.request(at).max_stale(Duration::ZERO).get().await }
    }

    /// What came for this request alone, if it was the one that was sent. HEAD gets none of its content (RFC 9110, section 9.3.2).
    pub(crate) fn came(&self, seat: &Seat) -> Option<Response<PageBody>> {
        let response = seat.own()?;
        Some(if self.is_head() { response.map(|_| PageBody::without()) } else { response })
    }

    /// Answers with what came for this request alone, or sends it on.
    fn own(&self, seat: &Seat, why: Forward, rule: Rule) -> End {
        match self.came(seat) {
            Some(response) => {
                let status = CacheStatus::forwarded(why, Some(rule)).stored(false);
                End::Answered(self.told(response, Some(status)))
            }
            None => End::Alone(CacheStatus::forwarded(why, Some(rule)).collapsed(false)),
        }
    }

    /// Answers with what comes. `None`: the end of the load is waited for. Something was outdated between when it was asked for
    /// and when he came; or nobody may read it along any more, as where it has just ended.
    fn follow(&self, seat: &Seat, coming: &Coming, why: Forward) -> Option<Turn> {
        let (cache, admitted) = (self.pages.cache(), &coming.admitted);
        let own = stored(why, admitted.terms());
        if let Some(response) = self.came(seat) {
            return Some(Turn::End(End::Answered(self.told(response, Some(own)))));
        }
        // RFC 9111, section 4: what was written before he came is in what he gets.
        if coming.raises < self.raises {
            return None;
        }
        let Inquiry { asked, sent, .. } = self.inquiry;
        let now = cache.now();
        let rule = match admitted.serves(sent, asked, now, self.rules()) {
            Ok(rule) => rule,
            Err(Rule::NotSelected) => return Some(Turn::Next(admitted.selecting().key_of(sent))),
            Err(rule) => return Some(Turn::End(self.alone(why, rule))),
        };
        let status = CacheStatus::forwarded(why, Some(rule)).collapsed(true);
        let status = if seat.first { own } else { status };
        Some(Turn::End(match reply::of_coming(coming, &self.parts.headers, asked, now, self.rules()) {
            Ok(response) => End::Answered(self.told(response?, Some(status))),
            Err(rule) => End::Alone(CacheStatus::forwarded(why, Some(rule)).collapsed(false)),
        }))
    }

    /// Answers by how the load ended.
    async fn landed(
        &self,
        at: &PageAt,
        seat: &Seat,
        loaded: Loaded,
        found: Option<(&Found, Judgement)>,
        why: Forward,
    ) -> Turn {
        let judgement = found.as_ref().map(|(_, judgement)| judgement);
        let end = match loaded {
            Ok(answer) => return self.arrived(&answer, seat, why),
            Err(GetError::Load { source, .. }) => match *source {
                PageError::Failed { outage, .. } => self.failed(at, seat, outage, judgement, why).await,
                PageError::Unkept(rule) => self.own(seat, why, rule),
                PageError::Crowded => self.crowded(at, judgement).await,
                PageError::NoRequest => self.own(seat, why, Rule::NothingStored),
            },
            Err(GetError::TimedOut { .. }) => self.failed(at, seat, Failure::TimedOut.into(), judgement, why).await,
            Err(GetError::CoolingDown { retry_after, .. }) => self.cooling(at, retry_after, judgement).await,
            Err(_) => self.own(seat, why, Rule::NothingStored),
        };
        Turn::End(end)
    }

    fn arrived(&self, answer: &Found, seat: &Seat, why: Forward) -> Turn {
        let variant = match Record::of(answer, &self.inquiry.sent, self.rules()) {
            Record::Selected(variant) => variant,
            Record::Elsewhere(next) => return Turn::Next(next),
            Record::Passing(rule) => return Turn::End(self.own(seat, why, rule)),
            Record::Nothing => return Turn::End(self.own(seat, why, Rule::NothingStored)),
        };
        let (terms, judgement) = self.judge(answer, variant);
        let serves = matches!(judgement.step, Step::Serve | Step::ServeAndRefresh);
        Turn::End(match answer.status() {
            // It came for those who wait: also what has to be validated at each use was, for them. Who came while it was being stored
            // has what he may have of a hit.
            Status::Loaded if serves || seat.has_waited() => {
                let along = || CacheStatus::forwarded(why, Some(judgement.rule)).collapsed(true);
                let status = if seat.first { stored(why, &terms) } else { along() };
                match self.came(seat) {
                    Some(own) => End::Answered(self.told(own, Some(status))),
                    None => self.serve(variant, Some(status)),
                }
            }
            _ if serves => self.serve(variant, CacheStatus::judged(&judgement, &terms)),
            _ => self.own(seat, why, judgement.rule),
        })
    }

    /// Sends it on by itself, unless it wants nothing to be fetched (RFC 9111, section 5.2.1.7).
    pub(crate) fn alone(&self, why: Forward, rule: Rule) -> End {
        match self.inquiry.asked.directives.only_if_cached {
            true => End::Answered(reply::refused(Rule::OnlyIfCached)),
            false => End::Alone(CacheStatus::forwarded(why, Some(rule))),
        }
    }

    pub(crate) fn told(&self, response: Response<PageBody>, status: Option<CacheStatus<'_>>) -> Response<PageBody> {
        self.pages.told(response, status.as_ref())
    }
}

/// What the one is told whose request brought what is stored: by which rule it lives for as long as it does. Whoever else has it is told
/// why it was his.
fn stored(why: Forward, terms: &Terms) -> CacheStatus<'static> {
    CacheStatus::forwarded(why, Some(terms.lifetime.rule)).stored(true)
}
