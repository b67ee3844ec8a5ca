//! The flags of the first process, for those that it starts.

use std::ffi::OsString;
use std::fmt;

use clap::{Args, Command, FromArgMatches};
use serde::{Deserialize, Serialize};

use crate::connection::Connection;
use crate::failure::Failure;

/// Flags that may hold a password: they are handed over by the standard input, where no list of processes shows them, and
/// [`Debug`](fmt::Debug) tells only how many there are.
#[derive(Clone, Default, Serialize, Deserialize)]
pub struct Flags(Vec<OsString>);

impl Flags {
    /// Those that name this connection.
    pub fn of(connection: &Connection) -> Flags {
        Flags(connection.arguments())
    }

    /// The connection that they name.
    ///
    /// # Errors
    /// They are not those of a process of the demo.
    pub fn connection(&self) -> Result<Connection, Failure> {
        let command = Connection::augment_args(Command::new("flags").no_binary_name(true));
        let matches = command.try_get_matches_from(&self.0).map_err(|_| Failure::ByHand)?;
        Connection::from_arg_matches(&matches).map_err(|_| Failure::ByHand)
    }
}

impl fmt::Debug for Flags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Flags({})", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flags(arguments: &[&str]) -> Flags {
        Flags(arguments.iter().map(OsString::from).collect())
    }

    #[test]
    fn flags_name_the_same_connection_again_and_show_no_password() {
        let arguments = ["--store", "redis://ann:secret@h", "--queue", "redis://q", "--prefix", "shop"];
        let given = flags(&arguments);
        let written = serde_json::to_string(&given).unwrap();
        let read: Flags = serde_json::from_str(&written).unwrap();
        assert_eq!(read.connection().unwrap().arguments(), arguments);
        assert!(!format!("{read:?}").contains("secret"), "{read:?}");
    }

    #[test]
    fn what_are_no_flags_is_an_error() {
        assert!(matches!(flags(&["--stor", "redis://h"]).connection(), Err(Failure::ByHand)));
    }
}
