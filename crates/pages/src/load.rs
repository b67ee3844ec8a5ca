//! How a page is made: the job of the engine, which carries it out once for all who ask.

use std::panic::AssertUnwindSafe;
use std::slice;
use std::time::Duration;

use freshen_core::{Cache, Job, Load, Loaded, Policy, PolicyBuilder, Timestamp, Windows};
use freshen_http::{
    About, Admitted, End, Exchange, Failure, Freshened, Inquiry, Question, Rule, Sent, Stored, Terms, Validated,
    Variant, takes_its_place,
};
use futures_util::FutureExt;
use http::header::{CONTENT_LENGTH, TRANSFER_ENCODING};
use http::{StatusCode, response};
use http_body::Body;

use crate::body::InnerBody;
use crate::budget::Budget;
use crate::error::PageError;
use crate::fill::{Filled, fill};
use crate::flight::{Coming, Flight, Flights, News};
use crate::outage::Outage;
use crate::page::{Page, PageAt};
use crate::places::Places;
use crate::pump::{Pumped, pump};
use crate::tags::{self, PageTags};

/// A 304 about nothing that is stored, or an update that cannot be kept, is asked once more, for the whole.
const ASKED_MOST: usize = 2;
/// A service that panicked has failed as one that answers so.
const PANICKED: Failure = Failure::Status(StatusCode::INTERNAL_SERVER_ERROR);

impl Job for PageAt {
    type Output = Page;
    type Error = PageError;
    type State = (Flights, Budget, Places);
    const NAME: &'static str = "page";
    const NAMESPACE: &'static str = "pages";

    /// Nothing of it is by chance: when a response is fresh, HTTP says. Head and content have timeouts of their own.
    fn policy() -> PolicyBuilder {
        Policy::builder()
            .jitter(0.0)
            .lease(Duration::from_secs(20))
            .renewing_lease()
            .load_timeout(Duration::from_secs(3600))
    }

    async fn load(&self, load: Load<'_, Self>) -> Result<Loaded<Page>, PageError> {
        let (flights, budget, places) = load.state();
        let seat = flights.seat(self).ok_or(PageError::NoRequest)?;
        // Until the content is there, or goes to its client alone.
        let _place = places.take().await.ok_or(PageError::Crowded)?;
        let page = load.previous().map(|previous| previous.value());
        let previous = page.and_then(|page| page.variant(&seat.flight.fetch.settings.rules));
        let making = Making { flight: &seat.flight, cache: load.cache(), budget, page, previous };
        let made = making.page().await;
        if let Err(PageError::Failed { outage, .. }) = &made
            && outage.is_for_all()
        {
            // Whoever comes next sends his own request, and not again the one that may have brought it about.
            flights.close(&seat);
            seat.flight.tell(News::Failed(*outage));
        }
        Ok(made?.into())
    }

    fn cools(&self, error: &PageError) -> bool {
        matches!(error, PageError::Failed { cools: true, .. })
    }

    fn tags(&self, page: &Page) -> Vec<String> {
        page.tags()
    }

    fn windows(&self, page: &Page, _policy: &Policy) -> Windows {
        page.windows()
    }
}

/// A page in the making. What the one gets meanwhile whose request it was, [`own`](crate::own) tells.
pub(crate) struct Making<'a> {
    pub flight: &'a Flight,
    pub cache: &'a Cache,
    budget: &'a Budget,
    /// What it takes the place of.
    page: Option<&'a Page>,
    pub previous: Option<&'a Variant>,
}

/// A response whose content is still to come.
pub(crate) struct Answered {
    pub head: response::Parts,
    pub body: InnerBody,
    exchange: Exchange,
}

impl Making<'_> {
    async fn page(&self) -> Result<Page, PageError> {
        let fetch = &self.flight.fetch;
        let config = &fetch.settings.rules;
        let inquiry = fetch.inquiry().map_err(PageError::Unkept)?;
        let raises = self.cache.raises();
        let variants = self.previous.map(slice::from_ref).unwrap_or_default();
        let mut question = Question::about(&inquiry.sent, &inquiry.asked, variants, self.cache.now(), config);
        for _ in 0..ASKED_MOST {
            let answered = match self.send(question.sent()).await {
                Ok(answered) => answered,
                Err(failure) => return Err(self.failed(&inquiry, failure.into())),
            };
            match question.answered(&answered.head, self.cache.now()) {
                Validated::Current { .. } => match self.current(&inquiry, &answered) {
                    Some(page) => return page,
                    None => question = question.again(),
                },
                Validated::AskAgain(_) => question = question.again(),
                Validated::StandIn { .. } => {
                    return Err(self.failed(&inquiry, Outage::told(&answered.head, self.cache.now())));
                }
                Validated::Failed { rule, .. } => {
                    return match self.admit(&inquiry, question.sent(), &answered) {
                        Ok(admitted) => self.keep(admitted, &inquiry, answered, raises).await,
                        Err(_) => Err(self.refused(&inquiry, answered, rule)),
                    };
                }
                Validated::Answer { outdates, .. } => {
                    return match self.admit(&inquiry, question.sent(), &answered) {
                        Ok(admitted) => self.keep(admitted, &inquiry, answered, raises).await,
                        Err(rule) => self.pass(answered, rule, outdates),
                    };
                }
            }
        }
        Err(self.failed(&inquiry, Failure::Truncated.into()))
    }

    async fn send(&self, sent: &Sent<'_>) -> Result<Answered, Failure> {
        let asked_at = self.cache.now();
        let answer = AssertUnwindSafe(self.flight.fetch.send(sent)).catch_unwind();
        let answer = tokio::time::timeout(self.flight.fetch.settings.head_timeout, answer).await;
        // A panic is what this request met; another one may fare otherwise.
        let answer = answer.map_err(|_| Failure::TimedOut)?.map_err(|_| PANICKED)?;
        let response = answer.map_err(|error| {
            tracing::warn!(error = &*error as &dyn std::error::Error, "the service behind the page cache failed");
            Failure::Unreachable
        })?;
        self.flight.answered();
        let (mut head, body) = response.into_parts();
        say_length(&mut head, &body);
        Ok(Answered { head, body, exchange: Exchange { asked_at, answered_at: self.cache.now() } })
    }

    /// Whether what came may be kept, in the place of what is there.
    fn admit(&self, inquiry: &Inquiry<'_>, sent: &Sent<'_>, answered: &Answered) -> Result<Admitted, Rule> {
        let config = &self.flight.fetch.settings.rules;
        let Answered { head, exchange, .. } = answered;
        if let Some(Variant { stored, .. }) = self.previous {
            let takes = takes_its_place(head.status, stored.status, &stored.terms, self.cache.now(), config);
            takes.then_some(()).ok_or(Rule::StoredIsUsable)?;
        }
        Admitted::of(sent, head, &inquiry.key, exchange, config)
    }

    /// The page that is there, which is current. `None`: it has to be fetched whole.
    fn current(&self, inquiry: &Inquiry<'_>, answered: &Answered) -> Option<Result<Page, PageError>> {
        let config = &self.flight.fetch.settings.rules;
        let Answered { head, exchange, .. } = answered;
        let variant = self.previous?;
        Some(match variant.freshened(&inquiry.sent, &head.headers, &inquiry.key, exchange, config) {
            Freshened::Kept { variant, served, .. } => {
                // With those of before there may be too many tags: the whole page has its own alone.
                let page = self.kept(variant.detached(), head.extensions.get()).ok()?;
                self.offer(&served, inquiry);
                Ok(page)
            }
            Freshened::Once(stored, rule) => {
                self.offer(&stored, inquiry);
                self.flight.tell(News::Alone(rule));
                Err(PageError::Unkept(rule))
            }
            Freshened::Last(stored, rule) => {
                self.offer(&stored, inquiry);
                self.flight.tell(News::Alone(rule));
                Ok(self.passing(rule))
            }
            Freshened::Fetch(_) => return None,
        })
    }

    /// Keeps a response, and lets others follow it while it comes.
    async fn keep(
        &self,
        admitted: Admitted,
        inquiry: &Inquiry<'_>,
        answered: Answered,
        raises: u64,
    ) -> Result<Page, PageError> {
        let settings = &self.flight.fetch.settings;
        let Answered { head, body, .. } = answered;
        let length = head.headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
        let told: Option<PageTags> = head.extensions.get().cloned();
        let (filling, reader) = fill(settings.bounds, self.budget, length);
        let news = match filling.joining() {
            Some(joining) => News::Coming(Coming { admitted: admitted.clone(), joining, raises }.into()),
            None => News::Alone(Rule::ContentTooLong),
        };
        let pumped = pump(body, filling, settings.bounds.stall_timeout);
        // What is there at once is there before its head is read: a server that gets the head alone sends it, and at its socket what
        // comes behind would wait for the receipt of that.
        tokio::task::yield_now().await;
        self.flight.offer(self.own(&admitted, inquiry, &head, reader));
        self.flight.tell(news);
        let pumped = tokio::time::timeout(settings.content_timeout, pumped).await;
        match pumped {
            // All who read it have its end by now. Who comes from here on waits for one write to the store, which tells whether
            // anything was outdated meanwhile.
            Ok(Ok(Pumped::Filled(filled))) => self.filled(admitted, filled, told.as_ref()),
            Ok(Ok(Pumped::Passed)) | Err(_) => {
                self.flight.tell(News::Alone(Rule::ContentTooLong));
                Ok(self.passing(Rule::ContentTooLong))
            }
            Ok(Ok(Pumped::Broken) | Err(_)) => {
                self.flight.tell(News::Alone(Rule::LengthContradicts));
                Err(self.failed(inquiry, Failure::Truncated.into()))
            }
        }
    }

    /// The page of a response that has come whole. Who still reads it reads the page from here on.
    fn filled(&self, admitted: Admitted, filled: Filled, told: Option<&PageTags>) -> Result<Page, PageError> {
        let kept = admitted.keep(&filled.pieces, filled.trailers.as_ref(), End::Clean);
        let variant = kept.map_err(PageError::Unkept)?.detached();
        let pieces = variant.stored.body.pieces().map(|(_, piece)| piece.clone()).collect();
        let page = self.kept(variant, told)?;
        filled.stored_as(pieces);
        Ok(page)
    }

    /// Lets a response pass that is not to be kept.
    fn pass(&self, answered: Answered, rule: Rule, outdates: bool) -> Result<Page, PageError> {
        self.alone(answered, rule);
        match rule.about() {
            // What one client's odd field has brought about says nothing of what others get: it drives no page out.
            _ if !outdates || is_of_client(rule) && self.has_run_out() => Err(PageError::Unkept(rule)),
            About::Response => Ok(self.passing(rule)),
            // What is there is not current: it goes, and the next request may bring what is kept.
            _ => Ok(Page::passing(rule, Duration::ZERO)),
        }
    }

    /// Whether the page that is there is past its lifetime: then its windows end it. What was outdated before has to go by itself.
    fn has_run_out(&self) -> bool {
        self.previous.is_some_and(|Variant { stored: Stored { terms, .. }, .. }| {
            terms.age(self.cache.now()) >= terms.lifetime.span
        })
    }

    fn kept(&self, variant: Variant, told: Option<&PageTags>) -> Result<Page, PageError> {
        let windows = self.windows(&variant.stored.terms, self.cache.now());
        let fetch = &self.flight.fetch;
        let keyed = fetch.settings.rules.choices.keyed(&fetch.target);
        let tags = tags::all(&variant.tags, keyed.origin().host(), keyed.path(), told).map_err(PageError::Unkept)?;
        Ok(Page::kept(Variant { tags, ..variant }, windows, self.page))
    }

    fn passing(&self, rule: Rule) -> Page {
        Page::passing(rule, self.flight.fetch.settings.passing_ttl)
    }

    /// The windows of the engine, which count from when the load began: roughly, for each answer is judged by its terms. Beyond them
    /// the page stays for a while, so that its origin can call it current.
    fn windows(&self, terms: &Terms, now: Timestamp) -> Windows {
        let settings = &self.flight.fetch.settings;
        let grace = terms.windows(&settings.rules);
        let ttl = terms.lifetime.span.saturating_sub(terms.age(now));
        let kept = grace.stale_if_error.max(settings.kept_for_validation);
        Windows { ttl, stale_while_revalidate: grace.stale_while_revalidate, stale_if_error: kept }
    }
}

/// Whether a response is not kept for something about the client who asked, which others need not have.
fn is_of_client(rule: Rule) -> bool {
    matches!(rule, Rule::Authorization | Rule::Personal | Rule::RequestNoStore)
}

/// Says how long the content is where its service knows it and left it to the connection to say so: parts are cut by it, and what
/// HEAD gets has it.
fn say_length(head: &mut response::Parts, body: &InnerBody) {
    let may =
        !(head.status.is_informational() || [StatusCode::NO_CONTENT, StatusCode::NOT_MODIFIED].contains(&head.status));
    let says = [CONTENT_LENGTH, TRANSFER_ENCODING].iter().any(|name| head.headers.contains_key(name));
    if let (true, false, Some(length)) = (may, says, body.size_hint().exact()) {
        // A response with as many fields as there can be goes without.
        _ = head.headers.try_insert(CONTENT_LENGTH, length.into());
    }
}
