//! Bytes into arguments.
use crate::error::KeyError;
use serde::de::DeserializeOwned;

/// Checks that `bytes` are exactly one encoding within all bounds.
pub(super) fn check(_bytes: &[u8]) -> Result<(), KeyError> {
    unimplemented!()
}

/// Builds arguments from their encoding.
pub(super) fn arguments<T: DeserializeOwned>(_bytes: &[u8]) -> Result<T, KeyError> {
    unimplemented!()
}
