//! Arguments for people.
use std::fmt;

/// Writes the encoded arguments as people read them, cut where they grow long.
pub(super) fn arguments(_f: &mut fmt::Formatter<'_>, _bytes: &[u8]) -> fmt::Result {
    unimplemented!()
}
