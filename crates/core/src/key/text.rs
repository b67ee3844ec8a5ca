//! A key from the text that people read: what [`show`](super::show) writes, read back.
//!
//! ```text
//! ()  (,)  (1, 2)  (1,)   unit, tuples          1  +1  -1  1.0   unsigned, signed, float
//! [1, 2]                  a list                "a"  'a'  0x00ff  text, char, bytes
//! {a: 1}  {}              a struct              None  Some(1)  true
//! {1 => 2}  {=>}          a map                 A  A(1)  A(1, 2)  A{a: 1}   variants
//! ```
//!
//! A name that would be read as something else is quoted: `#"None"`. Brackets set the arguments off from the job's name, so one
//! value without its own stands in round ones.

use super::format::{float_bits, push_varint, tag, zigzag};
use super::scanner::Scanner;
use super::show::RESERVED;
use super::{ARGUMENTS_DEPTH_MAX, FORMAT, JOB_NAME_BYTES_MAX, Key, NAMESPACE_BYTES_MAX, push_name};
use crate::error::KeyError;

/// Reads the text of a whole key.
pub(super) fn key(text: &str) -> Result<Key, KeyError> {
    let mut parser = Parser { from: Scanner::new(text), out: vec![FORMAT], depth: 0 };
    let namespace = parser.from.until(&[':'])?;
    push_name(&mut parser.out, "namespace", &namespace, NAMESPACE_BYTES_MAX)?;
    parser.from.expect(":")?;
    let job = parser.from.until(&['{', '(', '['])?;
    push_name(&mut parser.out, "job name", &job, JOB_NAME_BYTES_MAX)?;
    parser.whole()?;
    if !parser.from.rest().is_empty() {
        return Err(parser.from.error("something follows the key"));
    }
    Key::from_bytes(&parser.out)
}

/// Appends the encoding of what it reads.
struct Parser<'t> {
    from: Scanner<'t>,
    out: Vec<u8>,
    depth: usize,
}

type Done = Result<(), KeyError>;

/// What stands between round brackets.
struct Listed {
    items: usize,
    /// Whether a comma follows the last of them.
    comma: bool,
}

impl Parser<'_> {
    /// The arguments, where round brackets may be there only to set them off.
    fn whole(&mut self) -> Done {
        if self.from.peek() == Some('(') { self.round(true) } else { self.value() }
    }

    fn value(&mut self) -> Done {
        self.from.skip_spaces();
        match self.from.peek() {
            Some('(') => self.round(false),
            Some('[') => self.nested(Self::list),
            Some('{') => self.nested(Self::keyed),
            Some('"') => {
                let text = self.quoted()?;
                self.run(tag::STR, text.as_bytes());
                Ok(())
            }
            Some('\'') => self.char(),
            Some('0'..='9' | '+' | '-') => self.number(),
            _ => self.named(),
        }
    }

    /// Unit, a tuple, or brackets that only set off.
    fn round(&mut self, sets_off: bool) -> Done {
        self.from.expect("(")?;
        if self.from.took(")") {
            self.out.push(tag::UNIT);
            return Ok(());
        }
        let at = self.out.len();
        self.out.push(tag::TUPLE);
        let listed = self.nested(|parser| parser.items(")"))?;
        match listed {
            Listed { items: 1, comma: false } if sets_off => {
                self.out.remove(at);
            }
            Listed { items: 1, comma: false } => return Err(self.from.error("a tuple of one has a comma: (1,)")),
            _ => self.out.push(tag::END),
        }
        Ok(())
    }

    fn list(&mut self) -> Done {
        self.from.expect("[")?;
        self.out.push(tag::SEQ);
        self.items("]")?;
        self.out.push(tag::END);
        Ok(())
    }

    /// Values with commas between, up to the end. A comma by itself stands for none.
    fn items(&mut self, end: &str) -> Result<Listed, KeyError> {
        let mut listed = Listed { items: 0, comma: self.from.took(",") };
        while !self.from.took(end) {
            if listed.items > 0 && !listed.comma || listed.items == 0 && listed.comma {
                return Err(self.from.error(&format!("`,` or `{end}` is missing")));
            }
            self.value()?;
            listed = Listed { items: listed.items + 1, comma: self.from.took(",") };
        }
        Ok(listed)
    }

    /// A struct or a map, which the first entry tells.
    fn keyed(&mut self) -> Done {
        self.from.expect("{")?;
        if self.from.took("=>") {
            self.out.extend([tag::MAP, tag::END]);
            return self.from.expect("}");
        }
        let named = self.is_field() || self.from.rest().starts_with('}');
        self.out.push(if named { tag::STRUCT } else { tag::MAP });
        self.entries(named)
    }

    /// Whether a field's name and a colon come next. Nothing is stepped over.
    fn is_field(&mut self) -> bool {
        self.from.skip_spaces();
        let at = self.from.at();
        let field = self.name().is_ok_and(|name| name.is_some()) && self.from.took(":");
        self.from.back_to(at);
        field
    }

    /// Fields or a map's entries, up to the bracket that closes them, put in the order that a key has them in.
    fn entries(&mut self, named: bool) -> Done {
        let before = std::mem::take(&mut self.out);
        let (mut entries, mut comma) = (Vec::new(), true);
        while !self.from.took("}") {
            if !comma {
                return Err(self.from.error("`,` or `}` is missing"));
            }
            let order = if named { self.field()? } else { self.map_key()? };
            self.from.expect(if named { ":" } else { "=>" })?;
            self.value()?;
            entries.push((order, std::mem::take(&mut self.out)));
            comma = self.from.took(",");
        }
        entries.sort();
        if entries.windows(2).any(|pair| pair[0].0 == pair[1].0) {
            return Err(self.from.error("a field or a map's key stands there twice"));
        }
        self.out = before;
        entries.iter().for_each(|(_, entry)| self.out.extend(entry));
        self.out.push(tag::END);
        Ok(())
    }

    /// Fields are in the order of their names.
    fn field(&mut self) -> Result<Vec<u8>, KeyError> {
        self.from.skip_spaces();
        let name = self.name()?.ok_or_else(|| self.from.error("a field's name is missing"))?;
        self.run(tag::STR, name.as_bytes());
        Ok(name.into_bytes())
    }

    /// A map's entries are in the order of their encoded keys.
    fn map_key(&mut self) -> Result<Vec<u8>, KeyError> {
        self.value()?;
        Ok(self.out.clone())
    }

    /// What begins with a name: a variant, or one of the words that are none.
    fn named(&mut self) -> Done {
        let quoted = self.from.peek() == Some('#');
        let name = self.name()?.ok_or_else(|| self.from.error("a value is missing"))?;
        match name.as_str() {
            word if !quoted && RESERVED.contains(&word) => self.reserved(word),
            name => self.variant(name),
        }
    }

    fn reserved(&mut self, word: &str) -> Done {
        match word {
            "None" => self.out.push(tag::NONE),
            "true" => self.out.push(tag::TRUE),
            "false" => self.out.push(tag::FALSE),
            "Some" => {
                self.from.expect("(")?;
                self.out.push(tag::SOME);
                self.nested(Self::value)?;
                self.from.expect(")")?;
            }
            float => self.float(float)?,
        }
        Ok(())
    }

    fn variant(&mut self, name: &str) -> Done {
        let at = self.out.len();
        if self.from.took("{") {
            self.run(tag::STRUCT_VARIANT, name.as_bytes());
            return self.nested(|parser| parser.entries(true));
        }
        if !self.from.took("(") {
            self.run(tag::UNIT_VARIANT, name.as_bytes());
            return Ok(());
        }
        self.run(tag::TUPLE_VARIANT, name.as_bytes());
        match self.nested(|parser| parser.items(")"))? {
            Listed { items: 0, comma: false } => {
                return Err(self.from.error("a variant of nothing is written A or A(,)"));
            }
            Listed { items: 1, comma: false } => self.out[at] = tag::NEWTYPE_VARIANT,
            _ => self.out.push(tag::END),
        }
        Ok(())
    }

    /// A field's or a variant's name, if there is one.
    fn name(&mut self) -> Result<Option<String>, KeyError> {
        if self.from.took("#") {
            return self.quoted().map(Some);
        }
        if self.from.peek().is_some_and(char::is_numeric) {
            return Ok(None);
        }
        let name = self.from.take_while(|c| c == '_' || c.is_alphanumeric());
        Ok((!name.is_empty()).then(|| name.to_owned()))
    }

    fn quoted(&mut self) -> Result<String, KeyError> {
        self.from.expect("\"")?;
        let text = self.from.until(&['"'])?;
        self.from.expect("\"")?;
        Ok(text)
    }

    fn char(&mut self) -> Done {
        self.from.expect("'")?;
        let c = self.from.char()?;
        self.from.expect("'")?;
        self.whole_number(tag::CHAR, u32::from(c).into());
        Ok(())
    }

    /// A sign tells signed numbers from unsigned ones, and a point or an exponent tells floats from both.
    fn number(&mut self) -> Done {
        if self.from.took("0x") {
            return self.bytes();
        }
        let text = self.from.rest();
        let sign = usize::from(text.starts_with(['+', '-']));
        let mut last = '0';
        let more = |c: char| {
            let more = c.is_ascii_alphanumeric() || c == '.' || (matches!(c, '+' | '-') && matches!(last, 'e' | 'E'));
            last = c;
            !more
        };
        let text = &text[..text[sign..].find(more).map_or(text.len(), |end| sign + end)];
        let digits = text[sign..].bytes().all(|byte| byte.is_ascii_digit());
        match (digits, sign) {
            (true, 0) => self.whole_number(tag::UNSIGNED, self.parsed(text)?),
            (true, _) => self.whole_number(tag::SIGNED, zigzag(self.parsed(text)?)),
            (false, _) => self.float(text)?,
        }
        self.from.back_to(self.from.at() + text.len());
        Ok(())
    }

    fn bytes(&mut self) -> Done {
        let digits = self.from.take_while(|c| c.is_ascii_hexdigit()).as_bytes();
        let pairs = digits.chunks(2).map(|pair| match pair {
            [high, low] => Some(16 * hex(*high) + hex(*low)),
            _ => None,
        });
        let bytes = pairs.collect::<Option<Vec<u8>>>();
        let bytes = bytes.ok_or_else(|| self.from.error("bytes have two hex digits each"))?;
        self.run(tag::BYTES, &bytes);
        Ok(())
    }

    fn float(&mut self, text: &str) -> Done {
        let float: f64 = self.parsed(text)?;
        self.out.push(tag::FLOAT);
        self.out.extend(float_bits(float).to_be_bytes());
        Ok(())
    }

    fn parsed<T: std::str::FromStr>(&self, text: &str) -> Result<T, KeyError> {
        text.parse().map_err(|_| self.from.error("a number cannot be read"))
    }

    fn whole_number(&mut self, tag: u8, value: u128) {
        self.out.push(tag);
        push_varint(&mut self.out, value);
    }

    /// A length and as many bytes.
    fn run(&mut self, tag: u8, bytes: &[u8]) {
        self.whole_number(tag, bytes.len() as u128);
        self.out.extend_from_slice(bytes);
    }

    /// Does `inner` one level deeper. Brackets that only set off are a level here and none in a key, whose own bound is asked
    /// for at the end.
    fn nested<T>(&mut self, inner: impl FnOnce(&mut Self) -> Result<T, KeyError>) -> Result<T, KeyError> {
        if self.depth > ARGUMENTS_DEPTH_MAX {
            return Err(KeyError::TooDeep { most: ARGUMENTS_DEPTH_MAX });
        }
        self.depth += 1;
        let result = inner(self);
        self.depth -= 1;
        result
    }
}

/// The value of a digit that was seen to be one.
fn hex(digit: u8) -> u8 {
    match digit {
        b'a'..=b'f' => digit - b'a' + 10,
        b'A'..=b'F' => digit - b'A' + 10,
        _ => digit.wrapping_sub(b'0'),
    }
}
