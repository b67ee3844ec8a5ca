//! What the other judge answers, the crate http-cache-semantics.

use std::panic::catch_unwind;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http_cache_semantics::{AfterResponse, BeforeRequest, CacheOptions, CachePolicy};

use crate::date::NOON;
use crate::trial::Trial;
use crate::verdict::{Question, Update, Verdict, fields, joined};

pub fn verdict(question: Question, trial: &Trial) -> Verdict {
    catch_unwind(|| answer(question, trial)).unwrap_or(Verdict::Panics)
}

/// For how long the response is fresh, whatever its age.
pub fn lifetime(trial: &Trial) -> Duration {
    let mut young = trial.clone();
    young.response.remove("age");
    policy(&young).time_to_live(noon())
}

pub fn age(trial: &Trial) -> Duration {
    policy(trial).age(later(trial))
}

fn noon() -> SystemTime {
    UNIX_EPOCH + Duration::from_micros(NOON.as_micros())
}

fn later(trial: &Trial) -> SystemTime {
    noon() + Duration::from_secs(trial.elapsed_seconds)
}

fn policy(trial: &Trial) -> CachePolicy {
    let options = CacheOptions {
        shared: trial.shared,
        cache_heuristic: 0.1,
        immutable_min_time_to_live: Duration::ZERO,
        ignore_cargo_cult: false,
    };
    CachePolicy::new_options(&trial.first(), &trial.answer(), noon(), options)
}

fn answer(question: Question, trial: &Trial) -> Verdict {
    match question {
        Question::Stores => Verdict::Is(policy(trial).is_storable()),
        Question::Ages => Verdict::Span(age(trial)),
        Question::Lives => Verdict::Span(lifetime(trial)),
        Question::Matches => Verdict::Is(matches(trial)),
        Question::Serves => Verdict::Is(matches!(served(trial), BeforeRequest::Fresh(_))),
        Question::Sends => sends(trial),
        Question::Asks => asks(trial),
        Question::Updates => Verdict::Updated(updates(trial)),
        Question::Renews => renews(trial),
    }
}

fn served(trial: &Trial) -> BeforeRequest {
    policy(trial).before_request(&trial.second(), later(trial))
}

/// It tells whether a request matches only where the response is not served: so it is asked for a validation. Methods are
/// another question.
fn matches(trial: &Trial) -> bool {
    matches!(asked(trial, trial.method), BeforeRequest::Stale { matches: true, .. })
}

fn asked(trial: &Trial, method: &'static str) -> BeforeRequest {
    let mut reloading = trial.clone();
    reloading.later.say("no-cache", "");
    reloading.later_method = method;
    served(&reloading)
}

fn sends(trial: &Trial) -> Verdict {
    let BeforeRequest::Fresh(sent) = served(trial) else { return Verdict::Silent };
    let written = |name| joined(&sent.headers, name);
    Verdict::Sent { age: written("age"), date: written("date"), fields: fields(&sent.headers) }
}

fn asks(trial: &Trial) -> Verdict {
    let BeforeRequest::Stale { request, .. } = asked(trial, trial.later_method) else { return Verdict::Silent };
    let said = |name| request.headers.contains_key(name).then(|| joined(&request.headers, name));
    Verdict::Asked {
        tags: said("if-none-match"),
        since: said("if-modified-since"),
        range: request.headers.contains_key("range") || request.headers.contains_key("if-range"),
    }
}

fn updates(trial: &Trial) -> Update {
    match updated(trial) {
        AfterResponse::NotModified(_, sent) => Update::Current(fields(&sent.headers)),
        AfterResponse::Modified(..) if trial.update_status == 304 => Update::Unrelated,
        AfterResponse::Modified(..) => Update::Replaced,
    }
}

fn updated(trial: &Trial) -> AfterResponse {
    policy(trial).after_response(&trial.second(), &trial.answer_to_validation(), later(trial))
}

fn renews(trial: &Trial) -> Verdict {
    let AfterResponse::NotModified(policy, _) = updated(trial) else { return Verdict::Silent };
    Verdict::Renewed { age: policy.age(later(trial)), left: policy.time_to_live(later(trial)) }
}
