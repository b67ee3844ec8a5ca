//! Settings from a file of TOML.

use std::fs::File;
use std::io::{self, Read};
use std::ops::Range;
use std::path::Path;

use freshen_text::size;
use toml::de::{DeTable, DeValue};

use super::field::{self, FIELDS};
use super::value::Given;
use super::{Mistake, Place, Settings};

/// Largest file that is read.
const BYTES_MAX: u64 = 1 << 20;

/// The text of a file.
pub(super) fn text(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    File::open(path)?.take(BYTES_MAX + 1).read_to_string(&mut text)?;
    if text.len() as u64 > BYTES_MAX {
        return Err(io::Error::other(format!("it has more than {}", size::show(BYTES_MAX))));
    }
    Ok(text)
}

/// Reads what a file says; what is wrong is added to the mistakes, and the rest is read on.
pub(super) fn read(path: &Path, text: &str, settings: &mut Settings, mistakes: &mut Vec<Mistake>) {
    let (table, errors) = DeTable::parse_recoverable(text);
    let mut reader = Reader { path, text, settings, mistakes };
    if errors.is_empty() {
        reader.table("", table.get_ref());
    }
    for error in errors {
        reader.mistake(error.span().unwrap_or_default(), None, error.message().to_owned());
    }
}

struct Reader<'r> {
    path: &'r Path,
    text: &'r str,
    settings: &'r mut Settings,
    mistakes: &'r mut Vec<Mistake>,
}

impl Reader<'_> {
    /// Reads a table; `prefix` is its name, with a point behind it.
    fn table(&mut self, prefix: &str, table: &DeTable<'_>) {
        for (name, value) in table {
            let key = format!("{prefix}{}", name.get_ref());
            let within = format!("{key}.");
            match (field::of(&key), value.get_ref()) {
                (Some(field), given) => {
                    let place = self.place(value.span());
                    self.settings.places.insert(field.key, place);
                    if let Err(reason) = field.slot.set(self.settings, given_by(given)) {
                        self.mistake(value.span(), Some(&key), reason);
                    }
                }
                (None, DeValue::Table(inner)) if FIELDS.iter().any(|field| field.key.starts_with(&within)) => {
                    self.table(&within, inner);
                }
                (None, given) if FIELDS.iter().any(|field| field.key.starts_with(&within)) => {
                    let reason = format!("is {}, where a table is expected", given_by(given).kind());
                    self.mistake(value.span(), Some(&key), reason);
                }
                (None, _) => self.mistake(name.span(), None, unknown(&key)),
            }
        }
    }

    fn mistake(&mut self, at: Range<usize>, field: Option<&str>, reason: String) {
        let place = self.place(at);
        self.mistakes.push(Mistake { place, field: field.map(Into::into), reason: reason.into() });
    }

    fn place(&self, at: Range<usize>) -> Place {
        let before = self.text.get(..at.start).unwrap_or(self.text);
        let line_start = before.rfind('\n').map_or(0, |end| end + 1);
        let (line, column) = (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1);
        Place::File { path: self.path.into(), line, column }
    }
}

fn given_by<'a>(value: &'a DeValue<'a>) -> Given<'a> {
    match value {
        DeValue::String(text) => Given::Text(text),
        DeValue::Integer(number) if number.radix() == 10 => Given::Number(number.as_str()),
        DeValue::Boolean(on) => Given::Switch(*on),
        DeValue::Integer(_) => Given::Other("a number that is not decimal"),
        DeValue::Float(_) => Given::Other("a number with a fraction"),
        DeValue::Datetime(_) => Given::Other("a date"),
        DeValue::Array(_) => Given::Other("a list"),
        DeValue::Table(table) => Given::Table(table),
    }
}

/// A name that no field and no table has.
fn unknown(key: &str) -> String {
    let fields = FIELDS.iter().map(|field| field.key);
    let known: Vec<&str> = fields.clone().chain(fields.flat_map(tables)).collect();
    let shown = key.escape_debug();
    match freshen_text::nearest(key, &known) {
        Some(near) => format!("there is no `{shown}`: did you mean `{near}`?"),
        None => format!("there is no `{shown}`"),
    }
}

/// The tables that a field stands in: `limits` and `limits.job` for `limits.job.rate`.
fn tables(key: &'static str) -> impl Iterator<Item = &'static str> {
    key.match_indices('.').map(|(end, _)| &key[..end])
}
