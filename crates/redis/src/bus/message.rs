//! Messages as they are on the channel: `1 partition epoch number` and a notice, which begins with its letter.
//!
//! | notice | then |
//! |---|---|
//! | `K` a key was invalidated | strength, the whole key |
//! | `M` a mark was raised | strength, tick, a space, and the mark's field: `t:` tag or `n:` namespace |
//! | `F` the floor was raised | strength, tick |
//! | `S` stored, `R` removed | the whole key |
//! | `H` heartbeat | nothing |

use std::str;

use freshen_core::bus::{Message, Notice, Position};
use freshen_core::store::Scope;
use freshen_core::{Key, Strength, Tag};

/// Reads a message. `None`: this version does not understand it.
pub(super) fn read(bytes: &[u8]) -> Option<Message> {
    let mut parts = bytes.splitn(5, |byte| *byte == b' ');
    let version = parts.next()?;
    if version != b"1" {
        return None;
    }
    let mut text = || str::from_utf8(parts.next()?).ok();
    let partition = text()?.parse().ok()?;
    let epoch = u64::from_str_radix(text()?, 16).ok()?;
    let number = text()?.parse().ok()?;
    let notice = notice(parts.next()?)?;
    Some(Message { position: Position { partition, epoch, number }, notice })
}

fn notice(bytes: &[u8]) -> Option<Notice> {
    let (letter, rest) = bytes.split_first()?;
    match letter {
        b'S' => Some(Notice::Stored { key: Key::from_bytes(rest).ok()? }),
        b'R' => Some(Notice::Removed { key: Key::from_bytes(rest).ok()? }),
        b'H' => rest.is_empty().then_some(Notice::Heartbeat),
        b'K' | b'M' | b'F' => outdating(*letter, rest),
        _ => None,
    }
}

fn outdating(letter: u8, bytes: &[u8]) -> Option<Notice> {
    let (strength, rest) = bytes.split_first()?;
    let strength = match strength {
        b'1' => Strength::Soft,
        b'2' => Strength::Hard,
        _ => return None,
    };
    if letter == b'K' {
        return Some(Notice::KeyInvalidated { key: Key::from_bytes(rest).ok()?, strength });
    }
    let rest = str::from_utf8(rest).ok()?;
    if letter == b'F' {
        return Some(Notice::FloorRaised { strength, tick: rest.parse().ok()? });
    }
    let (tick, field) = rest.split_once(' ')?;
    Some(Notice::Marked { scope: scope(field)?, strength, tick: tick.parse().ok()? })
}

fn scope(field: &str) -> Option<Scope> {
    match field.split_once(':')? {
        ("t", tag) => Some(Scope::Tag(Tag::new(tag).ok()?)),
        ("n", name) => Some(Scope::Namespace(name.into())),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_notice_is_read_as_scripts_write_it() {
        let key = Key::new("default", "job", &"a b").unwrap();
        let of = |head: &[u8]| [head, key.as_bytes()].concat();
        let strength = Strength::Hard;
        let read = |notice: &[u8]| read(&[b"1 7 00000000000000ff 42 ", notice].concat());
        let position = Position { partition: 7, epoch: 255, number: 42 };
        let message = |notice| Some(Message { position, notice });
        assert_eq!(read(&of(b"K2")), message(Notice::KeyInvalidated { key: key.clone(), strength }));
        assert_eq!(read(&of(b"S")), message(Notice::Stored { key: key.clone() }));
        assert_eq!(read(&of(b"R")), message(Notice::Removed { key: key.clone() }));
        let scope = Scope::Tag(Tag::new("user: 5").unwrap());
        assert_eq!(read(b"M29 t:user: 5"), message(Notice::Marked { scope, strength, tick: 9 }));
        let scope = Scope::Namespace("shop".into());
        assert_eq!(read(b"M29 n:shop"), message(Notice::Marked { scope, strength, tick: 9 }));
        assert_eq!(read(b"F29"), message(Notice::FloorRaised { strength, tick: 9 }));
        assert_eq!(read(b"H"), message(Notice::Heartbeat));
    }

    #[test]
    fn what_is_not_understood_is_no_message() {
        let texts = ["", "1", "2 0 ff 1 H", "1 x ff 1 H", "1 0 zz 1 H", "1 0 ff x H", "1 0 ff 1 ", "1 0 ff 1 X"];
        let more =
            ["1 0 ff 1 K2nokey", "1 0 ff 1 K3", "1 0 ff 1 F2x", "1 0 ff 1 M25", "1 0 ff 1 M25 x:y", "1 0 ff 1 Hx"];
        for text in texts.into_iter().chain(more) {
            assert_eq!(read(text.as_bytes()), None, "{text:?}");
        }
        assert_eq!(read(b"1 0 ff 1 M25 \xff"), None);
    }
}
