//! Reads a snapshot. Nothing is allocated by a length that was read before it is known that so much is there.

use std::time::Duration;

use bytes::Bytes;
use freshen_core::{TAGS_MAX, Tag, Tags, Timestamp};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

use super::cursor::Cursor;
use super::{
    CHECKSUM_BYTES, FORMAT, GRACE, IMMUTABLE, MAGIC, MODIFIED_IS_STRONG, NO_CACHE, Snapshot, SnapshotError, VALIDATOR,
    VARIANTS_MOST, checksum,
};
use crate::body::{Body, PARTS_MOST};
use crate::config::Config;
use crate::fields::FIELDS_MOST;
use crate::lifetime::Lifetime;
use crate::piece::Piece;
use crate::rule::Rule;
use crate::stored::Stored;
use crate::terms::Terms;
use crate::variants::Variant;
use crate::vary::{SELECTING_MOST, Selecting};

type Read<T> = Result<T, SnapshotError>;

pub(super) fn snapshot(bytes: &Bytes, config: &Config) -> Read<Snapshot> {
    let mut from = Cursor::new(bytes);
    from.part("magic", |from| (from.bytes(MAGIC.len())? == MAGIC[..]).then_some(()))?;
    from.known("format", |from| from.u8(), |format| (format == FORMAT).then_some(()))?;
    from.part("checksum", |from| {
        let sum = from.bytes(CHECKSUM_BYTES)?;
        (*sum == checksum(from.rest())).then_some(())
    })?;
    let count = from.part("variants", |from| from.count(1, VARIANTS_MOST))?;
    let variants = (0..count).map(|_| variant(&mut from, config)).collect::<Read<_>>()?;
    from.part("end", |from| from.rest().is_empty().then_some(()))?;
    Ok(Snapshot { variants })
}

fn variant(from: &mut Cursor<'_>, config: &Config) -> Read<Variant> {
    let count = from.part("selecting fields", |from| from.count(1, SELECTING_MOST))?;
    let lines = (0..count).map(|_| from.part("selecting field", selecting)).collect::<Read<_>>()?;
    let count = from.part("tags", |from| from.count(1, TAGS_MAX))?;
    let tags = (0..count).map(|_| from.part("tag", tag)).collect::<Read<_>>()?;
    let tags = from.part("tags", |_| Tags::new(tags).ok())?;
    let status = from.part("status", |from| StatusCode::from_u16(from.u16()?).ok())?;
    let terms = terms(from)?;
    let headers = fields(from, "header fields")?;
    let trailers = fields(from, "trailer fields")?;
    let body = from.part("body", body)?;
    Ok(Variant {
        selecting: Selecting::of_lines(lines, config),
        stored: Stored { status, headers, trailers, terms, body },
        tags,
    })
}

fn selecting(from: &mut Cursor<'_>) -> Option<(HeaderName, Option<HeaderValue>)> {
    let name = name(from)?;
    match from.u8()? {
        0 => Some((name, None)),
        1 => Some((name, Some(value(from)?))),
        _ => None,
    }
}

fn tag(from: &mut Cursor<'_>) -> Option<Tag> {
    let length = from.u16()?;
    Tag::new(std::str::from_utf8(&from.bytes(length.into())?).ok()?).ok()
}

fn terms(from: &mut Cursor<'_>) -> Read<Terms> {
    let numbers = from.part("terms", |from| from.u64s::<6>())?;
    let [answered_at, initial_age, date, lifetime, stale_while_revalidate, stale_if_error] = numbers;
    let flags = from.known(
        "flags",
        |from| from.u8(),
        |flags| (flags & !(NO_CACHE | IMMUTABLE | VALIDATOR | GRACE | MODIFIED_IS_STRONG) == 0).then_some(flags),
    )?;
    let rule = rule(from)?;
    let never_stale = rule_or_none(from)?;
    Ok(Terms {
        answered_at: Timestamp::from_micros(answered_at),
        initial_age: Duration::from_micros(initial_age),
        date: Timestamp::from_micros(date),
        lifetime: Lifetime { span: Duration::from_micros(lifetime), rule },
        stale_while_revalidate: window(stale_while_revalidate),
        stale_if_error: window(stale_if_error),
        takes_grace: flags & GRACE != 0,
        never_stale,
        no_cache: flags & NO_CACHE != 0,
        immutable: flags & IMMUTABLE != 0,
        has_validator: flags & VALIDATOR != 0,
        modified_is_strong: flags & MODIFIED_IS_STRONG != 0,
    })
}

fn window(micros: u64) -> Option<Duration> {
    (micros != u64::MAX).then(|| Duration::from_micros(micros))
}

fn rule(from: &mut Cursor<'_>) -> Read<Rule> {
    from.known("rule", Cursor::short, |name| rule_named(&name))
}

fn rule_or_none(from: &mut Cursor<'_>) -> Read<Option<Rule>> {
    from.known("rule", Cursor::short, |name| if name.is_empty() { Some(None) } else { rule_named(&name).map(Some) })
}

fn rule_named(name: &[u8]) -> Option<Rule> {
    Rule::ALL.iter().copied().find(|rule| rule.name().as_bytes() == name)
}

fn fields(from: &mut Cursor<'_>, what: &'static str) -> Read<HeaderMap> {
    from.part(what, |from| {
        let count = from.count(2, FIELDS_MOST)?;
        // The shortest field has seven bytes.
        let mut fields = HeaderMap::with_capacity(count.min(from.rest().len() / 7));
        for _ in 0..count {
            fields.try_append(name(from)?, value(from)?).ok()?;
        }
        Some(fields)
    })
}

fn name(from: &mut Cursor<'_>) -> Option<HeaderName> {
    let length = from.u16()?;
    HeaderName::from_lowercase(&from.bytes(length.into())?).ok()
}

fn value(from: &mut Cursor<'_>) -> Option<HeaderValue> {
    let length = from.u32()?;
    HeaderValue::from_maybe_shared(from.bytes(usize::try_from(length).ok()?)?).ok()
}

fn body(from: &mut Cursor<'_>) -> Option<Body> {
    let length = Some(from.u64()?).filter(|length| *length != u64::MAX);
    let count = from.count(1, PARTS_MOST)?;
    let parts = (0..count).map(|_| part(from)).collect::<Option<Vec<Piece>>>()?;
    Body::of_parts(parts, length)
}

fn part(from: &mut Cursor<'_>) -> Option<Piece> {
    let [start, length] = from.u64s()?;
    Some(Piece { start, bytes: from.bytes(usize::try_from(length).ok()?)? })
}
