//! A record as it was read: its fields, taken apart.

use std::str;
use std::time::Duration;

use bytes::Bytes;
use freshen_core::store::{Currency, Trouble};
use freshen_core::{Facts, Generation, Key, Tag, Tags, Timestamp, Windows};
use redis::Value;

/// The fields that a reader asks for, in this order.
pub(super) const FIELDS: [&str; 4] = ["k", "v", "m", "r"];

/// What a record holds, its times in the server's time.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) entry: Option<Kept>,
    pub(super) flag: Currency,
    pub(super) lease_until: Option<Timestamp>,
    pub(super) lease_holder: Option<Box<str>>,
    pub(super) asked_until: Option<Timestamp>,
    pub(super) trouble: Option<Trouble>,
}

/// An entry, its value still packed.
#[derive(Debug)]
pub(super) struct Kept {
    pub(super) packed: Vec<u8>,
    pub(super) facts: Facts,
    pub(super) tags: Tags,
    pub(super) validators: Option<Bytes>,
}

impl Found {
    /// Takes a record's fields apart. Where its tags are those that were guessed, they are the guess.
    ///
    /// # Errors
    /// What is wrong with a record that is not this key's, or is damaged. It is as good as absent.
    pub(super) fn read(key: &Key, answer: Value, guess: Option<&Tags>) -> Result<Found, &'static str> {
        let fields = match answer {
            Value::Array(fields) => fields,
            Value::ServerError(_) => return Err("it is not a record"),
            _ => return Err("it was not answered by its fields"),
        };
        let Ok([of, value, meta, rare]) = <[Value; 4]>::try_from(fields) else {
            return Err("it was not answered by its fields");
        };
        match of {
            Value::Nil => return Ok(Found::default()),
            Value::BulkString(bytes) if bytes == key.as_bytes() => {}
            _ => return Err("it is another key's"),
        }
        let mut found = match rare {
            Value::Nil => Found::default(),
            Value::BulkString(rare) => rare_of(&rare).ok_or("its flag, lease, marker or back-off is damaged")?,
            _ => return Err("it was not answered by its fields"),
        };
        found.entry = match (value, meta) {
            (Value::Nil, Value::Nil) => None,
            (Value::BulkString(value), Value::BulkString(meta)) => {
                Some(kept(value, meta, guess).ok_or("what judges its entry is damaged")?)
            }
            _ => return Err("its value and what judges it are not both there"),
        };
        Ok(found)
    }

    /// The same without what has ended by the server's time: what ends at a point is over at that point.
    pub(super) fn unended(mut self, now: Timestamp) -> Found {
        self.entry = self.entry.filter(|kept| now < kept.facts.ends_at());
        self.lease_until = self.lease_until.filter(|until| now < *until);
        self.lease_holder = self.lease_holder.filter(|_| self.lease_until.is_some());
        self.asked_until = self.asked_until.filter(|until| now < *until);
        self
    }
}

/// The text after the epoch and number of an entry: its windows, how long its load took, whether it is absent, its weight.
pub(super) fn facts_text(facts: &Facts) -> String {
    let Windows { ttl, stale_while_revalidate, stale_if_error } = facts.windows;
    let [ttl, stale, error, took] = [ttl, stale_while_revalidate, stale_if_error, facts.load_took].map(micros);
    format!("{ttl} {stale} {error} {took} {} {}", u8::from(facts.absent), facts.weight)
}

/// Tags, each after its length.
pub(super) fn tags_text(tags: &Tags) -> String {
    tags.as_slice().iter().map(|tag| format!("{}:{}", tag.as_str().len(), tag)).collect()
}

/// A span in microseconds; one without end is the longest that can be written.
pub(super) fn micros(span: Duration) -> u64 {
    u64::try_from(span.as_micros()).unwrap_or(u64::MAX)
}

fn kept(packed: Vec<u8>, meta: Vec<u8>, guess: Option<&Tags>) -> Option<Kept> {
    let line = meta.iter().position(|byte| *byte == b'\n')?;
    let mut head = &meta[..line];
    let facts = facts_of(&mut head)?;
    let tags_bytes = usize::try_from(decimal(&mut head)?).ok().filter(|_| head.is_empty())?;
    let (tags, validators) = meta[line + 1..].split_at_checked(tags_bytes)?;
    let tags = match guess {
        Some(guess) if are(guess, tags) => guess.clone(),
        _ => tags_of(str::from_utf8(tags).ok()?)?,
    };
    let validators = match validators.split_first() {
        None => None,
        Some((b'=', validators)) => Some(Bytes::copy_from_slice(validators)),
        Some(_) => return None,
    };
    Some(Kept { packed, facts, tags, validators })
}

fn facts_of(text: &mut &[u8]) -> Option<Facts> {
    let epoch = u64::from_str_radix(str::from_utf8(part(text)).ok()?, 16).ok()?;
    let generation = Generation { epoch, number: decimal(text)? };
    let loaded_at = Timestamp::from_micros(decimal(text)?);
    let mut span = || decimal(text).map(Duration::from_micros);
    let windows = Windows { ttl: span()?, stale_while_revalidate: span()?, stale_if_error: span()? };
    let (load_took, absent, weight) = (span()?, decimal(text)? != 0, u32::try_from(decimal(text)?).ok()?);
    Some(Facts { loaded_at, generation, windows, load_took, absent, weight })
}

/// The next number. Each read of a record takes nine: as text they would be looked through twice.
fn decimal(text: &mut &[u8]) -> Option<u64> {
    let digits = part(text);
    let next = |number: u64, byte: &u8| {
        let digit = byte.checked_sub(b'0').filter(|digit| *digit < 10)?;
        number.checked_mul(10)?.checked_add(digit.into())
    };
    digits.iter().try_fold(0, next).filter(|_| !digits.is_empty())
}

/// What stands before the next space, or before the end.
fn part<'a>(text: &mut &'a [u8]) -> &'a [u8] {
    let end = text.iter().position(|byte| *byte == b' ').unwrap_or(text.len());
    let (part, rest) = text.split_at(end);
    *text = rest.get(1..).unwrap_or_default();
    part
}

/// Whether a text is that of these tags, as [`tags_text`] writes it.
fn are(tags: &Tags, text: &[u8]) -> bool {
    let left = tags.as_slice().iter().try_fold(text, |text, tag| {
        let tag = tag.as_str().as_bytes();
        let colon = text.iter().position(|byte| *byte == b':')?;
        let length: usize = str::from_utf8(&text[..colon]).ok()?.parse().ok()?;
        text[colon + 1..].strip_prefix(tag).filter(|_| length == tag.len())
    });
    left.is_some_and(<[u8]>::is_empty)
}

fn tags_of(mut text: &str) -> Option<Tags> {
    let mut tags = Vec::new();
    while !text.is_empty() {
        let (length, rest) = text.split_once(':')?;
        let (tag, after) = rest.split_at_checked(length.parse().ok()?)?;
        tags.push(Tag::new(tag).ok()?);
        text = after;
    }
    Tags::new(tags).ok()
}

/// Flag, lease, marker and back-off, each of them but the first perhaps empty.
fn rare_of(text: &[u8]) -> Option<Found> {
    let mut parts = str::from_utf8(text).ok()?.splitn(4, ';');
    let flag = match parts.next()? {
        "0" => Currency::Current,
        "1" => Currency::OutdatedSoft,
        "2" => Currency::OutdatedHard,
        _ => return None,
    };
    let (lease, asked, trouble) = (parts.next()?, parts.next()?, parts.next()?);
    let mut found = Found { flag, ..Found::default() };
    if !lease.is_empty() {
        // Epoch, number and begin stand between the token and the end.
        let mut parts = lease.split(' ');
        found.lease_holder = parts.next()?.split_once('@').map(|(_, holder)| holder.into());
        found.lease_until = Some(time(parts.nth(3)?)?);
    }
    if !asked.is_empty() {
        found.asked_until = Some(time(asked)?);
    }
    if !trouble.is_empty() {
        found.trouble = Some(trouble_of(trouble)?);
    }
    Some(found)
}

fn time(text: &str) -> Option<Timestamp> {
    text.parse().ok().map(Timestamp::from_micros)
}

fn trouble_of(text: &str) -> Option<Trouble> {
    let mut parts = text.splitn(3, ' ');
    let failures = parts.next()?.parse().ok()?;
    let retry_at = time(parts.next()?)?;
    Some(Trouble { failures, retry_at, reason: parts.next()?.into() })
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "00000000000000ff 8 9 10 20 30 7 1 64 9\n1:a4:b:ß=v;1";

    fn text(text: &str) -> Value {
        Value::BulkString(text.as_bytes().to_vec())
    }

    fn key() -> Key {
        Key::new("default", "job", &1).unwrap()
    }

    fn read(meta: &str, rare: Value) -> Result<Found, &'static str> {
        let of = Value::BulkString(key().as_bytes().to_vec());
        Found::read(&key(), Value::Array(vec![of, text("\0x"), text(meta), rare]), None)
    }

    #[test]
    fn a_record_is_taken_apart() {
        let found = read(GOOD, text("1;a@web:7 b 1 2 3 0 0;5;2 7 no; route")).unwrap();
        let kept = found.entry.unwrap();
        assert_eq!(kept.facts.generation, Generation { epoch: 255, number: 8 });
        assert_eq!((kept.facts.absent, kept.facts.weight), (true, 64));
        assert_eq!(facts_text(&kept.facts), "10 20 30 7 1 64");
        assert_eq!(tags_text(&kept.tags), "1:a4:b:ß");
        assert_eq!(kept.validators.as_deref(), Some(&b"v;1"[..]));
        assert_eq!(found.flag, Currency::OutdatedSoft);
        assert_eq!(found.lease_until, Some(Timestamp::from_micros(3)));
        assert_eq!(found.lease_holder.as_deref(), Some("web:7"));
        assert_eq!(found.asked_until, Some(Timestamp::from_micros(5)));
        assert_eq!(found.trouble.map(|trouble| (trouble.failures, trouble.reason)), Some((2, "no; route".into())));
        let plain = read(GOOD, Value::Nil).unwrap();
        assert_eq!((plain.flag, plain.lease_until, plain.asked_until), (Currency::Current, None, None));
        let bare = read("ff 8 9 10 20 30 7 0 64 0\n", text("2;;;")).unwrap();
        let kept = bare.entry.unwrap();
        assert_eq!((bare.flag, kept.tags, kept.validators), (Currency::OutdatedHard, Tags::NONE, None));
    }

    #[test]
    fn tags_are_taken_for_the_guess_only_where_they_are_the_same() {
        let tags = |texts: &[&str]| Tags::new(texts.iter().map(|text| Tag::new(text).unwrap()).collect()).unwrap();
        let guess = tags(&["a", "b:ß"]);
        assert!(are(&guess, tags_text(&guess).as_bytes()) && are(&Tags::NONE, b""));
        for other in [&[][..], &["a"], &["a", "b:ß", "c"], &["a", "b:x"], &["aa", "b:ß"], &["b:ß"]] {
            assert!(!are(&guess, tags_text(&tags(other)).as_bytes()), "{other:?}");
        }
        for damaged in ["1:a4:b:ß9", "2:a4:b:ß", "1:a3:b:ß", "1:a", ":a4:b:ß", "x"] {
            assert!(!are(&guess, damaged.as_bytes()), "{damaged}");
        }
    }

    #[test]
    fn what_is_not_this_keys_record_or_is_damaged_says_what_is_wrong() {
        let other = Value::Array(vec![text("other"), Value::Nil, Value::Nil, Value::Nil]);
        assert_eq!(Found::read(&key(), other, None).unwrap_err(), "it is another key's");
        let damaged =
            ["", "x", "ff 8 9\n", "ff 8 9 1 2 3 7 1 64 3\n9:a", "ff 8 9 1 2 3 7 1 64 9\n1:a", "zz 8 9 1 2 3 4 0 5 0\n"];
        let more = [
            "ff 8 9 1 2 3 4 0 5 0\nv",
            "ff 8 9 1 2 3 4 0 5\n",
            "ff 8 9 1 2 3 4 0 5 0 0\n",
            "ff 8  1 2 3 4 0 5 0\n",
            "ff 8 9 1 2 -3 4 0 5 0\n",
            "ff 8 9 1 2 3 4 0 4294967296 0\n",
            "ff 18446744073709551616 9 1 2 3 4 0 5 0\n",
        ];
        for meta in damaged.into_iter().chain(more) {
            assert_eq!(read(meta, Value::Nil).unwrap_err(), "what judges its entry is damaged", "{meta:?}");
        }
        for rare in ["", "3;;;", "0;;", "0;a b;;", "0;;x;", "0;;;x", "0;;;1 x y"] {
            let wrong = read(GOOD, text(rare)).unwrap_err();
            assert_eq!(wrong, "its flag, lease, marker or back-off is damaged", "{rare:?}");
        }
        assert_eq!(Found::read(&key(), Value::Int(1), None).unwrap_err(), "it was not answered by its fields");
    }
}
