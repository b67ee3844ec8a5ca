//! What is served without a question to the origin, and how.

use super::{Known, Right, otherwise, reread};
use crate::date::{NOON_TEXT, offset, text};
use crate::message::{Message, SECONDS_MOST};
use crate::theirs;
use crate::verdict::{Question, Update, Verdict};

pub const KNOWN: &[Known] = &[
    otherwise("it answers POST from what is stored", "RFC 9111 4", Right::Ours, |trial, _| {
        if trial.later_method == "POST" {
            trial.later_method = "PUT";
        }
    }),
    otherwise("it does not answer GET by what was stored for POST", "RFC 9110 9.3.3", Right::Either, |trial, _| {
        if trial.method == "POST" && ["GET", "HEAD"].contains(&trial.later_method) {
            trial.later_method = "POST";
        }
    }),
    otherwise("it does not answer HEAD by what was stored for GET", "RFC 9110 9.3.2", Right::Either, |trial, _| {
        if trial.method == "GET" && trial.later_method == "HEAD" {
            trial.later_method = "GET";
        }
    }),
    otherwise("it compares the first line of each field alone", "RFC 9111 4.1", Right::Ours, |trial, _| {
        [&mut trial.request, &mut trial.later].into_iter().for_each(join);
    }),
    otherwise(
        "it serves stale what is to be validated at each use",
        "RFC 9111 5.2.2.4",
        Right::Ours,
        |trial, question| {
            if question.is_of_serving() && trial.response.says("no-cache") {
                trial.response.say("must-revalidate", "");
            }
        },
    ),
    otherwise("it serves stale what has s-maxage", "RFC 9111 5.2.2.10", Right::Ours, |trial, question| {
        if question.is_of_serving() && trial.shared && trial.response.says("s-maxage") {
            trial.response.say("must-revalidate", "");
        }
    }),
    otherwise(
        "it serves what is just as stale as max-stale allows no more",
        "RFC 9111 5.2.1.2",
        Right::Ours,
        |trial, _| {
            for directive in trial.later.all_mut().filter(|directive| directive.is("max-stale")) {
                directive.rest = match directive.seconds() {
                    Some(SECONDS_MOST) | None => String::new(),
                    Some(seconds) => format!("={}", seconds + 1),
                };
            }
        },
    ),
    otherwise(
        "it heeds Pragma beside Cache-Control, and whatever has no-cache in it",
        "RFC 9111 5.4",
        Right::Either,
        |trial, _| {
            let later = &mut trial.later;
            if !later.directives.is_empty() || !later.members("pragma").contains(&"no-cache") {
                later.remove("pragma");
            }
        },
    ),
    otherwise("it does not know stale-while-revalidate", "RFC 5861 3", Right::Either, |trial, _| {
        let window = trial.response.seconds("stale-while-revalidate").unwrap_or(0);
        // Who says how stale it may be, or that it has to be fresh, is obeyed here.
        let wishes = ["max-age", "max-stale"].iter().any(|name| trial.later.says(name));
        if window > 0 && !wishes {
            trial.later.say("max-stale", &format!("={}", window + 1));
        }
    }),
    otherwise("it has what is immutable validated while it is fresh", "RFC 8246 2", Right::Either, |trial, _| {
        if trial.response.says("immutable") && theirs::age(trial) < theirs::lifetime(trial) {
            trial.later.unsay(|directive| directive.is("max-age") || directive.is("min-fresh"));
        }
    }),
    otherwise("of several lines of a field it sends the last", "RFC 9110 5.3", Right::Ours, |trial, question| {
        if question == Question::Sends || question.is_of_an_update() {
            trial.answers().into_iter().for_each(join);
        }
    }),
    otherwise(
        "it heeds Connection where that names what all recipients need",
        "RFC 9110 7.6.1",
        Right::Ours,
        |trial, _| {
            for (_, line) in trial.response.fields.iter_mut().filter(|(name, _)| *name == "connection") {
                *line = line.replace(", vary", "");
            }
        },
    ),
    otherwise("it stores and sends what is for proxies alone", "RFC 9111 3.1", Right::Ours, |trial, _| {
        for answer in trial.answers() {
            answer.remove("proxy-connection");
            answer.remove("proxy-authentication-info");
        }
    }),
    reread(
        "it dates what it sends anew, in a form that is not HTTP's",
        "RFC 9110 5.6.7",
        Right::Ours,
        |trial, _, verdict| {
            if let Verdict::Sent { date, .. } = verdict {
                *date = trial.response.line("date").and_then(offset).map_or(NOON_TEXT.to_owned(), text);
            }
        },
    ),
    reread("it warns of what it guessed", "RFC 9111 5.5", Right::Ours, |_, _, verdict| {
        if let Verdict::Sent { fields, .. } | Verdict::Updated(Update::Current(fields)) = verdict {
            fields.remove("warning");
        }
    }),
];

fn join(message: &mut Message) {
    if message.directives.len() > 1 {
        message.directives = vec![message.all().cloned().collect()];
    }
    let names: Vec<&'static str> = message.fields.iter().map(|(name, _)| *name).collect();
    for name in names {
        let lines: Vec<&str> = message.lines(name).collect();
        // Of these two the first counts.
        if lines.len() > 1 && !["age", "date"].contains(&name) {
            let line = lines.join(", ");
            message.set(name, line);
        }
    }
}
