//! Reading the values of flags. What cannot be read is told with an example.

use std::net::SocketAddr;
use std::time::Duration;

use freshen::queue::is_queue_name;
use freshen::settings::{Settings, duration, size};

/// An address to listen on.
pub fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| "not an address and a port, such as 127.0.0.1:7979".to_owned())
}

/// A duration with its unit: a bare number does not say whether it means seconds.
pub fn span(text: &str) -> Result<Duration, String> {
    duration::parse(text)
}

/// A duration above zero, for what is done again and again.
pub fn pause(text: &str) -> Result<Duration, String> {
    match duration::parse(text)? {
        Duration::ZERO => Err("must be above zero, such as 1s".into()),
        pause => Ok(pause),
    }
}

/// The name of a queue.
pub fn queue_name(text: &str) -> Result<String, String> {
    let wrong = "a queue's name is 1 to 64 of a to z, 0 to 9, - and _";
    if is_queue_name(text) { Ok(text.to_owned()) } else { Err(wrong.into()) }
}

/// A prefix that settings take.
pub fn prefix(text: &str) -> Result<String, String> {
    let mut settings = Settings::default();
    settings.prefix = text.to_owned();
    settings.check().map(|()| settings.prefix).map_err(|error| error.to_string())
}

/// A number of bytes above zero.
pub fn bytes(text: &str) -> Result<u64, String> {
    match size::parse(text)? {
        0 => Err("must be above zero, such as 64MiB".into()),
        bytes => Ok(bytes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_have_a_unit() {
        assert_eq!((span("5s"), bytes("64MiB")), (Ok(Duration::from_secs(5)), Ok(64 << 20)));
        assert!(span("5").is_err() && bytes("64").is_err());
    }

    #[test]
    fn what_must_be_above_zero_is() {
        assert_eq!(span("0s"), Ok(Duration::ZERO));
        assert_eq!(pause("0s"), Err("must be above zero, such as 1s".into()));
        assert_eq!(bytes("0B"), Err("must be above zero, such as 64MiB".into()));
    }
}
