//! A write, to be seen by whoever brings its token.

use std::fmt;
use std::str::FromStr;

use crate::entry::Generation;

/// A write, to be seen: what [`Cache::invalidate_tag`](crate::Cache::invalidate_tag) and its kin return, and
/// [`Request::after`](crate::Request::after) takes.
///
/// It is only meaningful to caches on the same store. Its text fits into a cookie or a header, so that a user who wrote
/// reads what was written, whichever process answers:
///
/// ```
/// # use freshen_core::WriteToken;
/// let token: WriteToken = "00000000000000ff-000000000000002a".parse()?;
/// assert_eq!(token.to_string(), "00000000000000ff-000000000000002a");
/// # Ok::<(), freshen_core::TokenError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct WriteToken(pub(crate) Generation);

/// A text that is no write token.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("write token: not two numbers of 16 hexadecimal digits with a hyphen between them")]
pub struct TokenError;

impl fmt::Display for WriteToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}-{:016x}", self.0.epoch, self.0.number)
    }
}

impl FromStr for WriteToken {
    type Err = TokenError;

    fn from_str(text: &str) -> Result<Self, TokenError> {
        let (epoch, number) = text.split_once('-').ok_or(TokenError)?;
        Ok(WriteToken(Generation { epoch: digits(epoch)?, number: digits(number)? }))
    }
}

fn digits(text: &str) -> Result<u64, TokenError> {
    // Of a number, `from_str_radix` also takes a sign.
    let whole = text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    u64::from_str_radix(text, 16).ok().filter(|_| whole).ok_or(TokenError)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_comes_back_from_its_text_and_nothing_else_does() {
        for (epoch, number) in [(0, 0), (1, u64::MAX), (u64::MAX, 7)] {
            let token = WriteToken(Generation { epoch, number });
            assert_eq!(token.to_string().parse(), Ok(token));
        }
        for text in ["", "-", "1-2", "+00000000000000f-0000000000000001", "00000000000000ff-000000000000002a ", "é-é"]
        {
            assert_eq!(text.parse::<WriteToken>(), Err(TokenError), "{text}");
        }
    }
}
