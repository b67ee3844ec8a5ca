//! What a queue may be named.

/// Longest name of a queue, in bytes.
pub const QUEUE_NAME_BYTES_MAX: usize = 64;

/// The queue of jobs that name none.
pub const DEFAULT_QUEUE: &str = "default";

/// Whether a queue may have this name: 1 to 64 of `a` to `z`, `0` to `9`, `-` and `_`, which every backend can have in the
/// name of a table, a stream or a list.
pub fn is_queue_name(name: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-' || byte == b'_';
    (1..=QUEUE_NAME_BYTES_MAX).contains(&name.len()) && name.bytes().all(fits)
}
