//! What is stored for one key as bytes, where other processes and later versions read it.
//!
//! ```text
//! bytes                                          each variant
//!  4  magic F5 'f' 'r' 'h'                        1  names that select it, then each:
//!  1  format, 1                                      name; 1 whether a value follows; value
//! 16  checksum: the first bytes of BLAKE3          1  tags, then each: the form of a name
//!     of all that follows                          2  status
//!  1  variants, then each                         49  terms: answered at, initial age, date, lifetime, stale while
//!                                                     revalidate, stale if error, µs, 8 each, FF FF FF FF FF FF
//! name: 2 length, text                                FF FF where none is said; 1 flags: no-cache, immutable,
//! value: 4 length, bytes                              validator, grace, strong modification
//! rule: 1 length, text                             -  rules: that of the lifetime; never stale, or nothing
//!                                                  -  header fields: 2 count, then each: name, value
//!                                                  -  trailer fields: the same
//!                                                  8  length of the whole, or FF FF FF FF FF FF FF FF
//!                                                  1  parts, then each: 8 start, 8 length, bytes
//! ```
//!
//! Numbers are big-endian. A format's meaning never changes: what it cannot say needs a new one.

mod cursor;
mod error;
mod read;
mod write;

use bytes::Bytes;
use freshen_core::Timestamp;

use crate::config::Config;
use crate::rule::Rule;
use crate::sent::Sent;
use crate::variants::{Variant, displaced};

pub use error::SnapshotError;

/// Most variants that are kept for one key.
pub const VARIANTS_MOST: usize = 64;

/// Begins with a byte that no text has, so that another program's text is never taken for a snapshot.
const MAGIC: [u8; 4] = *b"\xf5frh";
const FORMAT: u8 = 1;
const CHECKSUM_BYTES: usize = 16;
const NO_CACHE: u8 = 1;
const IMMUTABLE: u8 = 2;
const VALIDATOR: u8 = 4;
const GRACE: u8 = 8;
const MODIFIED_IS_STRONG: u8 = 16;

/// All that is stored for one key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// The responses, in whatever order their keeper wants.
    pub variants: Vec<Variant>,
}

impl Snapshot {
    /// Keeps the response to a request that was sent, in the place of those that it [displaces](displaced).
    ///
    /// # Errors
    /// The rule by which it is not kept, and nothing leaves.
    pub fn keep(&mut self, variant: Variant, sent: &Sent<'_>, now: Timestamp, config: &Config) -> Result<(), Rule> {
        let candidates: Vec<_> = self.variants.iter().map(Variant::candidate).collect();
        let leave = displaced(&candidates, sent, variant.stored.status, now, config)?;
        let mut at = 0..;
        self.variants.retain(|_| at.next().is_some_and(|at| !leave.contains(&at)));
        self.variants.push(variant);
        Ok(())
    }

    /// As bytes. Spans are written in whole microseconds.
    ///
    /// # Errors
    /// [`SnapshotError::TooMany`] or [`SnapshotError::TooLong`], with the part at fault.
    pub fn encode(&self) -> Result<Bytes, SnapshotError> {
        write::snapshot(self)
    }

    /// Reads what [`Snapshot::encode`] wrote, by this version or another; the configuration tells in which fields what differences do
    /// not matter. Values and content share the memory of the bytes.
    ///
    /// # Errors
    /// [`SnapshotError`], with the part at fault and its place: treat each as a miss.
    pub fn decode(bytes: &Bytes, config: &Config) -> Result<Snapshot, SnapshotError> {
        read::snapshot(bytes, config)
    }
}

/// What tells that bytes are as they were written.
fn checksum(bytes: &[u8]) -> [u8; CHECKSUM_BYTES] {
    let mut sum = [0; CHECKSUM_BYTES];
    sum.copy_from_slice(&blake3::hash(bytes).as_bytes()[..CHECKSUM_BYTES]);
    sum
}
