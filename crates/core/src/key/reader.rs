//! Reading an encoding, head by head.

use super::format::{Head, deeper, float_bits, tag, unzigzag};
use crate::error::KeyError;

/// Reads heads one after the other, and refuses whatever the encoder would not have written.
pub(super) struct Reader<'de> {
    bytes: &'de [u8],
    at: usize,
    depth: usize,
    back: Option<Head<'de>>,
}

impl<'de> Reader<'de> {
    pub fn new(bytes: &'de [u8]) -> Self {
        Reader { bytes, at: 0, depth: 0, back: None }
    }

    /// The next head.
    pub fn head(&mut self) -> Result<Head<'de>, KeyError> {
        if let Some(head) = self.back.take() {
            return Ok(head);
        }
        let at = self.at;
        Ok(match self.byte()? {
            tag::END => Head::End,
            tag::UNIT => Head::Unit,
            tag::NONE => Head::None,
            tag::SOME => Head::Some,
            tag::FALSE => Head::Bool(false),
            tag::TRUE => Head::Bool(true),
            tag::SIGNED => Head::Signed(unzigzag(self.varint()?)),
            tag::UNSIGNED => Head::Unsigned(self.varint()?),
            tag::FLOAT => Head::Float(self.float()?),
            tag::CHAR => Head::Char(self.char()?),
            tag::STR => Head::Str(self.text()?),
            tag::BYTES => Head::Bytes(self.run()?),
            tag::SEQ => Head::Seq,
            tag::TUPLE => Head::Tuple,
            tag::MAP => Head::Map,
            tag::STRUCT => Head::Struct,
            tag::UNIT_VARIANT => Head::UnitVariant(self.text()?),
            tag::NEWTYPE_VARIANT => Head::NewtypeVariant(self.text()?),
            tag::TUPLE_VARIANT => Head::TupleVariant(self.text()?),
            tag::STRUCT_VARIANT => Head::StructVariant(self.text()?),
            _ => return Err(KeyError::Malformed { at }),
        })
    }

    /// Lets the next [`Reader::head`] give `head`, which was looked at too early or stands for what a variant holds.
    pub fn put_back(&mut self, head: Head<'de>) {
        self.back = Some(head);
    }

    /// Whether what is open ends here; if so, steps over its end.
    pub fn ended(&mut self) -> Result<bool, KeyError> {
        match self.head()? {
            Head::End => Ok(true),
            head => {
                self.put_back(head);
                Ok(false)
            }
        }
    }

    fn text(&mut self) -> Result<&'de str, KeyError> {
        let at = self.at;
        std::str::from_utf8(self.run()?).map_err(|_| KeyError::Malformed { at })
    }

    /// Does `inner` one level deeper.
    pub fn nested<T>(&mut self, inner: impl FnOnce(&mut Self) -> T) -> Result<T, KeyError> {
        self.enter()?;
        let result = inner(self);
        self.leave();
        Ok(result)
    }

    pub fn enter(&mut self) -> Result<(), KeyError> {
        deeper(&mut self.depth)
    }

    pub fn leave(&mut self) {
        self.depth -= 1;
    }

    /// Where reading stands.
    pub fn at(&self) -> usize {
        self.at
    }

    /// The bytes between two places that reading has passed.
    pub fn between(&self, from: usize, to: usize) -> &'de [u8] {
        &self.bytes[from..to]
    }

    /// Refuses whatever follows the one value.
    pub fn finish(&self) -> Result<(), KeyError> {
        if self.back.is_none() && self.at == self.bytes.len() { Ok(()) } else { Err(self.malformed()) }
    }

    pub fn malformed(&self) -> KeyError {
        KeyError::Malformed { at: self.at }
    }

    fn byte(&mut self) -> Result<u8, KeyError> {
        let byte = *self.bytes.get(self.at).ok_or_else(|| self.malformed())?;
        self.at += 1;
        Ok(byte)
    }

    fn take(&mut self, length: usize) -> Result<&'de [u8], KeyError> {
        let rest = &self.bytes[self.at..];
        let taken = rest.get(..length).ok_or_else(|| self.malformed())?;
        self.at += length;
        Ok(taken)
    }

    /// A length and as many bytes.
    fn run(&mut self) -> Result<&'de [u8], KeyError> {
        let at = self.at;
        let length = usize::try_from(self.varint()?).map_err(|_| KeyError::Malformed { at })?;
        self.take(length)
    }

    /// Seven bits a byte, the lowest first, and never a byte more than needed.
    fn varint(&mut self) -> Result<u128, KeyError> {
        let at = self.at;
        let mut value = 0u128;
        for shift in (0..u128::BITS).step_by(7) {
            let byte = self.byte()?;
            let bits = u128::from(byte & 0x7f);
            let overflows = (bits << shift) >> shift != bits;
            if overflows || (byte == 0 && shift > 0) {
                return Err(KeyError::Malformed { at });
            }
            value |= bits << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(KeyError::Malformed { at })
    }

    fn float(&mut self) -> Result<f64, KeyError> {
        let at = self.at;
        let mut bits = [0; 8];
        bits.copy_from_slice(self.take(8)?);
        let float = f64::from_be_bytes(bits);
        if float_bits(float) == u64::from_be_bytes(bits) { Ok(float) } else { Err(KeyError::Malformed { at }) }
    }

    fn char(&mut self) -> Result<char, KeyError> {
        let at = self.at;
        let code = u32::try_from(self.varint()?).ok();
        code.and_then(char::from_u32).ok_or(KeyError::Malformed { at })
    }
}
