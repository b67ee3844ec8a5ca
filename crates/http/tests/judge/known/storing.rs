//! What is stored.

use super::{Known, Right, otherwise, reread};
use crate::date::offset;
use crate::message::Message;
use crate::theirs;
use crate::trial::Trial;
use crate::verdict::{Question, Verdict};

pub const KNOWN: &[Known] = &[
    otherwise(
        "it stores a response that must be understood only where no-store is not there",
        "RFC 9111 5.2.2.3",
        Right::Ours,
        |trial, _| {
            let understood = !NOT_UNDERSTOOD.contains(&trial.status);
            for answer in trial.answers().into_iter().filter(|answer| understood && answer.says("must-understand")) {
                answer.unsay(|directive| directive.is("no-store"));
            }
        },
    ),
    otherwise("it stores responses to POST of whatever content", "RFC 9110 9.3.3", Right::Ours, |trial, _| {
        let named = trial.response.lines("content-location").eq(["http://a.example/"]);
        let whole = (200..300).contains(&trial.status) && trial.status != 206;
        if trial.method == "POST" && !(named && whole) {
            forbid(trial);
        }
    }),
    otherwise("it stores what says its length twice", "RFC 9110 8.6", Right::Either, |trial, _| {
        if trial.response.lines("content-length").count() > 1 {
            forbid(trial);
        }
    }),
    otherwise("it stores no response whose status it does not know", "RFC 9111 3", Right::Either, |trial, _| {
        let (must, status) = (trial.response.says("must-understand"), trial.status);
        let refused = NEVER.contains(&status) || (must && NOT_UNDERSTOOD.contains(&status));
        if !THEIRS.contains(&status) && !refused {
            trial.status = 302;
        }
    }),
    otherwise("it stores no parts", "RFC 9111 3.3", Right::Either, |trial, question| {
        let tagged =
            trial.response.members("etag").iter().all(|tag| tag.starts_with('"')) && trial.response.has("etag");
        // With If-Range the request had the fields already, so that not all came.
        let whole = trial.response.lines("content-range").count() == 1 && !trial.request.has("if-range");
        if trial.status == 206 && tagged && whole {
            trial.status = 200;
            if question != Question::Stores {
                ["content-range", "content-length"].iter().for_each(|name| trial.response.remove(name));
            }
        }
    }),
    otherwise(
        "it does not heed that private allows a private cache to store",
        "RFC 9111 3",
        Right::Either,
        |trial, _| {
            let allowed =
                ["max-age", "public"].iter().any(|name| trial.response.says(name)) || trial.response.has("expires");
            if trial.method == "GET"
                && !trial.shared
                && trial.response.says("private")
                && !allowed
                && !BY_DEFAULT.contains(&trial.status)
            {
                trial.response.say("public", "");
                trial.response.say("max-age", "=0");
            }
        },
    ),
    otherwise("it stores responses to HEAD", "RFC 9111 4.3.5", Right::Either, |trial, _| {
        if trial.method == "HEAD" {
            forbid(trial);
        }
    }),
    otherwise("it stores responses with cookies, as stale ones", "RFC 9111 7.3", Right::Either, |trial, _| {
        if trial.shared && trial.response.has("set-cookie") && !trial.response.says("public") {
            forbid(trial);
        }
    }),
    otherwise("it stores what no request selects", "RFC 9111 4.1", Right::Either, |trial, _| {
        if trial.response.members("vary").contains(&"*") {
            forbid(trial);
        }
    }),
    otherwise(
        "it takes a name in Vary that is none for a field that no request has",
        "RFC 9110 12.5.5",
        Right::Ours,
        |trial, _| {
            if trial.response.members("vary").contains(&"a b") {
                forbid(trial);
            }
        },
    ),
    reread("it stores what it could never serve", "RFC 9111 3", Right::Either, |trial, question, verdict| {
        if question == Question::Stores && *verdict == Verdict::Is(true) && !is_of_use(trial) {
            *verdict = Verdict::Is(false);
        }
    }),
];

/// The status codes that the other knows.
const THEIRS: [u16; 14] = [200, 203, 204, 300, 301, 302, 303, 307, 308, 404, 405, 410, 414, 501];
const BY_DEFAULT: [u16; 11] = [200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501];
/// Those that are never stored, or by rules of their own.
const NEVER: [u16; 6] = [206, 304, 412, 416, 429, 600];
/// Of the status codes of trials, those that RFC 9110 does not know.
const NOT_UNDERSTOOD: [u16; 2] = [299, 599];

fn forbid(trial: &mut Trial) {
    trial.response.say("no-store", "");
}

/// Whether it can be validated, or could be served at once, or stale.
fn is_of_use(trial: &Trial) -> bool {
    let Trial { response, shared, .. } = trial;
    let tagged = response.line("etag").is_some_and(|tag| response.lines("etag").all(|other| other == tag));
    let modified = response.line("last-modified").and_then(offset).is_some();
    let no_cache = response.all().any(|directive| directive.is("no-cache"));
    let never_stale = response.says("must-revalidate")
        || response.says("x-proxy-revalidate")
        || (*shared && response.says("s-maxage"));
    let window = if never_stale || is_failure(trial.status) && !says_window(response) { 0 } else { window(response) };
    let came = Trial { elapsed_seconds: 0, ..trial.clone() };
    let longest = theirs::lifetime(trial).as_secs() + window;
    tagged || modified || (!no_cache && theirs::age(&came).as_secs() < longest)
}

fn is_failure(status: u16) -> bool {
    [500, 502, 503, 504].contains(&status)
}

fn says_window(response: &Message) -> bool {
    response.says("stale-while-revalidate") || response.says("stale-if-error")
}

fn window(response: &Message) -> u64 {
    ["stale-while-revalidate", "stale-if-error"]
        .map(|name| response.seconds(name).unwrap_or(0))
        .into_iter()
        .max()
        .unwrap_or(0)
}
