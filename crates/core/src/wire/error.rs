//! What goes wrong between values and bytes.

use super::Codec;
use crate::error::BoxError;

/// A value that does not become bytes, or bytes that do not become a value. Trying again does not help.
///
/// Reading gives [`WireError::Malformed`], [`WireError::Unknown`], [`WireError::Decode`] or [`WireError::TooDeep`]: treat each
/// as a miss. Writing gives [`WireError::Encode`], [`WireError::TooLong`] or [`WireError::TooDeep`]: the job's value is at fault.
#[derive(Debug, thiserror::Error)]
pub enum WireError {
    /// Bytes that are no envelope, or a damaged one.
    #[error("envelope: the {what} at byte {at} is malformed")]
    Malformed {
        /// Which part.
        what: &'static str,
        /// Where it begins.
        at: usize,
    },
    /// An envelope that a newer version wrote.
    #[error("envelope: the {what} at byte {at} is {found}, which this version does not know")]
    Unknown {
        /// Which part.
        what: &'static str,
        /// Where it lies.
        at: usize,
        /// What stands there.
        found: u8,
    },
    /// The payload does not fit the value's type, as after a deploy that changed it.
    #[error("value: not read from {codec}: {source}")]
    Decode {
        /// The codec it was read with.
        codec: Codec,
        /// What did not fit.
        #[source]
        source: BoxError,
    },
    /// The value's own serialization failed.
    #[error("value: not written as {codec}: {source}")]
    Encode {
        /// The codec it was to be written with.
        codec: Codec,
        /// What it said.
        #[source]
        source: BoxError,
    },
    /// A part exceeds its bound.
    #[error("envelope: the {what} has {bytes} bytes, more than {most}")]
    TooLong {
        /// Which part.
        what: &'static str,
        /// How long it is.
        bytes: usize,
        /// How long it may be.
        most: usize,
    },
    /// The value is nested too deeply.
    #[error("value: nested more than {most} deep")]
    TooDeep {
        /// How deep it may be.
        most: usize,
    },
}
