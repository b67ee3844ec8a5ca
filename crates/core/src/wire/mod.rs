//! What an entry looks like as bytes, where other processes and other versions read it too.
//!
//! The value is encoded by a [`Codec`], and around it lies a fixed [`Envelope`] that never goes through serde: whoever can read
//! the envelope can judge the entry, even one whose value is of a type that it does not know.
//!
//! ```
//! use freshen_core::wire::{self, Codec};
//! # use freshen_core::{Facts, Generation, Tags, Timestamp, Windows};
//! # use std::time::Duration;
//! # let facts = Facts {
//! #     loaded_at: Timestamp::from_micros(1),
//! #     generation: Generation { epoch: 1, number: 1 },
//! #     windows: Windows { ttl: Duration::from_secs(600), stale_while_revalidate: Duration::ZERO, stale_if_error: Duration::ZERO },
//! #     load_took: Duration::ZERO,
//! #     absent: false,
//! #     weight: 64,
//! # };
//! let codec = Codec::default();
//! let header = wire::Header { codec, schema: 0, facts, tags: Tags::NONE, validators: None };
//! let bytes = wire::encode(&header, &codec.encode(&vec!["a", "b"])?)?;
//!
//! let envelope = wire::decode(&bytes)?;
//! assert_eq!(envelope.header, header);
//! assert_eq!(envelope.header.codec.decode::<Vec<String>>(&envelope.payload)?, ["a", "b"]);
//! # Ok::<(), wire::WireError>(())
//! ```
//!
//! Bytes that do not decode are no fault of the reader: a deploy changed the value's type, a newer version wrote them, or they
//! were damaged. Treat each such error as a miss and leave the bytes to whoever can read them.

mod codec;
mod cursor;
mod depth;
mod envelope;
mod error;
mod weight;

pub use codec::{Codec, VALUE_DEPTH_MAX};
pub(crate) use envelope::payload;
pub use envelope::{Envelope, Header, decode, encode};
pub use error::WireError;
pub use weight::weigh;
pub(crate) use weight::{ALLOCATION_BYTES, COUNTS_BYTES};

#[cfg(test)]
mod tests;
