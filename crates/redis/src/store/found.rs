//! A record as it was read: its fields, taken apart.

use std::str;
use std::time::Duration;

use bytes::Bytes;
use freshen_core::store::{Currency, Trouble};
use freshen_core::{Facts, Generation, Key, Tag, Tags, Timestamp, Windows};
use redis::Value;

/// The fields that a reader asks for, in this order.
pub(super) const FIELDS: [&str; 8] = ["k", "v", "m", "d", "f", "l", "q", "b"];

/// What a record holds, its times in the server's time.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) entry: Option<Kept>,
    pub(super) flag: Currency,
    pub(super) lease_until: Option<Timestamp>,
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
    /// Takes a record's fields apart.
    ///
    /// # Errors
    /// What is wrong with a record that is not this key's, or is damaged. It is as good as absent.
    pub(super) fn read(key: &Key, answer: Value) -> Result<Found, &'static str> {
        let fields = match answer {
            Value::Array(fields) => fields,
            Value::ServerError(_) => return Err("it is not a record"),
            _ => return Err("it was not answered by its fields"),
        };
        let Ok([of, value, meta, validators, flag, lease, asked, trouble]) = <[Value; 8]>::try_from(fields) else {
            return Err("it was not answered by its fields");
        };
        match of {
            Value::Nil => return Ok(Found::default()),
            Value::BulkString(bytes) if bytes == key.as_bytes() => {}
            _ => return Err("it is another key's"),
        }
        let kept = kept(value, meta, validators).ok_or("what judges its entry is damaged")?;
        Ok(Found {
            entry: kept,
            flag: flag_of(&flag).ok_or("its flag is damaged")?,
            lease_until: optional(&lease, lease_until).ok_or("its lease is damaged")?,
            asked_until: optional(&asked, time).ok_or("its marker is damaged")?,
            trouble: optional(&trouble, trouble_of).ok_or("its back-off is damaged")?,
        })
    }

    /// The same without what has ended by the server's time: what ends at a point is over at that point.
    pub(super) fn unended(mut self, now: Timestamp) -> Found {
        self.entry = self.entry.filter(|kept| now < kept.facts.ends_at());
        self.lease_until = self.lease_until.filter(|until| now < *until);
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

/// The outer `None`: it is damaged.
#[expect(clippy::option_option, reason = "absent and damaged are not the same")]
fn kept(value: Value, meta: Value, validators: Value) -> Option<Option<Kept>> {
    let (packed, meta) = match (value, meta) {
        (Value::BulkString(value), Value::BulkString(meta)) => (value, meta),
        (Value::Nil, Value::Nil) => return Some(None),
        _ => return None,
    };
    let (facts, tags) = str::from_utf8(&meta).ok()?.split_once('\n')?;
    let (facts, tags) = (facts_of(facts)?, tags_of(tags)?);
    let validators = match validators {
        Value::BulkString(bytes) => Some(Bytes::from(bytes)),
        _ => None,
    };
    Some(Some(Kept { packed, facts, tags, validators }))
}

fn facts_of(text: &str) -> Option<Facts> {
    let mut parts = text.split(' ');
    let epoch = u64::from_str_radix(parts.next()?, 16).ok()?;
    let mut number = || parts.next()?.parse::<u64>().ok();
    let generation = Generation { epoch, number: number()? };
    let loaded_at = Timestamp::from_micros(number()?);
    let mut span = || number().map(Duration::from_micros);
    let windows = Windows { ttl: span()?, stale_while_revalidate: span()?, stale_if_error: span()? };
    let (load_took, absent, weight) = (span()?, number()? != 0, u32::try_from(number()?).ok()?);
    Some(Facts { loaded_at, generation, windows, load_took, absent, weight })
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

fn flag_of(value: &Value) -> Option<Currency> {
    match value {
        Value::Nil => Some(Currency::Current),
        Value::BulkString(flag) if flag == b"1" => Some(Currency::OutdatedSoft),
        Value::BulkString(flag) if flag == b"2" => Some(Currency::OutdatedHard),
        _ => None,
    }
}

/// The outer `None`: it is there, and damaged.
#[expect(clippy::option_option, reason = "absent and damaged are not the same")]
fn optional<T>(value: &Value, read: impl Fn(&str) -> Option<T>) -> Option<Option<T>> {
    match value {
        Value::Nil => Some(None),
        Value::BulkString(bytes) => read(str::from_utf8(bytes).ok()?).map(Some),
        _ => None,
    }
}

fn time(text: &str) -> Option<Timestamp> {
    text.parse().ok().map(Timestamp::from_micros)
}

/// Token, epoch, number and begin stand before the end.
fn lease_until(text: &str) -> Option<Timestamp> {
    time(text.split(' ').nth(4)?)
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

    fn text(text: &str) -> Value {
        Value::BulkString(text.as_bytes().to_vec())
    }

    fn key() -> Key {
        Key::new("default", "job", &1).unwrap()
    }

    fn record(meta: &str) -> [Value; 8] {
        let key = Value::BulkString(key().as_bytes().to_vec());
        [key, text("\0x"), text(meta), Value::Nil, text("1"), text("a b 1 2 3 0 0"), text("5"), text("2 7 no route")]
    }

    fn read(fields: [Value; 8]) -> Result<Found, &'static str> {
        Found::read(&key(), Value::Array(fields.into()))
    }

    #[test]
    fn a_record_is_taken_apart() {
        let found = read(record("00000000000000ff 8 9 10 20 30 7 1 64\n1:a4:b:ß")).unwrap();
        let kept = found.entry.unwrap();
        assert_eq!(kept.facts.generation, Generation { epoch: 255, number: 8 });
        assert_eq!((kept.facts.absent, kept.facts.weight), (true, 64));
        assert_eq!(facts_text(&kept.facts), "10 20 30 7 1 64");
        assert_eq!(tags_text(&kept.tags), "1:a4:b:ß");
        assert_eq!(found.flag, Currency::OutdatedSoft);
        assert_eq!(found.lease_until, Some(Timestamp::from_micros(3)));
        assert_eq!(found.asked_until, Some(Timestamp::from_micros(5)));
        assert_eq!(found.trouble.map(|trouble| (trouble.failures, trouble.reason)), Some((2, "no route".into())));
    }

    #[test]
    fn what_is_not_this_keys_record_or_is_damaged_says_what_is_wrong() {
        let other = [text("other"), Value::Nil, Value::Nil, Value::Nil, Value::Nil, Value::Nil, Value::Nil, Value::Nil];
        assert_eq!(read(other).unwrap_err(), "it is another key's");
        for meta in
            ["", "x", "ff 8 9\n", "ff 8 9 10 20 30 7 1 64\n9:a", "ff 8 9 10 20 30 7 1 64\nx:a", "zz 8 9 1 2 3 4 0 5\n"]
        {
            assert_eq!(read(record(meta)).unwrap_err(), "what judges its entry is damaged", "{meta:?}");
        }
        let good = "ff 8 9 10 20 30 7 1 64\n";
        for (field, wrong) in [(4, "its flag is damaged"), (5, "its lease is damaged"), (6, "its marker is damaged")] {
            let mut fields = record(good);
            fields[field] = text("?");
            assert_eq!(read(fields).unwrap_err(), wrong);
        }
        assert_eq!(Found::read(&key(), Value::Int(1)).unwrap_err(), "it was not answered by its fields");
    }
}
