//! Keys: which namespace, which job, which arguments, without ambiguity.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;
use std::sync::Arc;

use serde::{Serialize, de::DeserializeOwned};

use crate::error::KeyError;

mod decode;
mod encode;
mod format;
mod parts;
mod reader;
mod scanner;
mod show;
#[cfg(test)]
mod tests;
mod text;
mod variant;

/// Longest namespace, in bytes.
pub const NAMESPACE_BYTES_MAX: usize = 64;
/// Longest job name, in bytes.
pub const JOB_NAME_BYTES_MAX: usize = 128;
/// Longest encoding of a job's arguments, in bytes.
pub const ARGUMENTS_BYTES_MAX: usize = 64 * 1024;
/// Deepest nesting of arguments.
pub const ARGUMENTS_DEPTH_MAX: usize = 64;

/// The format of [`Key::as_bytes`]; a reader refuses any other.
const FORMAT: u8 = 1;

/// Names one entry: a namespace, a job and its arguments.
///
/// The arguments are encoded so that different ones never meet (`1` and `"1"`, `("a:b", "c")` and `("a", "b:c")`, `None` and
/// `()` all differ) and equal ones always do, and so that the job can be built from its key again: a queued refresh is a key,
/// nothing else. Cloning is one reference count.
#[derive(Clone)]
pub struct Key {
    bytes: Arc<[u8]>,
    hash: KeyHash,
}

/// The first 128 bits of BLAKE3 over the whole key: where a key goes, never proof of which key it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyHash(pub u128);

impl KeyHash {
    /// Which of so many partitions it lies in: its highest 32 bits, modulo their number. None is as good as one.
    pub fn partition(self, partitions: u32) -> u32 {
        (self.0 >> 96) as u32 % partitions.max(1)
    }
}

impl Key {
    /// The key of a job's arguments.
    ///
    /// ```
    /// use freshen_core::Key;
    ///
    /// #[derive(serde::Serialize)]
    /// struct Tweets<'a> {
    ///     user: &'a str,
    ///     page: u32,
    /// }
    ///
    /// let key = Key::new("default", "tweets", &Tweets { user: "ann", page: 2 })?;
    /// assert_eq!(key.to_string(), r#"default:tweets{page: 2, user: "ann"}"#);
    /// # Ok::<(), freshen_core::KeyError>(())
    /// ```
    ///
    /// The order of fields does not matter, nor does the width of a number; its sign does: `1u8` and `1u64` make one key,
    /// `1i64` another. Maps are put in order, but serde does not tell sets from lists: a `HashSet`, whose order changes
    /// from run to run, makes a different key each time, so use a `BTreeSet`.
    ///
    /// # Errors
    /// [`KeyError`] when a name is empty or too long, or the arguments cannot be encoded or exceed their bounds.
    pub fn new(namespace: &str, job: &str, arguments: &impl Serialize) -> Result<Key, KeyError> {
        let mut bytes = Vec::with_capacity(64);
        bytes.push(FORMAT);
        push_name(&mut bytes, "namespace", namespace, NAMESPACE_BYTES_MAX)?;
        push_name(&mut bytes, "job name", job, JOB_NAME_BYTES_MAX)?;
        encode::append(&mut bytes, arguments)?;
        Ok(Key::seal(bytes))
    }

    /// Reads what [`Key::as_bytes`] gave, such as the key in a queued task.
    ///
    /// # Errors
    /// [`KeyError`] when the bytes are no key, or one of a format that this version does not know.
    pub fn from_bytes(bytes: &[u8]) -> Result<Key, KeyError> {
        match bytes.first() {
            Some(&FORMAT) => {}
            Some(&format) => return Err(KeyError::Format { format }),
            None => return Err(KeyError::Malformed { at: 0 }),
        }
        let job_at = name_end(bytes, 1, "namespace", NAMESPACE_BYTES_MAX)?;
        let arguments_at = name_end(bytes, job_at, "job name", JOB_NAME_BYTES_MAX)?;
        decode::check(&bytes[arguments_at..]).map_err(|error| match error {
            KeyError::Malformed { at } => KeyError::Malformed { at: arguments_at + at },
            error => error,
        })?;
        Ok(Key::seal(bytes.to_vec()))
    }

    fn seal(bytes: Vec<u8>) -> Key {
        let mut first = [0; 16];
        first.copy_from_slice(&blake3::hash(&bytes).as_bytes()[..16]);
        Key { bytes: bytes.into(), hash: KeyHash(u128::from_be_bytes(first)) }
    }

    /// The whole key, for ports.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Where it goes.
    pub fn hash(&self) -> KeyHash {
        self.hash
    }

    /// Which of a store's partitions it lies in. Every process has to come to the same, so this never changes.
    pub fn partition(&self, partitions: u32) -> u32 {
        self.hash.partition(partitions)
    }

    /// The namespace.
    pub fn namespace(&self) -> &str {
        self.name_at(1).0
    }

    /// The job's name.
    pub fn job(&self) -> &str {
        self.name_at(self.name_at(1).1).0
    }

    /// The encoded arguments.
    pub fn arguments(&self) -> &[u8] {
        &self.bytes[self.name_at(self.name_at(1).1).1..]
    }

    /// Builds the arguments again.
    ///
    /// # Errors
    /// [`KeyError`] when they do not fit `T`, as after a deploy that changed the job.
    pub fn decode<T: DeserializeOwned>(&self) -> Result<T, KeyError> {
        decode::arguments(self.arguments())
    }

    /// The name whose length stands at `at`, and where it ends. Both constructors checked that it is there and is UTF-8.
    fn name_at(&self, at: usize) -> (&str, usize) {
        let end = at + 1 + usize::from(self.bytes[at]);
        (std::str::from_utf8(&self.bytes[at + 1..end]).unwrap_or_default(), end)
    }
}

fn push_name(bytes: &mut Vec<u8>, what: &'static str, name: &str, most: usize) -> Result<(), KeyError> {
    match u8::try_from(name.len()) {
        Ok(0) => Err(KeyError::Empty { what }),
        Ok(length) if usize::from(length) <= most => {
            bytes.push(length);
            bytes.extend_from_slice(name.as_bytes());
            Ok(())
        }
        _ => Err(KeyError::TooLong { what, bytes: name.len(), most }),
    }
}

fn name_end(bytes: &[u8], at: usize, what: &'static str, most: usize) -> Result<usize, KeyError> {
    let malformed = KeyError::Malformed { at };
    let length = usize::from(*bytes.get(at).ok_or_else(|| malformed.clone())?);
    if length > most {
        return Err(KeyError::TooLong { what, bytes: length, most });
    }
    let name = bytes.get(at + 1..at + 1 + length).ok_or_else(|| malformed.clone())?;
    if name.is_empty() || std::str::from_utf8(name).is_err() {
        return Err(malformed);
    }
    Ok(at + 1 + length)
}

impl PartialEq for Key {
    fn eq(&self, other: &Key) -> bool {
        self.hash == other.hash && self.bytes == other.bytes
    }
}

impl Eq for Key {}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.hash.hash(state);
    }
}

impl fmt::Display for Key {
    /// For people: `namespace:job` and the arguments, as in `default:tweets{user: "ann"}`, cut where it grows long. The
    /// alternate form, `{:#}`, is never cut, and [`str::parse`] reads it back.
    ///
    /// A signed number has its sign, as in `+1`, and a map an arrow, as in `{1 => 2}`, because they make other keys than `1` and
    /// a struct do.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        show::name(f, self.namespace())?;
        f.write_str(":")?;
        show::name(f, self.job())?;
        show::arguments(f, self.arguments())
    }
}

/// Reads what [`Display`](fmt::Display) wrote, if it was not cut. Fields may stand in any order.
///
/// # Errors
/// [`KeyError::Text`] tells where the text is no key; otherwise as [`Key::from_bytes`].
impl FromStr for Key {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Key, KeyError> {
        text::key(text)
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({self})")
    }
}
