//! Arguments for people.

use std::fmt::{self, Write};

use super::format::Head;
use super::reader::Reader;
use crate::error::KeyError;

/// Most characters of shown arguments, unless all are wanted; what comes after is `…`.
const CHARS_MAX: usize = 200;

/// Words that are no names: a variant or a field that is called so is quoted.
pub(super) const RESERVED: [&str; 6] = ["None", "Some", "true", "false", "NaN", "inf"];

/// Writes the encoded arguments as people read them, cut where they grow long; in the alternate form (`{:#}`) they are whole.
/// What is not cut can be read back by [`text`](super::text).
pub(super) fn arguments(f: &mut fmt::Formatter<'_>, bytes: &[u8]) -> fmt::Result {
    let left = if f.alternate() { usize::MAX } else { CHARS_MAX };
    let mut line = Line { f, left };
    let shown = whole(&mut line, &mut Reader::new(bytes));
    let cut = line.left == 0;
    match shown {
        Err(Stop::Malformed) => f.write_str("<malformed>"),
        Err(Stop::Format) if cut => f.write_str("…"),
        Err(Stop::Format) => Err(fmt::Error),
        Ok(()) => Ok(()),
    }
}

/// Writes a namespace or a job's name, which may come from a stranger too. Nothing in it ends it too soon.
pub(super) fn name(f: &mut fmt::Formatter<'_>, name: &str) -> fmt::Result {
    name.chars().try_for_each(|c| match c {
        ':' | '(' | '[' | '{' => write!(f, "{}", c.escape_unicode()),
        c => escaped(f, c.encode_utf8(&mut [0; 4])),
    })
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
        Head::Some => {
            line.write_str("Some")?;
            held(line, reader)?;
        }
        Head::Bool(value) => write!(line, "{value}")?,
        // The sign tells it from an unsigned number, which makes another key.
        Head::Signed(value) => write!(line, "{value:+}")?,
        Head::Unsigned(value) => write!(line, "{value}")?,
        Head::Float(value) => write!(line, "{value:?}")?,
        Head::Char('\'') => line.write_str(r"'\''")?,
        Head::Char(value) => write!(line, "'{}'", value.escape_debug())?,
        Head::Str(value) => quoted(line, value)?,
        Head::Bytes(value) => hex(line, value)?,
        Head::Seq => listed(line, reader, '[', ']')?,
        Head::Tuple => listed(line, reader, '(', ')')?,
        Head::Map => mapped(line, reader)?,
        Head::Struct => fields(line, reader)?,
        Head::UnitVariant(name) => named(line, name)?,
        Head::NewtypeVariant(name) => {
            named(line, name)?;
            held(line, reader)?;
        }
        Head::TupleVariant(name) => {
            named(line, name)?;
            listed(line, reader, '(', ')')?;
        }
        Head::StructVariant(name) => {
            named(line, name)?;
            fields(line, reader)?;
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

/// Writes the name of a variant or a field: as it is, unless it would be read as something else.
fn named(line: &mut Line<'_, '_>, name: &str) -> fmt::Result {
    let letter = |c: char| (c == '_' || c.is_alphanumeric()) && c.escape_debug().len() == 1;
    let plain = name.starts_with(|c: char| !c.is_numeric()) && name.chars().all(letter) && !RESERVED.contains(&name);
    if plain {
        return line.write_str(name);
    }
    line.write_char('#')?;
    quoted(line, name)
}

fn held(line: &mut Line<'_, '_>, reader: &mut Reader<'_>) -> Shown {
    line.write_char('(')?;
    reader.nested(|reader| value(line, reader))??;
    Ok(line.write_char(')')?)
}

fn listed(line: &mut Line<'_, '_>, reader: &mut Reader<'_>, open: char, close: char) -> Shown {
    line.write_char(open)?;
    let shown = reader.nested(|reader| separated(line, reader, value))??;
    // A comma tells a tuple of one from a value in brackets, and one of none from unit.
    if shown < 2 && open == '(' {
        line.write_char(',')?;
    }
    Ok(line.write_char(close)?)
}

fn fields(line: &mut Line<'_, '_>, reader: &mut Reader<'_>) -> Shown {
    line.write_char('{')?;
    reader.nested(|reader| {
        separated(line, reader, |line, reader| {
            match reader.head()? {
                Head::Str(name) => named(line, name)?,
                _ => return Err(Stop::Malformed),
            }
            line.write_str(": ")?;
            value(line, reader)
        })
    })??;
    Ok(line.write_char('}')?)
}

/// The arrow tells a map from a struct.
fn mapped(line: &mut Line<'_, '_>, reader: &mut Reader<'_>) -> Shown {
    line.write_char('{')?;
    let shown = reader.nested(|reader| {
        separated(line, reader, |line, reader| {
            value(line, reader)?;
            line.write_str(" => ")?;
            value(line, reader)
        })
    })??;
    if shown == 0 {
        line.write_str("=>")?;
    }
    Ok(line.write_char('}')?)
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
