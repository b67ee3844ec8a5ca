//! The fixed head before a payload.
//!
//! ```text
//! at  bytes                           at  bytes                       at  bytes
//!  0  4  magic F5 'f' 'r' 'e'         16  8  loaded at, µs            72  4  weight
//!  4  1  format, 1                    24  8  generation: epoch        76  1  tags, then each: 2 length, text
//!  5  1  codec                        32  8  generation: number           -  validators, if flagged: 2 length, bytes
//!  6  1  compression, 0: none         40  24 the three windows, µs        -  8 payload length
//!  7  1  flags                        64  8  load took, µs                -  payload, to the end
//!  8  8  schema
//! ```
//!
//! Numbers are big-endian. A format's meaning never changes: what it cannot say needs a new one.

use std::time::Duration;

use bytes::{BufMut, Bytes};

use super::cursor::Cursor;
use super::{Codec, WireError};
use crate::entry::{Facts, Generation, Tag, Tags, VALIDATORS_BYTES_MAX};
use crate::policy::Windows;
use crate::time::Timestamp;

/// Begins with a byte that no text has, so that another program's text is never taken for an envelope.
const MAGIC: [u8; 4] = *b"\xf5fre";
const FORMAT: u8 = 1;
const NO_COMPRESSION: u8 = 0;
/// The head up to the tags.
const FIXED_BYTES: usize = 77;
/// What stands before the flags.
const PREAMBLE_BYTES: usize = 7;
const FLAGS_AND_COUNT_BYTES: usize = 2;

const ABSENT: u8 = 1;
const VALIDATORS: u8 = 2;

/// What stands before the payload: how to read it, and what to judge the entry by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// What the payload was encoded with.
    pub codec: Codec,
    /// The fingerprint of the value's schema, as its job gives it; a payload of another fingerprint is not to be decoded.
    pub schema: u64,
    /// What the entry is judged by. Durations are kept in whole microseconds.
    pub facts: Facts,
    /// The entry's tags.
    pub tags: Tags,
    /// The source's validators.
    pub validators: Option<Bytes>,
}

/// An entry as it was read: its header, and its payload, not yet decoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// What stands before the payload.
    pub header: Header,
    /// The encoded value; it shares the memory of the bytes it was read from.
    pub payload: Bytes,
}

/// Puts a payload into its envelope.
///
/// # Errors
/// [`WireError::TooLong`] when the validators exceed [`VALIDATORS_BYTES_MAX`].
pub fn encode(header: &Header, payload: &[u8]) -> Result<Bytes, WireError> {
    let validators = header.validators.as_deref();
    if let Some(bytes) = validators.map(<[u8]>::len).filter(|bytes| *bytes > VALIDATORS_BYTES_MAX) {
        return Err(WireError::TooLong { what: "validators", bytes, most: VALIDATORS_BYTES_MAX });
    }
    let mut out = Vec::with_capacity(FIXED_BYTES + 256 + payload.len());
    put_fixed(&mut out, header);
    put_tags(&mut out, &header.tags);
    if let Some(validators) = validators {
        put_run(&mut out, validators);
    }
    out.put_u64(payload.len() as u64);
    out.put_slice(payload);
    Ok(out.into())
}

fn put_fixed(out: &mut Vec<u8>, header: &Header) {
    let Header { codec, schema, facts, validators, tags: _ } = header;
    let absent = if facts.absent { ABSENT } else { 0 };
    let validators = if validators.is_some() { VALIDATORS } else { 0 };
    out.put_slice(&MAGIC);
    out.put_slice(&[FORMAT, codec.id(), NO_COMPRESSION, absent | validators]);
    out.put_u64(*schema);
    out.put_u64(facts.loaded_at.as_micros());
    out.put_u64(facts.generation.epoch);
    out.put_u64(facts.generation.number);
    out.put_u64(micros(facts.windows.ttl));
    out.put_u64(micros(facts.windows.stale_while_revalidate));
    out.put_u64(micros(facts.windows.stale_if_error));
    out.put_u64(micros(facts.load_took));
    out.put_u32(facts.weight);
}

fn put_tags(out: &mut Vec<u8>, tags: &Tags) {
    out.put_u8(tags.as_slice().len() as u8);
    for tag in tags.as_slice() {
        put_run(out, tag.as_str().as_bytes());
    }
}

/// A length and as many bytes. Tags and validators are bounded far below what the length can say.
fn put_run(out: &mut Vec<u8>, bytes: &[u8]) {
    out.put_u16(bytes.len() as u16);
    out.put_slice(bytes);
}

/// A span without end is the longest that can be written.
fn micros(span: Duration) -> u64 {
    u64::try_from(span.as_micros()).unwrap_or(u64::MAX)
}

/// Reads an envelope. The payload is neither copied nor looked at.
///
/// # Errors
/// [`WireError::Malformed`] or [`WireError::Unknown`], with the part at fault and its place.
pub fn decode(bytes: &Bytes) -> Result<Envelope, WireError> {
    let mut from = Cursor::new(bytes);
    let codec = read_preamble(&mut from)?;
    let flags = read_flags(&mut from)?;
    let schema = from.u64("schema")?;
    let facts = read_facts(&mut from, flags & ABSENT != 0)?;
    let tags = read_tags(&mut from)?;
    let validators = if flags & VALIDATORS != 0 { Some(read_validators(&mut from)?) } else { None };
    let length = from.u64("payload length")?;
    let payload = from.rest("payload", length)?;
    Ok(Envelope { header: Header { codec, schema, facts, tags, validators }, payload })
}

/// The codec and the payload of an envelope whose head is known from elsewhere: of the rest only its length is read.
///
/// # Errors
/// As [`decode`], for what is read.
pub(crate) fn payload(bytes: &Bytes) -> Result<(Codec, Bytes), WireError> {
    let mut from = Cursor::new(bytes);
    let codec = read_preamble(&mut from)?;
    let flags = read_flags(&mut from)?;
    from.take("head", FIXED_BYTES - PREAMBLE_BYTES - FLAGS_AND_COUNT_BYTES)?;
    for _ in 0..from.u8("tags")? {
        let length = from.u16("tag")?;
        from.take("tag", length.into())?;
    }
    if flags & VALIDATORS != 0 {
        let length = from.u16("validators")?;
        from.take("validators", length.into())?;
    }
    let length = from.u64("payload length")?;
    Ok((codec, from.rest("payload", length)?))
}

fn read_flags(from: &mut Cursor<'_>) -> Result<u8, WireError> {
    known("flags", from, |flags| (flags & !(ABSENT | VALIDATORS) == 0).then_some(flags))
}

fn read_preamble(from: &mut Cursor<'_>) -> Result<Codec, WireError> {
    if from.take("magic", MAGIC.len())? != MAGIC {
        return Err(WireError::Malformed { what: "magic", at: 0 });
    }
    known("format", from, |format| (format == FORMAT).then_some(()))?;
    let codec = known("codec", from, Codec::from_id)?;
    known("compression", from, |compression| (compression == NO_COMPRESSION).then_some(()))?;
    Ok(codec)
}

/// A byte that this version must know the meaning of.
fn known<T>(what: &'static str, from: &mut Cursor<'_>, meaning: impl Fn(u8) -> Option<T>) -> Result<T, WireError> {
    let at = from.at();
    let found = from.u8(what)?;
    meaning(found).ok_or(WireError::Unknown { what, at, found })
}

fn read_facts(from: &mut Cursor<'_>, absent: bool) -> Result<Facts, WireError> {
    Ok(Facts {
        loaded_at: Timestamp::from_micros(from.u64("load time")?),
        generation: Generation { epoch: from.u64("epoch")?, number: from.u64("generation")? },
        windows: Windows {
            ttl: Duration::from_micros(from.u64("ttl")?),
            stale_while_revalidate: Duration::from_micros(from.u64("stale window")?),
            stale_if_error: Duration::from_micros(from.u64("error window")?),
        },
        load_took: Duration::from_micros(from.u64("load duration")?),
        absent,
        weight: from.u32("weight")?,
    })
}

fn read_tags(from: &mut Cursor<'_>) -> Result<Tags, WireError> {
    let malformed = WireError::Malformed { what: "tags", at: from.at() };
    let count = from.u8("tags")?;
    let tags = (0..count).map(|_| read_tag(from)).collect::<Result<Vec<Tag>, WireError>>()?;
    if !tags.is_sorted_by(|one, next| one < next) {
        return Err(malformed);
    }
    Tags::new(tags).map_err(|_| malformed)
}

fn read_tag(from: &mut Cursor<'_>) -> Result<Tag, WireError> {
    let at = from.at();
    let length = from.u16("tag")?;
    let bytes = from.take("tag", length.into())?;
    let tag = std::str::from_utf8(bytes).ok().and_then(|text| Tag::new(text).ok());
    tag.ok_or(WireError::Malformed { what: "tag", at })
}

/// Copied: whoever keeps the validators of a decoded entry should not keep its whole payload with them.
fn read_validators(from: &mut Cursor<'_>) -> Result<Bytes, WireError> {
    let at = from.at();
    let length = usize::from(from.u16("validators")?);
    if length > VALIDATORS_BYTES_MAX {
        return Err(WireError::Malformed { what: "validators", at });
    }
    from.take("validators", length).map(Bytes::copy_from_slice)
}
