//! What this crate answers.

use std::time::Duration;

use bytes::Bytes;
use freshen_core::Timestamp;
use freshen_http::{
    Answer, Asked, CacheKey, Config, Content, Cookies, End, Exchange, Freshened, Heuristic, KeyParts, Mode, Personal,
    Question as Asking, Received, Scheme, Sent, Step, Target, Terms, Validated, Variant, Variants, choose, judge,
};
use http::{HeaderMap, Request, Version, request};

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
        personal: Personal::Shared,
        variants: Variants { likeness: Vec::new(), ..Variants::default() },
        stores_query: false,
        stores_post: true,
        ..Config::default()
    }
}

/// The one target that there is, and its key.
struct Place {
    target: Target,
    key: CacheKey,
}

impl Place {
    fn of(config: &Config) -> Place {
        let request = Request::get("http://a.example/").version(Version::HTTP_2).body(()).unwrap().into_parts().0;
        let target = Target::of(&request, Scheme::Http, config).unwrap();
        let asked = Asked::of(&request, config).method;
        let sent = Sent::of(&request, &target, config);
        let key = CacheKey::of(&KeyParts { asked, sent: &sent, content: Content::Absent, audience: None }, config);
        Place { key: key.unwrap(), target }
    }
}

pub struct Ours<'a> {
    trial: &'a Trial,
    config: Config,
    place: Place,
    /// What is stored, if anything is.
    variant: Option<Variant>,
}

impl<'a> Ours<'a> {
    pub fn of(trial: &'a Trial) -> Ours<'a> {
        let config = config(trial);
        let asked_at = Timestamp::from_micros(NOON.as_micros() - trial.delay_seconds * 1_000_000);
        let exchange = Exchange { asked_at, answered_at: NOON };
        let (place, first, answer) = (Place::of(&config), trial.first(), trial.answer());
        let content = [Bytes::from_static(b"hello")];
        let received = Received { response: &answer, content: &content, trailers: None, end: End::Clean };
        let sent = Sent::of(&first, &place.target, &config);
        let variant = Variant::of(&received, &sent, &place.key, &exchange, &config).ok();
        Ours { trial, config, place, variant }
    }

    /// `None`: the question does not arise.
    pub fn verdict(&self, question: Question) -> Option<Verdict> {
        if question == Question::Stores {
            return Some(Verdict::Is(self.variant.is_some()));
        }
        let now = NOON + Duration::from_secs(self.trial.elapsed_seconds);
        let (config, place, later) = (&self.config, &self.place, self.trial.second());
        Case { trial: self.trial, config, place, variant: self.variant.as_ref()?, later, now }.verdict(question)
    }
}

struct Case<'a> {
    trial: &'a Trial,
    config: &'a Config,
    place: &'a Place,
    variant: &'a Variant,
    later: request::Parts,
    now: Timestamp,
}

impl Case<'_> {
    fn verdict(&self, question: Question) -> Option<Verdict> {
        match question {
            Question::Stores => None,
            Question::Ages => Some(Verdict::Span(self.terms().age(self.now))),
            // The other says it of both with one number.
            Question::Lives if self.terms().no_cache => Some(Verdict::Span(Duration::ZERO)),
            Question::Lives => Some(Verdict::Span(whole(self.terms().lifetime.span))),
            Question::Matches => Some(Verdict::Is(self.matches())),
            Question::Serves => Some(Verdict::Is(self.serves())),
            Question::Sends => self.serves().then(|| self.sends())?,
            Question::Asks => self.is_asked().then(|| self.asks())?,
            Question::Updates => self.is_asked().then(|| self.updates())?.map(Verdict::Updated),
            Question::Renews => self.is_asked().then(|| self.renews())?,
        }
    }

    fn terms(&self) -> &Terms {
        &self.variant.stored.terms
    }

    fn asked(&self) -> Asked {
        Asked::of(&self.later, self.config)
    }

    fn sent(&self) -> Sent<'_> {
        Sent::of(&self.later, &self.place.target, self.config)
    }

    fn matches(&self) -> bool {
        choose([self.variant.candidate()], &self.sent()) == Some(0)
    }

    fn serves(&self) -> bool {
        let asked = self.asked();
        let step = judge(Some(self.terms()), &asked, self.now, self.config).step;
        asked.passes().is_none() && self.matches() && matches!(step, Step::Serve | Step::ServeAndRefresh)
    }

    fn sends(&self) -> Option<Verdict> {
        let unconditional = HeaderMap::new();
        let answer = self.variant.stored.answer(&unconditional, &self.asked(), self.now, 0, self.config);
        let Answer::Serve(served, _) = answer else { return None };
        let written = |name| joined(&served.headers, name);
        Some(Verdict::Sent { age: written("age"), date: written("date"), fields: fields(&served.headers) })
    }

    /// Whether the origin is asked about this response for the later request, which it could answer: a part could not.
    fn is_asked(&self) -> bool {
        let whole = self.variant.stored.body.is_complete();
        whole && self.trial.method == "GET" && ["GET", "HEAD"].contains(&self.trial.later_method) && self.matches()
    }

    fn asking(&self) -> Asking<'_> {
        Asking::about(&self.sent(), &self.asked(), std::slice::from_ref(self.variant), self.now, self.config)
    }

    fn asks(&self) -> Option<Verdict> {
        let headers = self.asking().sent().headers();
        let said = |name| headers.contains_key(name).then(|| joined(&headers, name));
        Some(Verdict::Asked {
            tags: said("if-none-match"),
            since: said("if-modified-since"),
            range: headers.contains_key("range") || headers.contains_key("if-range"),
        })
    }

    /// Of an update that is for one client alone the fields are another matter.
    fn updates(&self) -> Option<Update> {
        // A 304 to what asked about nothing is none.
        let headers = self.asking().sent().headers();
        let conditional = ["if-none-match", "if-modified-since"].iter().any(|name| headers.contains_key(*name));
        if self.trial.update_status == 304 && !conditional {
            return None;
        }
        Some(match self.asking().answered(&self.trial.answer_to_validation(), self.now) {
            Validated::Current { .. } => Update::Current(fields(&self.freshened()?.stored.headers)),
            Validated::StandIn { .. } => Update::StandsIn,
            Validated::AskAgain(_) => Update::Unrelated,
            Validated::Failed { .. } | Validated::Answer { .. } => Update::Replaced,
        })
    }

    fn freshened(&self) -> Option<Variant> {
        let exchange = Exchange { asked_at: self.now, answered_at: self.now };
        let update = self.trial.answer_to_validation().headers;
        match self.variant.freshened(&self.sent(), &update, &self.place.key, &exchange, self.config) {
            Freshened::Kept { variant, .. } => Some(variant),
            Freshened::Once(..) | Freshened::Last(..) | Freshened::Fetch(_) => None,
        }
    }

    fn renews(&self) -> Option<Verdict> {
        let Update::Current(_) = self.updates()? else { return None };
        let terms = self.freshened()?.stored.terms;
        let span = if terms.no_cache { Duration::ZERO } else { terms.lifetime.span };
        let age = terms.age(self.now);
        Some(Verdict::Renewed { age, left: whole(span).saturating_sub(age) })
    }
}

/// The other guesses in whole seconds.
fn whole(span: Duration) -> Duration {
    Duration::from_secs(span.as_secs())
}
