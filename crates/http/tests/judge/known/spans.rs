//! How old a response is, and for how long it is fresh.

use super::{Known, Right, otherwise};
use crate::date::{NOON_TEXT, Reads, offset, reads, text};
use crate::message::{Message, SECONDS_MOST};
use crate::trial::Trial;
use crate::verdict::Question;

pub const KNOWN: &[Known] = &[
    otherwise("it overlooks an Age that is a list", "RFC 9111 5.1", Right::Ours, |trial, _| {
        each_age(trial, |age| age.split(',').next().map(str::to_owned));
    }),
    otherwise("it reads an Age with a sign", "RFC 9111 5.1", Right::Ours, |trial, _| {
        each_age(trial, |age| (!age.starts_with('+')).then(|| age.to_owned()));
    }),
    otherwise("it panics at the greatest Age", "RFC 9111 1.2.2", Right::Ours, |trial, _| {
        each_age(trial, |age| {
            Some(if age == u64::MAX.to_string() { (u64::MAX >> 2).to_string() } else { age.to_owned() })
        });
    }),
    otherwise("it overlooks an Age that is too long", "RFC 9111 1.2.2", Right::Ours, |trial, _| {
        each_age(trial, |age| {
            Some(if age.len() > 19 && is_number(age) { (u64::MAX >> 2).to_string() } else { age.to_owned() })
        });
    }),
    otherwise("it knows ages greater than 2^31 seconds", "RFC 9111 1.2.2", Right::Either, |trial, _| {
        each_age(trial, |age| {
            let beyond = age.parse().is_ok_and(|seconds: u64| seconds > SECONDS_MOST && seconds < u64::MAX);
            Some(if beyond { SECONDS_MOST.to_string() } else { age.to_owned() })
        });
    }),
    otherwise("it reads dates in one form alone", "RFC 9110 5.6.7", Right::Ours, |trial, question| {
        // Validators go back as they were written.
        let fields: &[&str] = match question {
            Question::Asks => &["date", "expires"],
            _ => &["date", "expires", "last-modified"],
        };
        for (name, line) in trial.response.fields.iter_mut().filter(|(name, _)| fields.contains(name)) {
            let _ = name;
            if let Reads::OtherForm(offset) = reads(line) {
                *line = text(offset);
            }
        }
    }),
    otherwise("it reads dates of other zones", "RFC 9111 4.2", Right::Ours, |trial, _| {
        for (_, line) in trial.response.fields.iter_mut().filter(|(name, _)| ["date", "expires"].contains(name)) {
            if reads(line) == Reads::OtherZone {
                *line = "0".to_owned();
            }
        }
    }),
    otherwise("of two Expires it takes the first", "RFC 9111 4.2.1", Right::Either, |trial, question| {
        if question != Question::Sends && !question.is_of_an_update() && trial.response.lines("expires").count() > 1 {
            trial.response.set("expires", "0");
        }
    }),
    otherwise("it leaves out how long a response was under way", "RFC 9111 4.2.3", Right::Ours, |trial, _| {
        let delay = trial.delay_seconds;
        if delay > 0 {
            let age = age(&trial.response);
            trial.response.set("age", age.saturating_add(delay).to_string());
        }
    }),
    otherwise("it leaves out how old a response is by its Date", "RFC 9111 4.2.3", Right::Ours, |trial, question| {
        let elapsed = trial.elapsed_seconds.cast_signed();
        older(&mut trial.response, 0);
        if question == Question::Renews {
            older(&mut trial.update, elapsed);
        }
    }),
    otherwise("it keeps the old Date where the update has none", "RFC 9110 6.6.1", Right::Ours, |trial, question| {
        if question == Question::Renews && !trial.update.has("date") {
            trial.update.set("date", text(trial.elapsed_seconds.cast_signed()));
        }
    }),
    otherwise("it takes no Date from an update for what has none", "RFC 9111 3.2", Right::Ours, |trial, question| {
        if question == Question::Renews && !trial.response.has("date") {
            trial.response.set("date", NOON_TEXT);
        }
    }),
    otherwise(
        "it takes what a shared cache has to revalidate for stale",
        "RFC 9111 5.2.2.8",
        Right::Ours,
        |trial, question| {
            let name = match question {
                _ if !trial.shared => return,
                // Unlike must-revalidate it does not allow to store what an authorized request got.
                Question::Stores => "x-proxy-revalidate",
                _ => "must-revalidate",
            };
            for directive in trial.answers().into_iter().flat_map(Message::all_mut) {
                if directive.is("proxy-revalidate") {
                    directive.name = name.to_owned();
                }
            }
        },
    ),
    otherwise(
        "it guesses a lifetime of what an odd request gets",
        "RFC 9111 4.2.2",
        Right::Either,
        |trial, question| {
            if question != Question::Sends && question != Question::Updates {
                guess_nothing_of_the_odd(trial, question == Question::Renews);
            }
        },
    ),
    otherwise("it reads Pragma in a response", "RFC 9111 5.4", Right::Either, |trial, _| {
        trial.response.remove("pragma")
    }),
];

/// What methods, targets and servers that are odd get has no lifetime of its own that the other would guess.
pub fn guess_nothing_of_the_odd(trial: &mut Trial, renews: bool) {
    let expires = trial.response.has("expires") || (renews && trial.update.has("expires"));
    let Trial { response, update, .. } = trial;
    // Of an update the directives take the place of those that were there.
    let said = if renews && !update.directives.is_empty() { update } else { response };
    let odd = [405, 414, 501].contains(&trial.status) && !said.says("public");
    let lasts = expires || said.says("max-age") || (trial.shared && said.says("s-maxage"));
    if odd && !lasts {
        said.say("max-age", "=0");
    }
}

/// The first Age is told as this; `None`: as none.
fn each_age(trial: &mut Trial, told: impl Fn(&str) -> Option<String>) {
    for message in trial.answers() {
        match message.line("age").map(&told) {
            Some(Some(age)) if message.line("age") != Some(&age) => message.set("age", age),
            Some(None) => message.remove("age"),
            _ => {}
        }
    }
}

fn is_number(age: &str) -> bool {
    age.bytes().all(|byte| byte.is_ascii_digit())
}

fn age(message: &Message) -> u64 {
    message.line("age").filter(|age| is_number(age)).and_then(|age| age.parse().ok()).unwrap_or(0)
}

/// At least as old as its Date says, for one that came so many seconds after noon.
fn older(message: &mut Message, came: i64) {
    let date = message.line("date").and_then(offset);
    let apparent = date.map_or(0, |date| u64::try_from(came - date).unwrap_or(0));
    if apparent > age(message) {
        message.set("age", apparent.to_string());
    }
}
