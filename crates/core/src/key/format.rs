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
        return Err(KeyError::TooLong { what: "encoding of the arguments", bytes, most: ARGUMENTS_BYTES_MAX });
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

pub(super) fn unzigzag(value: u128) -> i128 {
    (value >> 1).cast_signed() ^ -((value & 1).cast_signed())
}

/// Appends what a reader takes for a number: seven bits a byte, the lowest first.
pub(super) fn push_varint(bytes: &mut Vec<u8>, mut value: u128) {
    while value >= 0x80 {
        bytes.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
}
