//! A write, to be seen by whoever brings its token.

use std::fmt;
use std::str::FromStr;

use crate::entry::Generation;
use crate::store::{Generations, PARTITIONS_MAX};

/// The text of a write that outdated nothing.
const NOTHING: &str = "none";

/// A write, to be seen: what [`Cache::invalidate_tag`](crate::Cache::invalidate_tag) and its kin return, and
/// [`Request::after`](crate::Request::after) takes.
///
/// It is only meaningful to caches on the same store. Its text fits into a header, so that a user who wrote reads what was
/// written, whichever process answers. On a store of one partition, and for one key, it has 33 to 37 bytes:
///
/// ```
/// # use freshen_core::WriteToken;
/// let token: WriteToken = "00000000000000ff-000000000000002a".parse()?;
/// assert_eq!(token.to_string(), "00000000000000ff-000000000000002a");
/// # Ok::<(), freshen_core::TokenError>(())
/// ```
///
/// Where a tag reaches 64 partitions it has about 2.3 KB.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct WriteToken(pub(crate) Generations);

impl WriteToken {
    /// Of a write that one partition has to show.
    pub(crate) fn one(partition: u32, generation: Generation) -> WriteToken {
        WriteToken(Generations::one(partition, generation))
    }

    /// What an entry in a partition must be newer than to show the write.
    pub(crate) fn of(&self, partition: u32) -> Option<Generation> {
        self.0.of(partition)
    }
}

/// A text that is no write token.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "write token: not two numbers of 16 hexadecimal digits with a hyphen between them, or several such with dots between them"
)]
pub struct TokenError;

/// Each generation as `epoch-number`, and before it `partition_` where that is not 0, dots between them.
impl fmt::Display for WriteToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = self.0.as_slice();
        if all.is_empty() {
            return f.write_str(NOTHING);
        }
        for (at, (partition, Generation { epoch, number })) in all.iter().enumerate() {
            if at > 0 {
                f.write_str(".")?;
            }
            if *partition > 0 {
                write!(f, "{partition:x}_")?;
            }
            write!(f, "{epoch:016x}-{number:016x}")?;
        }
        Ok(())
    }
}

/// Of a write that was made at the store itself, without a cache.
impl From<Generations> for WriteToken {
    fn from(reached: Generations) -> Self {
        WriteToken(reached)
    }
}

impl FromStr for WriteToken {
    type Err = TokenError;

    fn from_str(text: &str) -> Result<Self, TokenError> {
        if text == NOTHING {
            return Ok(WriteToken(Generations::from_iter([])));
        }
        let all: Vec<(u32, Generation)> = text.split('.').map(reached).collect::<Result<_, _>>()?;
        // What was written by us names each partition once, in order, so that equal tokens have equal texts.
        if all.is_sorted_by(|(one, _), (next, _)| one < next) {
            Ok(WriteToken(all.into_iter().collect()))
        } else {
            Err(TokenError)
        }
    }
}

fn reached(text: &str) -> Result<(u32, Generation), TokenError> {
    let (partition, generation) = match text.split_once('_') {
        Some((partition, generation)) => (partition_of(partition)?, generation),
        None => (0, text),
    };
    let (epoch, number) = generation.split_once('-').ok_or(TokenError)?;
    Ok((partition, Generation { epoch: digits(epoch)?, number: digits(number)? }))
}

fn partition_of(text: &str) -> Result<u32, TokenError> {
    let written = |partition: &u32| (1..PARTITIONS_MAX).contains(partition) && format!("{partition:x}") == text;
    u32::from_str_radix(text, 16).ok().filter(written).ok_or(TokenError)
}

fn digits(text: &str) -> Result<u64, TokenError> {
    // Of a number, `from_str_radix` also takes a sign.
    let whole = text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    u64::from_str_radix(text, 16).ok().filter(|_| whole).ok_or(TokenError)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(all: &[(u32, u64, u64)]) -> WriteToken {
        WriteToken(all.iter().map(|(partition, epoch, number)| (*partition, generation(*epoch, *number))).collect())
    }

    fn generation(epoch: u64, number: u64) -> Generation {
        Generation { epoch, number }
    }

    #[test]
    fn a_token_comes_back_from_its_text() {
        let last = PARTITIONS_MAX - 1;
        for all in [&[][..], &[(0, 1, u64::MAX)], &[(63, u64::MAX, 7)], &[(0, 0, 0), (1, 2, 3), (last, 4, 5)]] {
            let token = token(all);
            assert_eq!(token.to_string().parse(), Ok(token));
        }
    }

    #[test]
    fn the_text_names_partitions_where_they_are_not_the_first() {
        let text = "00000000000000ff-000000000000002a.1f_0000000000000001-0000000000000002";
        assert_eq!(token(&[(0, 255, 42), (31, 1, 2)]).to_string(), text);
    }

    #[test]
    fn nothing_else_is_a_token() {
        let one = "0000000000000001-0000000000000001";
        for text in
            ["", "-", ".", "1-2", "+00000000000000f-0000000000000001", "00000000000000ff-000000000000002a ", "é-é"]
        {
            assert_eq!(text.parse::<WriteToken>(), Err(TokenError), "{text}");
        }
        for text in [format!("{one}."), format!("{one}.{one}"), format!("2_{one}.1_{one}"), format!("0_{one}")] {
            assert_eq!(text.parse::<WriteToken>(), Err(TokenError), "{text}");
        }
        for text in [format!("01_{one}"), format!("+1_{one}"), format!("400_{one}"), format!("1F_{one}")] {
            assert_eq!(text.parse::<WriteToken>(), Err(TokenError), "{text}");
        }
    }
}
