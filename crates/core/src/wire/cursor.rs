//! Reads an envelope's parts one after the other; what is missing is named, with its place.

use bytes::Bytes;

use super::WireError;

pub(super) struct Cursor<'a> {
    bytes: &'a Bytes,
    at: usize,
}

impl<'a> Cursor<'a> {
    pub fn new(bytes: &'a Bytes) -> Self {
        Cursor { bytes, at: 0 }
    }

    pub fn at(&self) -> usize {
        self.at
    }

    /// The next `length` bytes.
    pub fn take(&mut self, what: &'static str, length: usize) -> Result<&'a [u8], WireError> {
        let taken = self.bytes[self.at..].get(..length).ok_or(WireError::Malformed { what, at: self.at })?;
        self.at += length;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self, what: &'static str) -> Result<[u8; N], WireError> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(what, N)?);
        Ok(array)
    }

    pub fn u8(&mut self, what: &'static str) -> Result<u8, WireError> {
        self.array(what).map(u8::from_be_bytes)
    }

    pub fn u16(&mut self, what: &'static str) -> Result<u16, WireError> {
        self.array(what).map(u16::from_be_bytes)
    }

    pub fn u32(&mut self, what: &'static str) -> Result<u32, WireError> {
        self.array(what).map(u32::from_be_bytes)
    }

    pub fn u64(&mut self, what: &'static str) -> Result<u64, WireError> {
        self.array(what).map(u64::from_be_bytes)
    }

    /// All that is left, which is `length` bytes; it shares the input's memory.
    pub fn rest(&self, what: &'static str, length: u64) -> Result<Bytes, WireError> {
        let left = self.bytes.len() - self.at;
        if u64::try_from(left) == Ok(length) {
            Ok(self.bytes.slice(self.at..))
        } else {
            Err(WireError::Malformed { what, at: self.at })
        }
    }
}
