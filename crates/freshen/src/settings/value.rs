//! The kinds of values: how each is written, read and shown.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use freshen_core::Strength;
use freshen_text::{duration, rate, size};
use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use super::{Secret, Settings, Url};

/// What stands in a file or a variable.
#[derive(Clone, Copy, Debug)]
pub(super) enum Given<'a> {
    Text(&'a str),
    Number(&'a str),
    Switch(bool),
    Table(&'a DeTable<'a>),
    /// Anything else, by the name of its type.
    Other(&'static str),
}

impl Given<'_> {
    /// What it is, for people.
    pub fn kind(self) -> &'static str {
        match self {
            Given::Text(_) => "a text",
            Given::Number(_) => "a number",
            Given::Switch(_) => "true or false",
            Given::Table(_) => "a table",
            Given::Other(kind) => kind,
        }
    }
}

/// Longest word that is said again.
const WORD_BYTES_MAX: usize = 20;

type To<T> = fn(&mut Settings) -> &mut T;

/// Where in the settings a field lies, which says how it is written. `…Or` takes a word besides, for "none of its own".
pub(super) enum Slot {
    Url(To<Url>),
    UrlOr(To<Option<Url>>, &'static str),
    /// One of two words: the first is yes.
    Word(To<bool>, [&'static str; 2]),
    Switch(To<bool>),
    Strength(To<Strength>),
    Text(To<String>),
    Secret(To<Secret>),
    FileOr(To<Option<PathBuf>>, &'static str),
    Span(To<Duration>),
    SpanOr(To<Option<Duration>>, &'static str),
    Size(To<u64>),
    /// And the least that it may be.
    Count(To<usize>, usize),
    /// From none on.
    Count32(To<u32>),
    CountOr(To<Option<u32>>, &'static str),
    RateOr(To<Option<f64>>, &'static str),
    /// Names of queues, with their workers.
    Queues(To<BTreeMap<String, usize>>),
}

impl Slot {
    /// Whether a variable's digits are a number here.
    pub fn is_count(&self) -> bool {
        matches!(self, Slot::Count(..) | Slot::Count32(_) | Slot::CountOr(..))
    }

    /// Whether a variable's `true` is a switch here.
    pub fn is_switch(&self) -> bool {
        matches!(self, Slot::Switch(_))
    }

    /// Sets the field, or says what was expected.
    pub fn set(&self, settings: &mut Settings, given: Given<'_>) -> Result<(), String> {
        match (self, given) {
            (Slot::Switch(to), Given::Switch(on)) => *to(settings) = on,
            (Slot::Count(to, least), Given::Number(digits)) => *to(settings) = count(digits, *least)?,
            (Slot::Count32(to), Given::Number(digits)) => *to(settings) = count(digits, 0)?,
            (Slot::CountOr(to, _), Given::Number(digits)) => *to(settings) = Some(count(digits, 1)?),
            (Slot::Queues(to), Given::Table(table)) => *to(settings) = queues_of(table)?,
            (Slot::Queues(to), Given::Text(text)) => *to(settings) = queues(text)?,
            (_, Given::Text(text)) => self.set_text(settings, text)?,
            (_, Given::Number(digits)) if self.with_unit(digits).is_some() => {
                return Err(format!(
                    "is a number without a unit: write {}",
                    self.with_unit(digits).unwrap_or_default()
                ));
            }
            (_, given) => return Err(self.expected(given.kind())),
        }
        Ok(())
    }

    fn set_text(&self, settings: &mut Settings, text: &str) -> Result<(), String> {
        match self {
            Slot::UrlOr(to, word) if text == *word => *to(settings) = None,
            Slot::FileOr(to, word) if text == *word => *to(settings) = None,
            Slot::SpanOr(to, word) if text == *word => *to(settings) = None,
            Slot::CountOr(to, word) if text == *word => *to(settings) = None,
            Slot::RateOr(to, word) if text == *word => *to(settings) = None,
            Slot::Url(to) => *to(settings) = Url::parse(text)?,
            Slot::UrlOr(to, _) => *to(settings) = Some(Url::parse(text)?),
            Slot::Word(to, [yes, no]) if text == *yes || text == *no => *to(settings) = text == *yes,
            Slot::Strength(to) if text == "soft" => *to(settings) = Strength::Soft,
            Slot::Strength(to) if text == "hard" => *to(settings) = Strength::Hard,
            Slot::Text(to) => *to(settings) = text.to_owned(),
            Slot::Secret(to) => *to(settings) = Secret::new(text),
            Slot::FileOr(_, _) if text.is_empty() => return Err("is empty".into()),
            Slot::FileOr(to, _) => *to(settings) = Some(text.into()),
            Slot::Span(to) => *to(settings) = span(text)?,
            Slot::SpanOr(to, _) => *to(settings) = Some(span(text)?),
            Slot::Size(to) => *to(settings) = bytes(text)?,
            Slot::RateOr(to, _) => *to(settings) = Some(rate::parse(text)?),
            Slot::Word(..)
            | Slot::Strength(_)
            | Slot::Switch(_)
            | Slot::Count(..)
            | Slot::Count32(_)
            | Slot::CountOr(..)
            | Slot::Queues(_) => return Err(self.unknown(text)),
        }
        Ok(())
    }

    /// The value as a file has it; passwords are masked.
    pub fn show(&self, settings: &Settings) -> String {
        // The places where fields lie are named once, for writing; what is shown is read from a copy.
        let mut copy = settings.clone();
        let or = |value: Option<String>, word: &&str| quoted(&value.unwrap_or_else(|| (*word).to_owned()));
        match self {
            Slot::Url(at) => quoted(&at(&mut copy).to_string()),
            Slot::UrlOr(at, word) => or(at(&mut copy).as_ref().map(Url::to_string), word),
            Slot::Word(at, [yes, no]) => quoted(if *at(&mut copy) { yes } else { no }),
            Slot::Switch(at) => at(&mut copy).to_string(),
            Slot::Strength(at) => quoted(at(&mut copy).as_str()),
            Slot::Text(at) => quoted(at(&mut copy)),
            Slot::Secret(at) => quoted(&at(&mut copy).to_string()),
            Slot::FileOr(at, word) => or(at(&mut copy).as_ref().map(|path| path.display().to_string()), word),
            Slot::Span(at) => quoted(&duration::show(*at(&mut copy))),
            Slot::SpanOr(at, word) => or(at(&mut copy).map(duration::show), word),
            Slot::Size(at) => quoted(&size::show(*at(&mut copy))),
            Slot::Count(at, _) => at(&mut copy).to_string(),
            Slot::Count32(at) => at(&mut copy).to_string(),
            Slot::CountOr(at, word) => at(&mut copy).map_or_else(|| quoted(word), |count| count.to_string()),
            Slot::RateOr(at, word) => or(at(&mut copy).map(rate::show), word),
            Slot::Queues(at) => {
                let pairs: Vec<String> =
                    at(&mut copy).iter().map(|(name, workers)| format!("{name} = {workers}")).collect();
                if pairs.is_empty() { "{}".into() } else { format!("{{ {} }}", pairs.join(", ")) }
            }
        }
    }

    /// What a bare number lacks here.
    fn with_unit(&self, digits: &str) -> Option<String> {
        match self {
            Slot::Span(_) | Slot::SpanOr(..) => Some(format!("\"{digits}s\" or \"{digits}ms\"")),
            Slot::Size(_) => Some(format!("\"{digits}MiB\" or \"{digits}B\"")),
            Slot::RateOr(..) => Some(format!("\"{digits}/s\"")),
            _ => None,
        }
    }

    /// The words that it takes.
    fn words(&self) -> Vec<&'static str> {
        match self {
            Slot::Word(_, words) => words.to_vec(),
            Slot::Switch(_) => vec!["true", "false"],
            Slot::Strength(_) => vec!["soft", "hard"],
            Slot::CountOr(_, word) => vec![*word],
            _ => Vec::new(),
        }
    }

    /// What is wrong with a text that it does not take.
    fn unknown(&self, text: &str) -> String {
        let unquoted = (self.is_switch() && self.words().contains(&text)) || (self.is_count() && is_number(text));
        match text {
            _ if unquoted => self.expected(&format!("{text:?} in quotes")),
            "" => self.expected("empty"),
            _ if is_word(text) || is_number(text.trim_start_matches('-')) => {
                let near = freshen_text::nearest(text, &self.words());
                let meant = near.map(|near| format!(": did you mean `{near}`?")).unwrap_or_default();
                self.expected(&format!("{text:?}")) + &meant
            }
            _ => self.expected("a text"),
        }
    }

    fn expected(&self, found: &str) -> String {
        let (what, word) = match self {
            Slot::Url(_) => ("a URL, such as \"redis://host:6379\"".to_owned(), None),
            Slot::UrlOr(_, word) => ("a URL, such as \"redis://host:6379\"".into(), Some(word)),
            Slot::Word(_, [yes, no]) => (format!("\"{yes}\" or \"{no}\""), None),
            Slot::Switch(_) => ("true or false".into(), None),
            Slot::Strength(_) => ("\"soft\" or \"hard\"".into(), None),
            Slot::Text(_) | Slot::Secret(_) => ("a text in quotes".into(), None),
            Slot::FileOr(_, word) => ("the name of a file".into(), Some(word)),
            Slot::Span(_) => ("a duration, such as \"30s\"".into(), None),
            Slot::SpanOr(_, word) => ("a duration, such as \"30s\"".into(), Some(word)),
            Slot::Size(_) => ("a size, such as \"64MiB\"".into(), None),
            Slot::Count(..) | Slot::Count32(_) => ("a whole number".into(), None),
            Slot::CountOr(_, word) => ("a whole number".into(), Some(word)),
            Slot::RateOr(_, word) => ("a rate, such as \"50/s\"".into(), Some(word)),
            Slot::Queues(_) => ("a table, such as { mail = 2 },".into(), None),
        };
        let word = word.map(|word| format!(", or \"{word}\"")).unwrap_or_default();
        format!("is {found}, where {what}{word} is expected")
    }
}

fn span(text: &str) -> Result<Duration, String> {
    match duration::parse(text)? {
        Duration::ZERO => Err("is zero: it must be longer".into()),
        span => Ok(span),
    }
}

fn bytes(text: &str) -> Result<u64, String> {
    match size::parse(text)? {
        0 => Err("is zero: it must be at least 1B".into()),
        bytes => Ok(bytes),
    }
}

fn count<T: TryFrom<usize>>(digits: &str, least: usize) -> Result<T, String> {
    let count = digits.parse::<usize>().ok().filter(|count| *count >= least).and_then(|count| count.try_into().ok());
    // Where it is no number it may be anything, a password too: only a number is said again.
    let said = if is_number(digits.trim_start_matches('-')) { digits } else { "no number" };
    count.ok_or_else(|| format!("is {said}, where a whole number of at least {least} is expected"))
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether a text may be said again where it is wrong: what is longer, or is more than letters, may be a password that was meant
/// for another field.
fn is_word(text: &str) -> bool {
    text.len() <= WORD_BYTES_MAX && text.bytes().all(|byte| byte.is_ascii_alphabetic() || b"-_".contains(&byte))
}

fn queues_of(table: &DeTable<'_>) -> Result<BTreeMap<String, usize>, String> {
    let queue = |(name, workers): (&Spanned<DeString<'_>>, &Spanned<DeValue<'_>>)| {
        let name = name.get_ref().to_string();
        match workers.get_ref() {
            DeValue::Integer(number) if number.radix() == 10 => Ok((name, count(number.as_str(), 0)?)),
            _ => Err(format!("has no whole number of workers for {name:?}")),
        }
    };
    table.iter().map(queue).collect()
}

/// As a variable has them: `mail=2,reports=1`.
fn queues(text: &str) -> Result<BTreeMap<String, usize>, String> {
    let queue = |pair: &str| match pair.split_once('=') {
        Some((name, workers)) => Ok((name.trim().to_owned(), count(workers.trim(), 0)?)),
        // What stands there may be a URL that was meant for another variable: it is not said again.
        None => Err("has a part that names no workers: write it as mail=2,reports=1".into()),
    };
    text.split(',').map(str::trim).filter(|pair| !pair.is_empty()).map(queue).collect()
}

/// As a basic string of TOML.
fn quoted(text: &str) -> String {
    let escaped = |character: char| match character {
        '"' | '\\' => format!("\\{character}"),
        control if control.is_control() => format!("\\u{:04X}", u32::from(control)),
        plain => plain.to_string(),
    };
    format!("\"{}\"", text.chars().map(escaped).collect::<String>())
}
