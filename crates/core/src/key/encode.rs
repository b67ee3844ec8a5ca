//! Arguments into bytes.
use crate::error::KeyError;
use serde::Serialize;

/// Appends the encoding of `arguments` to `bytes`.
pub(super) fn append(_bytes: &mut Vec<u8>, _arguments: &impl Serialize) -> Result<(), KeyError> {
    unimplemented!()
}
