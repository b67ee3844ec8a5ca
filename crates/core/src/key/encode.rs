//! Arguments into bytes.

use serde::ser::{Error, Serialize, Serializer};

use super::format::{bounded, deeper, float_bits, push_varint, tag, zigzag};
use super::parts::{Listed, Sorted};
use crate::error::KeyError;

/// Appends the encoding of `arguments` to `bytes`.
pub(super) fn append(bytes: &mut Vec<u8>, arguments: &impl Serialize) -> Result<(), KeyError> {
    let start = bytes.len();
    arguments.serialize(&mut Encoder { bytes, start, depth: 0 })
}

/// Writes one value after the other, within the bounds of a key.
pub(super) struct Encoder<'a> {
    pub(super) bytes: &'a mut Vec<u8>,
    start: usize,
    depth: usize,
}

impl Encoder<'_> {
    /// Checks the bound before anything grows, so that no argument is copied only to be refused.
    fn room(&self, more: usize) -> Result<(), KeyError> {
        bounded((self.bytes.len() - self.start).saturating_add(more))
    }

    fn tag(&mut self, tag: u8) -> Result<(), KeyError> {
        self.raw(&[tag])
    }

    fn raw(&mut self, bytes: &[u8]) -> Result<(), KeyError> {
        self.room(bytes.len())?;
        self.bytes.extend_from_slice(bytes);
        Ok(())
    }

    fn number(&mut self, tag: u8, value: u128) -> Result<(), KeyError> {
        self.tag(tag)?;
        push_varint(self.bytes, value);
        self.room(0)
    }

    /// A length and as many bytes.
    fn run(&mut self, bytes: &[u8]) -> Result<(), KeyError> {
        push_varint(self.bytes, bytes.len() as u128);
        self.raw(bytes)
    }

    fn tagged_run(&mut self, tag: u8, bytes: &[u8]) -> Result<(), KeyError> {
        self.tag(tag)?;
        self.run(bytes)
    }

    fn nested(&mut self, value: &(impl Serialize + ?Sized)) -> Result<(), KeyError> {
        deeper(&mut self.depth)?;
        value.serialize(&mut *self)?;
        self.depth -= 1;
        Ok(())
    }

    fn open(&mut self, tag: u8) -> Result<(), KeyError> {
        deeper(&mut self.depth)?;
        self.tag(tag)
    }

    fn open_variant(&mut self, tag: u8, name: &str) -> Result<(), KeyError> {
        deeper(&mut self.depth)?;
        self.tagged_run(tag, name.as_bytes())
    }

    pub(super) fn close(&mut self) -> Result<(), KeyError> {
        self.depth -= 1;
        self.tag(tag::END)
    }
}

impl Error for KeyError {
    fn custom<T: std::fmt::Display>(reason: T) -> Self {
        KeyError::Encode { reason: reason.to_string() }
    }
}

type Done = Result<(), KeyError>;

impl<'e, 'a> Serializer for &'e mut Encoder<'a> {
    type Ok = ();
    type Error = KeyError;
    type SerializeSeq = Listed<'e, 'a>;
    type SerializeTuple = Listed<'e, 'a>;
    type SerializeTupleStruct = Listed<'e, 'a>;
    type SerializeTupleVariant = Listed<'e, 'a>;
    type SerializeMap = Sorted<'e, 'a>;
    type SerializeStruct = Sorted<'e, 'a>;
    type SerializeStructVariant = Sorted<'e, 'a>;

    /// Text forms, as people see keys; and serde reads what it has buffered (`flatten`, `untagged`) as text forms always.
    fn is_human_readable(&self) -> bool {
        true
    }

    fn serialize_bool(self, v: bool) -> Done {
        self.tag(if v { tag::TRUE } else { tag::FALSE })
    }

    fn serialize_i8(self, v: i8) -> Done {
        self.serialize_i128(v.into())
    }

    fn serialize_i16(self, v: i16) -> Done {
        self.serialize_i128(v.into())
    }

    fn serialize_i32(self, v: i32) -> Done {
        self.serialize_i128(v.into())
    }

    fn serialize_i64(self, v: i64) -> Done {
        self.serialize_i128(v.into())
    }

    fn serialize_i128(self, v: i128) -> Done {
        self.number(tag::SIGNED, zigzag(v))
    }

    fn serialize_u8(self, v: u8) -> Done {
        self.serialize_u128(v.into())
    }

    fn serialize_u16(self, v: u16) -> Done {
        self.serialize_u128(v.into())
    }

    fn serialize_u32(self, v: u32) -> Done {
        self.serialize_u128(v.into())
    }

    fn serialize_u64(self, v: u64) -> Done {
        self.serialize_u128(v.into())
    }

    fn serialize_u128(self, v: u128) -> Done {
        self.number(tag::UNSIGNED, v)
    }

    fn serialize_f32(self, v: f32) -> Done {
        self.serialize_f64(v.into())
    }

    fn serialize_f64(self, v: f64) -> Done {
        self.tag(tag::FLOAT)?;
        self.raw(&float_bits(v).to_be_bytes())
    }

    fn serialize_char(self, v: char) -> Done {
        self.number(tag::CHAR, u32::from(v).into())
    }

    fn serialize_str(self, v: &str) -> Done {
        self.tagged_run(tag::STR, v.as_bytes())
    }

    fn serialize_bytes(self, v: &[u8]) -> Done {
        self.tagged_run(tag::BYTES, v)
    }

    fn serialize_none(self) -> Done {
        self.tag(tag::NONE)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Done {
        self.tag(tag::SOME)?;
        self.nested(value)
    }

    fn serialize_unit(self) -> Done {
        self.tag(tag::UNIT)
    }

    fn serialize_unit_struct(self, _name: &'static str) -> Done {
        self.serialize_unit()
    }

    fn serialize_unit_variant(self, _name: &'static str, _index: u32, variant: &'static str) -> Done {
        self.tagged_run(tag::UNIT_VARIANT, variant.as_bytes())
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _name: &'static str, value: &T) -> Done {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        value: &T,
    ) -> Done {
        self.tagged_run(tag::NEWTYPE_VARIANT, variant.as_bytes())?;
        self.nested(value)
    }

    fn serialize_seq(self, _length: Option<usize>) -> Result<Listed<'e, 'a>, KeyError> {
        self.open(tag::SEQ)?;
        Ok(Listed::new(self))
    }

    fn serialize_tuple(self, _length: usize) -> Result<Listed<'e, 'a>, KeyError> {
        self.open(tag::TUPLE)?;
        Ok(Listed::new(self))
    }

    fn serialize_tuple_struct(self, _name: &'static str, length: usize) -> Result<Listed<'e, 'a>, KeyError> {
        self.serialize_tuple(length)
    }

    fn serialize_tuple_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        _length: usize,
    ) -> Result<Listed<'e, 'a>, KeyError> {
        self.open_variant(tag::TUPLE_VARIANT, variant)?;
        Ok(Listed::new(self))
    }

    fn serialize_map(self, _length: Option<usize>) -> Result<Sorted<'e, 'a>, KeyError> {
        self.open(tag::MAP)?;
        Ok(Sorted::new(self))
    }

    fn serialize_struct(self, _name: &'static str, _length: usize) -> Result<Sorted<'e, 'a>, KeyError> {
        self.open(tag::STRUCT)?;
        Ok(Sorted::new(self))
    }

    fn serialize_struct_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        _length: usize,
    ) -> Result<Sorted<'e, 'a>, KeyError> {
        self.open_variant(tag::STRUCT_VARIANT, variant)?;
        Ok(Sorted::new(self))
    }
}
