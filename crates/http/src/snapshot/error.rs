//! What goes wrong between what is stored and its bytes.

/// Bytes that are no snapshot, or something stored that does not become one. Trying again does not help.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SnapshotError {
    /// Bytes that are no snapshot, or a damaged one.
    #[error("snapshot: the {what} at byte {at} is malformed")]
    Malformed {
        /// Which part.
        what: &'static str,
        /// Where it begins.
        at: usize,
    },
    /// A snapshot that another version wrote.
    #[error("snapshot: the {what} at byte {at} is none that this version knows")]
    Unknown {
        /// Which part.
        what: &'static str,
        /// Where it begins.
        at: usize,
    },
    /// More of something than a snapshot keeps.
    #[error("snapshot: there are {count} {what}, more than {most}")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// How many there are.
        count: usize,
        /// How many there may be.
        most: usize,
    },
    /// A part is longer than its length can say.
    #[error("snapshot: the {what} has {bytes} bytes, more than can be written")]
    TooLong {
        /// Which part.
        what: &'static str,
        /// How long it is.
        bytes: usize,
    },
}
