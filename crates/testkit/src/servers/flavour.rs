//! The two servers that speak the same protocol.

use std::path::PathBuf;

use super::process;

/// Whose server is started.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Flavour {
    /// `redis-server`.
    Redis,
    /// `valkey-server`.
    Valkey,
}

impl Flavour {
    /// Both.
    pub const ALL: [Flavour; 2] = [Flavour::Redis, Flavour::Valkey];

    pub(super) fn server(self) -> PathBuf {
        match self {
            Flavour::Redis => process::program("redis-server", "redis-server"),
            Flavour::Valkey => process::program("valkey-server", "valkey-server (on Debian 12 from its backports)"),
        }
    }

    pub(super) fn client(self) -> PathBuf {
        match self {
            Flavour::Redis => process::program("redis-cli", "redis-tools"),
            Flavour::Valkey => process::program("valkey-cli", "valkey-tools (on Debian 12 from its backports)"),
        }
    }
}
