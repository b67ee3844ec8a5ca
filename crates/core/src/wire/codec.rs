//! Values into payloads, and back.

use std::fmt;

use serde::{Serialize, de::DeserializeOwned};

use super::{WireError, depth};

/// Deepest nesting of a value: what a stack bears, whoever wrote the bytes. It is checked when writing too, so that nothing
/// is kept that could not be read.
pub const VALUE_DEPTH_MAX: usize = 100;

/// How values become bytes in a shared store. Both codecs write fields by name, so that fields may come, go and move.
///
/// | a deploy | what older bytes give |
/// |---|---|
/// | adds a field that is an `Option` or has `#[serde(default)]` | the value, with the default |
/// | removes a field | the value; unless the type says `deny_unknown_fields` |
/// | moves fields, widens a number | the value |
/// | renames a field, or adds one without a default | [`WireError::Decode`], which is a miss; `#[serde(alias)]` avoids it |
///
/// A value whose meaning changed while its fields stayed needs another schema fingerprint in its [`Header`](super::Header).
/// Neither codec tells `Some(None)` from `None`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Codec {
    /// MessagePack with field names: compact, and read by any language.
    #[default]
    MessagePack,
    /// JSON, for people and for programs that know nothing else. Floats that are no numbers, and maps whose keys are no
    /// text, do not survive it.
    Json,
}

impl Codec {
    /// Encodes a value.
    ///
    /// # Errors
    /// [`WireError::Encode`] when the value's serialization fails, [`WireError::TooDeep`] above [`VALUE_DEPTH_MAX`].
    pub fn encode(self, value: &impl Serialize) -> Result<Vec<u8>, WireError> {
        let payload = match self {
            Codec::MessagePack => message_pack(value).map_err(|source| self.unwritten(source))?,
            Codec::Json => serde_json::to_vec(value).map_err(|source| self.unwritten(source))?,
        };
        self.bounded(&payload)?;
        Ok(payload)
    }

    /// Decodes what [`Codec::encode`] gave, by this version or another.
    ///
    /// # Errors
    /// [`WireError::Decode`] when the bytes are not one value of this type, [`WireError::TooDeep`] above [`VALUE_DEPTH_MAX`].
    pub fn decode<T: DeserializeOwned>(self, payload: &[u8]) -> Result<T, WireError> {
        self.bounded(payload)?;
        match self {
            Codec::MessagePack => {
                let mut from = rmp_serde::Deserializer::from_read_ref(payload).with_human_readable();
                T::deserialize(&mut from).map_err(|source| self.unread(source))
            }
            Codec::Json => serde_json::from_slice(payload).map_err(|source| self.unread(source)),
        }
    }

    fn bounded(self, payload: &[u8]) -> Result<(), WireError> {
        let deepest = match self {
            Codec::MessagePack => depth::message_pack(payload).map_err(|source| self.unread(source))?,
            Codec::Json => depth::json(payload),
        };
        if deepest > VALUE_DEPTH_MAX { Err(WireError::TooDeep { most: VALUE_DEPTH_MAX }) } else { Ok(()) }
    }

    fn unread(self, source: impl Into<crate::BoxError>) -> WireError {
        WireError::Decode { codec: self, source: source.into() }
    }

    fn unwritten(self, source: impl Into<crate::BoxError>) -> WireError {
        WireError::Encode { codec: self, source: source.into() }
    }

    /// The codec's number in an envelope, which is never given to another.
    pub(super) fn id(self) -> u8 {
        match self {
            Codec::MessagePack => 1,
            Codec::Json => 2,
        }
    }

    pub(super) fn from_id(id: u8) -> Option<Codec> {
        match id {
            1 => Some(Codec::MessagePack),
            2 => Some(Codec::Json),
            _ => None,
        }
    }
}

impl fmt::Display for Codec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Codec::MessagePack => "MessagePack",
            Codec::Json => "JSON",
        })
    }
}

/// Addresses, dates and the like are written as text, because serde reads what it has buffered (`flatten`, `untagged`) as text
/// forms always: written in their short forms, they could not be read again there.
fn message_pack(value: &impl Serialize) -> Result<Vec<u8>, rmp_serde::encode::Error> {
    let mut payload = Vec::with_capacity(128);
    value.serialize(&mut rmp_serde::Serializer::new(&mut payload).with_struct_map().with_human_readable())?;
    Ok(payload)
}
