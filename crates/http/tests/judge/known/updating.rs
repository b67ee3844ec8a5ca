//! What the origin's answer does to what is stored.

use super::spans::guess_nothing_of_the_odd;
use super::{Known, Right, otherwise, reread};
use crate::date::offset;
use crate::theirs;
use crate::trial::Trial;
use crate::verdict::{Question, Update, Verdict};

pub const KNOWN: &[Known] = &[
    otherwise("it takes a weak tag for the strong one", "RFC 9111 4.3.4", Right::Ours, |trial, _| {
        let Trial { response, update, .. } = &trial;
        let differ = response.has("etag") && update.line("etag") != response.line("etag");
        if differ && update.line("etag").is_some_and(|tag| !tag.starts_with("W/")) && !is_strongly_modified(trial) {
            trial.update.set("etag", "\"another\"");
        }
    }),
    otherwise(
        "an update that names no validator is about nothing",
        "RFC 9110 15.4.5",
        Right::Either,
        |trial, question| {
            if question.is_of_an_update() && !trial.update.has("etag") && !trial.update.has("last-modified") {
                for name in ["etag", "last-modified"] {
                    if let Some(line) = trial.response.line(name).map(str::to_owned) {
                        trial.update.set(name, line);
                    }
                }
            }
        },
    ),
    otherwise(
        "a strong tag hides that the modification is the same",
        "RFC 9111 4.3.4",
        Right::Ours,
        |trial, question| {
            let Some(said) = trial.update.line("etag").map(str::to_owned) else { return };
            if !question.is_of_an_update() || !is_strongly_modified(trial) {
                return;
            }
            match trial.response.line("etag").map(str::to_owned) {
                None => trial.response.set("etag", said),
                // Weak bytes are not given the strong tag (RFC 9110, section 8.8.1).
                Some(stored) if stored.strip_prefix("W/") == Some(&said) => trial.update.set("etag", stored),
                Some(_) => {}
            }
        },
    ),
    otherwise(
        "it strips updates by the Connection of what is stored",
        "RFC 9110 7.6.1",
        Right::Ours,
        |trial, question| {
            if question.is_of_an_update() {
                let named: Vec<String> = trial.response.members("connection").into_iter().map(str::to_owned).collect();
                named.iter().for_each(|name| trial.response.remove(name));
                trial.response.remove("connection");
            }
        },
    ),
    otherwise(
        "it keeps a cookie that an update allows others no more",
        "RFC 9111 7.3",
        Right::Either,
        |trial, question| {
            let Trial { response, update, shared, .. } = trial;
            if question.is_of_an_update() && *shared && !update.directives.is_empty() && !update.says("public") {
                response.remove("set-cookie");
            }
        },
    ),
    otherwise("it adds no field that is new in an update", "RFC 9111 3.2", Right::Ours, |trial, question| {
        if !question.is_of_an_update() || trial.update_status != 304 {
            return;
        }
        let weak = trial.update.line("etag").is_some_and(|tag| tag.starts_with("W/"));
        let by_date = weak && modified_alike(trial).is_some();
        let Trial { response, update, .. } = trial;
        let by_tag = response.has("etag") && update.has("etag");
        for (name, line) in update.fields.clone() {
            // What would make it match is not told.
            let is_told = match name {
                "content-length" | "content-encoding" | "content-range" | "age" | "date" => false,
                "etag" => by_date,
                "last-modified" => by_tag,
                _ => true,
            };
            if is_told && !response.has(name) {
                response.set(name, line);
            }
        }
        if response.directives.is_empty() {
            response.directives.clone_from(&update.directives);
        }
    }),
    otherwise("it keeps the old Age where the update has none", "RFC 9111 4.2.3", Right::Ours, |trial, question| {
        if question == Question::Renews {
            match trial.update.line("age").map(str::to_owned) {
                None => trial.response.remove("age"),
                Some(age) => trial.response.set("age", age),
            }
        }
    }),
    reread(
        "it serves nothing stale where the origin fails",
        "RFC 5861 4",
        Right::Either,
        |trial, question, verdict| {
            if question == Question::Updates && trial.update_status == 503 && stands_in(trial) {
                *verdict = Verdict::Updated(Update::StandsIn);
            }
        },
    ),
];

/// When both were modified, if that is the same time.
fn modified_alike(trial: &Trial) -> Option<i64> {
    let [modified, said] = [&trial.response, &trial.update].map(|of| of.line("last-modified").and_then(offset));
    modified.filter(|_| modified == said)
}

/// Both were modified at the same time, which was long enough before the stored one was made, by the clock of its origin.
fn is_strongly_modified(trial: &Trial) -> bool {
    let made = trial.response.line("date").and_then(offset);
    modified_alike(trial).zip(made).is_some_and(|(modified, made)| modified + 60 <= made)
}

fn stands_in(trial: &Trial) -> bool {
    let mut guessed = trial.clone();
    guess_nothing_of_the_odd(&mut guessed, false);
    let trial = &guessed;
    let (age, lifetime) = (theirs::age(trial).as_secs(), theirs::lifetime(trial).as_secs());
    let says = |name| trial.response.says(name);
    let never_stale = says("must-revalidate") || says("no-cache") || (trial.shared && says("s-maxage"));
    let windows = ["stale-while-revalidate", "stale-if-error"].map(|name| trial.response.seconds(name));
    let window = windows.into_iter().chain([trial.later.seconds("stale-if-error")]).flatten().max().unwrap_or(0);
    // This has been told a second longer, as the other has it.
    let accepted = trial.later.all().filter(|directive| directive.is("max-stale"));
    let past = age.saturating_sub(lifetime);
    let is_accepted = accepted.map(|most| most.seconds().is_none_or(|seconds| past < seconds)).next().unwrap_or(false);
    age < lifetime || (!never_stale && (is_accepted || window > 0 && past <= window))
}
