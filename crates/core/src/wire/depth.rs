//! How deeply a payload is nested, found without recursion before anything recursive reads it.

use super::codec::VALUE_DEPTH_MAX;

/// Bytes that are not one MessagePack value.
#[derive(Debug, thiserror::Error)]
#[error("not one MessagePack value at byte {at}")]
pub(super) struct Misshapen {
    at: usize,
}

/// What a marker calls for.
enum Item {
    /// So many bytes.
    Bytes(usize),
    /// So many items.
    Items(u64),
    /// A length of so many bytes, then as many bytes and some more.
    Run { width: usize, more: usize },
    /// A count of so many bytes, then as many items, each taken so often.
    Counted { width: usize, each: u64 },
}

/// The deepest nesting of one MessagePack value, or the first beyond the bound.
pub(super) fn message_pack(bytes: &[u8]) -> Result<usize, Misshapen> {
    let mut at = 0;
    let mut deepest = 0;
    // How many items are still to come at each level that is open.
    let mut open = vec![1u64];
    while let Some(left) = open.last_mut() {
        if *left == 0 {
            open.pop();
            continue;
        }
        *left -= 1;
        if let Some(items) = step(bytes, &mut at).ok_or(Misshapen { at })? {
            deepest = deepest.max(open.len());
            if deepest > VALUE_DEPTH_MAX {
                return Ok(deepest);
            }
            open.push(items);
        }
    }
    if at == bytes.len() { Ok(deepest) } else { Err(Misshapen { at }) }
}

/// Steps over a scalar, or over the head of a list or map and tells how many items it has.
fn step(bytes: &[u8], at: &mut usize) -> Option<Option<u64>> {
    let marker = *bytes.get(*at)?;
    *at += 1;
    match item(marker)? {
        Item::Bytes(length) => skip(bytes, at, length).map(|()| None),
        Item::Items(items) => Some(Some(items)),
        Item::Run { width, more } => {
            let length = usize::try_from(number(bytes, at, width)?).ok()?.checked_add(more)?;
            skip(bytes, at, length).map(|()| None)
        }
        Item::Counted { width, each } => Some(Some(number(bytes, at, width)? * each)),
    }
}

/// The table of markers, <https://github.com/msgpack/msgpack/blob/master/spec.md#formats>.
fn item(marker: u8) -> Option<Item> {
    Some(match marker {
        0x00..=0x7f | 0xe0..=0xff | 0xc0 | 0xc2 | 0xc3 => Item::Bytes(0),
        0x80..=0x8f => Item::Items(u64::from(marker & 0x0f) * 2),
        0x90..=0x9f => Item::Items(u64::from(marker & 0x0f)),
        0xa0..=0xbf => Item::Bytes(usize::from(marker & 0x1f)),
        0xc1 => return None,
        0xc4..=0xc6 => Item::Run { width: 1 << (marker - 0xc4), more: 0 },
        0xc7..=0xc9 => Item::Run { width: 1 << (marker - 0xc7), more: 1 },
        0xca => Item::Bytes(4),
        0xcb => Item::Bytes(8),
        0xcc..=0xcf => Item::Bytes(1 << (marker - 0xcc)),
        0xd0..=0xd3 => Item::Bytes(1 << (marker - 0xd0)),
        0xd4..=0xd8 => Item::Bytes((1 << (marker - 0xd4)) + 1),
        0xd9..=0xdb => Item::Run { width: 1 << (marker - 0xd9), more: 0 },
        0xdc | 0xdd => Item::Counted { width: 2 << (marker - 0xdc), each: 1 },
        0xde | 0xdf => Item::Counted { width: 2 << (marker - 0xde), each: 2 },
    })
}

fn skip(bytes: &[u8], at: &mut usize, length: usize) -> Option<()> {
    let end = at.checked_add(length).filter(|end| *end <= bytes.len())?;
    *at = end;
    Some(())
}

fn number(bytes: &[u8], at: &mut usize, width: usize) -> Option<u64> {
    let from = *at;
    skip(bytes, at, width)?;
    Some(bytes[from..*at].iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
}

/// The deepest nesting of brackets outside of text. What is no JSON is left to the parser, which is bounded itself.
pub(super) fn json(bytes: &[u8]) -> usize {
    let (mut depth, mut deepest) = (0usize, 0);
    let mut bytes = bytes.iter();
    while let Some(byte) = bytes.next() {
        match byte {
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            b'"' => {
                while let Some(byte) = bytes.next() {
                    match byte {
                        b'"' => break,
                        b'\\' => drop(bytes.next()),
                        _ => {}
                    }
                }
            }
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest
}
