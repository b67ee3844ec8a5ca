//! What this crate answers.

use std::time::Duration;

use bytes::Bytes;
use freshen_core::Timestamp;
use freshen_http::{
    Answer, Asked, Candidate, Config, Cookies, End, Exchange, Freshened, Heuristic, Mode, Nominee, Received, Selecting,
    Step, Stored, Storing, Terms, Validated, Variants, choose, judge, validating,
};
use http::HeaderMap;

use crate::date::NOON;
use crate::trial::Trial;
use crate::verdict::{Question, Update, Verdict, fields, joined};

/// Set as the other judge is: requests are obeyed, no target counts, a guess has no bound, and fields are compared as they are.
fn config(trial: &Trial) -> Config {
    Config {
        mode: if trial.shared { Mode::Shared } else { Mode::Private },
        targets: Vec::new(),
        heuristic: Some(Heuristic { percent: 10, most: Duration::MAX }),
        obeys_reloads: true,
        cookies: Cookies::Careful,
        variants: Variants { likeness: Vec::new(), ..Variants::default() },
        stores_query: false,
        stores_post: true,
        ..Config::default()
    }
}

pub struct Ours<'a> {
    trial: &'a Trial,
    config: Config,
    /// Under which it is stored, if it is.
    terms: Option<Terms>,
}

impl<'a> Ours<'a> {
    pub fn of(trial: &'a Trial) -> Ours<'a> {
        let config = config(trial);
        let asked_at = Timestamp::from_micros(NOON.as_micros() - trial.delay_seconds * 1_000_000);
        let exchange = Exchange { asked_at, answered_at: NOON };
        let terms = match Storing::of(&trial.first(), &trial.answer(), &exchange, &config) {
            Storing::Store(terms, _) => Some(terms),
            Storing::Pass(_) => None,
        };
        Ours { trial, config, terms }
    }

    /// `None`: the question does not arise.
    pub fn verdict(&self, question: Question) -> Option<Verdict> {
        if question == Question::Stores {
            return Some(Verdict::Is(self.terms.is_some()));
        }
        let now = NOON + Duration::from_secs(self.trial.elapsed_seconds);
        Case { trial: self.trial, config: &self.config, terms: self.terms?, now }.verdict(question)
    }
}

struct Case<'a> {
    trial: &'a Trial,
    config: &'a Config,
    terms: Terms,
    now: Timestamp,
}

impl Case<'_> {
    fn verdict(&self, question: Question) -> Option<Verdict> {
        match question {
            Question::Stores => None,
            Question::Ages => Some(Verdict::Span(self.terms.age(self.now))),
            // The other says it of both with one number.
            Question::Lives if self.terms.no_cache => Some(Verdict::Span(Duration::ZERO)),
            Question::Lives => Some(Verdict::Span(whole(self.terms.lifetime.span))),
            Question::Matches => Some(Verdict::Is(self.matches())),
            Question::Serves => Some(Verdict::Is(self.serves())),
            Question::Sends => self.serves().then(|| self.sends())?,
            Question::Asks => self.is_asked().then(|| self.asks())?,
            Question::Updates => self.is_asked().then(|| self.updates())?.map(Verdict::Updated),
            Question::Renews => self.is_asked().then(|| self.renews())?,
        }
    }

    fn asked(&self) -> Asked {
        Asked::of(&self.trial.second(), self.config)
    }

    fn matches(&self) -> bool {
        let selecting = Selecting::of(&self.trial.first().headers, &self.trial.answer().headers, self.config);
        let Ok(selecting) = selecting else { return false };
        let candidate = Candidate { selecting: &selecting, terms: &self.terms };
        choose([candidate], &self.trial.second().headers) == Some(0)
    }

    fn serves(&self) -> bool {
        let asked = self.asked();
        let step = judge(&self.terms, &asked, self.now, self.config).step;
        asked.passes().is_none() && self.matches() && matches!(step, Step::Serve | Step::ServeAndRefresh)
    }

    fn stored(&self) -> Option<Stored> {
        let (request, response) = (self.trial.first(), self.trial.answer());
        let content = Bytes::from_static(b"hello");
        let received =
            Received { request: &request, response: &response, content: &content, trailers: None, end: End::Clean };
        Stored::of(&received, self.terms, self.config).ok()
    }

    fn sends(&self) -> Option<Verdict> {
        let mut request = self.trial.second();
        request.headers.clear();
        let Answer::Serve(served, _) = self.stored()?.answer(&request, self.now, 0) else { return None };
        let written = |name| joined(&served.headers, name);
        Some(Verdict::Sent { age: written("age"), date: written("date"), fields: fields(&served.headers) })
    }

    /// Whether the origin is asked about this response for the later request.
    fn is_asked(&self) -> bool {
        let reads = ["GET", "HEAD"];
        self.trial.method == "GET"
            && reads.contains(&self.trial.later_method)
            && self.matches()
            && self.stored().is_some()
    }

    fn asks(&self) -> Option<Verdict> {
        let stored = self.stored()?;
        let headers = validating(&self.trial.second().headers, &[nominee(&stored)], self.now);
        let said = |name| headers.contains_key(name).then(|| joined(&headers, name));
        Some(Verdict::Asked {
            tags: said("if-none-match"),
            since: said("if-modified-since"),
            range: headers.contains_key("range") || headers.contains_key("if-range"),
        })
    }

    /// Of an update that is for one client alone the fields are another matter.
    fn updates(&self) -> Option<Update> {
        let stored = self.stored()?;
        let answer = self.trial.answer_to_validation();
        Some(match Validated::of(&answer, &[nominee(&stored)], &self.asked(), self.now) {
            Validated::Current { .. } => Update::Current(fields(&self.freshened(&stored, &answer.headers)?.0)),
            Validated::StandIn(_) => Update::StandsIn,
            Validated::AskAgain(_) => Update::Unrelated,
            Validated::Answer { .. } => Update::Replaced,
        })
    }

    fn freshened(&self, stored: &Stored, update: &HeaderMap) -> Option<(HeaderMap, Terms)> {
        let exchange = Exchange { asked_at: self.now, answered_at: self.now };
        let stored = (stored.status, &stored.headers);
        match Freshened::of(&self.trial.second(), stored, update, &exchange, self.config) {
            Freshened::Stored { headers, terms, .. } => Some((headers, terms)),
            Freshened::Once { .. } | Freshened::Last { .. } | Freshened::Fetch(_) => None,
        }
    }

    fn renews(&self) -> Option<Verdict> {
        let Update::Current(_) = self.updates()? else { return None };
        let (_, terms) = self.freshened(&self.stored()?, &self.trial.answer_to_validation().headers)?;
        let span = if terms.no_cache { Duration::ZERO } else { terms.lifetime.span };
        let age = terms.age(self.now);
        Some(Verdict::Renewed { age, left: whole(span).saturating_sub(age) })
    }
}

/// The other guesses in whole seconds.
fn whole(span: Duration) -> Duration {
    Duration::from_secs(span.as_secs())
}

fn nominee(stored: &Stored) -> Nominee<'_> {
    Nominee { headers: &stored.headers, terms: &stored.terms, selected: true, suffices: true }
}
