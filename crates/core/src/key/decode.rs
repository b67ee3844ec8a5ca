//! Bytes into arguments.

use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Unexpected, Visitor};
use serde::forward_to_deserialize_any;

use super::format::{Head, bounded};
use super::reader::Reader;
use super::variant::{Content, Single, Variant};
use crate::error::KeyError;

/// Checks that `bytes` are exactly one encoding within all bounds.
pub(super) fn check(bytes: &[u8]) -> Result<(), KeyError> {
    bounded(bytes.len())?;
    let mut reader = Reader::new(bytes);
    skip(&mut reader)?;
    reader.finish()
}

/// Builds arguments from their encoding.
pub(super) fn arguments<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, KeyError> {
    bounded(bytes.len())?;
    let mut reader = Reader::new(bytes);
    let arguments = T::deserialize(&mut reader)?;
    reader.finish()?;
    Ok(arguments)
}

/// Steps over one value, whatever it is. The reader's depth bounds the recursion.
fn skip(reader: &mut Reader<'_>) -> Result<(), KeyError> {
    match reader.head()? {
        Head::End => Err(reader.malformed()),
        Head::Some | Head::NewtypeVariant(_) => reader.nested(skip)?,
        Head::Seq | Head::Tuple | Head::TupleVariant(_) => reader.nested(skip_elements)?,
        Head::Map => reader.nested(|reader| skip_entries(reader, false))?,
        Head::Struct | Head::StructVariant(_) => reader.nested(|reader| skip_entries(reader, true))?,
        _ => Ok(()),
    }
}

fn skip_elements(reader: &mut Reader<'_>) -> Result<(), KeyError> {
    while !reader.ended()? {
        skip(reader)?;
    }
    Ok(())
}

/// Steps over a map's entries or a struct's fields, which are `named`, and sees that they are in order.
fn skip_entries(reader: &mut Reader<'_>, named: bool) -> Result<(), KeyError> {
    let mut last: Option<&[u8]> = None;
    loop {
        let from = reader.at();
        let key = match reader.head()? {
            Head::End => return Ok(()),
            Head::Str(name) if named => name.as_bytes(),
            _ if named => return Err(KeyError::Malformed { at: from }),
            head => {
                reader.put_back(head);
                skip(reader)?;
                reader.between(from, reader.at())
            }
        };
        if last.is_some_and(|last| last >= key) {
            return Err(KeyError::Malformed { at: from });
        }
        last = Some(key);
        skip(reader)?;
    }
}

impl Error for KeyError {
    fn custom<T: std::fmt::Display>(reason: T) -> Self {
        KeyError::Decode { reason: reason.to_string() }
    }
}

impl<'de> Deserializer<'de> for &mut Reader<'de> {
    type Error = KeyError;

    /// As the encoder: see there.
    fn is_human_readable(&self) -> bool {
        true
    }

    /// Every value says what it is. A variant is given as serde buffers one: its name, or a map from its name to its content.
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, KeyError> {
        match self.head()? {
            Head::End => Err(self.malformed()),
            Head::Unit => visitor.visit_unit(),
            Head::None => visitor.visit_none(),
            Head::Some => self.nested(|reader| visitor.visit_some(reader))?,
            Head::Bool(value) => visitor.visit_bool(value),
            Head::Signed(value) => match i64::try_from(value) {
                Ok(value) => visitor.visit_i64(value),
                Err(_) => visitor.visit_i128(value),
            },
            Head::Unsigned(value) => match u64::try_from(value) {
                Ok(value) => visitor.visit_u64(value),
                Err(_) => visitor.visit_u128(value),
            },
            Head::Float(value) => visitor.visit_f64(value),
            Head::Char(value) => visitor.visit_char(value),
            Head::Str(value) | Head::UnitVariant(value) => visitor.visit_borrowed_str(value),
            Head::Bytes(value) => visitor.visit_borrowed_bytes(value),
            Head::Seq | Head::Tuple => self.elements(visitor),
            Head::Map | Head::Struct => self.entries(visitor),
            Head::NewtypeVariant(name) => self.nested(|reader| visitor.visit_map(Single::new(reader, name)))?,
            Head::TupleVariant(name) => {
                self.put_back(Head::Tuple);
                visitor.visit_map(Single::new(self, name))
            }
            Head::StructVariant(name) => {
                self.put_back(Head::Struct);
                visitor.visit_map(Single::new(self, name))
            }
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, KeyError> {
        visitor.visit_newtype_struct(self)
    }

    /// A struct is read by its fields' names, never by position: a tuple does not become one.
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, KeyError> {
        match self.head()? {
            Head::Map | Head::Struct => self.entries(visitor),
            Head::Seq | Head::Tuple => Err(KeyError::invalid_type(Unexpected::Seq, &visitor)),
            head => {
                self.put_back(head);
                self.deserialize_any(visitor)
            }
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, KeyError> {
        match self.head()? {
            Head::UnitVariant(name) | Head::Str(name) => visitor.visit_enum(Variant::new(self, name, Content::Nothing)),
            Head::NewtypeVariant(name) => {
                self.nested(|reader| visitor.visit_enum(Variant::new(reader, name, Content::Value)))?
            }
            Head::TupleVariant(name) => visitor.visit_enum(Variant::new(self, name, Content::Elements)),
            Head::StructVariant(name) => visitor.visit_enum(Variant::new(self, name, Content::Entries)),
            head => {
                self.put_back(head);
                self.deserialize_any(visitor)
            }
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, KeyError> {
        skip(self)?;
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        seq tuple tuple_struct map identifier
    }
}

impl<'de> Reader<'de> {
    /// Gives the elements up to the end. Whoever takes fewer than there are is told so.
    pub(super) fn elements<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, KeyError> {
        self.nested(|reader| {
            let mut inside = Inside { reader, ended: false };
            let value = visitor.visit_seq(&mut inside)?;
            inside.close()?;
            Ok(value)
        })?
    }

    pub(super) fn entries<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, KeyError> {
        self.nested(|reader| {
            let mut inside = Inside { reader, ended: false };
            let value = visitor.visit_map(&mut inside)?;
            inside.close()?;
            Ok(value)
        })?
    }
}

/// What lies between an opening and its end.
struct Inside<'r, 'de> {
    reader: &'r mut Reader<'de>,
    ended: bool,
}

impl<'de> Inside<'_, 'de> {
    fn next<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, KeyError> {
        self.ended = self.ended || self.reader.ended()?;
        if self.ended { Ok(None) } else { seed.deserialize(&mut *self.reader).map(Some) }
    }

    fn close(&mut self) -> Result<(), KeyError> {
        if self.ended || self.reader.ended()? { Ok(()) } else { Err(KeyError::custom("more elements than expected")) }
    }
}

impl<'de> SeqAccess<'de> for &mut Inside<'_, 'de> {
    type Error = KeyError;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, KeyError> {
        self.next(seed)
    }
}

impl<'de> MapAccess<'de> for &mut Inside<'_, 'de> {
    type Error = KeyError;

    fn next_key_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, KeyError> {
        self.next(seed)
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, KeyError> {
        seed.deserialize(&mut *self.reader)
    }
}
