//! Arguments for people.

use std::fmt::{self, Write};

use super::format::Head;
use super::reader::Reader;
use crate::error::KeyError;

/// Most characters of shown arguments; what comes after is `…`.
const CHARS_MAX: usize = 200;

/// Writes the encoded arguments as people read them, cut where they grow long.
pub(super) fn arguments(f: &mut fmt::Formatter<'_>, bytes: &[u8]) -> fmt::Result {
    let mut line = Line { f, left: CHARS_MAX };
    let shown = whole(&mut line, &mut Reader::new(bytes));
    let cut = line.left == 0;
    match shown {
        Err(Stop::Malformed) => f.write_str("<malformed>"),
        Err(Stop::Format) if cut => f.write_str("…"),
        Err(Stop::Format) => Err(fmt::Error),
        Ok(()) => Ok(()),
    }
}

/// Writes a namespace or a job's name, which may come from a stranger too.
pub(super) fn name(f: &mut fmt::Formatter<'_>, name: &str) -> fmt::Result {
    escaped(f, name)
}

/// Writes what a terminal cannot take for an order.
fn escaped(out: &mut impl Write, text: &str) -> fmt::Result {
    text.chars().try_for_each(|c| match c {
        '\'' => out.write_char(c),
        _ => write!(out, "{}", c.escape_debug()),
    })
}

/// Takes characters until it is full, and then fails.
struct Line<'l, 'f> {
    f: &'l mut fmt::Formatter<'f>,
    left: usize,
}

impl Write for Line<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = text.char_indices().nth(self.left).map_or(text.len(), |(at, _)| at);
        self.f.write_str(&text[..end])?;
        if end < text.len() {
            self.left = 0;
            return Err(fmt::Error);
        }
        self.left -= text.chars().count();
        Ok(())
    }
}

/// Why showing ended early.
enum Stop {
    Format,
    Malformed,
}

impl From<fmt::Error> for Stop {
    fn from(_: fmt::Error) -> Stop {
        Stop::Format
    }
}

impl From<KeyError> for Stop {
    fn from(_: KeyError) -> Stop {
        Stop::Malformed
    }
}

type Shown = Result<(), Stop>;

/// Brackets set the arguments off from the job's name; a value without its own gets round ones.
fn whole(line: &mut Line<'_, '_>, reader: &mut Reader<'_>) -> Shown {
    let head = reader.head()?;
    reader.put_back(head);
    if matches!(head, Head::Unit | Head::Seq | Head::Tuple | Head::Map | Head::Struct) {
        return value(line, reader);
    }
    line.write_char('(')?;
    value(line, reader)?;
    Ok(line.write_char(')')?)
}

fn value(line: &mut Line<'_, '_>, reader: &mut Reader<'_>) -> Shown {
    match reader.head()? {
        Head::End => return Err(Stop::Malformed),
        Head::Unit => line.write_str("()")?,
        Head::None => line.write_str("None")?,
        Head::Some => held(line, reader, "Some")?,
        Head::Bool(value) => write!(line, "{value}")?,
        Head::Signed(value) => write!(line, "{value}")?,
        Head::Unsigned(value) => write!(line, "{value}")?,
        Head::Float(value) => write!(line, "{value:?}")?,
        Head::Char('\'') => line.write_str(r"'\''")?,
        Head::Char(value) => write!(line, "'{}'", value.escape_debug())?,
        Head::Str(value) => quoted(line, value)?,
        Head::Bytes(value) => hex(line, value)?,
        Head::Seq => listed(line, reader, '[', ']')?,
        Head::Tuple => listed(line, reader, '(', ')')?,
        Head::Map => keyed(line, reader, value)?,
        Head::Struct => keyed(line, reader, field)?,
        Head::UnitVariant(name) => escaped(line, name)?,
        Head::NewtypeVariant(name) => held(line, reader, name)?,
        Head::TupleVariant(name) => {
            escaped(line, name)?;
            listed(line, reader, '(', ')')?;
        }
        Head::StructVariant(name) => {
            escaped(line, name)?;
            keyed(line, reader, field)?;
        }
    }
    Ok(())
}

fn quoted(line: &mut Line<'_, '_>, text: &str) -> fmt::Result {
    line.write_char('"')?;
    escaped(line, text)?;
    line.write_char('"')
}

fn hex(line: &mut Line<'_, '_>, bytes: &[u8]) -> fmt::Result {
    line.write_str("0x")?;
    bytes.iter().try_for_each(|byte| write!(line, "{byte:02x}"))
}

fn held(line: &mut Line<'_, '_>, reader: &mut Reader<'_>, name: &str) -> Shown {
    escaped(line, name)?;
    line.write_char('(')?;
    reader.nested(|reader| value(line, reader))??;
    Ok(line.write_char(')')?)
}

fn listed(line: &mut Line<'_, '_>, reader: &mut Reader<'_>, open: char, close: char) -> Shown {
    line.write_char(open)?;
    let shown = reader.nested(|reader| separated(line, reader, value))??;
    if shown == 1 && open == '(' {
        line.write_char(',')?;
    }
    Ok(line.write_char(close)?)
}

fn keyed(
    line: &mut Line<'_, '_>,
    reader: &mut Reader<'_>,
    key: impl Fn(&mut Line<'_, '_>, &mut Reader<'_>) -> Shown,
) -> Shown {
    line.write_char('{')?;
    reader.nested(|reader| {
        separated(line, reader, |line, reader| {
            key(line, reader)?;
            line.write_str(": ")?;
            value(line, reader)
        })
    })??;
    Ok(line.write_char('}')?)
}

/// A struct's field name, without quotes.
fn field(line: &mut Line<'_, '_>, reader: &mut Reader<'_>) -> Shown {
    match reader.head()? {
        Head::Str(name) => Ok(escaped(line, name)?),
        _ => Err(Stop::Malformed),
    }
}

/// Shows each item up to the end with commas between, and tells how many there were.
fn separated(
    line: &mut Line<'_, '_>,
    reader: &mut Reader<'_>,
    item: impl Fn(&mut Line<'_, '_>, &mut Reader<'_>) -> Shown,
) -> Result<usize, Stop> {
    let mut shown = 0;
    while !reader.ended()? {
        if shown > 0 {
            line.write_str(", ")?;
        }
        item(line, reader)?;
        shown += 1;
    }
    Ok(shown)
}
