//! Which servers will do.

use redis::Value;

use crate::link::LinkError;

/// The oldest version of Redis that has what the scripts use; a Valkey calls itself compatible with 7.2.
const OLDEST: (u32, u32) = (7, 0);

/// Looks at what a server says of itself.
pub(super) fn check(address: &str, about: &Value) -> Result<(), LinkError> {
    let text = text_of(about).ok_or_else(|| LinkError::unexpected(address, "text", about))?;
    judge(&text).map_err(|reason| LinkError::Lasting { address: address.to_owned(), reason })
}

fn judge(about: &str) -> Result<(), String> {
    let version = about.lines().find_map(|line| line.strip_prefix("redis_version:")).map(str::trim);
    let version = version.ok_or("does not tell its version")?;
    let mut parts = version.split('.').map_while(|part| part.parse::<u32>().ok());
    let known = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    if known < OLDEST {
        return Err(format!("is version {version}; at least {}.{} is needed", OLDEST.0, OLDEST.1));
    }
    Ok(())
}

/// `INFO` is answered by a bulk string, or in RESP3 by a verbatim one.
fn text_of(about: &Value) -> Option<String> {
    match about {
        Value::BulkString(bytes) => String::from_utf8(bytes.clone()).ok(),
        Value::VerbatimString { text, .. } | Value::SimpleString(text) => Some(text.clone()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn about(version: &str) -> String {
        format!("# Server\r\nredis_version:{version}\r\n")
    }

    #[test]
    fn versions_from_seven_on_will_do() {
        for version in ["7.0.0", "7.0.15", "7.2.4", "8.0.1", "10.1.0"] {
            assert_eq!(judge(&about(version)), Ok(()), "{version}");
        }
        for version in ["6.2.14", "5.0.3", "", "x"] {
            let refused = judge(&about(version)).expect_err("too old");
            assert_eq!(refused, format!("is version {version}; at least 7.0 is needed"));
        }
        assert_eq!(judge("hello"), Err("does not tell its version".to_owned()));
    }
}
