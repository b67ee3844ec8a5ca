//! How a request is answered: what is in hand, now, and else by the one load that all wait for.

use std::pin::Pin;
use std::time::Duration;

use freshen_core::{Answer, GetError, Status};
use freshen_http::{
    AskedBy, CacheStatus, Failure, Forward, Inquiry, Judgement, Rule, Step, Terms, Variant, VariantKey, stand_in,
};
use http::header::{IF_MODIFIED_SINCE, IF_NONE_MATCH, RANGE};
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
    /// What was waited for was for its first client alone: the page is asked for once more.
    Again,
}

impl Walk<'_> {
    pub async fn end(&self) -> End {
        let mut at = PageAt { key: self.inquiry.key.clone(), variant: None };
        for _ in 0..RECORDS_MOST {
            match self.turn(&at).await {
                Turn::End(end) => return end,
                Turn::Next(variant) => at.variant = Some(variant),
                Turn::Again => {}
            }
        }
        self.alone(Forward::VaryMiss, Rule::NotSelected)
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

    async fn in_hand(&self, at: &PageAt) -> Option<Found> {
        self.pages.cache().request(at).in_hand().await.ok().flatten()
    }

    fn rules(&self) -> &freshen_http::Config {
        &self.pages.settings().rules
    }

    fn judge(&self, found: &Found, variant: &Variant) -> (Terms, Judgement) {
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

    fn serve(&self, variant: &Variant, status: Option<CacheStatus<'_>>) -> End {
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
        if let Some(rule) = self.is_sent_itself() {
            return Turn::End(self.alone(why, rule));
        }
        let seat = match () {
            () if found.is_none() && self.wants_a_part() => self.pages.seat(at).ok_or(Rule::Incomplete),
            // What comes for another is most likely not for him.
            () if self.inquiry.asked.authorized => self.pages.begin(at, self.fetch).ok_or(Rule::Authorization),
            () => self.pages.board(at, self.fetch).ok_or(Rule::NothingStored),
        };
        let seat = match seat {
            Ok(seat) => seat,
            Err(rule) => return Turn::End(self.alone(why, rule)),
        };
        let mut news = seat.news();
        // What the engine calls fresh it loads only if it is told to.
        let fresh = found.as_ref().is_some_and(|(found, _)| found.status() == Status::Hit);
        let mut loaded = std::pin::pin!(self.load(at, fresh));
        loop {
            let told = news.borrow_and_update().clone();
            match told {
                News::Waiting => {}
                News::Alone(rule) if self.may_fare_better(&seat, rule) => return Turn::Again,
                News::Alone(rule) => return Turn::End(self.own(&seat, why, rule)),
                News::Coming(coming) => {
                    if let Some(turn) = self.follow(&seat, &coming, why) {
                        return turn;
                    }
                }
            }
            tokio::select! {
                biased;
                Ok(()) = news.changed() => {}
                loaded = &mut loaded => return self.landed(at, &seat, loaded, found, why).await,
            }
        }
    }

    /// Why the request goes to the origin as it is, with its conditions: its response is never kept.
    fn is_sent_itself(&self) -> Option<Rule> {
        let asked = &self.inquiry.asked;
        match () {
            () if asked.method == AskedBy::Head => Some(Rule::MethodNotStored),
            () if asked.directives.no_store => Some(Rule::RequestNoStore),
            () => None,
        }
    }

    /// Whether it asks for a part of a page that may be of any length: the whole is not fetched for a few bytes, over and over. From
    /// the first byte to the end is the whole.
    fn wants_a_part(&self) -> bool {
        self.inquiry.asked.ranged && self.parts.headers.get(RANGE).is_some_and(|range| range != "bytes=0-")
    }

    /// Whether what forbids to keep a response was something about the client who came first, and this one has nothing of that kind:
    /// else whoever always comes first would keep a page from being kept.
    fn may_fare_better(&self, seat: &Seat, rule: Rule) -> bool {
        let asked = &self.inquiry.asked;
        let of_client = matches!(rule, Rule::Authorization | Rule::Personal | Rule::StatusOfRequest);
        !seat.first && of_client && !asked.authorized && asked.personal.is_none()
    }

    async fn load(&self, at: &PageAt, demanded: bool) -> Loaded {
        let cache = self.pages.cache();
        if demanded { cache.load(at).await } else { cache.request(at).max_stale(Duration::ZERO).get().await }
    }

    /// What came for this request alone, if it was the one that was sent.
    fn own(&self, seat: &Seat, why: Forward, rule: Rule) -> End {
        match seat.own() {
            Some(response) => {
                let status = CacheStatus::forwarded(why, Some(rule)).stored(false);
                End::Answered(self.told(response, Some(status)))
            }
            None => End::Alone(CacheStatus::forwarded(why, Some(rule)).collapsed(false)),
        }
    }

    /// Answers with what comes. `None`: the end of the load is waited for. Something was outdated since it was asked for; or nobody
    /// may read it along any more, as where it has just ended.
    fn follow(&self, seat: &Seat, coming: &Coming, why: Forward) -> Option<Turn> {
        let (cache, admitted) = (self.pages.cache(), &coming.admitted);
        let own = CacheStatus::forwarded(why, Some(admitted.rule())).stored(true);
        if (!self.wants_less() || coming.sets_cookie)
            && let Some(response) = seat.own()
        {
            return Some(Turn::End(End::Answered(self.told(response, Some(own)))));
        }
        if coming.raises != cache.raises() {
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

    /// Whether the request asks for a part, or for nothing if its client has the page already. Neither went with the request that was
    /// sent. A cookie that is set for the one whose request it was goes with the whole alone.
    fn wants_less(&self) -> bool {
        [RANGE, IF_NONE_MATCH, IF_MODIFIED_SINCE].iter().any(|name| self.parts.headers.contains_key(name))
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
                PageError::Failed { failure, .. } => self.failed(at, seat, failure, judgement, why).await,
                PageError::Unkept(rule) => self.own(seat, why, rule),
                PageError::NoRequest => self.own(seat, why, Rule::NothingStored),
            },
            Err(GetError::TimedOut { .. }) => self.failed(at, seat, Failure::TimedOut, judgement, why).await,
            Err(GetError::CoolingDown { retry_after, .. }) => self.cooling(at, retry_after, judgement, why).await,
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
            // It came for those who wait: also what has to be validated at each use was, for them.
            Status::Loaded => {
                let status = CacheStatus::forwarded(why, Some(judgement.rule)).stored(true);
                self.serve(variant, Some(if seat.first { status } else { status.collapsed(true) }))
            }
            _ if serves => self.serve(variant, CacheStatus::judged(&judgement, &terms)),
            _ => self.own(seat, why, judgement.rule),
        })
    }

    /// The service behind failed: what is in hand stands in, if it may.
    async fn failed(
        &self,
        at: &PageAt,
        seat: &Seat,
        failure: Failure,
        judged: Option<&Judgement>,
        why: Forward,
    ) -> End {
        if let Some(response) = self.stand_in(at, failure, judged).await {
            return End::Answered(response);
        }
        match (seat.own(), failure) {
            (Some(response), _) => {
                let status = CacheStatus::forwarded(why, Some(Rule::OriginFailed)).stored(false);
                End::Answered(self.told(response, Some(status)))
            }
            // The one that was sent has met it; another need not.
            (None, Failure::Status(status)) if seat.first => End::Answered(reply::failed(status, None)),
            (None, Failure::Status(_)) => self.alone(why, Rule::OriginFailed),
            (None, failure) => End::Answered(reply::failed(failure.status(), None)),
        }
    }

    /// The service behind failed a moment ago.
    async fn cooling(&self, at: &PageAt, retry_after: Duration, judged: Option<&Judgement>, why: Forward) -> End {
        if let Some(response) = self.stand_in(at, Failure::Unreachable, judged).await {
            return End::Answered(response);
        }
        match judged {
            Some(_) => self.alone(why, Rule::OriginFailed),
            None => End::Answered(reply::failed(http::StatusCode::SERVICE_UNAVAILABLE, Some(retry_after))),
        }
    }

    async fn stand_in(&self, at: &PageAt, failure: Failure, judged: Option<&Judgement>) -> Option<Response<PageBody>> {
        let found = self.in_hand(at).await?;
        let Record::Selected(variant) = Record::of(&found, &self.inquiry.sent, self.rules()) else { return None };
        let (terms, judgement) = self.judge(&found, variant);
        let (asked, now) = (&self.inquiry.asked, self.pages.cache().now());
        let rule = stand_in(&terms, asked, failure, now, self.rules()).ok()?;
        let status = CacheStatus::stood_in(rule, judged.unwrap_or(&judgement), failure, &terms, now);
        match self.serve(variant, Some(status)) {
            End::Answered(response) => Some(response),
            End::Alone(_) => None,
        }
    }

    fn alone(&self, why: Forward, rule: Rule) -> End {
        End::Alone(CacheStatus::forwarded(why, Some(rule)))
    }

    fn told(&self, response: Response<PageBody>, status: Option<CacheStatus<'_>>) -> Response<PageBody> {
        self.pages.told(response, status.as_ref())
    }
}
