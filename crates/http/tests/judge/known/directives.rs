//! How directives are read.

use super::{Known, Right, otherwise};
use crate::message::{Directive, Message, SECONDS_MOST};
use crate::trial::Trial;
use crate::verdict::Question;

pub const KNOWN: &[Known] = &[
    otherwise(
        "it takes what is written wrongly for a permission to share what an authorized request got",
        "RFC 9111 3.5",
        Right::Ours,
        |trial, _| {
            let permits = |directive: &Directive| match directive.name.to_ascii_lowercase().as_str() {
                "public" | "must-revalidate" => !directive.rest.starts_with('='),
                "s-maxage" => directive.seconds().is_some(),
                _ => false,
            };
            let wrongly = ["must-revalidate", "s-maxage"].iter().any(|name| trial.response.says(name));
            if trial.shared && trial.request.has("authorization") && wrongly && !trial.response.all().any(permits) {
                trial.response.say("private", "");
            }
        },
    ),
    otherwise("it compares the names of directives with their case", "RFC 9111 5.2", Right::Ours, |trial, _| {
        each(trial, |directive| directive.name.make_ascii_lowercase());
    }),
    otherwise("it overlooks a line with other bytes than ASCII", "RFC 9110 5.5", Right::Ours, |trial, _| {
        unsay(trial, |directive| !directive.rest.is_ascii());
    }),
    otherwise("it divides quoted strings at commas", "RFC 9110 5.6.4", Right::Ours, |trial, _| {
        unsay(trial, |directive| directive.is("x") && directive.rest.contains(','));
    }),
    otherwise(
        "it does not know a directive with something else than an argument behind",
        "RFC 9111 5.2",
        Right::Either,
        |trial, _| {
            each(trial, |directive| {
                if !directive.rest.is_empty() && !directive.rest.starts_with('=') && !is_span(directive) {
                    directive.rest.clear();
                }
            });
        },
    ),
    otherwise("it reads spans with blanks or a sign", "RFC 9111 1.2.2", Right::Ours, |trial, _| {
        each(trial, |directive| {
            let odd = directive.rest.starts_with("=+") || directive.rest.contains(' ');
            if is_span(directive) && odd {
                directive.rest = "=x".to_owned();
            }
        });
    }),
    otherwise("it takes public with an argument for public", "RFC 9111 5.2", Right::Either, |trial, _| {
        unsay(trial, |directive| directive.is("public") && !directive.rest.is_empty());
    }),
    otherwise("it takes a span that is too long for none", "RFC 9111 1.2.2", Right::Ours, |trial, _| {
        each(trial, |directive| {
            let beyond = directive.argument().is_some_and(|text| text.len() > 19);
            if is_span(directive) && beyond && directive.seconds().is_some() {
                directive.rest = format!("={SECONDS_MOST}");
            }
        });
    }),
    otherwise("it knows spans longer than 2^31 seconds", "RFC 9111 1.2.2", Right::Either, |trial, _| {
        each(trial, |directive| {
            if is_span(directive) && directive.seconds() == Some(SECONDS_MOST) {
                directive.rest = format!("={SECONDS_MOST}");
            }
        });
    }),
    otherwise("it overlooks a span of a response without a number", "RFC 9111 4.2.1", Right::Ours, |trial, _| {
        for directive in trial.answers().into_iter().flat_map(Message::all_mut) {
            if ["max-age", "s-maxage"].iter().any(|span| directive.is(span)) && directive.rest.is_empty() {
                directive.rest = "=0".to_owned();
            }
        }
    }),
    otherwise("it overlooks a span of a request that is no number", "RFC 9111 5.2.1", Right::Either, |trial, _| {
        for directive in trial.later.all_mut().filter(|directive| directive.seconds().is_none()) {
            let strictest = if directive.is("min-fresh") { SECONDS_MOST } else { 0 };
            if ["max-age", "min-fresh"].iter().any(|span| directive.is(span)) {
                directive.rest = format!("={strictest}");
            }
        }
    }),
    otherwise("it takes max-stale with what is no number for any age", "RFC 9111 5.2.1.2", Right::Ours, |trial, _| {
        for directive in trial.later.all_mut().filter(|directive| directive.is("max-stale")) {
            if !directive.rest.is_empty() && directive.seconds().is_none() {
                directive.rest = "=0".to_owned();
            }
        }
    }),
    otherwise(
        "of a directive that is there twice it takes the first, and must-revalidate",
        "RFC 9111 4.2.1",
        Right::Either,
        |trial, _| {
            for message in trial.messages() {
                SPANS.iter().for_each(|name| sole(message, name));
                once(message);
            }
        },
    ),
    otherwise("it takes no-cache with fields for no-cache", "RFC 9111 5.2.2.4", Right::Either, |trial, question| {
        narrow(trial, question, "no-cache");
    }),
    otherwise("it takes private with fields for private", "RFC 9111 5.2.2.7", Right::Either, |trial, question| {
        if trial.shared {
            narrow(trial, question, "private");
        }
    }),
];

const SPANS: [&str; 6] = ["max-age", "s-maxage", "stale-while-revalidate", "stale-if-error", "min-fresh", "max-stale"];

fn is_span(directive: &Directive) -> bool {
    SPANS.iter().any(|span| directive.is(span))
}

fn each(trial: &mut Trial, told: impl Fn(&mut Directive)) {
    trial.messages().into_iter().flat_map(Message::all_mut).for_each(told);
}

fn unsay(trial: &mut Trial, gone: impl Fn(&Directive) -> bool) {
    trial.messages().into_iter().for_each(|message| message.unsay(&gone));
}

/// Only the strictest of a name stays: the shortest span, but the longest for which something has to be fresh.
fn sole(message: &mut Message, name: &str) {
    let of = |message: &Message| message.all().filter(|directive| directive.is(name)).cloned().collect::<Vec<_>>();
    let strictness = |directive: &Directive| {
        let any = if directive.rest.is_empty() && directive.is("max-stale") { u64::MAX } else { 0 };
        let seconds = directive.seconds().unwrap_or(any);
        if directive.is("min-fresh") { u64::MAX - seconds } else { seconds }
    };
    let all = of(message);
    let Some(strictest) = all.iter().min_by_key(|directive| strictness(directive)).filter(|_| all.len() > 1) else {
        return;
    };
    message.unsay(|directive| directive.is(name));
    message.say(name, &strictest.rest.clone());
}

/// No directive is there twice: what names fields names all of them, or goes before what names none.
fn once(message: &mut Message) {
    let mut kept: Vec<Directive> = Vec::new();
    for directive in message.all() {
        let Some(other) = kept.iter_mut().find(|other| other.name == directive.name) else {
            kept.push(directive.clone());
            continue;
        };
        other.rest = match (other.argument(), directive.argument()) {
            (Some(one), Some(more)) => format!("=\"{one}, {more}\""),
            _ => String::new(),
        };
    }
    if message.all().count() > kept.len() {
        message.directives = vec![kept];
    }
}

/// The directive goes, and with it the fields that it names: those of what is stored, and of what that comes to be.
fn narrow(trial: &mut Trial, question: Question, name: &str) {
    let named = |directive: &Directive| directive.is(name) && directive.rest.starts_with('=');
    let fields = |message: &Message| -> Vec<String> {
        let lists = message.all().filter(|directive| named(directive)).filter_map(Directive::argument);
        lists.flat_map(|list| list.split(',')).map(|field| field.trim().to_owned()).collect()
    };
    let (first, then) = (fields(&trial.response), fields(&trial.update));
    let then = if !question.is_of_an_update() {
        &Vec::new()
    } else if trial.update.directives.is_empty() {
        &first
    } else {
        &then
    };
    first.iter().chain(then).for_each(|field| trial.response.remove(field));
    then.iter().for_each(|field| trial.update.remove(field));
    trial.answers().into_iter().for_each(|answer| answer.unsay(named));
}
