//! Who has a seat in the load of a page, and who goes on by himself.

use freshen_http::{AskedBy, Rule};
use http::header::RANGE;

use crate::flight::Seat;
use crate::page::PageAt;
use crate::walk::Walk;

impl Walk<'_> {
    /// A seat in the load of the page.
    ///
    /// # Errors
    /// The rule by which the request goes on by itself; or, by [`Rule::TooManyLoads`], not at all.
    pub(crate) fn seat(&self, at: &PageAt, is_stored: bool) -> Result<Seat, Rule> {
        match () {
            () if self.inquiry.asked.directives.no_store => Err(Rule::RequestNoStore),
            () if !is_stored && self.wants_a_part() => self.pages.seat(at).ok_or(Rule::Incomplete),
            // Where nothing is stored, no whole page is fetched for its head. What is stale is made again as for GET, so that HEAD
            // freshens or replaces it (RFC 9111, section 4.3.5).
            () if !is_stored && self.is_head() => self.pages.seat(at).ok_or(Rule::MethodNotStored),
            () if self.pages.is_full() => self.pages.seat(at).ok_or(Rule::TooManyLoads),
            // RFC 9111, section 5.2.1.4: what is under way was asked for before him.
            () if self.wants_it_validated() => self.pages.begin(at, self.fetch).ok_or(Rule::RequestNoCache),
            // What comes for another is most likely not for him.
            () if self.inquiry.asked.authorized => self.pages.begin(at, self.fetch).ok_or(Rule::Authorization),
            () => Ok(self.pages.board(at, self.fetch)),
        }
    }

    fn wants_it_validated(&self) -> bool {
        self.rules().obeys_reloads && self.inquiry.asked.directives.no_cache
    }

    pub(crate) fn is_head(&self) -> bool {
        self.inquiry.asked.method == AskedBy::Head
    }

    /// Whether it asks for a part of a page that may be of any length: the whole is not fetched for a few bytes, over and over. From
    /// the first byte to the end is the whole.
    fn wants_a_part(&self) -> bool {
        self.inquiry.asked.ranged && self.parts.headers.get(RANGE).is_some_and(|range| range != "bytes=0-")
    }

    /// Whether what forbids to keep a response was something about the client who came first, and this one has nothing of that kind:
    /// else whoever always comes first would keep a page from being kept.
    pub(crate) fn may_fare_better(&self, seat: &Seat, rule: Rule) -> bool {
        let asked = &self.inquiry.asked;
        let of_client = matches!(rule, Rule::Authorization | Rule::Personal | Rule::StatusOfRequest);
        !seat.first && of_client && !asked.authorized && asked.personal.is_none()
    }
}
