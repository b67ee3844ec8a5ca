//! Decoding enum variants: by name, for a derived enum, and as a map of one entry, for what serde buffers first.

use serde::de::value::BorrowedStrDeserializer;
use serde::de::{DeserializeSeed, EnumAccess, Error, MapAccess, Unexpected, VariantAccess, Visitor};

use super::reader::Reader;
use crate::error::KeyError;

/// What a variant holds.
#[derive(Clone, Copy)]
pub(super) enum Content {
    Nothing,
    Value,
    Elements,
    Entries,
}

impl Content {
    fn mismatch(self, expected: &str) -> KeyError {
        let found = match self {
            Content::Nothing => Unexpected::UnitVariant,
            Content::Value => Unexpected::NewtypeVariant,
            Content::Elements => Unexpected::TupleVariant,
            Content::Entries => Unexpected::StructVariant,
        };
        KeyError::invalid_type(found, &expected)
    }
}

/// A variant whose name has been read.
pub(super) struct Variant<'r, 'de> {
    reader: &'r mut Reader<'de>,
    name: &'de str,
    content: Content,
}

impl<'r, 'de> Variant<'r, 'de> {
    pub fn new(reader: &'r mut Reader<'de>, name: &'de str, content: Content) -> Self {
        Variant { reader, name, content }
    }
}

impl<'de> EnumAccess<'de> for Variant<'_, 'de> {
    type Error = KeyError;
    type Variant = Self;

    fn variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<(T::Value, Self), KeyError> {
        Ok((seed.deserialize(BorrowedStrDeserializer::<KeyError>::new(self.name))?, self))
    }
}

impl<'de> VariantAccess<'de> for Variant<'_, 'de> {
    type Error = KeyError;

    fn unit_variant(self) -> Result<(), KeyError> {
        match self.content {
            Content::Nothing => Ok(()),
            other => Err(other.mismatch("unit variant")),
        }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, KeyError> {
        match self.content {
            Content::Value => seed.deserialize(self.reader),
            other => Err(other.mismatch("newtype variant")),
        }
    }

    fn tuple_variant<V: Visitor<'de>>(self, _length: usize, visitor: V) -> Result<V::Value, KeyError> {
        match self.content {
            Content::Elements => self.reader.elements(visitor),
            other => Err(other.mismatch("tuple variant")),
        }
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, KeyError> {
        match self.content {
            Content::Entries => self.reader.entries(visitor),
            other => Err(other.mismatch("struct variant")),
        }
    }
}

/// A variant as a map of one entry, from its name to what it holds.
pub(super) struct Single<'r, 'de> {
    reader: &'r mut Reader<'de>,
    name: Option<&'de str>,
}

impl<'r, 'de> Single<'r, 'de> {
    pub fn new(reader: &'r mut Reader<'de>, name: &'de str) -> Self {
        Single { reader, name: Some(name) }
    }
}

impl<'de> MapAccess<'de> for Single<'_, 'de> {
    type Error = KeyError;

    fn next_key_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, KeyError> {
        self.name.take().map(|name| seed.deserialize(BorrowedStrDeserializer::<KeyError>::new(name))).transpose()
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, KeyError> {
        seed.deserialize(&mut *self.reader)
    }
}
