//! How a value lies in its field: as it is, or compressed.

use bytes::Bytes;

/// The first byte of a value that is as it was.
const PLAIN: u8 = 0;
/// The first byte of a value that LZ4 has compressed; its length before follows in four bytes, the least first.
const LZ4: u8 = 1;

/// Packs a value; one of at least `compress_from` bytes is compressed, if that makes it smaller.
pub(super) fn pack(value: &[u8], compress_from: usize) -> Vec<u8> {
    if value.len() >= compress_from {
        let compressed = lz4_flex::block::compress_prepend_size(value);
        if compressed.len() < value.len() {
            return marked(LZ4, &compressed);
        }
    }
    marked(PLAIN, value)
}

fn marked(kind: u8, bytes: &[u8]) -> Vec<u8> {
    let mut packed = Vec::with_capacity(1 + bytes.len());
    packed.push(kind);
    packed.extend_from_slice(bytes);
    packed
}

/// Why a value cannot be unpacked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Wrong {
    #[error("it is damaged")]
    Damaged,
    #[error("it has {bytes} bytes, and this process allows {most}")]
    TooLong { bytes: usize, most: usize },
}

/// Unpacks a value of at most `most` bytes.
pub(super) fn unpack(packed: Vec<u8>, most: usize) -> Result<Bytes, Wrong> {
    let packed = Bytes::from(packed);
    match packed.first() {
        Some(&PLAIN) => Ok(packed.slice(1..)),
        Some(&LZ4) => {
            let (bytes, compressed) = lz4_flex::block::uncompressed_size(&packed[1..]).map_err(|_| Wrong::Damaged)?;
            if bytes > most {
                return Err(Wrong::TooLong { bytes, most });
            }
            lz4_flex::block::decompress(compressed, bytes).map(Bytes::from).map_err(|_| Wrong::Damaged)
        }
        _ => Err(Wrong::Damaged),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_comes_back_as_it_was_whether_it_was_compressed_or_not() {
        for (value, packed_bytes) in [(vec![], 1), (vec![7; 99], 100), (vec![7; 10_000], 60)] {
            let packed = pack(&value, 100);
            assert!(packed.len() <= packed_bytes, "{} of {}", packed.len(), value.len());
            assert_eq!(unpack(packed, 10_000).as_deref(), Ok(&value[..]));
        }
    }

    #[test]
    fn what_does_not_shrink_is_left_as_it_is() {
        let value: Vec<u8> = (0..200u8).collect();
        assert_eq!(pack(&value, 100).len(), 201);
    }

    #[test]
    fn damaged_bytes_and_false_lengths_are_refused() {
        let packed = pack(&[7; 10_000], 100);
        assert_eq!(unpack(packed.clone(), 9_999), Err(Wrong::TooLong { bytes: 10_000, most: 9_999 }));
        assert_eq!(unpack(packed[..packed.len() / 2].to_vec(), 10_000), Err(Wrong::Damaged));
        for damaged in [vec![], vec![9, 1, 2], vec![LZ4], vec![LZ4, 255, 255, 255, 255, 0]] {
            assert!(unpack(damaged.clone(), 10_000).is_err(), "{damaged:?}");
        }
    }
}
