//! Encoding what holds other values: lists in their order, maps and structs in the one order that all writers share.

use std::ops::Range;

use serde::ser::{
    Error, Serialize, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple,
    SerializeTupleStruct, SerializeTupleVariant, Serializer,
};

use super::encode::Encoder;
use crate::error::KeyError;

type Done = Result<(), KeyError>;

/// Elements, written as they come.
pub(super) struct Listed<'e, 'a>(&'e mut Encoder<'a>);

impl<'e, 'a> Listed<'e, 'a> {
    pub fn new(encoder: &'e mut Encoder<'a>) -> Self {
        Listed(encoder)
    }
}

/// Entries, written as they come and put in order at the end.
pub(super) struct Sorted<'e, 'a> {
    encoder: &'e mut Encoder<'a>,
    from: usize,
    entries: Vec<Written>,
}

/// Where an entry lies, and by which of its bytes it is ordered.
struct Written {
    from: usize,
    key: Range<usize>,
    to: usize,
}

impl<'e, 'a> Sorted<'e, 'a> {
    pub fn new(encoder: &'e mut Encoder<'a>) -> Self {
        let from = encoder.bytes.len();
        Sorted { encoder, from, entries: Vec::new() }
    }

    fn at(&self) -> usize {
        self.encoder.bytes.len()
    }

    /// Every value has a byte at least, so an entry that ends with its key has none yet.
    fn lacks_value(&self) -> bool {
        self.entries.last().is_some_and(|last| last.to == last.key.end)
    }

    fn key(&mut self, key: &(impl Serialize + ?Sized)) -> Done {
        let from = self.at();
        key.serialize(&mut *self.encoder)?;
        self.begin(from..self.at(), from)
    }

    fn name(&mut self, name: &'static str) -> Done {
        let from = self.at();
        self.encoder.serialize_str(name)?;
        self.begin(self.at() - name.len()..self.at(), from)
    }

    fn begin(&mut self, key: Range<usize>, from: usize) -> Done {
        if self.lacks_value() {
            return Err(KeyError::custom("a map's key has no value"));
        }
        self.entries.push(Written { from, to: key.end, key });
        Ok(())
    }

    fn value(&mut self, value: &(impl Serialize + ?Sized)) -> Done {
        if !self.lacks_value() {
            return Err(KeyError::custom("a map's value has no key"));
        }
        value.serialize(&mut *self.encoder)?;
        let to = self.at();
        if let Some(last) = self.entries.last_mut() {
            last.to = to;
        }
        Ok(())
    }

    fn close(mut self) -> Done {
        if self.lacks_value() {
            return Err(KeyError::custom("a map's key has no value"));
        }
        self.sort()?;
        self.encoder.close()
    }

    fn sort(&mut self) -> Done {
        let bytes = &mut *self.encoder.bytes;
        if !self.entries.is_sorted_by(|one, next| bytes[one.key.clone()] < bytes[next.key.clone()]) {
            self.entries.sort_by(|one, other| bytes[one.key.clone()].cmp(&bytes[other.key.clone()]));
            if self.entries.windows(2).any(|pair| bytes[pair[0].key.clone()] == bytes[pair[1].key.clone()]) {
                return Err(KeyError::custom("a map or struct has the same key twice"));
            }
            let sorted: Vec<u8> = self.entries.iter().flat_map(|entry| &bytes[entry.from..entry.to]).copied().collect();
            bytes.truncate(self.from);
            bytes.extend_from_slice(&sorted);
        }
        Ok(())
    }
}

impl SerializeSeq for Listed<'_, '_> {
    type Ok = ();
    type Error = KeyError;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Done {
        value.serialize(&mut *self.0)
    }

    fn end(self) -> Done {
        self.0.close()
    }
}

impl SerializeTuple for Listed<'_, '_> {
    type Ok = ();
    type Error = KeyError;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Done {
        SerializeSeq::serialize_element(self, value)
    }

    fn end(self) -> Done {
        self.0.close()
    }
}

impl SerializeTupleStruct for Listed<'_, '_> {
    type Ok = ();
    type Error = KeyError;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Done {
        SerializeSeq::serialize_element(self, value)
    }

    fn end(self) -> Done {
        self.0.close()
    }
}

impl SerializeTupleVariant for Listed<'_, '_> {
    type Ok = ();
    type Error = KeyError;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Done {
        SerializeSeq::serialize_element(self, value)
    }

    fn end(self) -> Done {
        self.0.close()
    }
}

impl SerializeMap for Sorted<'_, '_> {
    type Ok = ();
    type Error = KeyError;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Done {
        self.key(key)
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Done {
        self.value(value)
    }

    fn end(self) -> Done {
        self.close()
    }
}

impl SerializeStruct for Sorted<'_, '_> {
    type Ok = ();
    type Error = KeyError;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Done {
        self.name(name)?;
        self.value(value)
    }

    fn end(self) -> Done {
        self.close()
    }
}

impl SerializeStructVariant for Sorted<'_, '_> {
    type Ok = ();
    type Error = KeyError;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Done {
        SerializeStruct::serialize_field(self, name, value)
    }

    fn end(self) -> Done {
        self.close()
    }
}
