//! What the one gets whose request is sent, before the page is made.

use freshen_http::{Admitted, Following, Inquiry, Outgoing, Rule, Stored};
use http::{Response, response};

use crate::body::PageBody;
use crate::fetch::Fetch;
use crate::flight::News;
use crate::load::{Answered, Making};
use crate::reader::Reader;
use crate::reply;

impl Making<'_> {
    /// What came goes to the one whose request it was, and all others ask by themselves.
    pub(crate) fn alone(&self, answered: Answered, rule: Rule) {
        self.hand_over(answered);
        self.flight.tell(News::Alone(rule));
    }

    /// What came goes to the one whose request it was, as it came.
    pub(crate) fn hand_over(&self, answered: Answered) {
        let Answered { head, body, .. } = answered;
        self.flight.offer(Response::from_parts(self.outgoing(&head), PageBody::passing(body)));
    }

    /// What the one gets whose request brought a response that is kept: with what came for him alone.
    pub(crate) fn own(
        &self,
        admitted: &Admitted,
        inquiry: &Inquiry<'_>,
        head: &response::Parts,
        reader: Reader,
    ) -> Response<PageBody> {
        let Fetch { parts, settings, .. } = &self.flight.fetch;
        match admitted.own(head, &parts.headers, &inquiry.asked, self.cache.now(), &settings.rules) {
            Ok((Following { status, headers, content }, _)) => {
                let mut own = head.clone();
                (own.status, own.headers) = (status, headers);
                Response::from_parts(own, PageBody::portion(reader, content, admitted))
            }
            // It is a part itself, which he did not ask for: it goes on as it came.
            Err(_) => Response::from_parts(self.outgoing(head), PageBody::coming(reader)),
        }
    }

    /// Gives the one whose request it was what is stored, as it is for him.
    pub(crate) fn offer(&self, stored: &Stored, inquiry: &Inquiry<'_>) {
        let Fetch { parts, settings, .. } = &self.flight.fetch;
        let now = self.cache.now();
        if let Ok(response) = reply::of_stored(stored, &parts.headers, &inquiry.asked, now, &settings.rules) {
            self.flight.offer(response);
        }
    }

    fn outgoing(&self, head: &response::Parts) -> response::Parts {
        let outgoing = Outgoing::of(head, &self.flight.fetch.settings.rules);
        let mut parts = head.clone();
        parts.headers = outgoing.headers(&head.headers);
        reply::date(&mut parts, self.cache.now());
        parts
    }
}
