//! What both judges are asked, and what they may answer.

use std::collections::BTreeMap;
use std::time::Duration;

use http::HeaderMap;

use crate::date::{offset, text};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Question {
    /// Whether the response is stored.
    Stores,
    /// How old it is when the later request comes.
    Ages,
    /// For how long it is fresh.
    Lives,
    /// Whether the later request selects it.
    Matches,
    /// Whether it is served to the later request without a question to the origin.
    Serves,
    /// With which fields.
    Sends,
    /// What the origin is asked about it.
    Asks,
    /// What the answer of the origin does to it.
    Updates,
    /// What the terms of what is updated are.
    Renews,
}

impl Question {
    pub const ALL: [Question; 9] = [
        Question::Stores,
        Question::Ages,
        Question::Lives,
        Question::Matches,
        Question::Serves,
        Question::Sends,
        Question::Asks,
        Question::Updates,
        Question::Renews,
    ];

    pub fn is_of_serving(self) -> bool {
        matches!(self, Question::Serves | Question::Sends)
    }

    pub fn is_of_an_update(self) -> bool {
        matches!(self, Question::Updates | Question::Renews)
    }
}

#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    Is(bool),
    Span(Duration),
    Sent {
        age: String,
        date: String,
        fields: Fields,
    },
    Asked {
        tags: Option<String>,
        since: Option<String>,
        range: bool,
    },
    Updated(Update),
    Renewed {
        age: Duration,
        left: Duration,
    },
    /// It does not answer this.
    Silent,
    /// It does not answer at all.
    Panics,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Update {
    /// What is stored is current, with these fields.
    Current(Fields),
    /// What is stored stands in for the origin, which fails.
    StandsIn,
    /// It is about nothing that is stored.
    Unrelated,
    /// It answers the request.
    Replaced,
}

/// Fields by name, the lines of each joined, dates in one form. What judges are told otherwise or write themselves is left out:
/// Cache-Control shows in what is made of it.
pub type Fields = BTreeMap<String, String>;

pub fn fields(headers: &HeaderMap) -> Fields {
    const APART: [&str; 4] = ["cache-control", "age", "date", "pragma"];
    let names = headers.keys().map(|name| name.as_str()).filter(|name| !APART.contains(name));
    names.map(|name| (name.to_owned(), written(headers, name))).collect()
}

/// What is no date may be told as another that is none.
fn written(headers: &HeaderMap, name: &str) -> String {
    let line = joined(headers, name);
    let dated = ["expires", "last-modified"].contains(&name);
    if dated && offset(&line).is_none() { "no date".to_owned() } else { line }
}

pub fn joined(headers: &HeaderMap, name: &str) -> String {
    let lines = headers.get_all(name).iter().map(|line| String::from_utf8_lossy(line.as_bytes()).into_owned());
    let line = lines.collect::<Vec<_>>().join(", ");
    offset(&line).map_or(line, text)
}
