//! What may be cached: anything that serde can read and write, or anything at all that stays in this process.

use std::ops::Deref;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::wire::{self, Codec, WireError};

/// A value that may be cached. Every `Serialize + DeserializeOwned` type is one; [`Local`] makes one of any other.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be cached",
    label = "not a value that can be written and read again",
    note = "derive `Serialize` and `Deserialize` for it, or keep it in this process as `Local<{Self}>`"
)]
pub trait Cacheable: Send + Sync + Sized + 'static {
    /// Whether it can be written for a store that other processes read.
    const ENCODABLE: bool;

    /// Writes it.
    ///
    /// # Errors
    /// [`WireError`] when the value's own serialization fails, or it is [`Local`].
    fn encode(&self, codec: Codec) -> Result<Vec<u8>, WireError>;

    /// Reads it.
    ///
    /// # Errors
    /// [`WireError`] when the bytes do not fit the type, as after a deploy that changed it.
    fn decode(codec: Codec, bytes: &[u8]) -> Result<Self, WireError>;

    /// Estimates what it weighs in memory, in bytes.
    fn weigh(&self) -> usize;
}

impl<T: Serialize + DeserializeOwned + Send + Sync + 'static> Cacheable for T {
    const ENCODABLE: bool = true;

    fn encode(&self, codec: Codec) -> Result<Vec<u8>, WireError> {
        codec.encode(self)
    }

    fn decode(codec: Codec, bytes: &[u8]) -> Result<Self, WireError> {
        codec.decode(bytes)
    }

    fn weigh(&self) -> usize {
        wire::weigh(self)
    }
}

/// Keeps a value that has no serialization, for caches whose store is in this process.
///
/// It weighs its own size; a job whose values own more memory tells so in `weigh`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Local<T>(pub T);

impl<T> Deref for Local<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: Send + Sync + 'static> Cacheable for Local<T> {
    const ENCODABLE: bool = false;

    fn encode(&self, _codec: Codec) -> Result<Vec<u8>, WireError> {
        Err(WireError::Local { what: std::any::type_name::<T>() })
    }

    fn decode(_codec: Codec, _bytes: &[u8]) -> Result<Self, WireError> {
        Err(WireError::Local { what: std::any::type_name::<T>() })
    }

    fn weigh(&self) -> usize {
        size_of::<T>()
    }
}
