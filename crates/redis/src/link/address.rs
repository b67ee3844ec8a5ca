//! Where a server listens, and what it asks of whoever connects.

use std::fmt;
use std::time::Duration;

use redis::io::tcp::TcpSettings;
use redis::{
    ClientTlsConfig, ConnectionAddr, ConnectionInfo, IntoConnectionInfo, ProtocolVersion, RedisConnectionInfo,
    TlsCertificates,
};

use crate::link::LinkError;

/// A host and a port.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Address {
    /// A name or an IP address, without brackets.
    pub host: String,
    /// The port.
    pub port: u16,
}

impl Address {
    /// `host:port`, as servers write it.
    pub fn parse(text: &str) -> Option<Address> {
        let (host, port) = text.rsplit_once(':')?;
        let host = host.trim_start_matches('[').trim_end_matches(']');
        Some(Address { host: host.to_owned(), port: port.parse().ok()? })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

/// How to connect to a server: who we are, over what, and for how long we wait.
#[derive(Clone)]
pub struct Access {
    /// The user, unless it is the default one.
    pub user: Option<String>,
    /// The password.
    pub password: Option<String>,
    /// The password of sentinels, if they ask for one.
    pub sentinel_password: Option<String>,
    /// The number of the database.
    pub database: i64,
    /// TLS, if it is spoken.
    pub tls: Option<Tls>,
    /// How long a connection may take until it can be used.
    pub connect_timeout: Duration,
    /// How long an answer may take.
    pub response_timeout: Duration,
}

/// TLS, by rustls.
#[derive(Clone, Default)]
pub struct Tls {
    /// The certificates to trust, in PEM, instead of the system's.
    pub roots: Option<Vec<u8>>,
    /// Who we are, for servers that ask.
    pub identity: Option<Identity>,
}

/// A certificate of ours with those that vouch for it, and its key, in PEM.
#[derive(Clone)]
pub struct Identity {
    /// The certificate.
    pub certificate: Vec<u8>,
    /// Its key.
    pub key: Vec<u8>,
}

impl Access {
    /// What the client needs to connect to a server.
    pub(super) fn client(&self, to: &Address) -> Result<redis::Client, LinkError> {
        let lasting =
            |error: redis::RedisError| LinkError::Lasting { address: to.to_string(), reason: error.to_string() };
        let about = self.connection(to).map_err(lasting)?;
        let Some(tls) = &self.tls else { return redis::Client::open(about).map_err(lasting) };
        // Whoever else uses rustls in this process may have chosen its provider already, which serves us as well.
        let _chosen = rustls::crypto::ring::default_provider().install_default();
        let own =
            |Identity { certificate, key }: Identity| ClientTlsConfig { client_cert: certificate, client_key: key };
        let certificates = TlsCertificates { client_tls: tls.identity.clone().map(own), root_cert: tls.roots.clone() };
        redis::Client::build_with_tls(about, certificates).map_err(lasting)
    }

    fn connection(&self, to: &Address) -> Result<ConnectionInfo, redis::RedisError> {
        let (host, port) = (to.host.clone(), to.port);
        let address = match self.tls {
            None => ConnectionAddr::Tcp(host, port),
            Some(_) => ConnectionAddr::TcpTls { host, port, insecure: false, tls_params: None },
        };
        let mut settings = RedisConnectionInfo::default()
            .set_protocol(ProtocolVersion::RESP3)
            .set_db(self.database)
            .set_skip_set_lib_name();
        if let Some(user) = &self.user {
            settings = settings.set_username(user);
        }
        if let Some(password) = &self.password {
            settings = settings.set_password(password);
        }
        let socket = TcpSettings::default().set_nodelay(true);
        Ok(address.into_connection_info()?.set_redis_settings(settings).set_tcp_settings(socket))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_as_servers_write_it() {
        let address = |host: &str, port| Some(Address { host: host.to_owned(), port });
        assert_eq!(Address::parse("10.0.0.1:6379"), address("10.0.0.1", 6379));
        assert_eq!(Address::parse("::1:6379"), address("::1", 6379));
        assert_eq!(Address::parse("[::1]:6379"), address("::1", 6379));
        assert_eq!(Address::parse("nowhere"), None);
        assert_eq!(Address::parse("host:no"), None);
        assert_eq!(address("::1", 1).map(|address| address.to_string()).as_deref(), Some("[::1]:1"));
    }
}
