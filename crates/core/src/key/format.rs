//! How a value lies in a key: one tag byte each, then what the tag calls for.
//!
//! ```text
//! unit · none · some value · false · true          lists          seq values… end · tuple values… end
//! signed zigzag-varint · unsigned varint            map            (key value)… end, ascending by encoded key
//! float 8 bytes · char varint                       struct         (str value)… end, ascending by name
//! str length text · bytes length bytes              variants       name, then as a value, a tuple or a struct
//! ```
//!
//! Every value tells where it ends, so none can be read as part of its neighbour, and there is one way to write each.

use super::{ARGUMENTS_BYTES_MAX, ARGUMENTS_DEPTH_MAX};
use crate::error::KeyError;

/// The tag bytes. They are in stores and queues: a number is never given another meaning.
pub(super) mod tag {
    pub const END: u8 = 0x00;
    pub const UNIT: u8 = 0x01;
    pub const NONE: u8 = 0x02;
    pub const SOME: u8 = 0x03;
    pub const FALSE: u8 = 0x04;
    pub const TRUE: u8 = 0x05;
    pub const SIGNED: u8 = 0x06;
    pub const UNSIGNED: u8 = 0x07;
    pub const FLOAT: u8 = 0x08;
    pub const CHAR: u8 = 0x09;
    pub const STR: u8 = 0x0a;
    pub const BYTES: u8 = 0x0b;
    pub const SEQ: u8 = 0x0c;
    pub const TUPLE: u8 = 0x0d;
    pub const MAP: u8 = 0x0e;
    pub const STRUCT: u8 = 0x0f;
    pub const UNIT_VARIANT: u8 = 0x10;
    pub const NEWTYPE_VARIANT: u8 = 0x11;
    pub const TUPLE_VARIANT: u8 = 0x12;
    pub const STRUCT_VARIANT: u8 = 0x13;
}

/// The one bit pattern that stands for every NaN.
const NAN_BITS: u64 = 0x7ff8_0000_0000_0000;

/// What a value begins with: a whole scalar, or the opening of what holds others.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Head<'de> {
    End,
    Unit,
    None,
    Some,
    Bool(bool),
    Signed(i128),
    Unsigned(u128),
    Float(f64),
    Char(char),
    Str(&'de str),
    Bytes(&'de [u8]),
    Seq,
    Tuple,
    Map,
    Struct,
    UnitVariant(&'de str),
    NewtypeVariant(&'de str),
    TupleVariant(&'de str),
    StructVariant(&'de str),
}

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
        if self.at == self.bytes.len() { Ok(()) } else { Err(self.malformed()) }
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

/// One level down, unless that is too deep.
pub(super) fn deeper(depth: &mut usize) -> Result<(), KeyError> {
    if *depth == ARGUMENTS_DEPTH_MAX {
        return Err(KeyError::TooDeep { most: ARGUMENTS_DEPTH_MAX });
    }
    *depth += 1;
    Ok(())
}

/// Refuses arguments of more bytes than a key holds.
pub(super) fn bounded(bytes: usize) -> Result<(), KeyError> {
    if bytes > ARGUMENTS_BYTES_MAX {
        return Err(KeyError::TooLong { what: "arguments", bytes, most: ARGUMENTS_BYTES_MAX });
    }
    Ok(())
}

/// The bits of a float, one pattern for what counts as equal: each NaN is the same, and so are both zeros.
pub(super) fn float_bits(float: f64) -> u64 {
    match float {
        _ if float.is_nan() => NAN_BITS,
        0.0 => 0,
        _ => float.to_bits(),
    }
}

/// Small numbers of either sign as small unsigned ones: 0, -1, 1, -2 become 0, 1, 2, 3.
pub(super) fn zigzag(value: i128) -> u128 {
    ((value << 1) ^ (value >> 127)).cast_unsigned()
}

fn unzigzag(value: u128) -> i128 {
    (value >> 1).cast_signed() ^ -((value & 1).cast_signed())
}

/// Appends what [`Reader::varint`] reads.
pub(super) fn push_varint(bytes: &mut Vec<u8>, mut value: u128) {
    while value >= 0x80 {
        bytes.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
}
