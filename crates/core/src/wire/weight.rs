//! How much room a value takes.

use std::io::{self, Write};

use serde::Serialize;

/// What an allocator adds to what it is asked for, roughly: a header, and what is lost where sizes are rounded up.
pub(crate) const ALLOCATION_BYTES: usize = 16;
/// The two counts before whatever an `Arc` shares.
pub(crate) const COUNTS_BYTES: usize = 2 * size_of::<usize>();

/// Estimates what a value weighs in memory, in bytes: its own size, and as much again as its contents take when written.
///
/// Nothing is allocated. A value whose serialization fails weighs what was written up to there; spare capacity and the
/// allocator's own needs are not seen.
///
/// ```
/// use freshen_core::wire::weigh;
///
/// assert!((10_000..10_100).contains(&weigh(&"x".repeat(10_000))));
/// ```
pub fn weigh<T: Serialize>(value: &T) -> usize {
    let mut written = Count(0);
    // A value that fails here fails again where it is encoded, and is reported there.
    let _ = value.serialize(&mut rmp_serde::Serializer::new(&mut written).with_struct_map());
    size_of::<T>().saturating_add(written.0)
}

/// Counts what is written, and keeps none of it.
struct Count(usize);

impl Write for Count {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 = self.0.saturating_add(bytes.len());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
