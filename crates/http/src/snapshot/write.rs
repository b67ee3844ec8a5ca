//! Writes a snapshot.

use std::time::Duration;

use bytes::{BufMut, Bytes};
use freshen_core::{TAGS_MAX, Timestamp};
use http::{HeaderMap, HeaderName, HeaderValue};

use super::{
    CHECKSUM_BYTES, FORMAT, GRACE, IMMUTABLE, MAGIC, MODIFIED_IS_STRONG, NO_CACHE, Snapshot, SnapshotError, VALIDATOR,
    VARIANTS_MOST, checksum,
};
use crate::body::{Body, PARTS_MOST};
use crate::fields::FIELDS_MOST;
use crate::piece::lengths;
use crate::rule::Rule;
use crate::terms::Terms;
use crate::variants::Variant;
use crate::vary::SELECTING_MOST;

const HEAD_BYTES: usize = MAGIC.len() + 1 + CHECKSUM_BYTES;

pub(super) fn snapshot(snapshot: &Snapshot) -> Result<Bytes, SnapshotError> {
    let content: u64 = snapshot.variants.iter().map(|variant| variant.stored.body.held()).sum();
    let mut out = Vec::with_capacity(HEAD_BYTES + 1024 + usize::try_from(content).unwrap_or_default());
    out.put_slice(&MAGIC);
    out.put_u8(FORMAT);
    out.put_bytes(0, CHECKSUM_BYTES);
    out.put_u8(count("variants", snapshot.variants.len(), VARIANTS_MOST)?);
    for variant in &snapshot.variants {
        put_variant(&mut out, variant)?;
    }
    let sum = checksum(&out[HEAD_BYTES..]);
    out[HEAD_BYTES - CHECKSUM_BYTES..HEAD_BYTES].copy_from_slice(&sum);
    Ok(out.into())
}

fn put_variant(out: &mut Vec<u8>, Variant { selecting, stored, tags }: &Variant) -> Result<(), SnapshotError> {
    out.put_u8(count("selecting fields", selecting.lines().count(), SELECTING_MOST)?);
    for (name, value) in selecting.lines() {
        put_name(out, name)?;
        out.put_u8(value.is_some().into());
        if let Some(value) = value {
            put_value(out, value)?;
        }
    }
    out.put_u8(count("tags", tags.as_slice().len(), TAGS_MAX)?);
    for tag in tags.as_slice() {
        out.put_u16(length("tag", tag.as_str().len())?);
        out.put_slice(tag.as_str().as_bytes());
    }
    out.put_u16(stored.status.as_u16());
    put_terms(out, &stored.terms)?;
    put_fields(out, &stored.headers)?;
    put_fields(out, &stored.trailers)?;
    put_body(out, &stored.body)
}

fn put_terms(out: &mut Vec<u8>, terms: &Terms) -> Result<(), SnapshotError> {
    let flags = [
        (terms.no_cache, NO_CACHE),
        (terms.immutable, IMMUTABLE),
        (terms.has_validator, VALIDATOR),
        (terms.takes_grace, GRACE),
        (terms.modified_is_strong, MODIFIED_IS_STRONG),
    ];
    let flags = flags.iter().filter(|(set, _)| *set).map(|(_, flag)| flag).sum();
    put_time(out, terms.answered_at);
    put_span(out, terms.initial_age);
    put_time(out, terms.date);
    put_span(out, terms.lifetime.span);
    put_window(out, terms.stale_while_revalidate);
    put_window(out, terms.stale_if_error);
    out.put_u8(flags);
    put_rule(out, Some(terms.lifetime.rule))?;
    put_rule(out, terms.never_stale)
}

fn put_fields(out: &mut Vec<u8>, fields: &HeaderMap) -> Result<(), SnapshotError> {
    out.put_u16(count("fields", fields.len(), FIELDS_MOST)?);
    for (name, value) in fields {
        put_name(out, name)?;
        put_value(out, value)?;
    }
    Ok(())
}

fn put_body(out: &mut Vec<u8>, body: &Body) -> Result<(), SnapshotError> {
    out.put_u64(body.length().unwrap_or(u64::MAX));
    out.put_u8(count("parts", body.parts().count(), PARTS_MOST)?);
    for part in body.parts() {
        out.put_u64(part[0].start);
        out.put_u64(lengths(part));
        for piece in part {
            out.put_slice(&piece.bytes);
        }
    }
    Ok(())
}

fn put_name(out: &mut Vec<u8>, name: &HeaderName) -> Result<(), SnapshotError> {
    let name = name.as_str();
    out.put_u16(length("name", name.len())?);
    out.put_slice(name.as_bytes());
    Ok(())
}

fn put_value(out: &mut Vec<u8>, value: &HeaderValue) -> Result<(), SnapshotError> {
    out.put_u32(length("value", value.len())?);
    out.put_slice(value.as_bytes());
    Ok(())
}

fn put_rule(out: &mut Vec<u8>, rule: Option<Rule>) -> Result<(), SnapshotError> {
    let name = rule.map_or("", Rule::name);
    out.put_u8(length("rule", name.len())?);
    out.put_slice(name.as_bytes());
    Ok(())
}

fn put_time(out: &mut Vec<u8>, at: Timestamp) {
    out.put_u64(at.as_micros());
}

/// A span without end is the longest that can be written.
fn put_span(out: &mut Vec<u8>, span: Duration) {
    out.put_u64(u64::try_from(span.as_micros()).unwrap_or(u64::MAX));
}

/// None is one span more than the longest.
fn put_window(out: &mut Vec<u8>, window: Option<Duration>) {
    let micros = window.map(|window| u64::try_from(window.as_micros()).unwrap_or(u64::MAX).min(u64::MAX - 1));
    out.put_u64(micros.unwrap_or(u64::MAX));
}

/// A count as it is written, where it is within its bound.
fn count<N: TryFrom<usize>>(what: &'static str, count: usize, most: usize) -> Result<N, SnapshotError> {
    let written = N::try_from(count).ok().filter(|_| count <= most);
    written.ok_or(SnapshotError::TooMany { what, count, most })
}

fn length<N: TryFrom<usize>>(what: &'static str, bytes: usize) -> Result<N, SnapshotError> {
    N::try_from(bytes).map_err(|_| SnapshotError::TooLong { what, bytes })
}
