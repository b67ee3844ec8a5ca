//! Reads bytes one part after the other; a part at fault is named, with its place.

use bytes::Bytes;

use super::SnapshotError;

pub(super) struct Cursor<'a> {
    bytes: &'a Bytes,
    at: usize,
}

impl<'a> Cursor<'a> {
    pub fn new(bytes: &'a Bytes) -> Self {
        Cursor { bytes, at: 0 }
    }

    /// Reads a part; `None` of it: it is malformed.
    pub fn part<T>(
        &mut self,
        what: &'static str,
        read: impl FnOnce(&mut Self) -> Option<T>,
    ) -> Result<T, SnapshotError> {
        let at = self.at;
        read(self).ok_or(SnapshotError::Malformed { what, at })
    }

    /// Reads a part that this version must know the meaning of.
    pub fn known<T, M>(
        &mut self,
        what: &'static str,
        read: impl FnOnce(&mut Self) -> Option<T>,
        meaning: impl FnOnce(T) -> Option<M>,
    ) -> Result<M, SnapshotError> {
        let at = self.at;
        meaning(self.part(what, read)?).ok_or(SnapshotError::Unknown { what, at })
    }

    /// The next bytes, which share the memory of all.
    pub fn bytes(&mut self, length: usize) -> Option<Bytes> {
        let end = self.at.checked_add(length).filter(|end| *end <= self.bytes.len())?;
        let bytes = self.bytes.slice(self.at..end);
        self.at = end;
        Some(bytes)
    }

    /// All that was not read yet.
    pub fn rest(&self) -> &'a [u8] {
        &self.bytes[self.at..]
    }

    /// A count of so many bytes, if it is within its bound.
    pub fn count(&mut self, width: usize, most: usize) -> Option<usize> {
        let count = self.bytes(width)?.iter().fold(0, |count, byte| count << 8 | usize::from(*byte));
        (count <= most).then_some(count)
    }

    /// Bytes behind a length of one byte.
    pub fn short(&mut self) -> Option<Bytes> {
        let length = self.u8()?;
        self.bytes(length.into())
    }

    pub fn u8(&mut self) -> Option<u8> {
        self.array().map(u8::from_be_bytes)
    }

    pub fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_be_bytes)
    }

    pub fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_be_bytes)
    }

    pub fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_be_bytes)
    }

    pub fn u64s<const N: usize>(&mut self) -> Option<[u64; N]> {
        let mut numbers = [0; N];
        for number in &mut numbers {
            *number = self.u64()?;
        }
        Some(numbers)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let mut array = [0; N];
        array.copy_from_slice(&self.bytes(N)?);
        Some(array)
    }
}
