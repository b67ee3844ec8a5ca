//! Hosts that stand for others.

use std::collections::HashMap;

use crate::origin::{TargetError, host_of};

/// Hosts that stand for others: the targets of the one are those of the other. Each is looked up once, so that none may stand for one
/// that stands for another itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hosts(HashMap<Box<str>, Box<str>>);

/// A host that stands for another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostAlias {
    alias: Box<str>,
    host: Box<str>,
}

/// Why hosts cannot stand for others as they were said to.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HostsError {
    /// A host stands for itself.
    #[error("hosts: {host} stands for itself")]
    Itself {
        /// Which.
        host: Box<str>,
    },
    /// A host is said to stand for others twice.
    #[error("hosts: {alias} stands for {host} and for {other}")]
    Twice {
        /// Which.
        alias: Box<str>,
        /// For which it was said to stand first.
        host: Box<str>,
        /// And then.
        other: Box<str>,
    },
    /// A host stands for one that stands for another.
    #[error("hosts: {alias} stands for {host}, which stands for {other}")]
    Chain {
        /// Which.
        alias: Box<str>,
        /// For which it stands.
        host: Box<str>,
        /// For which that one stands.
        other: Box<str>,
    },
}

impl Hosts {
    /// Makes each alias stand for its host.
    ///
    /// # Errors
    /// [`HostsError`], with the hosts at fault: one stands for itself, for two, or for one that stands for another.
    pub fn new(aliases: impl IntoIterator<Item = HostAlias>) -> Result<Hosts, HostsError> {
        let mut hosts: HashMap<Box<str>, Box<str>> = HashMap::new();
        for HostAlias { alias, host } in aliases {
            if alias == host {
                return Err(HostsError::Itself { host });
            }
            if let Some(first) = hosts.insert(alias.clone(), host.clone()) {
                return Err(HostsError::Twice { alias, host: first, other: host });
            }
        }
        match hosts.iter().find_map(|(alias, host)| Some((alias, host, hosts.get(host)?))) {
            None => Ok(Hosts(hosts)),
            Some((alias, host, other)) => {
                Err(HostsError::Chain { alias: alias.clone(), host: host.clone(), other: other.clone() })
            }
        }
    }

    /// Whether each stands for itself.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// For which a host stands, if for another.
    pub(crate) fn stood_for(&self, host: &str) -> Option<&str> {
        self.0.get(host).map(|host| &**host)
    }
}

impl HostAlias {
    /// Makes `alias` stand for `host`.
    ///
    /// # Errors
    /// [`TargetError`] when one of them is no host.
    pub fn new(alias: &str, host: &str) -> Result<HostAlias, TargetError> {
        let read = |host: &str| host_of(host.as_bytes()).map(|host| Box::from(&*host));
        Ok(HostAlias { alias: read(alias)?, host: read(host)? })
    }
}
